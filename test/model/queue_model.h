/*
 * queue_model: the rule of the queue once more, as simple as can be: a plain array, no bound on the
 * moves of a call, a clock that the caller sets. What queue.lua does must be what this does.
 */
#ifndef FRONTROW_TEST_QUEUE_MODEL_H
#define FRONTROW_TEST_QUEUE_MODEL_H

#include <stdbool.h>

#include "redis/queue/queue_store.h"

enum { MODEL_PEOPLE = 40, MODEL_TOKENS = 400000 };

/* A token; `id` is what its bytes are made from. */
struct model_token {
    int32_t id;
    int32_t user;
    bool there; /* Redis keeps it */
    enum queue_token_state state;
    enum queue_saved saved;
    int32_t number;
    int64_t seen;
    int64_t over;         /* of a called, an active, a missed one: when that is over */
    int64_t lease;        /* of an active one: how late that can become */
    int64_t unsaved_over; /* when it is taken back, unless saved */
};

struct model {
    struct queue_settings settings; /* in force */
    int64_t now;
    int32_t last;
    int32_t serving;
    int32_t count; /* tokens so far */
    struct model_token tokens[MODEL_TOKENS];
    int32_t first; /* no token before this one is there */
};

/* What a call must answer. */
struct model_answer {
    enum queue_answer answer;
    const struct model_token *token;
    const struct model_token *replaced;
    bool serving_raised;
};

/* The calls, with the settings that a caller shows; the token of a user who had none is `fresh`. */
struct model_answer model_add(struct model *model, const struct queue_settings *shown, int32_t user,
                              int32_t fresh);
struct model_answer model_status(struct model *model, const struct queue_settings *shown,
                                 int32_t id);
struct model_answer model_leave(struct model *model, const struct queue_settings *shown,
                                int32_t id);
struct model_answer model_saved(struct model *model, const struct queue_settings *shown, int32_t id,
                                enum queue_saved saved);
struct model_answer model_keep(struct model *model, const struct queue_settings *shown, int32_t id,
                               int64_t ends_ms);
struct model_answer model_drop(struct model *model, const struct queue_settings *shown, int32_t id);
struct model_answer model_state(struct model *model, const struct queue_settings *shown);

/* What is left after Redis was lost and loaded from MySQL. Ended ones must have been dropped. */
void model_lose(struct model *model, const struct queue_settings *shown);

/* How many are there in a state. */
int32_t model_count(const struct model *model, enum queue_token_state state);

/* The token, NULL where Redis does not keep it. */
struct model_token *model_find(struct model *model, int32_t id);

#endif
