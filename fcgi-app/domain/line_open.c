#include "domain/line_open.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static int64_t
lease_ms(const struct concert *concert)
{
    return (int64_t)concert->active_seconds * 1000;
}

/* A numbered token, waiting or active, gets a full lease. DB_NONE where it has ended meanwhile. */
static enum db_result
activate(struct database *db, const struct concert *concert, struct token_row *row)
{
    uint8_t token[TOKEN_SIZE];
    memcpy(token, row->token, TOKEN_SIZE);
    enum db_result result =
        token_table_activate(db, token, lease_ms(concert), lease_ms(concert), 0);
    if (result == DB_OK)
        result = token_table_find(db, token, row);
    return result == DB_OK && !token_is_live(row) ? DB_NONE : result;
}

static enum db_result
give_whole_lease(struct database *db, struct token_row *row)
{
    row->lease_until += row->lease_ms - row->ends_ms;
    row->ends_ms = row->lease_ms;
    return token_table_prolong(db, row->token, row->lease_until);
}

/* The live token from when a line was kept, if there can be one. */
static enum db_result
renew_numbered(struct database *db, const struct concert *concert, const char *user_id,
               struct token_row *row)
{
    if (concert->line_version == concert->line_since)
        return DB_NONE;
    enum db_result result = token_table_find_live(db, concert->concert_id, user_id, row);
    if (result == DB_OK && row->kind != TOKEN_QUEUE)
        return DB_NONE;
    return result == DB_OK ? activate(db, concert, row) : result;
}

enum error
line_open_add(struct services *services, const struct concert *concert, const char *user_id,
              struct token_row *row, struct problem *problem)
{
    uint8_t fresh[TOKEN_SIZE];
    enum db_result result = renew_numbered(services->db, concert, user_id, row);
    if (result == DB_NONE) {
        if (getrandom(fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh)
            abort();
        result = token_table_renew_open(services->db, concert->concert_id, user_id, fresh,
                                        concert->now, lease_ms(concert), row);
    }
    return refuse_db(problem, result);
}

enum error
line_open_find(struct services *services, const struct concert *concert,
               const uint8_t token[TOKEN_SIZE], const char *user_id, struct token_row *row,
               struct problem *problem)
{
    enum db_result result = token_table_find(services->db, token, row);
    if (result == DB_OK && (!token_is_live(row) || row->concert_id != concert->concert_id ||
                            (user_id[0] != '\0' && strcmp(row->user_id, user_id) != 0)))
        result = DB_NONE;
    if (result == DB_OK && row->status == TOKEN_WAITING)
        result = activate(services->db, concert, row);
    else if (result == DB_OK && token_may_idle(row)) /* as it did where a line was kept */
        result = give_whole_lease(services->db, row);
    return result == DB_NONE ? refuse(problem, ERROR_TOKEN_INVALID) : refuse_db(problem, result);
}

enum error
line_open_leave(struct services *services, const struct concert *concert,
                const uint8_t token[TOKEN_SIZE], const char *user_id, struct problem *problem)
{
    struct token_row row;
    enum error error = line_open_find(services, concert, token, user_id, &row, problem);
    if (error != ERROR_NONE)
        return error;
    return refuse_db(problem, token_table_end(services->db, row.kind, token, TOKEN_LEFT));
}
