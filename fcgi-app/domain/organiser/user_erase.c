#include "domain/organiser/user_erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "domain/organiser/item_end.h"
#include "domain/queue/queue.h"
#include "domain/sale/point.h"
#include "domain/sale/waitlist.h"
#include "mysql/organiser/audit_log_table.h"

enum { TOKEN_TRIES = 10 /* in a concert */ };

enum error
user_erase_look(struct services *services, struct user_erase *erase, struct problem *problem)
{
    return refuse_db(problem, erase_table_count(services->db, erase->user_id, &erase->counts));
}

/* A hold that has lost its seats is none, and goes with the rest. */
static enum error
end_holds(struct services *services, const struct user_erase *erase, struct problem *problem)
{
    int64_t ids[ERASE_HOLDS_MAX];
    size_t count, ended;
    do {
        enum db_result result = erase_table_list_holds(services->db, erase->user_id, ids, &count);
        if (result != DB_OK || count == 0)
            return refuse_db(problem, result);
        struct reservation_end end = {.count = count};
        struct effect effect = {
            .state = &end,
            .execute = reservation_end_execute,
            .was_committed = reservation_end_was_committed,
        };
        for (size_t i = 0; i < count; i++)
            end.list[i].reservation_id = ids[i];
        if (item_end_apply(services, &effect, problem) != ERROR_NONE)
            return problem->error;
        ended = 0;
        for (size_t i = 0; i < count; i++)
            ended += end.list[i].released || end.list[i].refunded;
    } while (ended > 0);
    return ERROR_NONE;
}

/* Those of one concert, of either kind; somebody else may just be making one. */
static enum error
end_tokens_of(struct services *services, const struct user_erase *erase, int32_t concert_id,
              struct problem *problem)
{
    for (int tries = 0; tries < TOKEN_TRIES; tries++) {
        struct token_row row;
        char text[QUEUE_TOKEN_TEXT_SIZE];
        enum db_result result =
            token_table_find_live(services->db, concert_id, erase->user_id, &row);
        if (result != DB_OK)
            return refuse_db(problem, result == DB_NONE ? DB_OK : result);
        queue_write_token(concert_id, row.token, text);
        enum error error = queue_leave(services, text, erase->user_id, problem);
        if (error != ERROR_NONE && error != ERROR_TOKEN_INVALID)
            return error;
    }
    return refuse(problem, ERROR_BUSY);
}

/* As if the user left each queue: so Redis forgets the name as well. */
static enum error
end_tokens(struct services *services, const struct user_erase *erase, struct problem *problem)
{
    int32_t concert_id = 0;
    enum db_result result;
    while ((result = erase_table_next_concert(services->db, erase->user_id, concert_id,
                                              &concert_id)) == DB_OK)
        if (end_tokens_of(services, erase, concert_id, problem) != ERROR_NONE)
            return problem->error;
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}

static enum error
require_no_value(const struct user_erase *erase, struct problem *problem)
{
    const struct erase_counts *counts = &erase->counts;
    if (erase->forfeits || (counts->balance <= 0 && counts->to_come == 0))
        return ERROR_NONE;
    return refuse_because(problem, ERROR_NOT_CANCELLABLE,
                          "%" PRId64 " points and %" PRId64 " paid orders to come are left",
                          counts->balance, counts->to_come);
}

static enum error
take_points(struct services *services, struct user_erase *erase, struct problem *problem)
{
    struct point_entry entry = {.kind = POINT_USE};
    if (erase->counts.balance == 0)
        return ERROR_NONE;
    if (point_move(services, erase->user_id, -erase->counts.balance, &entry, problem) != ERROR_NONE)
        return problem->error;
    return refuse_db(problem,
                     point_table_set_reason(services->db, entry.history_id, "user erased"));
}

/* Points or an order that came in meanwhile are looked at anew: nothing is lost without a word. */
static enum error
require_nothing_left(struct services *services, const struct user_erase *erase,
                     struct problem *problem)
{
    struct erase_counts now = {.balance = 0};
    enum db_result result = erase_table_count(services->db, erase->name, &now);
    bool is_more = now.balance > 0 || (!erase->forfeits && now.to_come > 0);
    return result == DB_OK && is_more ? refuse(problem, ERROR_BUSY) : refuse_db(problem, result);
}

static enum error
rename_execute(struct services *services, void *state, struct problem *problem)
{
    struct user_erase *erase = state;
    char detail[160];
    erase->rows = 0;
    enum db_result result = erase_table_count(services->db, erase->user_id, &erase->counts);
    if (refuse_db(problem, result) != ERROR_NONE || require_no_value(erase, problem) != ERROR_NONE)
        return problem->error;
    result = erase_table_rename(services->db, erase->user_id, erase->name, &erase->rows);
    if (refuse_db(problem, result) != ERROR_NONE ||
        take_points(services, erase, problem) != ERROR_NONE)
        return problem->error;
    result = erase_table_rename_purse(services->db, erase->user_id, erase->name, &erase->rows);
    if (refuse_db(problem, result) != ERROR_NONE ||
        require_nothing_left(services, erase, problem) != ERROR_NONE)
        return problem->error;
    snprintf(detail, sizeof detail,
             "%" PRId64 " reservations, %" PRId64 " entries of the ledger; points taken: %" PRId64,
             erase->counts.orders, erase->counts.entries, erase->counts.balance);
    return refuse_db(problem,
                     audit_log_table_add(services->db, &(struct log_entry){
                                                           .actor = erase->actor,
                                                           .action = "user erase",
                                                           .detail = detail,
                                                           .new_values = erase->new_values.data,
                                                       }));
}

static enum db_result
rename_was_committed(struct services *services, void *state)
{
    return erase_table_lock_log(services->db, ((const struct user_erase *)state)->new_values.data);
}

static void
make_name(struct user_erase *erase)
{
    uint8_t bytes[16];
    random_fill(bytes, sizeof bytes);
    memcpy(erase->name, "erased-", 7);
    hex_write(bytes, sizeof bytes, erase->name + 7);
    erase->describe(erase->name, &erase->new_values);
}

enum error
user_erase_run(struct services *services, struct user_erase *erase, struct problem *problem)
{
    struct effect effect = {
        .state = erase,
        .execute = rename_execute,
        .was_committed = rename_was_committed,
    };
    make_name(erase);
    if (user_erase_look(services, erase, problem) != ERROR_NONE ||
        require_no_value(erase, problem) != ERROR_NONE ||
        waitlist_erase(services, erase->user_id, problem) != ERROR_NONE ||
        end_holds(services, erase, problem) != ERROR_NONE ||
        end_tokens(services, erase, problem) != ERROR_NONE)
        return problem->error;
    return item_end_apply(services, &effect, problem);
}
