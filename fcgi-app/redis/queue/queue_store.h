/*
 * queue_store: the queue as Redis keeps it: one C function for each function of queue.lua, which
 * has the rule. Durations are milliseconds where the name says _ms, else seconds.
 */
#ifndef FRONTROW_REDIS_QUEUE_STORE_H
#define FRONTROW_REDIS_QUEUE_STORE_H

#include <stddef.h>

#include "base/message.h"
#include "redis/redis.h"

/* Which queue, and its settings as the caller's concert row has them. */
struct queue_settings {
    int32_t concert_id;
    int32_t version; /* the highest that any call has shown is in force; 0: none to show */
    int32_t since;   /* version when the queue was opened; a state from before is loaded anew */
    int32_t capacity;
    bool paused;
    int32_t max_waiting;
    int64_t active_ms;
    int64_t show_up_ms;
    int64_t missed_ms;
    bool draw;
    int64_t freezes_in_ms; /* by MySQL's clock; 0 and below: it is due. Only with a draw */
    int64_t opens_in_ms;   /* the same; 0 where there is no opening */
    int64_t idle_ms; /* without a sign of life an active one's place ends; 0: with its lease */
    bool closed;     /* or cancelled, by its operator or by the time: nobody is called */
};

enum queue_answer {
    QUEUE_OK,
    QUEUE_UNKNOWN,  /* Redis does not have the token */
    QUEUE_FOREIGN,  /* it is another user's */
    QUEUE_ENDED,    /* it has ended; MySQL may not have that yet */
    QUEUE_FULL,     /* max_waiting wait already */
    QUEUE_CONFLICT, /* the user has another live token */
    QUEUE_REBUILD,  /* the queue has to be loaded from MySQL first */
    QUEUE_BUSY,     /* somebody else loads it now */
    QUEUE_WAIT,     /* the same, begun just now: ask again in a moment */
    QUEUE_READY,    /* there is nothing to load */
    QUEUE_NO_ROOM,  /* Redis' memory is full, and this would make the queue longer */
    QUEUE_GONE,     /* Redis is out of reach or takes no writes */
    QUEUE_FAILED,   /* a bug; logged */
};

/* As in queue.lua. */
enum queue_token_state {
    QUEUE_TOKEN_WAITING = 1,
    QUEUE_TOKEN_CALLED,
    QUEUE_TOKEN_ACTIVE,
    QUEUE_TOKEN_MISSED,
    QUEUE_TOKEN_LEFT,
    QUEUE_TOKEN_LAPSED,
};

/* How much of a token MySQL has. */
enum queue_saved { QUEUE_SAVED_NOWHERE, QUEUE_SAVED_ROW, QUEUE_SAVED_LEASE };

/* A waiting or active token. */
struct queue_entry {
    uint8_t token[TOKEN_SIZE];
    char user_id[USER_ID_SIZE];
    enum queue_token_state state;
    enum queue_saved saved;
    int32_t number;   /* 0: made where no queue was kept */
    int32_t shown;    /* number or rank by which it stands in the queue; 0: not to be shown yet */
    int64_t ends_ms;  /* until its place ends without another sign of life; 0 while waiting */
    int64_t lease_ms; /* as far as signs of life can move that */
    int32_t position; /* 0 when active, or not to be shown yet */
    int32_t poll_seconds;
    int64_t eta_seconds; /* -1: not known; likewise the high one */
    int64_t eta_seconds_high;
    int32_t serving;
    bool serving_raised;                   /* by this call: to be written to MySQL */
    uint8_t replaced[TOKEN_SIZE];          /* add: the user's last token, ended but kept by Redis */
    enum queue_token_state replaced_state; /* LEFT or LAPSED; 0: there was none */
};

/* New tokens of which MySQL has the rows by now, and Redis is to hear so. */
enum { QUEUE_TOKENS_MAX = 16 };
struct queue_tokens {
    uint8_t list[QUEUE_TOKENS_MAX][TOKEN_SIZE];
    size_t count;
};

