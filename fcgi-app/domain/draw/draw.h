/*
 * draw: the order of those who came before the opening, drawn in a way that anybody can check
 * (docs/draw.md). Any process may run a step that is due; each step is done once, and any
 * process can continue one that was interrupted.
 */
#ifndef FRONTROW_DOMAIN_DRAW_H
#define FRONTROW_DOMAIN_DRAW_H

#include "domain/queue/queue.h"
#include "mysql/draw/draw_table.h"

enum draw_state {
    DRAW_COLLECTING, /* until the freeze */
    DRAW_FROZEN,     /* whoever comes now stands behind */
    DRAW_LISTED,     /* the list is published */
    DRAW_DRAWN,      /* the ranks are fixed */
    DRAW_REVEALED,   /* and so is everything published: the concert has opened */
};

/* As of concert->now. */
enum draw_state draw_state(const struct concert *concert, const struct draw *draw);

/* "collecting", "frozen", "listed", "drawn" or "revealed". */
const char *draw_state_name(enum draw_state state);

/* The state of a concert's draw, which is read for it. */
enum error draw_find_state(struct services *services, const struct concert *concert,
                           enum draw_state *state, struct problem *problem) MUST_CHECK;

/*
 * Reads the draw of a concert that has one, and then the concert's row again: the beacon stays once
 * the draw is decided, and so it is what was decided on.
 */
enum error draw_find(struct services *services, struct concert *concert, struct draw *draw,
                     struct problem *problem) MUST_CHECK;

/*
 * Checks what a change does to the draw, inside the transaction in which the concert's row is
 * locked, and begins one that is switched on. Refuses with invalid_field. `before` of a new concert
 * has the defaults.
 */
enum error draw_change(struct services *services, const struct concert *before,
                       const struct concert *after, struct problem *problem) MUST_CHECK;

/* Writes down where the queue's pre-queue was frozen, if that is not known yet; *draw has it then.
 */
enum error draw_note_frozen(struct services *services, const struct queue_state *queue,
                            struct draw *draw, struct problem *problem) MUST_CHECK;

/*
 * Does all steps that are due. Refuses with queue_unavailable, mysql_unavailable, or, where the
 * list is not what was published, with internal_error; what was done stays done.
 */
enum error draw_run(struct services *services, int32_t concert_id, struct problem *problem)
    MUST_CHECK;

struct draw_sweep_report {
    int64_t failed; /* draws whose steps were due and could not be done, Redis being there */
    bool redis_gone;
};

/* draw_run() for every concert with a draw. DB_OK unless MySQL failed. */
enum db_result draw_sweep(struct services *services, struct draw_sweep_report *report) MUST_CHECK;

/* What a draw's books say. */
struct draw_audit {
    int64_t lists; /* published lists that do not fit the rows */
    int64_t ranks; /* draws with a rank that does not follow from what is published */
};

/* Computes all of it again. */
enum db_result draw_audit(struct services *services, struct draw_audit *audit) MUST_CHECK;

/*
 * How ranks follow from what is published: the seed, the list and the beacon. Anybody can compute
 * them again; docs/draw.md says it in Python.
 */
enum { DRAW_DIGITS = 2 * DRAW_BYTES /* of a hash in hex: a line of the list */ };

/* SHA-256 of some bytes: of a seed the commitment to it, of a token's text its entry. */
void draw_hash(const void *bytes, size_t size, uint8_t hash[DRAW_BYTES]);

/* SHA-256 of the list file's bytes: each entry in lower-case hex and a line feed. */
void draw_hash_list(const uint8_t (*entries)[DRAW_BYTES], size_t count, uint8_t hash[DRAW_BYTES]);

/*
 * The rank of each entry, from 1: key = HMAC-SHA256(seed, list hash || beacon), and the ranks are
 * the order of HMAC-SHA256(key, entry). `beacon` is "" where there was none.
 */
void draw_rank_entries(const uint8_t seed[DRAW_BYTES], const uint8_t list_hash[DRAW_BYTES],
                       const char *beacon, const uint8_t (*entries)[DRAW_BYTES], size_t count,
                       int32_t *ranks);

#endif
