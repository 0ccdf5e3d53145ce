#include "queue_model.h"

#include <stddef.h>

static int64_t
max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct model_token *
model_find(struct model *model, int32_t id)
{
    for (int32_t i = model->first; i < model->count; i++)
        if (model->tokens[i].there && model->tokens[i].id == id)
            return &model->tokens[i];
    return NULL;
}

int32_t
model_count(const struct model *model, enum queue_token_state state)
{
    int32_t count = 0;
    for (int32_t i = model->first; i < model->count; i++)
        count += model->tokens[i].there && model->tokens[i].state == state;
    return count;
}

static bool
has_ended(const struct model_token *token)
{
    return token->state == QUEUE_TOKEN_LEFT || token->state == QUEUE_TOKEN_LAPSED;
}

static bool
is_unsaved(const struct model_token *token)
{
    return !has_ended(token) &&
           (token->saved == QUEUE_SAVED_NOWHERE ||
            (token->state == QUEUE_TOKEN_ACTIVE && token->saved != QUEUE_SAVED_LEASE));
}

/* In so short a queue everybody is told to ask again in a second. */
static void
miss(const struct model *model, struct model_token *token, int64_t from)
{
    token->state = QUEUE_TOKEN_MISSED;
    token->over = from + max(model->settings.missed_ms, 3000);
}

static void
lapse(struct model_token *token)
{
    token->state = QUEUE_TOKEN_LAPSED;
    token->there = token->saved != QUEUE_SAVED_NOWHERE;
}

static void
let_time_tell(const struct model *model, struct model_token *token)
{
    if (!token->there)
        return;
    if (is_unsaved(token) && token->unsaved_over <= model->now) {
        if (token->saved == QUEUE_SAVED_NOWHERE)
            token->there = false;
        else
            miss(model, token, token->unsaved_over);
    }
    if (token->there && token->state == QUEUE_TOKEN_CALLED && token->over <= model->now)
        miss(model, token, token->over);
    if (token->there && token->over <= model->now &&
        (token->state == QUEUE_TOKEN_ACTIVE || token->state == QUEUE_TOKEN_MISSED))
        lapse(token);
}

static int32_t
free_places(const struct model *model)
{
    if (model->settings.paused)
        return 0;
    return model->settings.capacity - model_count(model, QUEUE_TOKEN_CALLED) -
           model_count(model, QUEUE_TOKEN_ACTIVE);
}

static struct model_token *
first_waiting(struct model *model)
{
    struct model_token *first = NULL;
    for (int32_t i = model->first; i < model->count; i++) {
        struct model_token *token = &model->tokens[i];
        if (token->there && token->state == QUEUE_TOKEN_WAITING &&
            (first == NULL || token->number < first->number))
            first = token;
    }
    return first;
}

static void
move_on(struct model *model)
{
    for (int32_t i = model->first; i < model->count; i++)
        let_time_tell(model, &model->tokens[i]);
    struct model_token *head;
    while (free_places(model) > 0 && (head = first_waiting(model)) != NULL) {
        if (model->now - head->seen > 15000) {
            miss(model, head, model->now);
            continue;
        }
        head->state = QUEUE_TOKEN_CALLED;
        head->over = max(model->now + model->settings.show_up_ms,
                         head->seen + 1000 + model->settings.show_up_ms / 2);
        model->serving = (int32_t)max(model->serving, head->number);
    }
    while (model->first < model->count && !model->tokens[model->first].there)
        model->first++;
}

static int64_t
idle_end(const struct model *model, const struct model_token *token)
{
    if (model->settings.idle_ms == 0)
        return token->lease;
    return min(token->lease, model->now + model->settings.idle_ms);
}

static void
activate(const struct model *model, struct model_token *token)
{
    token->state = QUEUE_TOKEN_ACTIVE;
    token->lease = model->now + model->settings.active_ms;
    token->over = idle_end(model, token);
    token->unsaved_over = model->now + model->settings.show_up_ms;
}

static void
sign_of_life(struct model *model, struct model_token *token)
{
    let_time_tell(model, token);
    if (token->there && !has_ended(token)) {
        token->seen = model->now;
        if (token->state == QUEUE_TOKEN_MISSED)
            token->state = QUEUE_TOKEN_WAITING;
        if (token->state == QUEUE_TOKEN_ACTIVE)
            token->over = max(token->over, idle_end(model, token));
    }
    move_on(model);
    if (token->there && token->state == QUEUE_TOKEN_CALLED)
        activate(model, token);
}

static void
begin(struct model *model, const struct queue_settings *shown)
{
    struct queue_settings *in_force = &model->settings;
    int64_t show_up_ms = shown->show_up_ms, missed_ms = shown->missed_ms;
    if (shown->version > in_force->version)
        *in_force = *shown;
    in_force->show_up_ms = show_up_ms;
    in_force->missed_ms = missed_ms;
}

static struct model_answer
answer_of(const struct model *model, enum queue_answer answer, const struct model_token *token,
          int32_t serving_before)
{
    return (struct model_answer){
        .answer = answer, .token = token, .serving_raised = model->serving > serving_before};
}

