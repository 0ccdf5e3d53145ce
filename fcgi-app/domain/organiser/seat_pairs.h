/*
 * seat_pairs: wheelchair places and their companions' while the kinds of seats change. A pair is
 * changed as a whole, and a companion's place belongs to the wheelchair place beside it.
 */
#ifndef FRONTROW_DOMAIN_SEAT_PAIRS_H
#define FRONTROW_DOMAIN_SEAT_PAIRS_H

#include "domain/services.h"
#include "mysql/organiser/item_admin_table.h"

enum { PAIRS_AT_ONCE = 500 };

struct seat_pair {
    int32_t wheelchair, companion; /* seatIds */
};

/* A seat whose kind changes, and the one that it belonged to. */
struct parted_seat {
    int32_t seat_id, partner_id;
};

/* A seat that looks for its partner among its neighbours. */
struct single_seat {
    int32_t seat_id;
    enum seat_kind kind; /* SEAT_KIND_OTHER: it looks for none */
    char section[SECTION_SIZE];
    char row[SECTION_SIZE];
};

/* Zero-initialised is empty. */
struct seat_pairs {
    struct seat_pair made[PAIRS_AT_ONCE]; /* new ones */
    size_t made_count;
    bool too_many;
    struct parted_seat *parted; /* ascending */
    size_t parted_count, parted_room;
    struct single_seat last; /* the seat before the next one */
    int32_t lone_id;         /* a companion's place without a partner; 0: there is none */
};

void seat_pairs_free(struct seat_pairs *pairs);

/* A locked seat, above those before it, whose kind the change names. */
void seat_pairs_add(struct seat_pairs *pairs, const struct seat_change *seats,
                    const struct changing_seat *row);

/*
 * After the last one: pairs->made is complete. Refuses with seats_belong_together where half of a
 * pair would change, or with invalid_field (seats) where a companion's place has no free wheelchair
 * place beside it that the change names too, or where there are too many pairs.
 */
enum error seat_pairs_check(struct seat_pairs *pairs, struct problem *problem) MUST_CHECK;

/* Whether nobody has the seat: a withheld one, or one whose hold is over, is free. */
bool changing_seat_is_free(const struct changing_seat *row);

#endif
