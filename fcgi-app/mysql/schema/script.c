#include "mysql/schema/script.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool
script_read(const char *path, struct buffer *text)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char chunk[4096];
    size_t length;
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_append(text, chunk, length);
    bool complete = !ferror(file);
    fclose(file);
    return complete;
}

/* Whether the statement that was gathered so far is complete; its `;` is taken off then. */
static bool
is_complete(struct buffer *statement)
{
    size_t length = statement->length;
    while (length > 0 && isspace((unsigned char)statement->data[length - 1]))
        length--;
    if (length == 0 || statement->data[length - 1] != ';')
        return false;
    statement->data[length - 1] = '\0';
    return true;
}

bool
script_next(const char **text, struct buffer *statement)
{
    buffer_clear(statement);
    while (**text != '\0') {
        const char *line = *text;
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        *text += length;
        if (strncmp(line, "--", 2) == 0)
            continue;
        buffer_append(statement, line, length);
        if (is_complete(statement))
            return true;
    }
    return false;
}

enum db_result
script_run(struct database *db, const char *text)
{
    struct buffer statement = {0};
    enum db_result result = DB_OK;
    while (result == DB_OK && script_next(&text, &statement))
        result = db_run_text(db, statement.data);
    buffer_free(&statement);
    return result;
}
