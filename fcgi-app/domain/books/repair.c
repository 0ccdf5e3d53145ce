#include "domain/books/repair.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mysql/organiser/audit_log_table.h"
#include "mysql/transaction.h"

enum { ATTEMPTS = 3, KINDS = 3 };

/* A seat that was put right. */
struct given {
    int32_t item_id, seat_no;
};

struct repair {
    struct services *services;
    bool dry_run;
    struct buffer given; /* of struct given: two reservations may be owed one seat */
};

static bool
was_given(const struct repair *repair, const struct seat_case *seat)
{
    struct given given;
    for (size_t at = 0; at < repair->given.length; at += sizeof given) {
        memcpy(&given, repair->given.data + at, sizeof given);
        if (given.item_id == seat->item_id && given.seat_no == seat->seat_no)
            return true;
    }
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
    if (result == DB_OK && is_possible)
        buffer_append(&repair->given, &(struct given){seat->item_id, seat->seat_no},
                      sizeof(struct given));
    return result == DB_RETRY ? DB_OK : result;
}

/* Puts right what is of one kind, and tells of each case. */
static enum db_result
put_right_kind(struct repair *repair, enum seat_status due, repair_report *report, void *context)
{
    static struct seat_case cases[SEAT_CASES_MAX];
    struct seat_case last = {.item_id = 0};
    size_t count;
    do {
        enum db_result result = repair_table_list(repair->services->db, due, &last, cases, &count);
        if (result != DB_OK)
            return result;
        if (count > 0)
            last = cases[count - 1];
        for (size_t i = 0; i < count; i++) {
            enum repair_outcome outcome;
            if (due == SEAT_AVAILABLE && was_given(repair, &cases[i]))
                continue; /* in a dry run it is still held by nobody */
            result = put_right(repair, &cases[i], &outcome);
            if (result == DB_NONE)
                continue; /* it is right by now */
            if (result != DB_OK)
                return result;
            report(context, &cases[i], outcome);
        }
    } while (count == SEAT_CASES_MAX);
    return DB_OK;
}

enum db_result
repair_run(struct services *services, bool dry_run, repair_report *report, void *context)
{
    /* who has paid comes first, and what is nobody's last: it may be owed */
    static const enum seat_status kinds[KINDS] = {SEAT_SOLD, SEAT_HELD, SEAT_AVAILABLE};
    struct repair repair = {.services = services, .dry_run = dry_run};
    enum db_result result = DB_OK;
    for (int kind = 0; kind < KINDS && result == DB_OK; kind++)
        result = put_right_kind(&repair, kinds[kind], report, context);
    buffer_free(&repair.given);
    return result;
}
