/* POST /token/add, GET and DELETE /token */
#include "api/api.h"
#include "api/handlers.h"
#include "api/input.h"
#include "domain/concert/concert.h"
#include "domain/queue/queue.h"

static void
answer(struct response *response, const struct queue_ticket *ticket)
{
    char text[QUEUE_TOKEN_TEXT_SIZE];
    struct json json = json_writer(&response->body);
    queue_write_token(ticket->concert_id, ticket->token, text);
    json_begin_object(&json, NULL);
    json_write_string(&json, "token", text);
    json_write_string(&json, "userId", ticket->user_id);
    json_write_integer(&json, "concertId", ticket->concert_id);
    json_write_optional_integer(&json, "number", ticket->number > 0, ticket->number);
    json_write_string(&json, "status", ticket->active ? "active" : "waiting");
    json_write_optional_integer(&json, "position", ticket->active || ticket->position > 0,
                                ticket->position);
    json_write_optional_integer(&json, "etaSeconds", ticket->eta_known, ticket->eta_seconds);
    json_write_optional_integer(&json, "etaSecondsHigh", ticket->eta_known,
                                ticket->eta_seconds_high);
    json_write_integer(&json, "pollAfterSeconds", ticket->poll_after_seconds);
    json_write_instant(&json, "expiresAt", ticket->expires_at);
    json_end_object(&json);
}

void
token_add(void *services, const struct request *request, struct response *response)
{
    struct services *all = services;
    struct concert concert;
    struct queue_ticket ticket;
    struct problem problem;
    all->deadline = request->deadline;
    enum error error = concert_find(all->db, request->input->concert_id, &concert, &problem);
    if (error == ERROR_NONE)
        error = queue_add(all, &concert, request->caller, &ticket, &problem);
    if (error == ERROR_NONE)
        answer(response, &ticket);
    else
        response_problem(response, &problem);
}

void
token_show(void *services, const struct request *request, struct response *response)
{
    struct queue_ticket ticket;
    struct problem problem;
    ((struct services *)services)->deadline = request->deadline;
    if (queue_status(services, request->queue_token, request->caller, &ticket, &problem) ==
        ERROR_NONE)
        answer(response, &ticket);
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
