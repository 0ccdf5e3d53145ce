#include "domain/sale/presale.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/clock.h"
#include "domain/concert/concert.h"
#include "domain/sale/presale_code.h"

bool
presale_allows(const char *sections, const char *section)
{
    size_t length = strlen(section);
    if (*sections == '\0')
        return true;
    for (const char *name = sections; *name != '\0'; name += strcspn(name, "\n") + 1)
        if (strncmp(name, section, length) == 0 && name[length] == '\n')
            return true;
    return false;
}

/* ---- codes ---- */

/* The hash is compared as a whole, however the server has found it. */
static bool
is_same(const uint8_t a[PRESALE_HASH_BYTES], const uint8_t b[PRESALE_HASH_BYTES])
{
    return CRYPTO_memcmp(a, b, PRESALE_HASH_BYTES) == 0;
}

static bool
opens(const struct presale_look *look, const uint8_t hash[PRESALE_HASH_BYTES])
{
    if (look->presale.codes == PRESALE_SHARED)
        return is_same(look->presale.code_hash, hash);
    return look->presale.codes == PRESALE_SINGLE && look->is_known &&
           is_same(look->found_hash, hash);
}

/* The first window that the code opens; its presale_id is 0 where there is none. */
static enum db_result
find_window(struct services *services, const struct concert *concert,
            const uint8_t hash[PRESALE_HASH_BYTES], struct presale_look *found)
{
    struct presale_look look;
    found->presale.presale_id = 0;
    enum db_result result =
        presale_table_look(services->db, concert->concert_id, hash, concert->now, &look);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        if (found->presale.presale_id == 0 && opens(&look, hash))
            *found = look;
    return result == DB_NONE ? DB_OK : result;
}

static enum error
refuse_code(struct problem *problem, const char *why)
{
    return refuse_because(problem, ERROR_CODE_INVALID, "%s", why);
}

static enum error
check_code(struct services *services, const struct concert *concert, const char *user_id,
           const char *code, struct presale_look *found, struct problem *problem)
{
    uint8_t hash[PRESALE_HASH_BYTES];
    if (*code == '\0')
        return refuse(problem, ERROR_CODE_REQUIRED);
    if (!presale_code_hash(concert->concert_id, code, hash))
        return refuse(problem, ERROR_CODE_INVALID);
    if (refuse_db(problem, find_window(services, concert, hash, found)) != ERROR_NONE)
        return problem->error;
    if (found->presale.presale_id == 0)
        return refuse(problem, ERROR_CODE_INVALID);
    if (found->presale.codes == PRESALE_SHARED)
        return ERROR_NONE;
    if (found->user_id[0] != '\0' && strcmp(found->user_id, user_id) != 0)
        return refuse_code(problem, "The code is another user's");
    if (found->used_at != CLOCK_NEVER)
        return refuse_code(problem, "The code is used up: an order that was made with it is paid");
    return ERROR_NONE;
}

enum error
presale_admit(struct services *services, const struct concert *concert, const char *user_id,
              const char *code, struct problem *problem)
{
    struct presale_look found;
    enum db_result result;
    if (!concert_presale_runs(concert, concert->now))
        return ERROR_NONE;
    if (concert_require_service(concert, problem) != ERROR_NONE)
        return problem->error;
    do {
        if (check_code(services, concert, user_id, code, &found, problem) != ERROR_NONE)
            return problem->error;
        if (found.presale.codes == PRESALE_SHARED || found.user_id[0] != '\0')
            return ERROR_NONE;
        result = presale_table_bind_code(services->db, found.code_id, user_id);
    } while (result == DB_NONE); /* somebody, perhaps this user, was first */
    return refuse_db(problem, result);
}

enum error
presale_enter(struct services *services, const struct concert *concert, const char *user_id,
              const char *code, struct presale_way *way, struct problem *problem)
{
    struct presale_look found;
    way->presale_id = 0;
    if (!concert_presale_runs(concert, concert->now))
        return concert_require_open(concert, concert->now, problem);
    if (check_code(services, concert, user_id, code, &found, problem) != ERROR_NONE)
        return problem->error;
    way->presale_id = found.presale.presale_id;
    way->code_id = found.presale.codes == PRESALE_SINGLE ? found.code_id : 0;
    way->ends_at = found.presale.ends_at;
    way->has_free = found.has_free;
    way->has_seat_limit = found.presale.has_seat_limit;
    way->max_seats_per_user = found.presale.max_seats_per_user;
    memcpy(way->sections, found.presale.sections, sizeof way->sections);
    return ERROR_NONE;
}

