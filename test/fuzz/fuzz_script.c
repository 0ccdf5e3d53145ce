/*
 * fuzz_script: a file of SQL as statements. The whole input is the file. Each statement must be
 * what stands there up to a `;` at the end of a line, without the lines that are comments.
 */
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "fuzz.h"
#include "mysql/schema/script.h"

/* The lines from `begin` up to `end` must be the statement, its `;`, blanks, and comments. */
static void
require_statement(const char *statement, const char *begin, const char *end)
{
    struct buffer lines = {0};
    while (begin < end) {
        size_t length = strcspn(begin, "\n");
        length += begin[length] == '\n';
        if (strncmp(begin, "--", 2) != 0)
            buffer_append(&lines, begin, length);
        begin += length;
    }
    size_t length = strlen(statement);
    REQUIRE(strncmp(lines.data, statement, length) == 0);
    const char *rest = lines.data + length;
    REQUIRE(*rest == ';' && rest[1 + strspn(rest + 1, " \t\r\n\v\f")] == '\0');
    buffer_free(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct config config = {.mysql_socket = "/nonexistent"};
    static struct fuzz_file file;
    static struct database *db;
    struct buffer text = {0}, statement = {0};
    if (db == NULL) {
        log_set_level(LOG_LEVEL_ERROR);
        file = fuzz_file_create();
        db = db_open(&config, 100, NULL);
    }
    fuzz_file_write(&file, data, size);
    REQUIRE(script_read(file.path, &text));
    REQUIRE(text.length == size);
    buffer_text(&text, "");
    const char *at = text.data, *begin = at;
    while (script_next(&at, &statement)) {
        REQUIRE(at > begin);
        require_statement(statement.data, begin, at);
        begin = at;
    }
    /* MySQL is out of reach: there is a statement, or nothing to run */
    REQUIRE(script_run(db, text.data) == (begin > text.data ? DB_GONE : DB_OK));
    buffer_free(&text);
    buffer_free(&statement);
    return 0;
}
