#include "domain/books/repair.h"

#include <inttypes.h>
#include <stdio.h>

#include "mysql/organiser/audit_log_table.h"
#include "mysql/transaction.h"

enum { ATTEMPTS = 3, KINDS = 3 };

struct repair {
    struct services *services;
    bool dry_run;
    /* seats that were put right: two reservations may be owed one */
    int32_t items[KINDS * SEAT_CASES_MAX], seats[KINDS * SEAT_CASES_MAX];
    size_t given;
};

static bool
was_given(const struct repair *repair, const struct seat_case *seat)
{
    for (size_t i = 0; i < repair->given; i++)
        if (repair->items[i] == seat->item_id && repair->seats[i] == seat->seat_no)
            return true;
    return false;
}

/* What is sold is never taken from anybody by a program, and what was refunded not given again. */
static bool
can_put_right(const struct repair *repair, const struct seat_case *seat)
{
    bool is_free = seat->status == SEAT_AVAILABLE || (seat->status == SEAT_HELD && !seat->is_owned);
    return seat->exists && is_free && !seat->blocked && seat->is_paid_for &&
           !was_given(repair, seat);
}

static enum db_result
log_change(struct database *db, const struct seat_case *seat)
{
    static const char *const states[] = {"other", "available", "held", "sold"};
    char detail[160];
    snprintf(detail, sizeof detail,
             "seat %d of item %d was %s by reservation %" PRId64 ", is %s by %" PRId64,
             (int)seat->seat_no, (int)seat->item_id, states[seat->status], seat->reservation,
             states[seat->due], seat->due_reservation);
    return audit_log_table_add(db, &(struct log_entry){.actor = "ctl",
                                                       .action = "audit repair",
                                                       .concert_id = seat->concert_id,
                                                       .detail = detail});
}

/* DB_NONE: it needs none any more. */
static enum db_result
put_right_once(const struct repair *repair, struct seat_case *seat, bool *is_possible)
{
    struct database *db = repair->services->db;
    enum db_result result = transaction_begin(db);
    if (result != DB_OK)
        return result;
    result = repair_table_lock(db, seat);
    *is_possible = result == DB_OK && can_put_right(repair, seat);
    if (*is_possible)
        result = repair_table_put_right(db, seat);
    if (*is_possible && result == DB_OK)
        result = log_change(db, seat);
    if (!*is_possible || result != DB_OK) {
        transaction_rollback(db);
        return result;
    }
    /* where the outcome is not known, the next look finds what it is */
    return transaction_commit(db) == COMMIT_DONE ? DB_OK : DB_RETRY;
}

static enum db_result
put_right(struct repair *repair, struct seat_case *seat, enum repair_outcome *outcome)
{
    bool is_possible = can_put_right(repair, seat);
    enum db_result result = is_possible && !repair->dry_run ? DB_RETRY : DB_OK;
    for (int attempt = 0; attempt < ATTEMPTS && result == DB_RETRY; attempt++)
        result = put_right_once(repair, seat, &is_possible);
    *outcome = result == DB_RETRY ? REPAIR_BUSY : is_possible ? REPAIR_DONE : REPAIR_PERSON;
    if (result == DB_OK && is_possible) {
        repair->items[repair->given] = seat->item_id;
        repair->seats[repair->given++] = seat->seat_no;
    }
    return result == DB_RETRY ? DB_OK : result;
}

enum db_result
repair_run(struct services *services, bool dry_run,
           void (*report)(void *context, const struct seat_case *seat, enum repair_outcome outcome),
           void *context)
{
    /* who has paid comes first, and what is nobody's last: it may be owed */
    static const enum seat_status kinds[KINDS] = {SEAT_SOLD, SEAT_HELD, SEAT_AVAILABLE};
    static struct seat_case cases[SEAT_CASES_MAX];
    static struct repair repair;
    repair = (struct repair){.services = services, .dry_run = dry_run};
    enum db_result result = DB_OK;
    for (int kind = 0; kind < KINDS && result == DB_OK; kind++) {
        size_t count;
        result = repair_table_list(services->db, kinds[kind], cases, &count);
        for (size_t i = 0; i < count && result == DB_OK; i++) {
            enum repair_outcome outcome;
            if (kinds[kind] == SEAT_AVAILABLE && was_given(&repair, &cases[i]))
                continue; /* in a dry run it is still held by nobody */
            result = put_right(&repair, &cases[i], &outcome);
            if (result == DB_NONE)
                result = DB_OK; /* it is right by now */
            else if (result == DB_OK)
                report(context, &cases[i], outcome);
        }
    }
    return result;
}