enum error
presale_take_code(struct services *services, const struct presale_way *way, const char *user_id,
                  struct problem *problem)
{
    if (way->presale_id == 0 || way->code_id == 0)
        return ERROR_NONE;
    enum db_result result = presale_table_take_code(services->db, way->code_id, user_id);
    return result == DB_NONE ? refuse_code(problem, "The code was used just now")
                             : refuse_db(problem, result);
}

/* ---- seats ---- */

enum error
presale_check_left(const struct presale_way *way, struct problem *problem)
{
    return way->presale_id == 0 || way->has_free ? ERROR_NONE
                                                 : refuse(problem, ERROR_PRESALE_SOLD_OUT);
}

/* No window lasts beyond the opening: if that was just now, another look finds the concert open. */
enum error
presale_require_open(const struct presale_way *way, const struct concert *concert, int64_t now,
                     struct problem *problem)
{
    if (way->presale_id != 0 && now < way->ends_at)
        return ERROR_NONE;
    if (concert_require_open(concert, now, problem) != ERROR_NONE)
        return problem->error;
    return way->presale_id == 0 ? ERROR_NONE : refuse(problem, ERROR_BUSY);
}

/*
 * Slots that others have locked are passed by. Where they are the only ones that are left, whoever
 * has them may still roll back: worth another try.
 */
static enum error
lock_slots(struct services *services, struct presale_way *way, size_t count, int64_t now,
           struct problem *problem)
{
    size_t locked;
    int32_t left;
    enum db_result result =
        presale_table_lock_free(services->db, way->presale_id, now, count, way->slots, &locked);
    if (result != DB_OK || locked == count)
        return refuse_db(problem, result);
    result = presale_table_count_free(services->db, way->presale_id, now, count, &left);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if ((size_t)left >= count)
        return refuse(problem, ERROR_BUSY);
    if (left == 0)
        return refuse(problem, ERROR_PRESALE_SOLD_OUT);
    return refuse_because(problem, ERROR_PRESALE_SOLD_OUT, "%d %s left in this presale", (int)left,
                          left == 1 ? "seat is" : "seats are");
}

static enum error
check_sections(const struct presale_way *way, const struct seat *seats, size_t count,
               struct problem *problem)
{
    struct problem outside = {.error = ERROR_SEAT_NOT_IN_PRESALE};
    for (size_t i = 0; i < count; i++)
        if (!presale_allows(way->sections, seats[i].section))
            outside.seat_ids[outside.seat_count++] = seats[i].seat_id;
    if (outside.seat_count == 0)
        return ERROR_NONE;
    *problem = outside;
    return problem->error;
}

static enum error
check_seat_limit(struct services *services, const struct presale_way *way,
                 const struct concert *concert, const char *user_id, size_t count, int64_t now,
                 struct problem *problem)
{
    int32_t seats;
    if (!way->has_seat_limit)
        return ERROR_NONE;
    enum db_result result = presale_table_count_seats(services->db, concert->concert_id,
                                                      way->presale_id, user_id, now, &seats);
    if (result != DB_OK)
        return refuse_db(problem, result);
    if (seats + (int64_t)count <= way->max_seats_per_user)
        return ERROR_NONE;
    return refuse_because(problem, ERROR_SEAT_LIMIT_REACHED,
                          "A user may have %d seats of this presale and has %d already",
                          (int)way->max_seats_per_user, (int)seats);
}

enum error
presale_lock(struct services *services, struct presale_way *way, const struct concert *concert,
             const char *user_id, const struct seat *seats, size_t count, int64_t now,
             struct problem *problem)
{
    if (way->presale_id == 0)
        return ERROR_NONE;
    if (lock_slots(services, way, count, now, problem) != ERROR_NONE ||
        check_sections(way, seats, count, problem) != ERROR_NONE)
        return problem->error;
    return check_seat_limit(services, way, concert, user_id, count, now, problem);
}

enum db_result
presale_hold(struct services *services, const struct presale_way *way, struct reservation *hold)
{
    hold->presale_id = way->presale_id;
    if (way->presale_id == 0)
        return DB_OK;
    return presale_table_hold(services->db, way->presale_id, way->slots, (size_t)hold->seat_count,
                              hold->reservation_id, way->code_id, hold->expires_at);
}

enum db_result
presale_sell(struct services *services, const struct reservation *hold, int64_t paid_at)
{
    if (hold->presale_id == 0)
        return DB_OK;
    return presale_table_sell(services->db, hold->presale_id, hold->reservation_id,
                              hold->seat_count, hold->expires_at, paid_at);
}

enum db_result
presale_give_back(struct services *services, const struct reservation *reservation, size_t count)
{
    if (reservation->presale_id == 0)
        return DB_OK;
    return presale_table_free(services->db, reservation->presale_id, reservation->reservation_id,
                              count);
}