/* The user's newest token, if it is there: an older one has ended. */
static struct model_token *
token_of(struct model *model, int32_t user)
{
    struct model_token *newest = NULL;
    for (int32_t i = model->first; i < model->count; i++)
        if (model->tokens[i].user == user)
            newest = &model->tokens[i];
    return newest != NULL && newest->there ? newest : NULL;
}

struct model_answer
model_add(struct model *model, const struct queue_settings *shown, int32_t user, int32_t fresh)
{
    int32_t before = model->serving;
    begin(model, shown);
    struct model_token *known = token_of(model, user);
    if (known != NULL)
        sign_of_life(model, known);
    else
        move_on(model);
    if (known != NULL && known->there && !has_ended(known))
        return answer_of(model, QUEUE_OK, known, before);
    bool at_once = model_count(model, QUEUE_TOKEN_WAITING) == 0 && free_places(model) > 0;
    if (!at_once && model_count(model, QUEUE_TOKEN_WAITING) >= model->settings.max_waiting)
        return answer_of(model, QUEUE_FULL, NULL, before);
    struct model_token *token = &model->tokens[model->count++];
    *token = (struct model_token){.id = fresh,
                                  .user = user,
                                  .there = true,
                                  .state = QUEUE_TOKEN_WAITING,
                                  .number = ++model->last,
                                  .seen = model->now,
                                  .unsaved_over = model->now + model->settings.show_up_ms};
    if (at_once) {
        activate(model, token);
        model->serving = (int32_t)max(model->serving, token->number);
    }
    struct model_answer answer = answer_of(model, QUEUE_OK, token, before);
    answer.replaced = known != NULL && known->there ? known : NULL;
    return answer;
}

struct model_answer
model_status(struct model *model, const struct queue_settings *shown, int32_t id)
{
    int32_t before = model->serving;
    begin(model, shown);
    struct model_token *token = model_find(model, id);
    if (token != NULL)
        sign_of_life(model, token);
    if (token == NULL || !token->there)
        return answer_of(model, QUEUE_UNKNOWN, NULL, before);
    return answer_of(model, has_ended(token) ? QUEUE_ENDED : QUEUE_OK, token, before);
}

struct model_answer
model_leave(struct model *model, const struct queue_settings *shown, int32_t id)
{
    int32_t before = model->serving;
    begin(model, shown);
    struct model_token *token = model_find(model, id);
    if (token != NULL)
        let_time_tell(model, token);
    if (token == NULL || !token->there)
        return answer_of(model, QUEUE_UNKNOWN, NULL, before);
    if (token->state == QUEUE_TOKEN_LAPSED)
        return answer_of(model, QUEUE_ENDED, token, before);
    token->state = QUEUE_TOKEN_LEFT;
    move_on(model);
    return answer_of(model, QUEUE_OK, token, before);
}

struct model_answer
model_saved(struct model *model, const struct queue_settings *shown, int32_t id,
            enum queue_saved saved)
{
    begin(model, shown);
    struct model_token *token = model_find(model, id);
    if (token == NULL)
        return answer_of(model, QUEUE_UNKNOWN, NULL, model->serving);
    if (saved == QUEUE_SAVED_LEASE && token->state != QUEUE_TOKEN_ACTIVE)
        saved = QUEUE_SAVED_ROW;
    if (saved > token->saved)
        token->saved = saved;
    return answer_of(model, QUEUE_OK, token, model->serving);
}

struct model_answer
model_keep(struct model *model, const struct queue_settings *shown, int32_t id, int64_t ends_ms)
{
    begin(model, shown);
    struct model_token *token = model_find(model, id);
    if (token != NULL)
        let_time_tell(model, token);
    if (token == NULL || !token->there)
        return answer_of(model, QUEUE_UNKNOWN, NULL, model->serving);
    if (token->state == QUEUE_TOKEN_ACTIVE)
        token->over = max(token->over, min(token->lease, model->now + ends_ms));
    return answer_of(model, QUEUE_OK, token, model->serving);
}

struct model_answer
model_drop(struct model *model, const struct queue_settings *shown, int32_t id)
{
    int32_t before = model->serving;
    begin(model, shown);
    struct model_token *token = model_find(model, id);
    if (token != NULL)
        token->there = false;
    move_on(model);
    return answer_of(model, QUEUE_OK, NULL, before);
}

struct model_answer
model_state(struct model *model, const struct queue_settings *shown)
{
    int32_t before = model->serving;
    begin(model, shown);
    move_on(model);
    return answer_of(model, QUEUE_OK, NULL, before);
}

void
model_lose(struct model *model, const struct queue_settings *shown)
{
    model->settings = *shown;
    for (int32_t i = model->first; i < model->count; i++) {
        struct model_token *token = &model->tokens[i];
        if (token->saved == QUEUE_SAVED_NOWHERE)
            token->there = false;
        token->seen = model->now;
        if (token->saved == QUEUE_SAVED_ROW)
            token->state = QUEUE_TOKEN_WAITING;
        else if (token->over <= model->now)
            token->there = false;
    }
}
