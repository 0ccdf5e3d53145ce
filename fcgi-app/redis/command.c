#include "redis/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
command_clear(struct command *command)
{
    buffer_clear(&command->bytes);
    buffer_clear(&command->lengths);
    command->count = 0;
}

void
command_add(struct command *command, const void *bytes, size_t length)
{
    buffer_append(&command->bytes, bytes, length);
    buffer_append(&command->lengths, &length, sizeof length);
    command->count++;
}

void
command_add_text(struct command *command, const char *text)
{
    command_add(command, text, strlen(text));
}

void
command_add_integer(struct command *command, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    command_add_text(command, text);
}

size_t
command_list(const struct command *command, const char **words, size_t *lengths)
{
    const char *at = command->bytes.data;
    for (size_t i = 0; i < command->count; i++) {
        memcpy(&lengths[i], command->lengths.data + i * sizeof lengths[i], sizeof lengths[i]);
        words[i] = at;
        at += lengths[i];
    }
    return command->count;
}

void
command_free(struct command *command)
{
    buffer_free(&command->bytes);
    buffer_free(&command->lengths);
    command->count = 0;
}
