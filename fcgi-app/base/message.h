/*
 * message: what passes between server/ and api/: one request in, one response out, and the table
 * of routes. server/ knows no seat and api/ no socket; both know this.
 */
#ifndef FRONTROW_BASE_MESSAGE_H
#define FRONTROW_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/must_check.h"

struct config;
struct field;
struct json;
struct shared;

enum {
    USER_ID_SIZE = 129, /* with the NUL */
    TOKEN_SIZE = 16,    /* bytes of a queue token */
    OPERATOR_NAME_SIZE = 65,
    DEVICE_ID_CHARACTERS = 64,
    DEVICE_ID_SIZE = 4 * DEVICE_ID_CHARACTERS + 1,
    PATH_IDS = 2,
    ETAG_SIZE = 24,      /* with the quotes and the NUL */
    REDIRECT_SIZE = 128, /* a path and one argument, with the NUL */
    LINK_SIZE = 128,
    PROBLEM_SEATS_MAX = 100 /* so many are named at most; a buyer asks for 8 */
};

/*
 * Ids of concerts, items and seats end at INT32_MAX. All others, of which a sale takes one or more,
 * end at the last integer that a double holds exactly: clients in JavaScript read them as such.
 */
#define LARGE_ID_MAX INT64_C(9007199254740991)

enum method { METHOD_GET, METHOD_POST, METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER };

/* Who may call a route. The router has settled this before the handler runs. */
enum who {
    WHO_PUBLIC,          /* anybody, and the answer is the same for all */
    WHO_CALLER,          /* a user: request->caller is set */
    WHO_CALLER_OR_ADMIN, /* the same, or an operator for the userId that is named */
    WHO_TOKEN, /* whoever holds the queue token; request->caller is set only with caller = header */
    WHO_ADMIN, /* an operator, by a key: request->account is set */
    WHO_LOCAL, /* operators, by their address; no key */
    WHO_MONITOR, /* anybody: whether all is well, at this moment */
};

/*
 * What an operator may do. A viewer sees concerts and totals, the gate lets people in, a seller
 * also sees and changes what buyers have, a manager may do everything.
 */
enum role {
    ROLE_NONE,
    ROLE_VIEWER,
    ROLE_GATE,
    ROLE_SELLER,
    ROLE_MANAGER,
    ROLE_ANY, /* of a call that each of them may make; nobody has it */
};

/* Whose key came. ROLE_NONE: nobody's, or one of a role that only a newer build has. */
struct operator_account {
    char name[OPERATOR_NAME_SIZE];
    enum role role;
};

/* The name of the one whose key is in the file of the settings. */
#define ADMIN_NAME "admin"

/*
 * One request. All texts are borrowed and live until the answer is sent; absent ones are NULL,
 * and so are empty headers.
 */
struct request {
    enum method method; /* HEAD is METHOD_GET with head_only */
    bool head_only;
    const char *method_name; /* as the client wrote it: part of the idempotency fingerprint */
    const char *path;        /* as nginx normalised it, without the query; "": it is not sound */
    const char *query;       /* raw, "" if none */
    const char *request_id;
    const char *trace_id; /* of the traceparent of a trusted proxy; NULL or "-": it has none */
    const char *content_type;
    const char *authorization;
    const char *queue_token;
    const char *idempotency_key;
    const char *encoding;       /* "gzip" where nginx says that the answer may be compressed */
    const char *redirects;      /* not NULL where nginx follows response->redirect */
    const char *front_secret;   /* by which the web server proves its identity; NULL: none came */
    const char *user_header;    /* X-Frontrow-User, where nginx says that a gateway sent it */
    const char *gateway_secret; /* X-Frontrow-Gateway */
    const char *doubled_header; /* the name of a header of ours that came twice; NULL: none did */
    const char *server_address; /* the address of this machine that the request came to */
    bool from_operator;         /* nginx says that the client's address is an operator's */
    bool from_gate;             /* likewise that it is one at a gate */
    const char *body;           /* NUL-terminated, "" if none; the NUL is not counted */
    size_t body_length;
    int64_t deadline; /* clock_monotonic() at which the answer has no reader any more */

    int64_t ids[PATH_IDS];        /* the path's ids, in its order */
    char path_user[USER_ID_SIZE]; /* the user that the path names; "": none */
    char caller[USER_ID_SIZE];    /* who calls, settled by the router; "" where nobody is needed */
    struct operator_account account; /* who calls, where it is one; name "": it is none */
    /* whose an operator's Idempotency-Keys are: no userId; "": those of the key of the settings */
    char key_owner[OPERATOR_NAME_SIZE + 1];
    struct input *input; /* the checked fields, made and owned by api/ */
};

/* Whether an operator calls, perhaps for a user. */
bool is_by_operator(const struct request *request);

/*
 * How often one user may do something in a time, for RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-11). A name of NULL: no limit.
 */
struct rate_limit {
    const char *name; /* static, without quotes */
    int32_t quota;
    int32_t window_s;
};

