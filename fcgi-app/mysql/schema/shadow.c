#include "mysql/schema/shadow.h"

#include <stdio.h>
#include <string.h>

static const char suffix[] = "_rehearsal";

enum { STATEMENT_SIZE = 1024 };

bool
shadow_name(const char *database, char name[SHADOW_NAME_SIZE])
{
    int length = snprintf(name, SHADOW_NAME_SIZE, "%s%s", database, suffix);
    return length < SHADOW_NAME_SIZE && strchr(name, '`') == NULL;
}

enum db_result
shadow_lock(struct database *real)
{
    static const struct query take = {
        "SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 48), '.rehearse'), 0)"};
    int32_t locked = 0;
    enum db_result result = db_select_one(real, &take, NO_PARAMETERS, COLUMNS(INTO_INT32(&locked)));
    return result == DB_OK && !locked ? DB_NONE : result;
}

enum db_result
shadow_find(struct database *db, const char *name, enum shadow_state *state)
{
    static const struct query look = {
        "SELECT (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?),"
        " COUNT(*), COUNT(CASE WHEN table_name = 'rehearsal' THEN 1 END)"
        " FROM information_schema.tables WHERE table_schema = ?"};
    int32_t databases = 0, tables = 0, marks = 0;
    enum db_result result =
        db_select_one(db, &look, PARAMETERS(DB_TEXT(name), DB_TEXT(name)),
                      COLUMNS(INTO_INT32(&databases), INTO_INT32(&tables), INTO_INT32(&marks)));
    *state = databases == 0 ? SHADOW_ABSENT
             : tables == 0  ? SHADOW_EMPTY
             : marks == 1   ? SHADOW_OURS
                            : SHADOW_FOREIGN;
    return result;
}

enum db_result
shadow_create(struct database *db, const char *name, const struct shadow *shadow)
{
    char sql[STATEMENT_SIZE];
    snprintf(sql, sizeof sql, "CREATE DATABASE `%s` CHARACTER SET utf8mb4", name);
    enum db_result result = db_run_text(db, sql);
    snprintf(sql, sizeof sql,
             "CREATE TABLE `%s`.rehearsal (redis_database INT NOT NULL, concert_id INT NOT NULL,"
             " run_dir VARCHAR(%d) NOT NULL, PRIMARY KEY (concert_id)) ENGINE = InnoDB",
             name, SHADOW_PATH_SIZE);
    if (result == DB_OK)
        result = db_run_text(db, sql);
    snprintf(sql, sizeof sql, "INSERT INTO `%s`.rehearsal VALUES (%d, %d, '%s')", name,
             (int)shadow->redis_database, (int)shadow->concert_id, shadow->run_dir);
    return result == DB_OK ? db_run_text(db, sql) : result;
}

enum db_result
shadow_drop(struct database *db, const char *name)
{
    char sql[STATEMENT_SIZE];
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS `%s`", name);
    return db_run_text(db, sql);
}

enum db_result
shadow_read(struct database *shadow_db, struct shadow *shadow)
{
    static const struct query read = {"SELECT redis_database, concert_id, run_dir FROM rehearsal"};
    return db_select_one(shadow_db, &read, NO_PARAMETERS,
                         COLUMNS(INTO_INT32(&shadow->redis_database),
                                 INTO_INT32(&shadow->concert_id), INTO_TEXT(shadow->run_dir)));
}

/* A seat that is sold already is not for sale; one that is held now will be. */
static enum db_result
copy_rows(struct database *shadow_db, const char *from, int32_t concert_id)
{
    char concert[STATEMENT_SIZE], item[STATEMENT_SIZE], seat[STATEMENT_SIZE];
    snprintf(concert, sizeof concert,
             "INSERT INTO concert SELECT * FROM `%s`.concert WHERE concert_id = %d", from,
             (int)concert_id);
    snprintf(item, sizeof item, "INSERT INTO item SELECT * FROM `%s`.item WHERE concert_id = %d",
             from, (int)concert_id);
    snprintf(
        seat, sizeof seat,
        "INSERT INTO seat (item_id, seat_no, status, blocked, price, section, row_name, label,"
        " x, y, kind, note, partner_no) SELECT s.item_id, s.seat_no, 'available', IF(s.status = "
        "'sold', 1, s.blocked),"
        " s.price, s.section, s.row_name, s.label, s.x, s.y, s.kind, s.note, s.partner_no"
        " FROM item i JOIN `%s`.seat s ON s.item_id = i.item_id",
        from);
    enum db_result result = db_run_text(shadow_db, concert);
    if (result == DB_OK)
        result = db_run_text(shadow_db, item);
    return result == DB_OK ? db_run_text(shadow_db, seat) : result;
}

enum db_result
shadow_copy(struct database *shadow_db, const char *from, int32_t concert_id, int32_t capacity)
{
    static const struct query open = {
        "UPDATE concert SET status = 'open', opens_at = NULL, closes_at = NULL, paused = 0,"
        " maintenance = 0, draw = 0, challenge_key = NULL, presale_times = NULL,"
        " admission_capacity = COALESCE(?, admission_capacity)"};
    /* an item that has begun could not be sold; who waits for it stays behind */
    static const struct query put_off = {
        "UPDATE item SET waiting = 0,"
        " starts_at = GREATEST(starts_at, UTC_TIMESTAMP(3) + INTERVAL 1 DAY)"};
    enum db_result result = copy_rows(shadow_db, from, concert_id);
    if (result == DB_OK)
        result = db_execute(shadow_db, &open, PARAMETERS(DB_OPTIONAL(capacity >= 0, capacity)));
    return result == DB_OK ? db_execute(shadow_db, &put_off, NO_PARAMETERS) : result;
}
