/*
 * journey: a buyer's way from the queue to the payment, and for some of them on to a refund. A call
 * that ended without a clear answer is asked again with the same Idempotency-Key, as a good client
 * would, until it is settled.
 */
#ifndef BENCH_JOURNEY_H
#define BENCH_JOURNEY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "http_client.h"

/* What all journeys of a run have in common. */
struct load {
    const char *name; /* begins all user ids */
    int concert;
    int first_item, last_item;
    int seats;       /* each item has, numbered from 1 */
    int vanish;      /* percent of changing calls whose sender does not wait for the answer */
    int abandon;     /* percent of calls without an answer that are not asked again */
    int retry_ms;    /* pause before the same is asked again; 0: as Retry-After says */
    int timeout_ms;  /* for one call */
    bool charges;    /* nothing but charges, none of them asked again */
    bool one_user;   /* who makes all of them */
    FILE *log;       /* of every answer */
    bool ending;     /* who waits in the queue gives up */
    int64_t answers; /* counted here */
    int64_t bookings;
};

enum call {
    CALL_NONE,
    CALL_TOKEN,
    CALL_POLL,
    CALL_RESERVE,
    CALL_CHARGE,
    CALL_PAY,
    CALL_USE,
    CALL_CANCEL,
    CALL_LEAVE,
};

/* How a journey ends once the seats are held. */
enum plan {
    PLAN_BUY,
    PLAN_BUY_AND_USE, /* charges more and uses the rest */
    PLAN_REFUND,
    PLAN_RELEASE,
    PLAN_LEAVE, /* neither pays nor cancels */
};

/* One of the concurrent users, who is another buyer at each journey. */
struct journey {
    struct http_connection connection; /* the first: a connection is a journey */
    struct load *load;
    int number;     /* among the concurrent users */
    int journeys;   /* begun so far */
    enum call call; /* CALL_NONE: idle */
    enum plan plan;
    int keys;        /* used in this journey */
    int tries;       /* of this call, with this key */
    int refusals;    /* seats that were taken */
    int64_t wake_at; /* clock_monotonic() when the call is to be made; 0: it is under way */
    int64_t sent_us;
    char user[64];
    char key[80];
    char path[160];
    char body[256];
    char token[80];
    int64_t reservation;
    int64_t price;
};

void journey_init(struct journey *journey, struct load *load, struct http_client *client,
                  int number);

bool journey_is_idle(const struct journey *journey);

/* Begins the next journey of an idle one. */
void journey_begin(struct journey *journey);

/* Makes the call that is due, ends the one whose time is up. */
void journey_tick(struct journey *journey, int64_t now);

/* The client's callback. */
http_answered journey_answered;

#endif
