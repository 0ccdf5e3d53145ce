/*
 * presale: seats before a concert opens, for those who have a code. A concert may have windows,
 * each with a quota of seats that are held or paid. A quota is as many slots; a hold takes free
 * ones that nobody has locked, one for each seat, and has them as long as its seats: so it is
 * exact, and no buyer waits for another one. Outside of the windows the concert is not open until
 * it opens.
 */
#ifndef FRONTROW_DOMAIN_PRESALE_H
#define FRONTROW_DOMAIN_PRESALE_H

#include "domain/services.h"
#include "mysql/sale/presale_table.h"
#include "mysql/sale/reservation_table.h"

/* Windows that a concert has at most: concert.presale_times has room for them. */
enum { PRESALE_WINDOWS_MAX = 12 };

/* How a call may come to the seats. */
struct presale_way {
    int32_t presale_id;  /* 0: the concert is open, and nothing else is set */
    int64_t code_id;     /* 0: the code is a shared one */
    int64_t ends_at;     /* of the window */
    bool has_free;       /* when it was looked at */
    bool has_seat_limit; /* of the window, beside that of the concert */
    int32_t max_seats_per_user;
    int32_t slots[SEATS_AT_ONCE];         /* that are locked for the hold */
    char sections[PRESALE_SECTIONS_SIZE]; /* as struct presale has them */
};

/* Whether the list of a window has a section; the empty one has all. */
bool presale_allows(const char *sections, const char *section);

/*
 * Before queue_add(): while a window runs at concert->now the code must be good there, and is from
 * then on this user's. Refuses with maintenance, code_required or code_invalid; at any other time
 * nothing is looked at.
 */
enum error presale_admit(struct services *services, const struct concert *concert,
                         const char *user_id, const char *code, struct problem *problem) MUST_CHECK;

/*
 * A user who comes for seats: finds the way, without a lock. Refuses as presale_admit() does where
 * a window runs; otherwise with concert_not_open unless the concert is open.
 */
enum error presale_enter(struct services *services, const struct concert *concert,
                         const char *user_id, const char *code, struct presale_way *way,
                         struct problem *problem) MUST_CHECK;

/* Refuses with presale_sold_out where the window had no free slot when it was looked at. */
enum error presale_check_left(const struct presale_way *way, struct problem *problem) MUST_CHECK;

/*
 * The code is this user's, and locked. Before the seats in the lock order. Refuses with
 * code_invalid where it was another one's first, or is used up.
 */
enum error presale_take_code(struct services *services, const struct presale_way *way,
                             const char *user_id, struct problem *problem) MUST_CHECK;

/* By the time after the last lock: refuses with concert_not_open where the way is closed again. */
enum error presale_require_open(const struct presale_way *way, const struct concert *concert,
                                int64_t now, struct problem *problem) MUST_CHECK;

/*
 * Locks a slot for each of the locked seats. Refuses with presale_sold_out, with
 * seat_not_in_presale and the seats of other sections, or with seat_limit_reached where the user
 * would have more than the window's limit, for which the user's mutex is locked.
 */
enum error presale_lock(struct services *services, struct presale_way *way,
                        const struct concert *concert, const char *user_id,
                        const struct seat *seats, size_t count, int64_t now,
                        struct problem *problem) MUST_CHECK;

/* Gives the slots to a hold that was inserted. */
enum db_result presale_hold(struct services *services, const struct presale_way *way,
                            struct reservation *hold) MUST_CHECK;

/* With the seats of a locked hold its slots are paid. DB_NONE: it was over, and lost some. */
enum db_result presale_sell(struct services *services, const struct reservation *hold,
                            int64_t paid_at) MUST_CHECK;

/* Gives slots back for seats that leave a locked reservation. */
enum db_result presale_give_back(struct services *services, const struct reservation *reservation,
                                 size_t count) MUST_CHECK;

#endif