/* One of several who ask for a place together. */
struct queue_applicant {
    const char *user_id;
    uint8_t fresh[TOKEN_SIZE]; /* for a new one */
    enum queue_answer answer;  /* OK with the entry, or FULL */
    struct queue_entry entry;
};

/* What a call moved. */
struct queue_moved {
    int32_t serving;
    bool serving_raised;
};

/* How far the draw of a queue has come. All 0 where there is none. */
struct queue_frozen {
    bool frozen;
    int32_t last;        /* highest number in the draw */
    int32_t ranked_last; /* up to this number the ranks are loaded */
};

/* All numbers of a queue. */
struct queue_counts {
    struct queue_moved moved;
    int32_t last;
    int32_t waiting;
    int32_t active;
    int32_t capacity;
    bool paused;
    int32_t admitted_per_minute;
    int32_t refresh_seconds;
    bool more; /* there was more to move than one call may */
    int32_t overshoot_max;
    struct queue_frozen frozen;
    int32_t version;     /* of the settings in force */
    int64_t entered;     /* became active since the queue was loaded */
    int64_t missed;      /* were not there when called, since then */
    int64_t eta_seconds; /* of one who comes now and has to wait, as in struct queue_entry */
    int64_t eta_seconds_high;
};

/* A token as list and scan give it. */
struct queue_brief {
    uint8_t token[TOKEN_SIZE];
    enum queue_token_state state;
    enum queue_saved saved;
    int32_t number;
};

/* A token to be loaded, as MySQL has it. */
struct queue_row {
    const uint8_t *token;
    const char *user_id;
    int32_t number;
    int32_t rank;    /* 0: none was drawn */
    int64_t ends_ms; /* as in struct queue_entry; 0: waiting */
    int64_t lease_ms;
};

/* A token's place in the draw. */
struct queue_rank {
    uint8_t token[TOKEN_SIZE];
    int32_t rank;
};

/* How far a rebuild has come. */
struct queue_cursor {
    int32_t part;
    int32_t number;
    char user_id[USER_ID_SIZE];
};

/*
 * The live token of the user, or a new place with `fresh` as its token. OK, FULL, REBUILD, ...
 * `saved`, if not NULL, are other tokens.
 * Where Redis' memory is full, who has a token is answered all the same; NO_ROOM for the others.
 */
enum queue_answer queue_store_add(struct redis *redis, const struct queue_settings *settings,
                                  const uint8_t fresh[TOKEN_SIZE], const char *user_id,
                                  const struct queue_tokens *saved, struct queue_entry *entry)
    MUST_CHECK;

/* The same for several by one call, in their order: OK with an answer for each, REBUILD, NO_ROOM.
 */
enum queue_answer queue_store_add_several(struct redis *redis,
                                          const struct queue_settings *settings,
                                          struct queue_applicant *applicants, size_t count,
                                          const struct queue_tokens *saved) MUST_CHECK;

/*
 * A sign of life. `user_id` "" : anybody's; `saved` as above. OK, UNKNOWN, FOREIGN, ENDED with its
 * state, REBUILD.
 */
enum queue_answer queue_store_status(struct redis *redis, const struct queue_settings *settings,
                                     const uint8_t token[TOKEN_SIZE], const char *user_id,
                                     const struct queue_tokens *saved, struct queue_entry *entry)
    MUST_CHECK;

/* Ends it as left; Redis keeps it until it is dropped. OK, UNKNOWN, FOREIGN, ENDED, REBUILD. */
enum queue_answer queue_store_leave(struct redis *redis, const struct queue_settings *settings,
                                    const uint8_t token[TOKEN_SIZE], const char *user_id,
                                    struct queue_moved *moved) MUST_CHECK;

/* MySQL has this much of it now. OK with its state, UNKNOWN, REBUILD. */
enum queue_answer queue_store_saved(struct redis *redis, const struct queue_settings *settings,
                                    const uint8_t token[TOKEN_SIZE], enum queue_saved saved,
                                    enum queue_token_state *state);

