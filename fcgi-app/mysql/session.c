#include "mysql/session.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "mysql/connection.h"

/*
 * Nothing is left to the server. With another character set titles would be read as `?`, and
 * written back so. The limit of a statement's time has a name for each engine: MariaDB passes over
 * the first comment, MySQL over the second.
 */
static enum db_result
pin_settings(struct database *db)
{
    bool is_single = db->session == &db->sessions[SESSION_SINGLE];
    int limit_ms = is_single ? db->read_limit_ms : 0;
    char settings[640];
    snprintf(settings, sizeof settings,
             "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,"
             "NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
             "autocommit = %d, completion_type = 0, foreign_key_checks = 1, unique_checks = 1, "
             "sql_auto_is_null = 0, sql_safe_updates = 0, sql_select_limit = 18446744073709551615, "
             "/*!80000 max_execution_time = %d, */ /*M!100100 max_statement_time = %d.%03d, */ "
             "innodb_lock_wait_timeout = %d",
             is_single, limit_ms, limit_ms / 1000, limit_ms % 1000, db->config->lock_wait_s);
    const char *const statements[] = {
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
        settings,
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
    };
    enum db_result result = DB_OK;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && result == DB_OK; i++)
        result = connection_run(db, statements[i]);
    return result;
}

enum { WORD_SIZE = 64 };

/* Runs a statement and copies the first two columns of its first row; "" where there is none. */
static enum db_result
read_words(struct database *db, const char *sql, char words[2][WORD_SIZE])
{
    int64_t started = clock_monotonic();
    MYSQL_RES *rows = NULL;
    if (mysql_query(db->session->handle, sql) == 0)
        rows = mysql_store_result(db->session->handle);
    if (rows == NULL)
        return connection_failed(db, mysql_errno(db->session->handle),
                                 mysql_error(db->session->handle), started);
    unsigned count = mysql_num_fields(rows);
    MYSQL_ROW row = mysql_fetch_row(rows);
    for (unsigned i = 0; i < 2; i++)
        snprintf(words[i], WORD_SIZE, "%s",
                 row != NULL && i < count && row[i] != NULL ? row[i] : "");
    mysql_free_result(rows);
    return DB_OK;
}

static enum db_result
refuse_server(struct database *db, const char *why)
{
    snprintf(db->error_text, sizeof db->error_text, "%s", why);
    log_error("%s", db->error_text);
    db->misconfigured = true;
    return DB_GONE;
}

/*
 * TiDB parses SKIP LOCKED and skips nothing, and does not check what CHECK says. (Its version can
 * be set to another's; the comment is its own.) DB_NOW_LOCKED counts on a SYSDATE() that moves; the
 * server's option sysdate-is-now makes it stand still. What READ COMMITTED writes cannot be logged
 * as statements: it would be refused at the first sale. (Not every server has binlog_format, hence
 * SHOW.)
 */
static enum db_result
require_fit_server(struct database *db)
{
    static const char question[] =
        "SELECT SLEEP(0.001), CASE"
        " WHEN CONCAT(VERSION(), ' ', @@version_comment) LIKE '%TiDB%' THEN 'TiDB'"
        " WHEN SYSDATE(6) <= NOW(6) THEN 'SYSDATE' WHEN @@log_bin THEN 'log' ELSE '' END";
    char found[2][WORD_SIZE], format[2][WORD_SIZE] = {""};
    enum db_result result = read_words(db, question, found);
    if (result == DB_OK && strcmp(found[1], "log") == 0)
        result = read_words(db, "SHOW SESSION VARIABLES LIKE 'binlog_format'", format);
    if (result != DB_OK)
        return result;
    if (strcmp(found[1], "TiDB") == 0)
        return refuse_server(db, "MySQL is TiDB, whose locks and checks do not hold what Frontrow "
                                 "relies on; use MySQL or MariaDB");
    if (strcmp(found[1], "SYSDATE") == 0)
        return refuse_server(db, "MySQL's SYSDATE() does not move; it must run without "
                                 "sysdate-is-now");
    if (strcmp(format[1], "STATEMENT") == 0)
        return refuse_server(db, "MySQL's binlog_format is STATEMENT, which does not go with the "
                                 "isolation READ COMMITTED; it must be ROW or MIXED");
    return DB_OK;
}

