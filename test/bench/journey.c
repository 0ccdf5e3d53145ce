#include "journey.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer_log.h"
#include "base/clock.h"

enum {
    CHANGE = 1000,      /* points that are charged beyond the price, and used */
    PAIRS_PERCENT = 20, /* reservations that want two seats, anywhere: their locks cross */
    TAKEN_MAX = 20,     /* seats that a buyer tries */
    FIRST_PAUSE_MS = 20,
    LONGEST_PAUSE_MS = 1000,
};

static const struct {
    const char *name;
    const char *method;
    bool keyed;
} calls[] = {
    [CALL_TOKEN] = {"token", "POST", false},    [CALL_POLL] = {"poll", "GET", false},
    [CALL_RESERVE] = {"reserve", "POST", true}, [CALL_CHARGE] = {"charge", "POST", true},
    [CALL_PAY] = {"pay", "POST", true},         [CALL_USE] = {"use", "POST", true},
    [CALL_CANCEL] = {"cancel", "DELETE", true}, [CALL_LEAVE] = {"leave", "DELETE", false},
};

void
journey_init(struct journey *journey, struct load *load, struct http_client *client, int number)
{
    *journey = (struct journey){.load = load, .number = number};
    http_open(&journey->connection, client);
}

bool
journey_is_idle(const struct journey *journey)
{
    return journey->call == CALL_NONE;
}

static bool
happens(int percent)
{
    return rand() % 100 < percent;
}

static enum plan
choose_plan(void)
{
    int roll = rand() % 100;
    return roll < 80   ? PLAN_BUY
           : roll < 85 ? PLAN_BUY_AND_USE
           : roll < 90 ? PLAN_REFUND
           : roll < 95 ? PLAN_RELEASE
                       : PLAN_LEAVE;
}

/* ---- what is asked ---- */

static void
write_seats(struct journey *journey)
{
    const struct load *load = journey->load;
    int item = load->first_item + rand() % (load->last_item - load->first_item + 1);
    int seat = 1 + rand() % load->seats;
    int other = 1 + rand() % load->seats;
    int length = snprintf(journey->body, sizeof journey->body,
                          "{\"userId\":\"%s\",\"concertId\":%d,\"itemId\":%d,", journey->user,
                          load->concert, item);
    char *rest = journey->body + length;
    size_t room = sizeof journey->body - (size_t)length;
    if (seat != other && happens(PAIRS_PERCENT))
        snprintf(rest, room, "\"seatIds\":[%d,%d]}", seat, other);
    else
        snprintf(rest, room, "\"seatId\":%d}", seat);
}

static void
write_amount(struct journey *journey, const char *action, int64_t amount)
{
    snprintf(journey->path, sizeof journey->path, "/point/%s", action);
    snprintf(journey->body, sizeof journey->body, "{\"userId\":\"%s\",\"amount\":%" PRId64 "}",
             journey->user, amount);
}

static void
write_path_and_body(struct journey *journey)
{
    journey->body[0] = '\0';
    switch (journey->call) {
    case CALL_TOKEN:
        snprintf(journey->path, sizeof journey->path, "/token/add");
        snprintf(journey->body, sizeof journey->body, "{\"userId\":\"%s\",\"concertId\":%d}",
                 journey->user, journey->load->concert);
        break;
    case CALL_POLL:
    case CALL_LEAVE:
        snprintf(journey->path, sizeof journey->path, "/token");
        break;
    case CALL_RESERVE:
        snprintf(journey->path, sizeof journey->path, "/reservation");
        write_seats(journey);
        break;
    case CALL_CHARGE:
        write_amount(journey, "charge",
                     journey->price + (journey->plan == PLAN_BUY_AND_USE ? CHANGE : 0));
        break;
    case CALL_PAY:
        snprintf(journey->path, sizeof journey->path, "/payment");
        snprintf(journey->body, sizeof journey->body,
                 "{\"userId\":\"%s\",\"reservationId\":%" PRId64 "}", journey->user,
                 journey->reservation);
        break;
    case CALL_USE:
        write_amount(journey, "use", CHANGE);
        break;
    case CALL_CANCEL:
        snprintf(journey->path, sizeof journey->path, "/reservation/%" PRId64 "?userId=%s",
                 journey->reservation, journey->user);
        break;
    case CALL_NONE:
        break;
    }
}

static void
write_request(struct journey *journey)
{
    struct buffer *request = &journey->connection.request;
    buffer_clear(request);
    buffer_format(request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", calls[journey->call].method,
                  journey->path);
    /* believed where the stack has caller = header and this machine as its gateway */
    buffer_format(request, "X-Frontrow-User: %s\r\n", journey->user);
    if (journey->key[0] != '\0')
        buffer_format(request, "Idempotency-Key: %s\r\n", journey->key);
    if (journey->token[0] != '\0')
        buffer_format(request, "X-Queue-Token: %s\r\n", journey->token);
    if (journey->body[0] != '\0')
        buffer_format(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                      strlen(journey->body));
    buffer_format(request, "\r\n%s", journey->body);
}

/* The call with its key; it goes out, now or later, until it is settled. */
static void
ask(struct journey *journey, enum call call, int64_t pause_ms)
{
    journey->call = call;
    journey->tries = 0;
    journey->key[0] = '\0';
    if (calls[call].keyed)
        snprintf(journey->key, sizeof journey->key, "%s-%d-%d-%d", journey->load->name,
                 journey->number, journey->journeys, ++journey->keys);
    write_path_and_body(journey);
    write_request(journey);
    journey->wake_at = clock_monotonic() + pause_ms;
}

