#include "mysql/books/server_state.h"

#include "base/config.h"
#include "mysql/connection.h"

enum { ACCESS_DENIED = 1227 };

/* A row as one line, its columns with tabs between. */
static void
write_rows(MYSQL_RES *rows, struct buffer *out)
{
    unsigned count = mysql_num_fields(rows);
    MYSQL_ROW row;
    while ((row = mysql_fetch_row(rows)) != NULL) {
        for (unsigned i = 0; i < count; i++)
            buffer_format(out, "%s%s", i > 0 ? "\t" : "", row[i] != NULL ? row[i] : "NULL");
        buffer_text(out, "\n");
    }
}

void
server_state_write(struct database *db, struct buffer *out)
{
    static const char *const questions[] = {
        "SELECT VERSION(), @@version_comment",
        "SHOW GLOBAL VARIABLES",
        "SHOW GLOBAL STATUS",
        "SHOW FULL PROCESSLIST",
        "SHOW ENGINE INNODB STATUS",
    };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        buffer_format(out, "== %s\n", questions[i]);
        if (connection_ensure(db) != DB_OK) {
            buffer_format(out, "%s\n", db_error_text(db));
            continue;
        }
        MYSQL *handle = db->session->handle;
        MYSQL_RES *rows =
            mysql_query(handle, questions[i]) == 0 ? mysql_store_result(handle) : NULL;
        if (rows == NULL) {
            buffer_format(out, "error %u: %s\n", mysql_errno(handle), mysql_error(handle));
            if (mysql_errno(handle) == ACCESS_DENIED)
                buffer_format(out,
                              "The account %s has no PROCESS: the locks of InnoDB are missing, and "
                              "the list of processes has its own only. docs/deploy.md has an "
                              "account for diagnose.\n",
                              db->config->mysql_user);
            continue;
        }
        write_rows(rows, out);
        mysql_free_result(rows);
    }
}

enum db_result
server_state_statement_limit(struct database *db, int64_t *limit)
{
    static const struct query read = {"SELECT CAST(@@global.max_prepared_stmt_count AS SIGNED)"};
    return db_select_one(db, &read, NO_PARAMETERS, COLUMNS(INTO_INT64(limit)));
}
