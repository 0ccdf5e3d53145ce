/* command: the words of a command to Redis, as they go over the wire (RESP). */
#ifndef FRONTROW_REDIS_COMMAND_H
#define FRONTROW_REDIS_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Zero-initialised is empty. The memory is kept from one command to the next. */
struct command {
    struct buffer bytes;
    size_t count;
};

/* Empties it. */
void command_clear(struct command *command);

/* Appends a word. */
void command_add(struct command *command, const void *bytes, size_t length);
void command_add_text(struct command *command, const char *text);
void command_add_integer(struct command *command, int64_t value);

void command_free(struct command *command);

#endif
