#include "mysql/schema/wide_ids.h"

#include <string.h>

#include "base/message.h"
#include "mysql/schema/rebuild.h"

/*
 * The changes are those of schema/009_wide_ids.sql. Who refers to reservations comes before them:
 * no id may come into being that has no room there.
 */
static const struct rebuild_table seat = {
    .name = "seat",
    .column = "reservation_id",
    .type = "bigint",
    .change = "MODIFY reservation_id BIGINT NULL",
    .keys = {"item_id", "seat_no"},
};

static const struct rebuild_table point_history = {
    .name = "point_history",
    .column = "history_id",
    .type = "bigint",
    .change = "MODIFY history_id BIGINT NOT NULL AUTO_INCREMENT, MODIFY reservation_id BIGINT NULL,"
              " ADD CONSTRAINT history_sign"
              " CHECK (amount = 0 OR (amount > 0) = (kind IN ('charge', 'refund'))),"
              " ADD CONSTRAINT history_reservation"
              " CHECK ((kind IN ('payment', 'refund')) = (reservation_id IS NOT NULL))",
    .keys = {"history_id"},
};

static const struct rebuild_table idempotency = {
    .name = "idempotency",
    .column = "effect_id",
    .type = "bigint",
    .change = "MODIFY effect_id BIGINT NULL"
              " COMMENT 'of the row that the effect made or changed'",
    .keys = {"user_id", "idempotency_key"},
    .text_keys = true,
};

static const struct rebuild_table audit_log = {
    .name = "audit_log",
    .column = "audit_log_id",
    .type = "bigint",
    .change = "MODIFY audit_log_id BIGINT NOT NULL AUTO_INCREMENT",
    .keys = {"audit_log_id"},
};

static const struct rebuild_table reservations[] = {
    {
        .name = "reservation",
        .column = "reservation_id",
        .type = "bigint",
        .change = "MODIFY reservation_id BIGINT NOT NULL AUTO_INCREMENT,"
                  " ADD CONSTRAINT reservation_hold CHECK (expires_at > created_at)",
        .keys = {"reservation_id"},
    },
    {
        .name = "reservation_seat",
        .column = "reservation_id",
        .type = "bigint",
        .change = "MODIFY reservation_id BIGINT NOT NULL,"
                  " ADD CONSTRAINT reservation_seat_reservation FOREIGN KEY (reservation_id)"
                  " REFERENCES new_reservation (reservation_id)",
        .keys = {"reservation_id", "seat_no"},
    },
    {
        .name = "payment",
        .column = "payment_id",
        .type = "bigint",
        .change = "MODIFY payment_id BIGINT NOT NULL AUTO_INCREMENT,"
                  " MODIFY reservation_id BIGINT NOT NULL,"
                  " ADD CONSTRAINT payment_reservation FOREIGN KEY (reservation_id)"
                  " REFERENCES new_reservation (reservation_id)",
        .keys = {"payment_id"},
    },
};

enum migrate_result
wide_ids_rebuild(struct database *db, char error[MIGRATE_ERROR_SIZE])
{
    static const struct {
        const struct rebuild_table *tables;
        size_t count;
    } groups[] = {
        {&seat, 1},
        {&point_history, 1},
        {&idempotency, 1},
        {&audit_log, 1},
        {reservations, sizeof reservations / sizeof reservations[0]},
    };
    enum migrate_result result = MIGRATE_OK;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0] && result == MIGRATE_OK; i++)
        result = rebuild_run(db, groups[i].tables, groups[i].count, error);
    return result == MIGRATE_OK ? rebuild_finish(db, error) : result;
}

enum db_result
wide_ids_read(struct database *db, struct id_use uses[ID_TABLES])
{
    static const struct query read = {"SELECT COALESCE((SELECT MAX(concert_id) FROM concert), 0),"
                                      " COALESCE((SELECT MAX(item_id) FROM item), 0),"
                                      " COALESCE((SELECT MAX(reservation_id) FROM reservation), 0),"
                                      " COALESCE((SELECT MAX(payment_id) FROM payment), 0),"
                                      " COALESCE((SELECT MAX(history_id) FROM point_history), 0),"
                                      " COALESCE((SELECT MAX(audit_log_id) FROM audit_log), 0)"};
    const struct id_use known[ID_TABLES] = {
        {"concert", 0, INT32_MAX},          {"item", 0, INT32_MAX},
        {"reservation", 0, LARGE_ID_MAX},   {"payment", 0, LARGE_ID_MAX},
        {"point_history", 0, LARGE_ID_MAX}, {"audit_log", 0, LARGE_ID_MAX},
    };
    memcpy(uses, known, sizeof known);
    struct column columns[ID_TABLES];
    for (int i = 0; i < ID_TABLES; i++)
        columns[i] = INTO_INT64(&uses[i].last);
    return db_select_one(db, &read, NO_PARAMETERS, columns, ID_TABLES);
}
