#include "domain/organiser/presale_admin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/concert/concert.h"
#include "domain/event.h"
#include "domain/logged_change.h"
#include "mysql/organiser/concert_admin_table.h"

/* ---- windows ---- */

/* Operators change the windows of a concert, and its opening, one after the other. */
static enum error
lock_concert(struct services *services, int32_t concert_id, struct concert *concert,
             struct problem *problem)
{
    enum db_result result = concert_admin_table_lock(services->db, concert_id, concert);
    if (concert_refuse(problem, result) != ERROR_NONE)
        return problem->error;
    if (concert->stored == STORED_CANCELLED)
        return refuse_because(problem, ERROR_CONCERT_NOT_OPEN, "The concert is cancelled");
    if (concert->draw)
        return refuse_because(problem, ERROR_NOT_OFFERED,
                              "The concert has a draw, which has the time before the opening");
    return ERROR_NONE;
}

static enum error
lock_window(struct services *services, struct presale_edit *edit, struct problem *problem)
{
    enum db_result result = presale_admin_table_lock(
        services->db, edit->concert_id, edit->presale_id, &edit->before, &edit->created_at);
    return result == DB_NONE ? refuse(problem, ERROR_PRESALE_NOT_FOUND)
                             : refuse_db(problem, result);
}

static enum error
check_times(const struct presale *presale, const struct concert *concert, struct problem *problem)
{
    if (presale->ends_at <= presale->starts_at)
        return refuse_field(problem, "endsAt", "endsAt must be after startsAt");
    if (concert->opens_at == CLOCK_NEVER)
        return refuse_field(problem, "endsAt", "the concert has no opensAt to be before");
    if (presale->ends_at > concert->opens_at)
        return refuse_field(problem, "endsAt", "endsAt must not be after the concert's opensAt");
    return ERROR_NONE;
}

enum error
presale_check_opening(const struct concert *concert, struct problem *problem)
{
    const char *at = NULL;
    int64_t starts_at, ends_at;
    while (concert_next_presale(concert, &at, &starts_at, &ends_at)) {
        if (concert->draw)
            return refuse_field(problem, "draw", "a concert with presale can have no draw");
        if (concert->opens_at == CLOCK_NEVER || ends_at > concert->opens_at)
            return refuse_field(problem, "opensAt",
                                "opensAt must not be before the end of presale");
    }
    return ERROR_NONE;
}

/* Writes down in the concert when its windows are; refuses one too many. */
static enum error
set_times(struct services *services, int32_t concert_id, struct problem *problem)
{
    char times[PRESALE_TIMES_SIZE] = "";
    int64_t starts_at, ends_at;
    size_t length = 0, windows = 0;
    enum db_result result =
        presale_admin_table_list_times(services->db, concert_id, &starts_at, &ends_at);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        if (++windows <= PRESALE_WINDOWS_MAX)
            length +=
                (size_t)snprintf(times + length, sizeof times - length, "%s%" PRId64 "-%" PRId64,
                                 length > 0 ? "," : "", starts_at, ends_at);
    if (result != DB_NONE)
        return refuse_db(problem, result);
    if (windows > PRESALE_WINDOWS_MAX)
        return refuse_field(problem, "startsAt", "a concert may have at most %d windows",
                            PRESALE_WINDOWS_MAX);
    return refuse_db(problem, presale_admin_table_set_times(services->db, concert_id, times));
}

/* What all changes end with. `before` or `after` NULL: there is none. */
static enum error
finish(struct services *services, struct presale_edit *edit, const char *action,
       const struct presale *before, const struct presale *after, struct problem *problem)
{
    char detail[32];
    if (set_times(services, edit->concert_id, problem) != ERROR_NONE)
        return problem->error;
    snprintf(detail, sizeof detail, "presale %d", (int)edit->presale_id);
    struct logged_change log = {.entry = {.actor = edit->actor,
                                          .action = action,
                                          .concert_id = edit->concert_id,
                                          .detail = detail}};
    if (before != NULL)
        edit->describe(before, &log.before);
    if (after != NULL)
        edit->describe(after, &log.after);
    enum db_result result = logged_change_write(services, &log);
    if (result == DB_OK)
        result = presale_admin_table_count(services->db, edit->presale_id, &edit->counts);
    event_add_concert(services, EVENT_CONCERT_CHANGED, edit->concert_id, 0);
    return refuse_db(problem, result);
}

