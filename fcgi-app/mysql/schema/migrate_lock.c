#include "mysql/schema/migrate_lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "mysql/connection.h"

enum { LOCK_WAIT_S = 60, ANSWER_MS = (LOCK_WAIT_S + 10) * 1000 };

static const struct query take = {"SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 48), '.migrate'), ?)"};
static const struct query release = {
    "SELECT RELEASE_LOCK(CONCAT(LEFT(DATABASE(), 48), '.migrate'))"};

static const struct query look = {
    "SELECT CONNECTION_ID(), COALESCE(IS_USED_LOCK(CONCAT(LEFT(DATABASE(), 48), '.migrate')), 0)"};

struct migrate_lock {
    struct database *db;                   /* without a list: its own connection has the lock */
    struct config configs[HOSTS_MAX];      /* those of the databases: each knows one server */
    struct database *databases[HOSTS_MAX]; /* whose connections have the lock */
    int64_t ids[HOSTS_MAX];                /* of these connections */
    size_t count;
};

/*
 * DB_NONE: somebody else has it. While a migration runs at another server, or rows are copied, this
 * connection is idle for long; the server must not close it, and with it give the lock back.
 */
static enum db_result
take_at(struct database *db)
{
    int32_t locked = 0;
    enum db_result result = db_run_text(db, "SET SESSION wait_timeout = 2147483");
    if (result == DB_OK)
        result = db_select_one(db, &take, PARAMETERS(DB_INTEGER(LOCK_WAIT_S)),
                               COLUMNS(INTO_INT32(&locked)));
    return result == DB_OK && !locked ? DB_NONE : result;
}

/* Everybody takes them in the same order, whatever the settings': two would wait for each other. */
static int
compare_hosts(const void *a, const void *b)
{
    const struct host *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order != 0 ? order : one->port - other->port;
}

static void
open_server(struct migrate_lock *lock, const struct config *config, const struct host *host)
{
    struct config *own = &lock->configs[lock->count];
    bool bracketed = strchr(host->name, ':') != NULL;
    *own = *config;
    snprintf(own->mysql_hosts, sizeof own->mysql_hosts, "%s%.200s%s:%d", bracketed ? "[" : "",
             host->name, bracketed ? "]" : "", host->port);
    lock->databases[lock->count++] = db_open(own, ANSWER_MS, NULL);
}

/* At the server that was opened last, unless an earlier one is the same by another name. */
static enum db_result
take_at_last(struct migrate_lock *lock)
{
    size_t last = lock->count - 1;
    struct database *db = lock->databases[last];
    int64_t owner;
    enum db_result result = db_select_one(
        db, &look, NO_PARAMETERS, COLUMNS(INTO_INT64(&lock->ids[last]), INTO_INT64(&owner)));
    if (result != DB_OK)
        return result;
    for (size_t i = 0; i < last; i++)
        if (lock->ids[i] == owner)
            return DB_OK;
    return take_at(db);
}

enum db_result
migrate_lock_take(struct database *db, struct migrate_lock **taken)
{
    struct migrate_lock *lock = *taken = calloc(1, sizeof *lock);
    if (lock == NULL)
        log_abort("no memory");
    if (!db->has_list) {
        lock->db = db;
        return take_at(db);
    }
    connection_find_hosts(db);
    struct host hosts[HOSTS_MAX];
    memcpy(hosts, db->hosts, sizeof hosts);
    qsort(hosts, db->host_count, sizeof hosts[0], compare_hosts);
    enum db_result result = DB_GONE;
    for (size_t i = 0; i < db->host_count && (result == DB_OK || result == DB_GONE); i++) {
        open_server(lock, db->config, &hosts[i]);
        enum db_result here = take_at_last(lock);
        snprintf(db->error_text, sizeof db->error_text, "%s", db_error_text(lock->databases[i]));
        /* who takes no writes cannot be migrated at either */
        if (here != DB_GONE)
            result = here;
    }
    return result;
}

void
migrate_lock_release(struct migrate_lock *lock)
{
    int32_t released;
    for (size_t i = 0; i < lock->count; i++)
        db_close(lock->databases[i]);
    /* a lost connection has given it back by itself */
    if (lock->db != NULL && db_is_connected(lock->db) &&
        db_select_one(lock->db, &release, NO_PARAMETERS, COLUMNS(INTO_INT32(&released))) != DB_OK)
        log_warn("migrate: the lock is given back with the connection only: %s",
                 db_error_text(lock->db));
    free(lock);
}
