/*
 * services: what a worker, the sweeper and frontrowctl need to apply the rules: their connections.
 */
#ifndef FRONTROW_DOMAIN_SERVICES_H
#define FRONTROW_DOMAIN_SERVICES_H

#include "base/message.h"
#include "mysql/database.h"
#include "redis/queue/queue_store.h"

struct layouts;
struct occupancy_slot;
struct redis;

/* What Redis is to hear of a token or several new ones, as MySQL has it so already. */
enum queue_news_kind { QUEUE_NO_NEWS, QUEUE_NEWS_SAVED, QUEUE_NEWS_KEPT };

struct queue_news {
    enum queue_news_kind what;
    int32_t concert_id;
    struct queue_tokens tokens;
    int64_t kept_ms;
    bool is_old; /* an answer went out since */
};

/* The same of tokens of one concert that are done: of several calls, where they went together. */
struct queue_done {
    int32_t concert_id;
    struct queue_tokens tokens;
};

/* What the table of operators said just now. */
enum { KNOWN_OPERATORS = 8, OPERATOR_KNOWN_MS = 900 };

struct known_operator {
    uint8_t key_hash[32];
    struct operator_account account;
    int64_t until; /* clock_monotonic() at which it has to be asked anew */
};

struct known_operators {
    struct known_operator known[KNOWN_OPERATORS];
    size_t next; /* the one that is replaced next, counted on */
};

struct services {
    const struct config *config;
    struct shared *shared;       /* NULL in tools */
    struct occupancy_slot *slot; /* NULL in tools */
    struct database *db;         /* for buyers: short time-outs */
    struct database *admin_db;   /* for /admin: long ones; tools do not use it */
    struct redis *redis;
    struct layouts *layouts; /* what was read of halls for best available */
    struct known_operators operators;
    struct queue_news news; /* for after the answer (queue_tell), likewise the next two */
    struct queue_done done[QUEUE_TOKENS_MAX];
    size_t done_count;
    int64_t next_write; /* of domain/readiness: clock_monotonic() from which on it is due */
    int64_t deadline;   /* clock_monotonic() after which nothing is tried again; 0: none (tools) */
};

/* Nothing is connected until first use. Never NULL. `config` and `shared` are borrowed. */
struct services *services_open(const struct config *config, struct shared *shared);
void services_close(struct services *services);

/* Between two requests: looks whether a dependency that was lost is back. True: not yet. */
bool services_probe(struct services *services);

/*
 * The same for a call by an operator, with the longer time-outs. The server ends what is read when
 * `read_deadline` (clock_monotonic()) is over. Not to be closed.
 */
struct services services_for_operator(const struct services *services, int64_t read_deadline);

/* Whether the deadline is still to come. */
bool services_has_time(const struct services *services);

/* What a result of MySQL that is not DB_OK means to a client; ERROR_NONE for DB_OK. */
enum error refuse_db(struct problem *problem, enum db_result result);

#endif