enum error
presale_create_execute(struct services *services, void *state, struct problem *problem)
{
    struct presale_edit *edit = state;
    struct presale *made = &edit->after;
    struct concert concert;
    if (lock_concert(services, edit->concert_id, &concert, problem) != ERROR_NONE ||
        check_times(made, &concert, problem) != ERROR_NONE)
        return problem->error;
    made->concert_id = edit->concert_id;
    enum db_result result = db_now(services->db, &edit->created_at);
    if (result == DB_OK)
        result = presale_admin_table_insert(services->db, made, edit->created_at);
    if (result == DB_OK)
        result = presale_admin_table_add_slots(services->db, made->presale_id, made->quota);
    if (result != DB_OK)
        return refuse_db(problem, result);
    edit->presale_id = made->presale_id;
    return finish(services, edit, "presale create", NULL, made, problem);
}

enum db_result
presale_create_was_committed(struct services *services, void *state)
{
    /* An id that a crash rolled back may have been given again. */
    const struct presale_edit *edit = state;
    struct presale found;
    int64_t created_at;
    enum db_result result = presale_admin_table_lock(services->db, edit->concert_id,
                                                     edit->after.presale_id, &found, &created_at);
    if (result != DB_OK)
        return result;
    return created_at == edit->created_at ? DB_OK : DB_NONE;
}

/* Only free slots go. */
static enum error
change_quota(struct services *services, const struct presale_edit *edit, struct problem *problem)
{
    int32_t more = edit->after.quota - edit->before.quota;
    enum db_result result =
        more >= 0 ? presale_admin_table_add_slots(services->db, edit->presale_id, more)
                  : presale_admin_table_remove_slots(services->db, edit->presale_id, -more);
    return result == DB_NONE ? refuse_because(problem, ERROR_PRESALE_IN_USE,
                                              "More seats than the new quota are held or sold")
                             : refuse_db(problem, result);
}

enum error
presale_change_execute(struct services *services, void *state, struct problem *problem)
{
    struct presale_edit *edit = state;
    struct concert concert;
    if (lock_concert(services, edit->concert_id, &concert, problem) != ERROR_NONE ||
        lock_window(services, edit, problem) != ERROR_NONE)
        return problem->error;
    edit->after = edit->before;
    if (edit->apply(edit->wanted, &edit->after, problem) != ERROR_NONE ||
        check_times(&edit->after, &concert, problem) != ERROR_NONE ||
        change_quota(services, edit, problem) != ERROR_NONE ||
        refuse_db(problem, presale_admin_table_update(services->db, &edit->after)) != ERROR_NONE)
        return problem->error;
    return finish(services, edit, "presale change", &edit->before, &edit->after, problem);
}

enum db_result
presale_change_was_committed(struct services *services, void *state)
{
    /* The same may be written twice: where it is not known it is done again. */
    (void)services;
    (void)state;
    return DB_NONE;
}

