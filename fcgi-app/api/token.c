/* POST /token/add, GET and DELETE /token */
#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "domain/concert/concert.h"
#include "domain/queue/queue.h"
#include "domain/sale/presale.h"

static void
answer(struct response *response, const struct queue_position *position)
{
    char text[QUEUE_TOKEN_TEXT_SIZE];
    struct json json = json_writer(&response->body);
    queue_write_token(position->concert_id, position->token, text);
    json_begin_object(&json, NULL);
    json_write_string(&json, "token", text);
    json_write_string(&json, "userId", position->user_id);
    json_write_integer(&json, "concertId", position->concert_id);
    json_write_optional_integer(&json, "number", position->number > 0, position->number);
    json_write_string(&json, "status", position->active ? "active" : "waiting");
    json_write_optional_integer(&json, "position", position->active || position->from_head > 0,
                                position->from_head);
    json_write_optional_integer(&json, "etaSeconds", position->eta_known, position->eta_seconds);
    json_write_optional_integer(&json, "etaSecondsHigh", position->eta_known,
                                position->eta_seconds_high);
    json_write_integer(&json, "pollAfterSeconds", position->poll_after_seconds);
    json_write_instant(&json, "expiresAt", position->expires_at);
    json_end_object(&json);
}

void
token_add(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    struct concert concert;
    struct queue_position position;
    struct problem problem;
    all->deadline = request->deadline;
    enum error error = concert_find(all->db, request->input->concert_id, &concert, &problem);
    if (error == ERROR_NONE)
        error = presale_admit(all, &concert, request->caller, request->input->code, &problem);
    if (error == ERROR_NONE)
        error =
            queue_add(all, &concert, request->caller, request->input->proof, &position, &problem);
    if (error == ERROR_NONE)
        answer(response, &position);
    else
        response_problem(response, &problem);
}

void
token_add_batch(void *services, struct call *calls, size_t count)
{
    struct services *all = services;
    bool taken[CALLS_AT_ONCE] = {false};
    all->deadline = calls[0].request->deadline; /* it came first */
    for (size_t first = 0; first < count; first++) {
        static struct queue_add adds[CALLS_AT_ONCE]; /* too large for the stack */
        struct call *of[CALLS_AT_ONCE];
        size_t together = 0;
        int32_t concert_id = calls[first].request->input->concert_id;
        for (size_t i = first; i < count; i++) {
            if (taken[i] || calls[i].request->input->concert_id != concert_id)
                continue;
            taken[i] = true;
            of[together] = &calls[i];
            adds[together++] = (struct queue_add){.user_id = calls[i].request->caller};
        }
        if (together < 2)
            continue;
        queue_add_together(all, concert_id, adds, together);
        for (size_t i = 0; i < together; i++) {
            of[i]->answered = adds[i].end != QUEUE_ADD_LEFT;
            if (adds[i].end == QUEUE_ADD_DONE)
                answer(of[i]->response, &adds[i].position);
            else if (adds[i].end == QUEUE_ADD_REFUSED)
                response_problem(of[i]->response, &adds[i].problem);
        }
    }
}

void
token_show(void *services, const struct request *request, struct response *response)
{
    struct queue_position position;
    struct problem problem;
    ((struct services *)services)->deadline = request->deadline;
    if (queue_status(services, request->queue_token, request->caller, &position, &problem) ==
        ERROR_NONE)
        answer(response, &position);
    else
        response_problem(response, &problem);
}

void
token_leave(void *services, const struct request *request, struct response *response)
{
    struct problem problem;
    ((struct services *)services)->deadline = request->deadline;
    if (queue_leave(services, request->queue_token, request->caller, &problem) == ERROR_NONE)
        response->status = 204;
    else
        response_problem(response, &problem);
}
