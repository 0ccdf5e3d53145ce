/* POST /payment, GET /payment */
#include "api/payment.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"

static void
render_payment(const void *state, struct buffer *body)
{
    const struct payment_create *create = state;
    const struct payment *made = &create->made;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "paymentId", made->payment_id);
    json_write_integer(&json, "reservationId", made->reservation_id);
    json_write_string(&json, "userId", made->user_id);
    json_write_integer(&json, "amount", made->amount);
    json_write_integer(&json, "balance", create->balance);
    json_write_string(&json, "status", "paid");
    json_write_instant(&json, "paidAt", made->paid_at);
    json_end_object(&json);
}

static struct payment_create
read_create(const struct request *request)
{
    return (struct payment_create){
        .user_id = request->caller,
        .reservation_id = request->input->reservation_id,
        .token = api_token(request),
    };
}

static struct effect
effect_of(struct payment_create *create)
{
    return (struct effect){
        .kind = EFFECT_PAY,
        .state = create,
        .precheck = payment_create_precheck,
        .execute = payment_create_execute,
        .was_committed = payment_create_was_committed,
        .effect_id = payment_create_id,
        .render = render_payment,
        .count = payment_create_count,
    };
}

void
payment_post(void *services, const struct request *request, struct response *response)
{
    struct payment_create create = read_create(request);
    struct effect effect = effect_of(&create);
    if (api_apply(services, request, &effect, response))
        payment_create_finish(services, &create);
    else if (response->status >= 400 && response->status < 500)
        payment_create_refused(services, &create);
}

void
payment_post_batch(void *services, struct call *calls, size_t count)
{
    static const struct effect_batch batch = {
        .gather = effect_gather_all,
        .precheck = payment_create_precheck_batch,
        .execute = payment_create_execute_batch,
    };
    static struct payment_create creates[CALLS_AT_ONCE]; /* too large for the stack */
    struct effect effects[CALLS_AT_ONCE] = {0};
    for (size_t i = 0; i < count; i++) {
        creates[i] = read_create(calls[i].request);
        effects[i] = effect_of(&creates[i]);
    }
    api_apply_together(services, &batch, calls, effects, count);
    for (size_t i = 0; i < count; i++)
        if (calls[i].answered && calls[i].response->error == ERROR_NONE)
            payment_create_finish(services, &creates[i]);
}

void
payment_write_sums(struct json *json, const struct payment *payment)
{
    json_write_integer(json, "amount", payment->amount);
    json_write_string(json, "status", payment_status_name(payment->status));
    json_write_instant(json, "paidAt", payment->paid_at);
    json_write_integer(json, "refundedAmount", payment->refunded_amount);
    json_write_integer(json, "fee", payment->fee);
}

static int64_t
write_listed(struct json *json, const void *rows, size_t i)
{
    const struct payment *payment = (const struct payment *)rows + i;
    json_write_integer(json, "paymentId", payment->payment_id);
    json_write_integer(json, "reservationId", payment->reservation_id);
    json_write_string(json, "userId", payment->user_id);
    payment_write_sums(json, payment);
    return payment->payment_id;
}

void
payment_get_list(void *services, const struct request *request, struct response *response)
{
    struct payment list[PAGE_ROWS];
    const struct input *input = request->input;
    struct page page = {"payments", list, 0, input->limit, write_listed, CLOCK_NEVER};
    struct problem problem;
    if (payment_list(services, request->caller, input->before, input->limit + 1, list, &page.count,
                     &problem) == ERROR_NONE)
        api_write_page(response, &page);
    else
        response_problem(response, &problem);
}
