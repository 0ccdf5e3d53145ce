/* script: files of SQL statements, each ended by a `;` at the end of a line. */
#ifndef FRONTROW_MYSQL_SCRIPT_H
#define FRONTROW_MYSQL_SCRIPT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "mysql/database.h"

/* Appends a file's bytes to `text`. Returns false with errno set. */
bool script_read(const char *path, struct buffer *text);

/*
 * Takes the next statement, without its `;`, from *text, which moves behind it. False: there is
 * none; what follows the last `;` is no statement. Lines that begin with `--` are comments.
 */
bool script_next(const char **text, struct buffer *statement) MUST_CHECK;

/* Runs the statements of `text` one after the other, up to the first that fails. */
enum db_result script_run(struct database *db, const char *text) MUST_CHECK;

#endif
