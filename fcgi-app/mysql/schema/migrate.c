#include "mysql/schema/migrate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mysql/schema/migrate_lock.h"
#include "mysql/schema/rebuild.h"
#include "mysql/schema/schema_list.h"
#include "mysql/schema/script.h"
#include "mysql/schema/stored_answers.h"
#include "mysql/schema/wide_ids.h"

enum {
    VERSION_COUNT = 1000, /* three digits */
    VERSION_DIGITS = 3,
    FILE_NAME_SIZE = 80,
    CHECKSUM_SIZE = 65, /* SHA-256 in hex */
};

/* One version: what the files or the program say, and what the database says. */
struct migration {
    char file[FILE_NAME_SIZE];    /* empty: not known to us */
    char checksum[CHECKSUM_SIZE]; /* of that file */
    char applied[CHECKSUM_SIZE];  /* of what was run; empty: not run yet */
};

static const struct query read_checksum = {"SELECT SHA2(?, 256)"};
static const struct query count_tables = {
    "SELECT COUNT(*) FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'"};
static const struct query read_applied = {"SELECT version, checksum FROM schema_migrations"};
static const struct query insert_applied = {
    "INSERT INTO schema_migrations (version, name, checksum, applied_at)"
    " VALUES (?, ?, ?, UTC_TIMESTAMP(3))"};
