/*
 * fan: one fan's way: asks for a place, waits, chooses seats, holds, pays, or gives up on the way.
 * crowd.c says when, fan.c what.
 */
#ifndef FRONTROW_CTL_REHEARSAL_FAN_H
#define FRONTROW_CTL_REHEARSAL_FAN_H

#include "ctl/rehearsal/front.h"
#include "ctl/rehearsal/record.h"
#include "ctl/rehearsal/seat_map.h"

enum { FAN_TOKEN_SIZE = 64, FAN_WISH_SIZE = 192 };

struct fan {
    struct asker asker; /* the first: an asker is a fan */
    struct crowd *crowd;
    struct fan_nature nature;
    int number;
    int next; /* fan of the same moment in the agenda; -1: the last */
    enum fan_call call;
    bool is_gone;
    bool is_choosing;
    int seats;    /* wanted now: fewer than at first where so many are not left */
    int item;     /* which map */
    int keys;     /* Idempotency-Keys used so far */
    int failures; /* answers in a row that were shed or failed */
    int conflicts;
    int item_looks; /* items in a row in which nothing was left */
    double added_s; /* after the opening; -1: not yet. For the wait */
    char token[FAN_TOKEN_SIZE];
    char wish[FAN_WISH_SIZE]; /* what is asked for, members of a body; "": to be chosen */
    int64_t reservation_id;
    int64_t price;
};

/* The inside of crowd.c that fans see. */
struct crowd {
    struct front *front;
    struct record *record;
    int32_t concert_id;
    const char *name; /* begins all user ids */
    struct seat_map *maps;
    int map_count;
    int max_seats; /* of a user; 0: any number */
    int choosing;  /* fans who look at the map */
    int present;   /* fans who are not gone */
    int planned;   /* calls that are to be made */
    bool is_sold_out;
    bool is_ending; /* nobody asks again */
    uint64_t draws; /* for what depends on the moment, and is no fan's nature */
};

/* Above 0 and below 1. */
double crowd_draw(struct crowd *crowd);

/* Seconds since the opening. */
double crowd_now(const struct crowd *crowd);

/* Calls fan_act() so many seconds from now. */
void crowd_wake(struct crowd *crowd, struct fan *fan, double in_s);

void fan_begin(struct fan *fan, struct crowd *crowd, const struct fan_model *model, int number);

/* Makes the call that is next. */
void fan_act(struct fan *fan);

#endif
