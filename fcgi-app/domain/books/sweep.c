#include "domain/books/sweep.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/books/concert_news.h"
#include "domain/event.h"
#include "domain/queue/queue_sweep.h"
#include "domain/sale/reservation.h"
#include "domain/sale/waitlist.h"
#include "mysql/sale/idempotency_table.h"
#include "mysql/transaction.h"
#include "redis/queue/library_sweep.h"

/* The draws and queues of other concerts wait for the next pass: refunds end after this. */
enum { ATTEMPTS = 3, CANCELS_MS = 40000 };

/* What became of one lapsed hold. */
enum outcome {
    OUTCOME_EXPIRED,
    OUTCOME_BUSY,    /* somebody pays, cancels, sweeps or takes over a seat of it right now */
    OUTCOME_SETTLED, /* it was when its turn came */
    OUTCOME_AGAIN,   /* a deadlock or the like */
    OUTCOME_FAILED,
    OUTCOME_GONE, /* MySQL */
};

static enum outcome
outcome_of_failure(enum db_result result)
{
    if (result == DB_RETRY)
        return OUTCOME_AGAIN;
    return result == DB_GONE ? OUTCOME_GONE : OUTCOME_FAILED;
}

/* Frees those seats that still name it: a seat that was taken over is its new buyer's. */
static enum db_result
write_down(struct services *services, const struct reservation *reservation,
           const struct seat *seats)
{
    enum db_result result =
        reservation_table_set_status(services->db, reservation->reservation_id, RESERVATION_HELD,
                                     RESERVATION_EXPIRED, CLOCK_NEVER);
    if (result != DB_OK)
        return result;
    return waitlist_free_seats(services, reservation, seats, (size_t)reservation->seat_count);
}

/* Inside the transaction. Locks are never waited for: whoever has one, decides about the hold. */
static enum outcome
expire(struct services *services, struct reservation *reservation)
{
    struct database *db = services->db;
    enum db_result result = reservation_table_lock_lapsed(db, reservation);
    if (result == DB_NONE)
        return OUTCOME_BUSY;
    if (result == DB_OK && reservation->status != RESERVATION_HELD)
        return OUTCOME_SETTLED;
    if (result == DB_OK)
        result = reservation_table_seat_ids(db, reservation);
    if (result != DB_OK)
        return outcome_of_failure(result);

    int32_t seat_ids[SEATS_AT_ONCE];
    struct seat seats[SEATS_AT_ONCE];
    size_t locked;
    int64_t now;
    reservation_seat_ids(reservation, seat_ids);
    result = seat_table_lock_free(db, reservation->item_id, seat_ids,
                                  (size_t)reservation->seat_count, seats, &locked, &now);
    /* A seat left out would stay with an expired reservation, should its buyer roll back. */
    if (result == DB_OK && locked < (size_t)reservation->seat_count)
        return OUTCOME_BUSY;
    if (result == DB_OK && now < reservation->expires_at)
        return OUTCOME_SETTLED;
    if (result == DB_OK)
        result = write_down(services, reservation, seats);
    event_add_reservation(services, EVENT_RESERVATION_EXPIRED, reservation);
    return result == DB_OK ? OUTCOME_EXPIRED : outcome_of_failure(result);
}

static enum outcome
expire_in_transaction(struct services *services, int64_t reservation_id)
{
    struct database *db = services->db;
    enum db_result begun = transaction_begin(db);
    if (begun != DB_OK)
        return outcome_of_failure(begun);
    struct reservation reservation = {.reservation_id = reservation_id};
    enum outcome outcome = expire(services, &reservation);
    if (outcome != OUTCOME_EXPIRED) {
        transaction_rollback(db);
        return outcome;
    }
    switch (transaction_commit(db)) {
    case COMMIT_DONE:
        return OUTCOME_EXPIRED;
    case COMMIT_ROLLED_BACK:
        return OUTCOME_AGAIN;
    case COMMIT_UNKNOWN:
        break;
    }
    return OUTCOME_GONE;
}

