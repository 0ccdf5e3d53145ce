/*
 * queue: who waits for a concert, who may buy now. Where the concert keeps no queue every token is
 * active and lives in MySQL alone; where it keeps one, Redis holds who waits and who was called
 * (redis/queue/queue.lua has the rule), and MySQL who has which number and how a token ended.
 */
#ifndef FRONTROW_DOMAIN_QUEUE_H
#define FRONTROW_DOMAIN_QUEUE_H

#include "domain/services.h"
#include "mysql/concert/concert_table.h"
#include "mysql/queue/token_table.h"

/* "<concertId>-<32 hex digits, lower case>" and a NUL. */
enum { QUEUE_TOKEN_TEXT_SIZE = 10 + 1 + 2 * TOKEN_SIZE + 1 };

/* A token as its owner sees it. */
struct queue_position {
    uint8_t token[TOKEN_SIZE];
    int32_t concert_id;
    char user_id[USER_ID_SIZE];
    int32_t number; /* 0: none, as the concert keeps no queue or kept none when it was made, or as
                       it waits to be drawn */
    bool active;    /* else waiting */
    int32_t from_head; /* its place in the queue at most, from 1; 0 when active, or drawn later */
    bool eta_known;    /* always when active */
    int64_t eta_seconds;
    int64_t eta_seconds_high;
    int32_t poll_after_seconds;
    int64_t expires_at; /* of its place; CLOCK_NEVER while waiting */
    bool may_idle;      /* that is before its lease ends: signs of life move it */
};

/* The queue as everybody sees it. All numbers are 0 where no queue is kept. */
struct queue_state {
    int32_t serving; /* highest number called so far */
    int32_t last_number;
    int32_t waiting;
    int32_t active;   /* called ones included */
    int32_t capacity; /* in force */
    bool paused;
    int32_t admitted_per_minute;
    int32_t refresh_seconds;
    bool frozen;         /* a draw's pre-queue: nobody comes into it any more */
    int32_t frozen_last; /* highest number in it */
    int32_t ranked_last; /* up to this number the queue has the ranks */
    int64_t entered;     /* became active since Redis has the queue */
    int64_t missed;      /* were not there when called, since then */
    int64_t eta_seconds; /* of one who comes now and has to wait; -1: not known; the next alike */
    int64_t eta_seconds_high;
};

/* Reads a token's text. False: it is none. */
bool queue_read_token(const char *text, int32_t *concert_id, uint8_t token[TOKEN_SIZE]);

/* Writes it. */
void queue_write_token(int32_t concert_id, const uint8_t token[TOKEN_SIZE],
                       char text[QUEUE_TOKEN_TEXT_SIZE]);

/*
 * Takes a place in the queue: the live token of this user and concert, or a new one, which lives on
 * whatever becomes of the queue meanwhile. `proof` is spent where the concert asks for one. Refuses
 * with concert_not_open, queue_full or queue_unavailable, and as challenge_require() does.
 */
enum error queue_add(struct services *services, const struct concert *concert, const char *user_id,
                     const char *proof, struct queue_position *position, struct problem *problem)
    MUST_CHECK;

/* One of several users who take places together. */
struct queue_add {
    const char *user_id;
    enum { QUEUE_ADD_LEFT, QUEUE_ADD_DONE, QUEUE_ADD_REFUSED } end;
    struct queue_position position; /* DONE */
    struct problem problem;         /* REFUSED, as queue_add() would */
};

enum { QUEUE_ADDS_MAX = 16 };

/*
 * The same for 2 to QUEUE_ADDS_MAX users of one concert, by about as many statements as one takes.
 * Only what is plainly possible is done: a new place for who has none, and has to wait if there is
 * a queue, in a concert that asks for no proof of work and no code. Who is LEFT is to be handed to
 * queue_add(), which finds what was begun here.
 */
void queue_add_together(struct services *services, int32_t concert_id, struct queue_add *adds,
                        size_t count);

/*
 * A sign of life from the owner of a token, who sees how it stands; a called one becomes active.
 * `text` NULL: token_missing. `caller` "" : whoever has the token. Refuses with token_invalid.
 */
enum error queue_status(struct services *services, const char *text, const char *caller,
                        struct queue_position *position, struct problem *problem) MUST_CHECK;

/* Leaves the queue or gives the place back. As queue_status() otherwise. */
enum error queue_leave(struct services *services, const char *text, const char *caller,
                       struct problem *problem) MUST_CHECK;

/*
 * In a concert that keeps a queue: whether this user may come to the seats with this token, which
 * is a sign of life. Refuses with token_missing, token_invalid or token_not_active.
 */
enum error queue_admit(struct services *services, const struct concert *concert,
                       const char *user_id, const char *text, struct queue_position *position,
                       struct problem *problem) MUST_CHECK;

/*
 * A sign of life from the owner of an active token whose call was refused for another reason. A
 * called one does not become active by it, as the owner would not hear that. Nothing is reported.
 */
void queue_renew(struct services *services, const struct concert *concert, const char *user_id,
                 const char *text);

/*
 * After a COMMIT with which MySQL has the place of a token kept for so long, as seats are held with
 * it, or has it as done: queue_tell() is to tell Redis so.
 */
void queue_keep(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE],
                int64_t ms);
void queue_finish(struct services *services, int32_t concert_id, const uint8_t token[TOKEN_SIZE]);

/*
 * After an answer, and some time later: tells Redis what it is to hear. Nothing is reported: where
 * Redis is away, the token's next sign of life does it, or the sweeper. What the next add can take
 * along is left to it at first: then this is true, and is to be called again soon.
 */
bool queue_tell(struct services *services);

/*
 * Before a call that may have to wait: the tokens that are done, of calls that the same worker has
 * answered already.
 */
void queue_tell_done(struct services *services);

/* The queue as everybody sees it; moves it on. Refuses with queue_unavailable. */
enum error queue_state(struct services *services, const struct concert *concert,
                       struct queue_state *state, struct problem *problem) MUST_CHECK;

/* The same, but waits, for a minute at most, while a queue that was lost is being loaded. */
enum error queue_await_state(struct services *services, const struct concert *concert,
                             struct queue_state *state, struct problem *problem) MUST_CHECK;

/*
 * Takes the queue out of Redis, where MySQL has or gets another one: whoever asks next loads what
 * is there then. False: Redis is out of reach.
 */
bool queue_erase(struct services *services, int32_t concert_id);

/* The number of a database of Redis that has no key; -1: there is none, or it is out of reach. */
int queue_find_empty_database(struct services *services);

#endif
