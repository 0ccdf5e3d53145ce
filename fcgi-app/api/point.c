/* GET /point, POST /point/charge, POST /point/use, GET /point/history, POST /admin/point */
#include "api/point.h"

#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "base/config.h"
#include "domain/organiser/point_adjust.h"

void
point_get(void *services, const struct request *request, struct response *response)
{
    int64_t balance;
    struct problem problem;
    if (point_balance(services, request->caller, &balance, &problem) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", request->caller);
    json_write_integer(&json, "balance", balance);
    json_end_object(&json);
}

void
point_write_purse(const char *user_id, int64_t balance, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", user_id);
    json_write_integer(&json, "balance", balance);
    json_end_object(&json);
}

static void
write_change(const struct point_change *change, int64_t amount, struct buffer *body)
{
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", change->user_id);
    json_write_integer(&json, "balance", change->entry.balance_after);
    json_write_integer(&json, "amount", amount);
    json_write_integer(&json, "historyId", change->entry.history_id);
    json_end_object(&json);
}

/* The amount is what the user asked for. */
static void
render_change(const void *state, struct buffer *body)
{
    const struct point_change *change = state;
    write_change(change, change->amount, body);
}

/* The amount is signed, as the operator asked for it. */
static void
render_adjust(const void *state, struct buffer *body)
{
    const struct point_change *change = &((const struct point_adjust *)state)->change;
    write_change(change, change->entry.amount, body);
}

static struct point_change
read_change(const struct request *request, enum point_kind kind)
{
    return (struct point_change){
        .user_id = request->caller,
        .kind = kind,
        .amount = request->input->amount,
    };
}

static struct effect
effect_of(struct point_change *change)
{
    return (struct effect){
        .kind = change->kind == POINT_CHARGE ? EFFECT_CHARGE : EFFECT_USE,
        .state = change,
        .execute = point_change_execute,
        .was_committed = point_change_was_committed,
        .effect_id = point_change_id,
        .render = render_change,
        .count = point_change_count,
    };
}

static void
apply_change(struct services *services, const struct request *request, struct response *response,
             struct point_change change)
{
    struct effect effect = effect_of(&change);
    api_apply(services, request, &effect, response);
}

/* Told in the audit log; the reason, which may be NULL, in the ledger too. */
static void
apply_adjust(struct services *services, const struct request *request, struct response *response,
             struct point_change change, const char *reason)
{
    struct point_adjust adjust = {
        .change = change,
        .reason = reason,
        .actor = request->account.name,
        .describe = point_write_purse,
    };
    struct effect effect = effect_of(&adjust.change);
    effect.state = &adjust;
    effect.execute = point_adjust_execute;
    effect.render = render_adjust;
    api_apply(services, request, &effect, response);
}

static void
apply_changes(void *services, struct call *calls, size_t count, enum point_kind kind)
{
    static const struct effect_batch batch = {
        .gather = effect_gather_all,
        .execute = point_change_execute_batch,
    };
    static struct point_change changes[CALLS_AT_ONCE]; /* too large for the stack */
    struct effect effects[CALLS_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        changes[i] = read_change(calls[i].request, kind);
        effects[i] = effect_of(&changes[i]);
    }
    api_apply_together(services, &batch, calls, effects, count);
}

/* Points are money: where users pay for them elsewhere, nobody makes any for himself. */
void
point_charge(void *services, const struct request *request, struct response *response)
{
    struct point_change change = read_change(request, POINT_CHARGE);
    const char *who = config_charge(((struct services *)services)->config);
    if (strcmp(who, "anyone") != 0 && (strcmp(who, "operator") != 0 || !is_by_operator(request)))
        response_error(response, ERROR_FORBIDDEN, "Users may not charge points here");
    else if (is_by_operator(request))
        apply_adjust(services, request, response, change, NULL);
    else
        apply_change(services, request, response, change);
}

/* Where not everybody may, each is looked at; and what operators do is told in the audit log. */
void
point_charge_batch(void *services, struct call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_by_operator(calls[i].request))
            return;
    if (strcmp(config_charge(((struct services *)services)->config), "anyone") == 0)
        apply_changes(services, calls, count, POINT_CHARGE);
}

void
point_use(void *services, const struct request *request, struct response *response)
{
    apply_change(services, request, response, read_change(request, POINT_USE));
}

void
point_use_batch(void *services, struct call *calls, size_t count)
{
    apply_changes(services, calls, count, POINT_USE);
}

void
admin_point_post(void *services, const struct request *request, struct response *response)
{
    struct services admin = api_with_long_time_outs(services, request);
    const struct input *input = request->input;
    bool adds = input->amount > 0;
    const struct point_change change = {
        .user_id = input->user_id,
        .kind = adds ? POINT_CHARGE : POINT_USE,
        .amount = adds ? input->amount : -input->amount,
    };
    struct problem problem;
    if (input->amount != 0) {
        apply_adjust(&admin, request, response, change, input->reason);
        return;
    }
    refuse_field(&problem, "amount", "amount must not be 0");
    response_problem(response, &problem);
}

void
point_write_entry(struct json *json, const struct point_entry *entry)
{
    static const char *const kinds[] = {
        [POINT_OTHER] = "other",     [POINT_CHARGE] = "charge", [POINT_USE] = "use",
        [POINT_PAYMENT] = "payment", [POINT_REFUND] = "refund", [POINT_ADJUST] = "adjust",
    };
    json_write_integer(json, "historyId", entry->history_id);
    json_write_string(json, "kind", kinds[entry->kind]);
    json_write_integer(json, "amount", entry->amount);
    json_write_integer(json, "balanceAfter", entry->balance_after);
    json_write_optional_integer(json, "reservationId", entry->reservation_id != 0,
                                entry->reservation_id);
    json_write_instant(json, "createdAt", entry->created_at);
}

static int64_t
write_entry(struct json *json, const void *rows, size_t i)
{
    const struct point_entry *entry = (const struct point_entry *)rows + i;
    point_write_entry(json, entry);
    return entry->history_id;
}

void
point_get_history(void *services, const struct request *request, struct response *response)
{
    static struct point_entry list[PAGE_ROWS]; /* too large for the stack */
    const struct input *input = request->input;
    struct page page = {"history", list, 0, input->limit, write_entry, CLOCK_NEVER};
    struct problem problem;
    if (point_history(services, request->caller, input->before, input->limit + 1, list, &page.count,
                      &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}
