/* POST /payment, GET /payment */
#include "domain/payment.h"

#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"

enum { PAGE_MAX = 100 };

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

void
payment_post(void *services, const struct request *request, struct response *response)
{
    struct payment_create create = {
        .user_id = request->caller,
        .reservation_id = request->input->reservation_id,
        .token = api_token(request),
    };
    struct effect effect = {
        .kind = EFFECT_PAY,
        .state = &create,
        .look = payment_create_look,
        .run = payment_create_run,
        .happened = payment_create_happened,
        .effect_id = payment_create_id,
        .render = render_payment,
    };
    if (api_apply(services, request, &effect, response))
        payment_create_finish(services, &create);
}

static void
write_listed(struct json *json, const struct payment *payment)
{
    json_begin_object(json, NULL);
    json_write_integer(json, "paymentId", payment->payment_id);
    json_write_integer(json, "reservationId", payment->reservation_id);
    json_write_string(json, "userId", payment->user_id);
    json_write_integer(json, "amount", payment->amount);
    json_write_string(json, "status", payment->status == PAYMENT_PAID ? "paid" : "refunded");
    json_write_instant(json, "paidAt", payment->paid_at);
    json_end_object(json);
}

void
payment_get_list(void *services, const struct request *request, struct response *response)
{
    const struct input *input = request->input;
    struct payment list[PAGE_MAX + 1];
    size_t count;
    struct problem problem;
    /* one more than asked for tells whether there is a next page */
    enum db_result result =
        payment_table_list(((struct services *)services)->db, request->caller, input->before,
                           input->limit + 1, list, &count);
    if (refuse_db(&problem, result) != ERROR_NONE) {
        response_problem(response, &problem);
        return;
    }
    bool more = count > (size_t)input->limit;
    count -= more;
    struct json json = json_writer(&response->body);
    json_begin_object(&json, NULL);
    json_begin_array(&json, "payments");
    for (size_t i = 0; i < count; i++)
        write_listed(&json, &list[i]);
    json_end_array(&json);
    api_write_next(&json, more, count > 0 ? list[count - 1].payment_id : 0);
    json_end_object(&json);
}