struct response {
    int status; /* 200 unless set */
    const char *content_type;
    struct buffer body;
    bool gzipped;             /* the body is */
    enum error error;         /* what a problem answer said, ERROR_NONE otherwise: for metrics */
    const char *allow;        /* static or owned by the route table; NULL: none */
    const char *authenticate; /* WWW-Authenticate, static */
    int retry_after;          /* seconds, 0: none */
    struct rate_limit limit;  /* of such calls; that of a 429 is used up for retry_after seconds */
    int cache_seconds;        /* how long nginx may keep it; 0: no-store; < 0: immutable */
    char etag[ETAG_SIZE];     /* quoted, "" if none */
    bool replayed;            /* Idempotency-Replayed: true */
    char link[LINK_SIZE];     /* where the next page is (RFC 8288), "" if there is none */
    /* "", or the path of which nginx sends what it has; nothing else here counts then */
    char redirect[REDIRECT_SIZE];
};

/* What a refusal says beside its code. Zero-initialised is a plain one. */
struct problem {
    enum error error;
    char detail[200];                    /* "" : the title says it all */
    char field[96];                      /* invalid_field: "items[0].seats[1].price" */
    int32_t seat_ids[PROBLEM_SEATS_MAX]; /* seat_taken, seats_belong_together */
    size_t seat_count;
    bool has_balance;
    int64_t balance;    /* insufficient_points */
    bool is_checked_in; /* already_checked_in: when, and at which device */
    int64_t checked_in_at;
    int64_t scanned_at; /* CLOCK_NEVER: it did not say */
    char device_id[DEVICE_ID_SIZE];
    int retry_after; /* seconds as far as known; 0: 1 to 3 at random where the status wants one */
    struct rate_limit limit; /* that refuses */
};

/* Fills `problem` with a plain refusal and returns its code, so that a check can end with it. */
enum error refuse(struct problem *problem, enum error error);

/* The same with a detail for people. */
enum error refuse_because(struct problem *problem, enum error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses with maintenance: whoever ends it is asked again half a minute later. */
enum error refuse_maintenance(struct problem *problem);

/* Refuses with invalid_field; `field` is its whole name, or that of a header. */
enum error refuse_field(struct problem *problem, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The most requests of one route that are handled together, and that a worker takes at once. */
enum { CALLS_AT_ONCE = 16, TAKEN_AT_ONCE = 4 * CALLS_AT_ONCE };

/* One of several requests of one route that a worker has at the same time. */
struct call {
    const struct request *request;
    struct response *response;
    bool answered; /* by handle_batch() */

    /*
     * Sends an answer that is known before those of the others are, who may wait for locks. The
     * request is gone after it, with all that points to it.
     */
    void (*send)(struct call *call);
    void *sender; /* send()'s own */
};

/*
 * One row of the route table. In `pattern` the segments {concert}, {item}, {hall}, {reservation},
 * {transfer} and {presale} stand for an id of that resource, {user} for a userId: a segment that is
 * none answers with the resource's 404 code.
 */
struct route {
    enum method method;
    const char *pattern;
    enum who who;
    const struct field *fields; /* of the body or the query, known to api/ only */
    void (*handle)(void *services, const struct request *request, struct response *response);
    size_t body_limit; /* bytes, 0 for the default */
    bool slow;         /* takes the admin ladder of time-outs */
    bool keyed;        /* takes an Idempotency-Key; elsewhere the header is ignored */
    /*
     * Answers those of up to CALLS_AT_ONCE calls that are cheaper together; the others are then
     * handed to handle(), one by one. NULL: each comes by itself.
     */
    void (*handle_batch)(void *services, struct call *calls, size_t count);
    enum role role; /* that an operator needs at least; others have none */
    /* The type of a file that may come in place of JSON: the handler reads the body, and the fields
     * are those of the query. NULL: none may. */
    const char *file_type;
    bool seldom; /* called in no rush: its time is told as a sum, not as a histogram */
};

/*
 * What main.c hands to server/: the table and what to do around it. `services` is whatever a
 * worker needs for its requests (connections); it is made after the fork.
 */
struct application {
    const struct route *routes;
    size_t route_count;
    void *(*start)(const struct config *config, struct shared *shared);
    /*
     * Between two requests: looks whether a dependency that was lost is back, and does what is
     * better done now than while somebody waits. True: there is more, so look again soon, though no
     * request comes.
     */
    bool (*probe)(void *services);
    void (*stop)(void *services);
    /*
     * Checks body or query against route->fields; on success request->input is set and the userId
     * that the client named ("" if none) is written to `stated_user`. Otherwise fills `problem`.
     * Not called for a route without fields. `services` is what start() returned.
     */
    bool (*read_input)(void *services, const struct route *route, struct request *request,
                       char stated_user[USER_ID_SIZE], struct problem *problem);
    void (*free_input)(struct request *request);
    /*
     * Finds the operator whose key this is, beside the one of the settings. Otherwise fills
     * `problem`: with unauthorized, or with the fault of a dependency.
     */
    enum error (*find_operator)(void *services, const char *key, struct operator_account *account,
                                struct problem *problem);
    /* Writes the metrics that the application has to ask its dependencies for; NULL: none. */
    void (*write_metrics)(void *services, struct buffer *out);
};

/* Whether `text` is a userId: 1 to 128 of A-Z a-z 0-9 . _ @ + | : ~ = - */
bool is_user_id(const char *text);

/* Empties a response for the next request; memory is kept. */
void response_reset(struct response *response);

/* Makes the response an application/problem+json answer (RFC 9457) with the headers it needs. */
void response_problem(struct response *response, const struct problem *problem);

/* The same with the body's object left open for further members: the caller ends it. */
struct json response_begin_problem(struct response *response, const struct problem *problem);

/* The same for a plain error with a formatted detail; `format` NULL: the title alone. */
void response_error(struct response *response, enum error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