/* Of several servers not the one to use. */
static enum db_result
pass_over(struct database *db, const char *why)
{
    char address[HOST_TEXT_SIZE];
    host_print(&db->session->host, address);
    snprintf(db->error_text, sizeof db->error_text, "MySQL at %s is passed over: %s", address, why);
    log_warn("%s", db->error_text);
    return DB_GONE;
}

/*
 * Whether a member of a group has a majority beside it. Without one it takes changes and keeps
 * them waiting, and its reads may be old, as the others may have named another primary. It says so
 * only to who may read replication_group_members, and after 5 s. But everybody may see when the
 * members last agreed on something, which they do at least once in each period of flow control.
 */
static enum db_result
check_majority(struct database *db)
{
    static const char is_alone[] =
        "SELECT COALESCE(MAX(TIMESTAMPDIFF(MICROSECOND, variable_value, UTC_TIMESTAMP(6))), 0) >"
        " (2 + @@global.group_replication_flow_control_period) * 1000000"
        " FROM performance_schema.global_status"
        " WHERE variable_name = 'Gr_last_consensus_end_timestamp'";
    char alone[2][WORD_SIZE];
    enum db_result result = read_words(db, is_alone, alone);
    return result == DB_OK && strcmp(alone[0], "1") == 0
               ? pass_over(db, "its group has no majority")
               : result;
}

/* MariaDB 12 has words where others have 0 and 1. */
enum db_result
session_check_writable(struct database *db)
{
    static const char is_writable[] =
        "SELECT CONCAT(@@global.read_only, @@global.innodb_read_only) REGEXP '^(0|OFF)+$'";
    char writable[2][WORD_SIZE];
    enum db_result result = read_words(db, is_writable, writable);
    if (result == DB_OK && strcmp(writable[0], "1") != 0)
        return pass_over(db, "it is read-only");
    return result == DB_OK && db->session->has_group ? check_majority(db) : result;
}

/*
 * Without the wait (1: reads, 2: UPDATE and DELETE, 4: INSERT) a node may not show yet what was
 * committed at another one: a buyer would not see his own payment, and a COMMIT that was cut off
 * would be done again.
 */
static enum db_result
join_galera(struct database *db)
{
    char ready[2][WORD_SIZE];
    enum db_result result = connection_run(db, "SET SESSION wsrep_sync_wait = 7");
    if (result != DB_OK || !db->has_list)
        return result;
    result = read_words(db, "SHOW GLOBAL STATUS LIKE 'wsrep_ready'", ready);
    return result == DB_OK && strcmp(ready[1], "ON") != 0 ? pass_over(db, "it has no quorum")
                                                          : result;
}

/*
 * The same for Group Replication. Where one member takes all writes there is something to wait for
 * only when it has just become that.
 */
static enum db_result
join_group(struct database *db)
{
    return connection_run(
        db, "SET SESSION group_replication_consistency ="
            " IF(@@group_replication_single_primary_mode, 'BEFORE_ON_PRIMARY_FAILOVER', 'BEFORE')");
}

/*
 * MariaDB has the words of Galera also where it is no node; MySQL has those of Group Replication
 * where the plugin is loaded.
 */
enum db_result
session_join_cluster(struct database *db)
{
    char found[2][WORD_SIZE];
    enum db_result result =
        read_words(db,
                   "SHOW GLOBAL VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'"
                   " OR Variable_name = 'group_replication_single_primary_mode'",
                   found);
    db->session->has_group = result == DB_OK && found[0][0] == 'g';
    if (result != DB_OK || found[0][0] == '\0')
        return result;
    return db->session->has_group ? join_group(db) : join_galera(db);
}

enum db_result
session_set_up(struct database *db)
{
    enum db_result result = pin_settings(db);
    return result == DB_OK ? require_fit_server(db) : result;
}
