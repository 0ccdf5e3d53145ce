#include "domain/queue/unqueued_token.h"

#include <string.h>

#include "mysql/queue/queue_table.h"

static int64_t
lease_ms(const struct concert *concert)
{
    return (int64_t)concert->active_seconds * 1000;
}

/*
 * A numbered token, waiting or active, gets a full lease. DB_NONE where it has ended meanwhile, or
 * waits on as a queue is kept again.
 */
static enum db_result
activate(struct database *db, const struct concert *concert, struct token_row *row)
{
    struct token_period period = queue_period_of(concert);
    uint8_t token[TOKEN_SIZE];
    memcpy(token, row->token, TOKEN_SIZE);
    enum db_result result =
        token_table_activate(db, &period, token, lease_ms(concert), lease_ms(concert), 0);
    if (result != DB_OK)
        return result;
    result = token_table_find(db, token, row);
    return result == DB_OK && row->status != TOKEN_ACTIVE ? DB_NONE : result;
}

/* The live token from when a queue was kept, if there can be one. */
static enum db_result
renew_numbered(struct database *db, const struct concert *concert, const char *user_id,
               struct token_row *row)
{
    if (concert->queue_version == concert->queue_since)
        return DB_NONE;
    enum db_result result = token_table_find_live(db, concert->concert_id, user_id, row);
    if (result != DB_OK)
        return result;
    return row->kind == TOKEN_QUEUE ? activate(db, concert, row) : DB_NONE;
}

static enum queue_outcome
outcome_of(enum db_result result, struct problem *problem)
{
    if (result == DB_NONE)
        return QUEUE_SWITCHED;
    return refuse_db(problem, result) == ERROR_NONE ? QUEUE_SETTLED : QUEUE_REFUSED;
}

enum queue_outcome
unqueued_token_add(struct services *services, const struct concert *concert, const char *user_id,
                   const uint8_t fresh[TOKEN_SIZE], struct token_row *row, struct problem *problem)
{
    struct token_period period = queue_period_of(concert);
    enum db_result result = renew_numbered(services->db, concert, user_id, row);
    if (result == DB_NONE)
        result = token_table_renew_unqueued(services->db, &period, user_id, fresh, concert->now,
                                            lease_ms(concert), row);
    return outcome_of(result, problem);
}

enum queue_outcome
unqueued_token_find(struct services *services, const struct concert *concert,
                    const uint8_t token[TOKEN_SIZE], const char *user_id, struct token_row *row,
                    struct problem *problem)
{
    enum db_result result = token_table_find(services->db, token, row);
    if (result != DB_OK && result != DB_NONE)
        return outcome_of(result, problem);
    bool found = result == DB_OK && token_is_live(row) && row->concert_id == concert->concert_id &&
                 (user_id[0] == '\0' || strcmp(row->user_id, user_id) == 0);
    if (!found) {
        refuse(problem, ERROR_TOKEN_INVALID);
        return QUEUE_REFUSED;
    }
    if (row->status == TOKEN_WAITING) {
        result = activate(services->db, concert, row);
    } else if (token_may_idle(row)) { /* as it did where a queue was kept: now the whole lease */
        row->lease_until += row->lease_ms - row->ends_ms;
        row->ends_ms = row->lease_ms;
        result = token_table_prolong(services->db, row->token, row->lease_until);
    }
    return outcome_of(result, problem);
}

enum queue_outcome
unqueued_token_leave(struct services *services, const struct concert *concert,
                     const uint8_t token[TOKEN_SIZE], const char *user_id, struct problem *problem)
{
    struct token_period period = queue_period_of(concert);
    struct token_row row;
    enum queue_outcome outcome =
        unqueued_token_find(services, concert, token, user_id, &row, problem);
    if (outcome != QUEUE_SETTLED)
        return outcome;
    enum db_result result = queue_table_end(services->db, &period, row.kind,
                                            (const uint8_t(*)[TOKEN_SIZE])token, 1, TOKEN_LEFT);
    if (result == DB_OK && db_changed_rows(services->db) == 0)
        result = DB_NONE;
    return outcome_of(result, problem);
}
