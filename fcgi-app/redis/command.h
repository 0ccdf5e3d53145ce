/* command: the words of a command to Redis, put together before hiredis sends them. */
#ifndef FRONTROW_REDIS_COMMAND_H
#define FRONTROW_REDIS_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Zero-initialised is empty. The memory is kept from one command to the next. */
struct command {
    struct buffer bytes;   /* of all words, with nothing between them */
    struct buffer lengths; /* a size_t for each word */
    size_t count;
};

/* Empties it. */
void command_clear(struct command *command);

/* Appends a word. */
void command_add(struct command *command, const void *bytes, size_t length);
void command_add_text(struct command *command, const char *text);
void command_add_integer(struct command *command, int64_t value);

/*
 * Writes where the words are and how long each is, as hiredis wants them, and returns how many they
 * are. It holds until the command is changed.
 */
size_t command_list(const struct command *command, const char **words, size_t *lengths);

void command_free(struct command *command);

#endif