/* Returns false when MySQL is gone, or refuses this one. */
static bool
sweep_hold(struct services *services, const struct lapsed_cursor *cursor, int64_t now,
           struct sweep_report *report)
{
    enum outcome outcome = OUTCOME_AGAIN;
    for (int attempt = 0; attempt < ATTEMPTS && outcome == OUTCOME_AGAIN; attempt++)
        outcome = expire_in_transaction(services, cursor->reservation_id);
    int64_t seconds_over = (now - cursor->expires_at) / 1000;
    if (outcome == OUTCOME_EXPIRED) {
        report->expired++;
    } else if (outcome == OUTCOME_BUSY) {
        report->busy++;
        log_debug("reservation %" PRId64 ", over for %" PRId64
                  " s, was left: somebody has it locked",
                  cursor->reservation_id, seconds_over);
    } else if (outcome != OUTCOME_SETTLED) {
        report->failed++;
        log_warn("reservation %" PRId64 ", over for %" PRId64 " s, could not be expired: %s",
                 cursor->reservation_id, seconds_over, db_error_text(services->db));
    }
    return outcome != OUTCOME_GONE;
}

/*
 * The ids are read without a lock, in order, so that what is left does not come up again. One that
 * MySQL refuses stops no other; several in a row mean that it is away.
 */
static enum db_result
sweep_holds(struct services *services, struct sweep_report *report)
{
    struct database *db = services->db;
    struct lapsed_cursor cursors[LAPSED_BATCH];
    struct lapsed_cursor after = {0};
    size_t count = LAPSED_BATCH;
    int64_t now;
    int refused = 0; /* in a row */
    enum db_result result = db_now(db, &now);
    while (result == DB_OK && count == LAPSED_BATCH) {
        result = reservation_table_list_lapsed(db, &after, now, cursors, &count);
        for (size_t i = 0; result == DB_OK && i < count; i++) {
            refused = sweep_hold(services, &cursors[i], now, report) ? 0 : refused + 1;
            if (refused == ATTEMPTS)
                result = DB_GONE;
        }
        if (count > 0)
            after = cursors[count - 1];
    }
    return result;
}

static enum db_result
sweep_waitlists(struct services *services, struct sweep_report *report)
{
    return waitlist_sweep(services, &report->waitlists);
}

static enum db_result
sweep_cancels(struct services *services, struct sweep_report *report)
{
    report->cancels.actor = "sweeper";
    report->cancels.until = clock_monotonic() + CANCELS_MS;
    return item_cancel_sweep(services, &report->cancels);
}

static enum db_result
sweep_news(struct services *services, struct sweep_report *report)
{
    return concert_news_sweep(services, &report->failed);
}

static enum db_result
delete_answers(struct services *services, struct sweep_report *report)
{
    struct database *db = services->db;
    int64_t now, deleted;
    int failures = 0;
    enum db_result result = db_now(db, &now);
    if (result != DB_OK)
        return result;
    do {
        result = idempotency_table_delete_old(db, now - IDEMPOTENCY_MS, &deleted);
        report->answers += deleted;
        failures += result != DB_OK;
    } while (deleted == IDEMPOTENCY_BATCH || (result == DB_RETRY && failures < ATTEMPTS));
    return result;
}

static enum db_result
sweep_queues(struct services *services, struct sweep_report *report)
{
    return queue_sweep(services, &report->queues);
}

static enum db_result
sweep_draws(struct services *services, struct sweep_report *report)
{
    return draw_sweep(services, &report->draws);
}

static enum db_result
sweep_functions(struct services *services, struct sweep_report *report)
{
    if (!report->queues.redis_gone)
        library_sweep(services->redis);
    return DB_OK;
}

void
sweep_run(struct services *services, struct sweep_report *report)
{
    *report = (struct sweep_report){0};
    /*
     * What somebody waits for comes first: a draw has its hour, a queue its next user. A lapsed
     * hold is free whether or not it is swept.
     */
    static enum db_result (*const steps[])(struct services *, struct sweep_report *) = {
        sweep_draws,   sweep_queues, sweep_holds,    sweep_waitlists,
        sweep_cancels, sweep_news,   delete_answers, sweep_functions};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !report->mysql_gone; i++) {
        enum db_result result = steps[i](services, report);
        report->mysql_gone = result == DB_GONE;
        report->failed += result != DB_OK && result != DB_GONE;
    }
    report->failed += report->waitlists.failed + report->queues.failed + report->draws.failed +
                      report->cancels.ended.failed;
}
