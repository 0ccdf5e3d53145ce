#include "redis/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
command_clear(struct command *command)
{
    buffer_clear(&command->bytes);
    command->count = 0;
}

void
command_add(struct command *command, const void *bytes, size_t length)
{
    buffer_format(&command->bytes, "$%zu\r\n", length);
    buffer_append(&command->bytes, bytes, length);
    buffer_append(&command->bytes, "\r\n", 2);
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

void
command_free(struct command *command)
{
    buffer_free(&command->bytes);
    command->count = 0;
}