/* The slots go first: whoever is just taking one is waited for, and has a reservation then. */
enum error
presale_delete_execute(struct services *services, void *state, struct problem *problem)
{
    struct presale_edit *edit = state;
    struct concert concert;
    bool was_used;
    if (lock_concert(services, edit->concert_id, &concert, problem) != ERROR_NONE ||
        lock_window(services, edit, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = presale_admin_table_delete(services->db, edit->presale_id);
    if (result == DB_OK)
        result = presale_admin_table_was_used(services->db, edit->concert_id, edit->presale_id,
                                              &was_used);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (was_used)
        return refuse_because(problem, ERROR_PRESALE_IN_USE,
                              "Seats were held in this presale: it can be ended by its endsAt");
    return finish(services, edit, "presale delete", &edit->before, NULL, problem);
}

enum db_result
presale_delete_was_committed(struct services *services, void *state)
{
    const struct presale_edit *edit = state;
    struct presale found;
    int64_t created_at;
    enum db_result result = presale_admin_table_lock(services->db, edit->concert_id,
                                                     edit->presale_id, &found, &created_at);
    return result == DB_NONE ? DB_OK : result == DB_OK ? DB_NONE : result;
}

int64_t
presale_edit_id(const void *state)
{
    return ((const struct presale_edit *)state)->concert_id;
}

enum error
presale_visit_all(struct services *services, int32_t concert_id,
                  void (*visit)(void *state, const struct presale *presale,
                                const struct presale_counts *counts),
                  void *state, struct problem *problem)
{
    struct concert concert;
    struct presale presale;
    struct presale_counts counts;
    if (concert_find(services->db, concert_id, &concert, problem) != ERROR_NONE)
        return problem->error;
    enum db_result result = presale_admin_table_list(services->db, concert_id, &presale, &counts);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &presale, &counts);
    return result == DB_NONE ? ERROR_NONE : refuse_db(problem, result);
}

/* ---- codes ---- */

/* Of the n-th of them. */
static void
hash_code(const struct presale_codes_make *make, int32_t n, uint8_t hash[PRESALE_HASH_BYTES])
{
    char text[PRESALE_CODE_TEXT_SIZE];
    presale_code_write(make->seed, (uint32_t)n, text);
    if (!presale_code_hash(make->concert_id, text, hash))
        log_abort("a code was made that is none");
}

static enum db_result
insert_codes(struct services *services, const struct presale_codes_make *make)
{
    static uint8_t hashes[PRESALE_CODES_AT_ONCE * PRESALE_HASH_BYTES]; /* too large for the stack */
    enum db_result result = DB_OK;
    for (int32_t at = 0; at < make->count && result == DB_OK; at += PRESALE_CODES_AT_ONCE) {
        size_t count = 0;
        for (; count < PRESALE_CODES_AT_ONCE && at + (int32_t)count < make->count; count++)
            hash_code(make, at + (int32_t)count, hashes + count * PRESALE_HASH_BYTES);
        result = presale_admin_table_add_codes(services->db, make->presale_id, hashes, count);
    }
    return result;
}

enum error
presale_codes_execute(struct services *services, void *state, struct problem *problem)
{
    const struct presale_codes_make *make = state;
    struct concert concert;
    struct presale_edit edit = {.concert_id = make->concert_id, .presale_id = make->presale_id};
    char detail[32];
    if (concert_find(services->db, make->concert_id, &concert, problem) != ERROR_NONE ||
        lock_window(services, &edit, problem) != ERROR_NONE)
        return problem->error;
    if (edit.before.codes != PRESALE_SINGLE)
        return refuse_because(problem, ERROR_NOT_OFFERED, "The code of this presale is shared");
    enum db_result result = insert_codes(services, make);
    if (result == DB_DUPLICATE)
        return refuse_because(problem, ERROR_IDEMPOTENCY_KEY_REUSED,
                              "Codes were made here with this Idempotency-Key before");
    if (result != DB_OK)
        return refuse_db(problem, result);
    snprintf(detail, sizeof detail, "presale %d", (int)make->presale_id);
    struct logged_change log = {.entry = {.actor = make->actor,
                                          .action = "presale codes",
                                          .concert_id = make->concert_id,
                                          .detail = detail}};
    make->describe(make, &log.after);
    return refuse_db(problem, logged_change_write(services, &log));
}

enum db_result
presale_codes_was_committed(struct services *services, void *state)
{
    const struct presale_codes_make *make = state;
    uint8_t hash[PRESALE_HASH_BYTES];
    hash_code(make, 0, hash);
    return presale_admin_table_lock_code(services->db, make->presale_id, hash);
}

int64_t
presale_codes_id(const void *state)
{
    return ((const struct presale_codes_make *)state)->concert_id;
}