/* MySQL has the rows of these now. Where Redis does not hear it, their next signs of life tell. */
enum queue_answer queue_store_saved_rows(struct redis *redis, const struct queue_settings *settings,
                                         const struct queue_tokens *saved);

/*
 * MySQL has the place of an active one kept for that long by now: Redis does so too, as far as the
 * lease goes. OK with its state, UNKNOWN, REBUILD.
 */
enum queue_answer queue_store_keep(struct redis *redis, const struct queue_settings *settings,
                                   const uint8_t token[TOKEN_SIZE], int64_t ends_ms,
                                   enum queue_token_state *state);

/* Forgets tokens that MySQL has as ended, or that shall not have been. OK, REBUILD. */
enum queue_answer queue_store_drop(struct redis *redis, const struct queue_settings *settings,
                                   const uint8_t (*tokens)[TOKEN_SIZE], size_t count,
                                   struct queue_moved *moved) MUST_CHECK;

/* Puts a live token of MySQL back that Redis does not know. OK, CONFLICT, REBUILD. */
enum queue_answer queue_store_restore(struct redis *redis, const struct queue_settings *settings,
                                      const struct queue_row *row) MUST_CHECK;

/* Moves the queue on and counts it. OK, REBUILD. */
enum queue_answer queue_store_state(struct redis *redis, const struct queue_settings *settings,
                                    struct queue_counts *counts) MUST_CHECK;

/* Up to `limit` tokens in a state, from this rank on. OK, REBUILD. */
enum queue_answer queue_store_list(struct redis *redis, const struct queue_settings *settings,
                                   enum queue_token_state state, size_t from, size_t limit,
                                   struct queue_brief *briefs, size_t *count) MUST_CHECK;

/*
 * All tokens, page by page: `*cursor` is 0 before the first page and after the last; one may come
 * twice. Each goes to `take`. OK, REBUILD.
 */
enum queue_answer queue_store_scan(struct redis *redis, const struct queue_settings *settings,
                                   uint64_t *cursor,
                                   void (*take)(void *context, const struct queue_brief *brief),
                                   void *context) MUST_CHECK;

/*
 * Loads the ranks of the numbers above *ranked_last and up to `until`, if nobody else did;
 * *ranked_last is how far they are loaded then, of the draw's numbers up to `frozen_last`. Tokens
 * that Redis does not have may be among them. OK, REBUILD.
 */
enum queue_answer queue_store_rank(struct redis *redis, const struct queue_settings *settings,
                                   int32_t frozen_last, int32_t until,
                                   const struct queue_rank *ranks, size_t count,
                                   int32_t *ranked_last) MUST_CHECK;

/*
 * Begins to load the queue, or goes on: OK with the cursor, BUSY, WAIT, READY. `last`, `serving`:
 * the highest number given and called that MySQL knows; `frozen`: what MySQL has of the draw.
 */
enum queue_answer queue_store_rebuild(struct redis *redis, const struct queue_settings *settings,
                                      int32_t last, int32_t serving,
                                      const struct queue_frozen *frozen,
                                      struct queue_cursor *cursor) MUST_CHECK;

/*
 * Loads rows and moves the cursor. OK, BUSY: somebody else goes on. `goes_on` false: the next one
 * who comes may.
 */
enum queue_answer queue_store_load(struct redis *redis, const struct queue_settings *settings,
                                   const struct queue_row *rows, size_t count,
                                   const struct queue_cursor *next, bool goes_on) MUST_CHECK;

/* All rows are loaded. OK, BUSY. */
enum queue_answer queue_store_rebuilt(struct redis *redis, const struct queue_settings *settings,
                                      int32_t last, int32_t serving) MUST_CHECK;

/* Deletes all keys of the concert (queue.lua names them). False: Redis is out of reach. */
bool queue_store_erase(struct redis *redis, int32_t concert_id);

#endif
