/* api: the HTTP API's front: what main.c hands to server/, and what the resources share. */
#ifndef FRONTROW_API_API_H
#define FRONTROW_API_API_H

#include "base/clock.h"
#include "base/json.h"
#include "base/message.h"
#include "domain/effect.h"

struct input;

/* The table of routes (routes.c). */
extern const struct route api_routes[];
extern const size_t api_route_count;

/* struct application's start, probe and stop (base/message.h): a worker's connections. */
void *api_start(const struct config *config, struct shared *shared);
bool api_probe(void *services);
void api_stop(void *services);

/* struct application's find_operator. */
enum error api_find_operator(void *services, const char *key, struct operator_account *account,
                             struct problem *problem) MUST_CHECK;

/* For /metrics (metrics.c): the business, and what MySQL and Redis say of themselves. */
void api_write_metrics(void *services, struct buffer *out);

/* struct application's read_input and free_input (input.c). */
bool api_read_input(void *services, const struct route *route, struct request *request,
                    char stated_user[USER_ID_SIZE], struct problem *problem);
void api_free_input(struct request *request);

/*
 * A copy for an operator's call, which may take longer than a buyer's: operators have a connection
 * of their own, by which a GET reads nothing behind its deadline.
 */
struct services api_with_long_time_outs(const struct services *services,
                                        const struct request *request);

/*
 * Applies a changing call and answers it: 200 with the rendered or the stored body, or the
 * problem. The request's part of `effect` (caller, key, fingerprint, deadline) is filled here.
 * True where the effect was carried out now, not replayed.
 */
bool api_apply(struct services *services, const struct request *request, struct effect *effect,
               struct response *response);

/*
 * The same for several calls at once: those that effect_apply_together() has done or refused are
 * answered.
 */
void api_apply_together(struct services *services, const struct effect_batch *batch,
                        struct call *calls, const struct effect *effects, size_t count);

/* The queue token of a call: the header, else the body's; NULL where there is none. */
const char *api_token(const struct request *request);

/* The first 64 bits of the SHA-256 of a content, as text. */
enum { API_HASH_SIZE = 17 };
void api_hash(const char *bytes, size_t length, char text[API_HASH_SIZE]);

/*
 * Makes the answer of a public GET cacheable, with `hash` as its ETag. `started_us` is
 * clock_monotonic_us() at the begin: an answer that took t to make is kept for max(1 s, 20 t).
 */
void api_cache_public(struct response *response, const char hash[API_HASH_SIZE],
                      int64_t started_us);

/* The same for an answer that ends with `now`: the ETag is over what was written before it. */
void api_finish_public(struct response *response, struct json *json, int64_t now,
                       int64_t started_us);

/*
 * nginx keeps public answers by path and one known argument. A query in another writing would be
 * answered anew for each who asks. `argument` ("view=compact", "" for none) says all that the query
 * says: where they differ, nginx is sent to what it keeps under `argument`, and this is true.
 * False: answer; they are the same, or the server in front follows no redirects.
 */
bool api_redirect(const struct request *request, const char *argument, struct response *response)
    MUST_CHECK;

/* A page of a list, newest first. The rows were asked for with one more than the limit. */
struct page {
    const char *name; /* of the array */
    const void *rows;
    size_t count; /* rows read: above the limit, there is a next page */
    int32_t limit;
    /* the members of one row; returns its id */
    int64_t (*write)(struct json *json, const void *rows, size_t i);
    int64_t now; /* when they were read, where that is told; else CLOCK_NEVER */
};

/* The highest limit of a page, and the rows that are read for it: one more. */
enum { PAGE_LIMIT_MAX = 100, PAGE_ROWS = PAGE_LIMIT_MAX + 1 };

/* Answers with a page and its `next`. */
void api_write_page(struct response *response, const struct page *page);

#endif