/* So many seconds others may have to wait behind a change of a table. */
static const char give_way[] = "SET SESSION lock_wait_timeout = 1";
static const char create_table[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " version INT NOT NULL, name VARCHAR(80) NOT NULL, checksum CHAR(64) NOT NULL,"
    " applied_at DATETIME(3) NOT NULL, PRIMARY KEY (version))"
    " ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";

enum migrate_result
migrate_failed(const struct database *db, enum db_result result, char error[MIGRATE_ERROR_SIZE])
{
    snprintf(error, MIGRATE_ERROR_SIZE, "%s", db_error_text(db));
    return result == DB_GONE && !db_is_misconfigured(db) ? MIGRATE_GONE : MIGRATE_REFUSED;
}

/* The version of NNN_name.sql, 0 where the name has another form. */
static int
version_of_file(const char *name)
{
    for (int i = 0; i < VERSION_DIGITS; i++)
        if (!isdigit((unsigned char)name[i]))
            return 0;
    const char *end = strstr(name, ".sql");
    if (name[VERSION_DIGITS] != '_' || end == NULL || strcmp(end, ".sql") != 0)
        return 0;
    return strlen(name) < FILE_NAME_SIZE ? (int)strtol(name, NULL, 10) : 0;
}

/* Puts the folder's migrations into their places; the checksums come later. */
static enum migrate_result
list_files(const char *directory, struct migration *migrations, char *error)
{
    DIR *folder = opendir(directory);
    if (folder == NULL) {
        snprintf(error, MIGRATE_ERROR_SIZE, "%s: %s", directory, strerror(errno));
        return MIGRATE_REFUSED;
    }
    enum migrate_result result = MIGRATE_OK;
    const struct dirent *entry;
    while (result == MIGRATE_OK && (entry = readdir(folder)) != NULL) {
        int version = version_of_file(entry->d_name);
        if (version == 0)
            continue;
        struct migration *migration = &migrations[version];
        if (migration->file[0] != '\0') {
            snprintf(error, MIGRATE_ERROR_SIZE, "%s: %s and %s have the same number", directory,
                     migration->file, entry->d_name);
            result = MIGRATE_REFUSED;
        }
        int length = snprintf(migration->file, sizeof migration->file, "%s", entry->d_name);
        if (length >= (int)sizeof migration->file) {
            snprintf(error, MIGRATE_ERROR_SIZE, "%s: the name %s is too long", directory,
                     entry->d_name);
            result = MIGRATE_REFUSED;
        }
    }
    closedir(folder);
    return result;
}

static enum migrate_result
read_file(const char *directory, const char *file, struct buffer *text, char *error)
{
    struct buffer path = {0};
    buffer_format(&path, "%s/%s", directory, file);
    bool read = script_read(path.data, text);
    if (!read)
        snprintf(error, MIGRATE_ERROR_SIZE, "%s: %s", path.data, strerror(errno));
    buffer_free(&path);
    return read ? MIGRATE_OK : MIGRATE_REFUSED;
}

static enum migrate_result
read_applied_versions(struct database *db, struct migration *migrations, char *error)
{
    int32_t version;
    char checksum[CHECKSUM_SIZE];
    enum db_result result = db_select(db, &read_applied, NO_PARAMETERS,
                                      COLUMNS(INTO_INT32(&version), INTO_TEXT(checksum)));
    while (result == DB_OK && (result = db_next(db)) == DB_OK)
        if (version > 0 && version < VERSION_COUNT)
            memcpy(migrations[version].applied, checksum, sizeof checksum);
    return result == DB_NONE ? MIGRATE_OK : migrate_failed(db, result, error);
}

/* Whether what was run is what we know, as far as it was run. */
static enum migrate_result
compare_versions(const struct migration *migrations, char *error)
{
    for (int version = 1; version < VERSION_COUNT; version++) {
        const struct migration *migration = &migrations[version];
        if (migration->applied[0] == '\0' || strcmp(migration->applied, migration->checksum) == 0)
            continue;
        if (migration->file[0] == '\0')
            snprintf(error, MIGRATE_ERROR_SIZE,
                     "the database has schema version %03d, which is newer than what is here",
                     version);
        else
            snprintf(error, MIGRATE_ERROR_SIZE,
                     "%s is not what was run in this database: a migration never changes after it"
                     " was run",
                     migration->file);
        return MIGRATE_REFUSED;
    }
    return MIGRATE_OK;
}

/* Runs the statements of a file, of which most change tables. */
static enum db_result
run_statements(struct database *db, const char *text)
{
    struct buffer statement = {0};
    enum db_result result = DB_OK;
    while (result == DB_OK && script_next(&text, &statement))
        result = rebuild_statement(db, statement.data);
    buffer_free(&statement);
    return result;
}

static enum migrate_result
run_file(struct database *db, int version, const char *directory, const struct migration *migration,
         char *error)
{
    struct buffer text = {0};
    enum migrate_result outcome = read_file(directory, migration->file, &text, error);
    if (outcome == MIGRATE_OK && version == WIDE_IDS_VERSION)
        outcome = wide_ids_rebuild(db, error);
    if (outcome == MIGRATE_OK && version == STORED_ANSWERS_VERSION)
        outcome = stored_answers_rebuild(db, error);
    if (outcome == MIGRATE_OK) {
        enum db_result result = run_statements(db, text.data);
        if (result == DB_OK)
            result = db_execute(db, &insert_applied,
                                PARAMETERS(DB_INTEGER(version), DB_TEXT(migration->file),
                                           DB_TEXT(migration->checksum)));
        if (result == DB_OK)
            log_info("migrate: %s was run", migration->file);
        else
            outcome = migrate_failed(db, result, error);
    }
    buffer_free(&text);
    return outcome;
}

static enum migrate_result
fill_in_checksum(struct database *db, const char *directory, struct migration *migration,
                 char *error)
{
    struct buffer text = {0};
    enum migrate_result outcome = read_file(directory, migration->file, &text, error);
    if (outcome == MIGRATE_OK) {
        enum db_result result =
            db_select_one(db, &read_checksum, PARAMETERS(DB_BYTES(text.data, text.length)),
                          COLUMNS(INTO_TEXT(migration->checksum)));
        if (result != DB_OK)
            outcome = migrate_failed(db, result, error);
    }
    buffer_free(&text);
    return outcome;
}

/* All but the lock. */
static enum migrate_result
bring_up_to_date(struct database *db, const char *directory, struct migration *migrations,
                 int *version, int *applied, char *error)
{
    enum db_result begun = db_run_text(db, give_way);
    if (begun == DB_OK)
        begun = db_run_text(db, create_table);
    if (begun != DB_OK)
        return migrate_failed(db, begun, error);
    enum migrate_result result = list_files(directory, migrations, error);
    for (int i = 1; i < VERSION_COUNT && result == MIGRATE_OK; i++)
        if (migrations[i].file[0] != '\0')
            result = fill_in_checksum(db, directory, &migrations[i], error);
    if (result == MIGRATE_OK)
        result = read_applied_versions(db, migrations, error);
    if (result == MIGRATE_OK)
        result = compare_versions(migrations, error);
    for (int i = 1; i < VERSION_COUNT && result == MIGRATE_OK; i++) {
        if (migrations[i].file[0] == '\0')
            continue;
        *version = i;
        if (migrations[i].applied[0] != '\0')
            continue;
        result = run_file(db, i, directory, &migrations[i], error);
        *applied += result == MIGRATE_OK;
    }
    return result;
}

static enum migrate_result
apply_locked(struct database *db, const char *directory, int *version, int *applied, char *error)
{
    struct migration *migrations = calloc(VERSION_COUNT, sizeof *migrations);
    if (migrations == NULL)
        log_abort("no memory");
    enum migrate_result result =
        bring_up_to_date(db, directory, migrations, version, applied, error);
    free(migrations);
    return result;
}

enum migrate_result
migrate_apply(struct database *db, const char *directory, int *version, int *applied,
              char error[MIGRATE_ERROR_SIZE])
{
    struct migrate_lock *lock;
    *version = *applied = 0;
    enum db_result locking = migrate_lock_take(db, &lock);
    enum migrate_result result = MIGRATE_REFUSED;
    if (locking == DB_OK)
        result = apply_locked(db, directory, version, applied, error);
    else if (locking == DB_NONE)
        snprintf(error, MIGRATE_ERROR_SIZE, "another migration of this database is running");
    else
        result = migrate_failed(db, locking, error);
    migrate_lock_release(lock);
    return result;
}

/* What this program was built with, and whether the database has all of it. */
static enum migrate_result
compare_with_program(struct database *db, struct migration *migrations, char *error)
{
#define MIGRATION(number, name, sum) migrations[number] = (struct migration){name, sum, ""};
    SCHEMA_LIST(MIGRATION)
#undef MIGRATION
    enum migrate_result result = read_applied_versions(db, migrations, error);
    if (result == MIGRATE_OK)
        result = compare_versions(migrations, error);
    for (int i = 1; i < VERSION_COUNT && result == MIGRATE_OK; i++) {
        if (migrations[i].file[0] == '\0' || migrations[i].applied[0] != '\0')
            continue;
        snprintf(error, MIGRATE_ERROR_SIZE,
                 "the database's schema is older than this program: %s was not run"
                 " (frontrowctl migrate does that)",
                 migrations[i].file);
        result = MIGRATE_REFUSED;
    }
    return result;
}

enum migrate_result
migrate_check(struct database *db, char error[MIGRATE_ERROR_SIZE])
{
    int32_t tables = 0;
    enum db_result counted =
        db_select_one(db, &count_tables, NO_PARAMETERS, COLUMNS(INTO_INT32(&tables)));
    if (counted != DB_OK)
        return migrate_failed(db, counted, error);
    if (tables == 0) {
        snprintf(error, MIGRATE_ERROR_SIZE,
                 "the database has no schema yet (frontrowctl migrate makes it)");
        return MIGRATE_REFUSED;
    }
    struct migration *migrations = calloc(VERSION_COUNT, sizeof *migrations);
    if (migrations == NULL)
        log_abort("no memory");
    enum migrate_result result = compare_with_program(db, migrations, error);
    free(migrations);
    return result;
}
