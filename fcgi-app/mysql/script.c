#include "mysql/script.h"

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

enum db_result
script_run(struct database *db, const char *text)
{
    struct buffer statement = {0};
    enum db_result result = DB_OK;
    while (*text != '\0' && result == DB_OK) {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        bool comment = strncmp(text, "--", 2) == 0;
        if (!comment)
            buffer_append(&statement, text, length);
        text += length;
        if (!comment && is_complete(&statement)) {
            result = db_run_text(db, statement.data);
            buffer_clear(&statement);
        }
    }
    buffer_free(&statement);
    return result;
}