void
journey_begin(struct journey *journey)
{
    journey->journeys++;
    journey->keys = 0;
    journey->refusals = 0;
    journey->plan = choose_plan();
    journey->token[0] = '\0';
    if (journey->load->one_user)
        snprintf(journey->user, sizeof journey->user, "%s-one", journey->load->name);
    else
        snprintf(journey->user, sizeof journey->user, "%s-%d-%d", journey->load->name,
                 journey->number, journey->journeys);
    journey->price = CHANGE;
    ask(journey, journey->load->charges ? CALL_CHARGE : CALL_TOKEN, 0);
    journey_tick(journey, journey->wake_at);
}

void
journey_tick(struct journey *journey, int64_t now)
{
    if (journey->call != CALL_NONE && journey->wake_at != 0 && now >= journey->wake_at) {
        journey->wake_at = 0;
        journey->tries++;
        journey->sent_us = clock_monotonic_us();
        bool vanish =
            calls[journey->call].keyed && journey->tries == 1 && happens(journey->load->vanish);
        http_call(&journey->connection, vanish, now + journey->load->timeout_ms);
    }
    http_check(&journey->connection, now);
}

/* ---- what is answered ---- */

static void
end(struct journey *journey)
{
    journey->call = CALL_NONE;
}

/* Who does not pay gives the place in the queue back. */
static void
leave(struct journey *journey)
{
    if (journey->token[0] != '\0' && journey->call != CALL_LEAVE)
        ask(journey, CALL_LEAVE, 0);
    else
        end(journey);
}

static int
pause_before_retry(const struct journey *journey, const struct http_answer *answer)
{
    if (journey->load->retry_ms > 0)
        return journey->load->retry_ms;
    if (answer->retry_after > 0)
        return answer->retry_after * 1000;
    int pause = FIRST_PAUSE_MS << (journey->tries < 6 ? journey->tries : 6);
    return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}

/* Whether it is not known, or not yet, what became of the call. */
static bool
is_unsettled(const struct http_answer *answer)
{
    return answer->ending != HTTP_ANSWERED || answer->status >= 500 || answer->status == 429;
}

static void
ask_again(struct journey *journey, const struct http_answer *answer)
{
    bool lost = answer->ending == HTTP_LOST || answer->ending == HTTP_VANISHED;
    bool in_queue = !calls[journey->call].keyed;
    if ((lost && happens(journey->load->abandon)) || (in_queue && journey->load->ending))
        end(journey);
    else
        journey->wake_at = clock_monotonic() + pause_before_retry(journey, answer);
}

static void
refused(struct journey *journey, const struct http_answer *answer)
{
    char code[ANSWER_CODE_SIZE];
    answer_code(answer, code);
    if (strcmp(code, "seat_taken") == 0 && ++journey->refusals < TAKEN_MAX)
        ask(journey, CALL_RESERVE, 0);
    else
        leave(journey);
}

static void
take_token(struct journey *journey, const struct http_answer *answer)
{
    char status[16] = "";
    answer_text(answer, "token", journey->token, sizeof journey->token);
    answer_text(answer, "status", status, sizeof status);
    if (strcmp(status, "active") == 0)
        ask(journey, CALL_RESERVE, 0);
    else if (journey->load->ending)
        leave(journey);
    else
        ask(journey, CALL_POLL, answer_number(answer, "pollAfterSeconds") * 1000);
}

static void
take_seats(struct journey *journey, const struct http_answer *answer)
{
    journey->reservation = answer_number(answer, "reservationId");
    journey->price = answer_number(answer, "totalPrice");
    journey->load->bookings++;
    if (journey->plan == PLAN_LEAVE)
        leave(journey);
    else
        ask(journey, journey->plan == PLAN_RELEASE ? CALL_CANCEL : CALL_CHARGE, 0);
}

static void
succeeded(struct journey *journey, const struct http_answer *answer)
{
    if (journey->call == CALL_TOKEN || journey->call == CALL_POLL)
        take_token(journey, answer);
    else if (journey->call == CALL_RESERVE)
        take_seats(journey, answer);
    else if (journey->call == CALL_CHARGE)
        ask(journey, CALL_PAY, 0);
    else if (journey->call == CALL_PAY && journey->plan == PLAN_REFUND)
        ask(journey, CALL_CANCEL, 0);
    else if (journey->call == CALL_PAY && journey->plan == PLAN_BUY_AND_USE)
        ask(journey, CALL_USE, 0);
    else if (journey->plan == PLAN_RELEASE)
        leave(journey);
    else
        end(journey);
}

void
journey_answered(struct http_connection *connection, const struct http_answer *answer)
{
    struct journey *journey = (struct journey *)connection;
    struct logged_call call = {.user = journey->user,
                               .name = calls[journey->call].name,
                               .key = journey->key,
                               .method = calls[journey->call].method,
                               .path = journey->path,
                               .body = journey->body,
                               .sent_us = journey->sent_us};
    journey->load->answers++;
    answer_log_write(journey->load->log, &call, answer, clock_monotonic_us());
    if (journey->load->charges)
        end(journey);
    else if (is_unsettled(answer))
        ask_again(journey, answer);
    else if (answer->status >= 400)
        refused(journey, answer);
    else
        succeeded(journey, answer);
}
