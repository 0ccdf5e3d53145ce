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

/* Before and after, for the audit log. */
static void
describe_purse(const char *user_id, int64_t balance, struct buffer *values)
{
    struct json json = json_writer(values);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", user_id);
    json_write_integer(&json, "balance", balance);
    json_end_object(&json);
}

static void
render_change(const void *state, struct buffer *body)
{
    const struct point_change *change = state;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_string(&json, "userId", change->user_id);
    json_write_integer(&json, "balance", change->entry.balance_after);
    json_write_integer(&json, "amount", change->entry.amount);
    json_write_integer(&json, "historyId", change->entry.history_id);
    json_end_object(&json);
}

/* By an operator or by the user; the first is told in the audit log. */
static void
apply_change(struct services *services, const struct request *request, struct response *response,
             const struct point_change *change, const char *reason)
{
    struct point_adjust adjust = {
        .change = *change,
        .reason = reason,
        .actor = request->account.name,
        .describe = describe_purse,
    };
    bool by_operator = request->account.name[0] != '\0';
    struct effect effect = {
        .kind = change->kind == POINT_CHARGE ? EFFECT_CHARGE : EFFECT_USE,
        .state = &adjust,
        .execute = by_operator ? point_adjust_execute : point_change_execute,
        .was_committed = point_change_was_committed,
        .effect_id = point_change_id,
        .render = render_change,
        .count = point_change_count,
    };
    api_apply(services, request, &effect, response);
}

/* Points are money: where users pay for them elsewhere, nobody makes any for himself. */
static bool
may_charge(const struct config *config, const struct request *request)
{
    const char *who = config_charge(config);
    bool by_operator = request->account.name[0] != '\0';
    return strcmp(who, "anyone") == 0 || (strcmp(who, "operator") == 0 && by_operator);
}

void
point_charge(void *services, const struct request *request, struct response *response)
{
    const struct point_change change = {
        .user_id = request->caller, .kind = POINT_CHARGE, .amount = request->input->amount};
    if (may_charge(((struct services *)services)->config, request))
        apply_change(services, request, response, &change, NULL);
    else
        response_error(response, ERROR_FORBIDDEN, "Users may not charge points here");
}

void
point_use(void *services, const struct request *request, struct response *response)
{
    const struct point_change change = {
        .user_id = request->caller, .kind = POINT_USE, .amount = request->input->amount};
    apply_change(services, request, response, &change, NULL);
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
        apply_change(&admin, request, response, &change, input->reason);
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

static void
write_entry(struct json *json, const void *rows, size_t i)
{
    point_write_entry(json, (const struct point_entry *)rows + i);
}

static int64_t
entry_id(const void *rows, size_t i)
{
    return ((const struct point_entry *)rows)[i].history_id;
}

void
point_get_history(void *services, const struct request *request, struct response *response)
{
    static struct point_entry list[PAGE_ROWS]; /* too large for the stack */
    const struct input *input = request->input;
    struct page page = {"history", list, 0, input->limit, write_entry, entry_id};
    struct problem problem;
    if (point_history(services, request->caller, input->before, input->limit + 1, list, &page.count,
                      &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}
