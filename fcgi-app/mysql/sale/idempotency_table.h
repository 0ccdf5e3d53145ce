/* idempotency_table: the SQL of stored answers. */
#ifndef FRONTROW_MYSQL_IDEMPOTENCY_TABLE_H
#define FRONTROW_MYSQL_IDEMPOTENCY_TABLE_H

#include "base/buffer.h"
#include "mysql/database.h"

enum { FINGERPRINT_BYTES = 32, STORED_BODY_MAX = 60000 };

/* What kind of row the stored answer's effect_id names. The numbers are those of the ENUM. */
enum effect_kind {
    EFFECT_RESERVE = 1, /* reservation_id */
    EFFECT_CANCEL,      /* reservation_id */
    EFFECT_CHARGE,      /* history_id */
    EFFECT_USE,         /* history_id */
    EFFECT_PAY,         /* payment_id */
    EFFECT_CREATE,      /* concert_id, of one that was made or of which a date was changed */
    EFFECT_HALL,        /* hall_id, of one that was made or removed */
    EFFECT_CHECKIN,     /* ticket_id, of one that was taken at a gate, or was not */
    EFFECT_RETURN,      /* reservation_id, of one of which single seats went back */
    EFFECT_SWAP,        /* reservation_id */
    EFFECT_TRANSFER,    /* transfer_id */
    EFFECT_WAIT,        /* entry_id */
};

/*
 * Reserves (caller, key) inside the running transaction. DB_DUPLICATE: an answer is stored; the
 * reservation of a transaction that still runs is waited for (DB_RETRY when it takes too long).
 */
enum db_result idempotency_table_begin(struct database *db, const char *caller, const char *key,
                                       const uint8_t fingerprint[FINGERPRINT_BYTES],
                                       enum effect_kind kind) MUST_CHECK;

/* Whose key for which call. All is borrowed. */
struct key_reservation {
    const char *caller;
    const char *key;
    const uint8_t *fingerprint;
    enum effect_kind kind;
};

/* The same of up to DB_ROWS_MAX keys at once. DB_DUPLICATE: there is an answer for one of them. */
enum db_result idempotency_table_begin_batch(struct database *db,
                                             const struct key_reservation *keys, size_t count)
    MUST_CHECK;

/* Completes the reservation of the key with the answer. DB_RETRY: it is not there any more, or has
 * one. */
enum db_result idempotency_table_store(struct database *db, const char *caller, const char *key,
                                       int64_t effect_id, const struct buffer *body) MUST_CHECK;

/* The same of several keys at once. */
enum db_result idempotency_table_store_batch(struct database *db,
                                             const struct key_reservation *keys,
                                             const int64_t *effect_ids,
                                             const struct buffer *const *bodies, size_t count)
    MUST_CHECK;

/* Takes it back inside the same transaction. */
enum db_result idempotency_table_withdraw(struct database *db, const char *caller, const char *key)
    MUST_CHECK;

/* Reads a stored answer, appended to `body`. DB_NONE: there is none. */
enum db_result idempotency_table_find(struct database *db, const char *caller, const char *key,
                                      uint8_t fingerprint[FINGERPRINT_BYTES], struct buffer *body)
    MUST_CHECK;

/* What a call with this key changed, if it came within so many seconds; else DB_NONE. */
enum db_result idempotency_table_find_effect(struct database *db, const char *caller,
                                             const char *key, int64_t seconds, int64_t *effect_id)
    MUST_CHECK;

/* So long a key gets its stored answer; and so many old ones are deleted at a time. */
enum { IDEMPOTENCY_HOURS = 24, IDEMPOTENCY_MS = IDEMPOTENCY_HOURS * 3600000 };
enum { IDEMPOTENCY_BATCH = 1000 };

/* Deletes up to IDEMPOTENCY_BATCH stored answers that are older than the cutoff, and counts them.
 */
enum db_result idempotency_table_delete_old(struct database *db, int64_t cutoff, int64_t *deleted)
    MUST_CHECK;

#endif
