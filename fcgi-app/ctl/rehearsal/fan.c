#include "ctl/rehearsal/fan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Seats that a fan asks for in vain, errors in a row, and looks at a hall where all is held. */
enum { CONFLICTS_MAX = 5, FAILURES_MAX = 20, LOOKS_MAX = 4, SEATS_MAX = 4 };

/* Seconds until the next look at such a hall; a page asks each five seconds. */
#define LOOK_AGAIN_S 5.0

/* Who has lost a seat to somebody else chooses faster. */
#define NEXT_CHOICE_SHARE 0.25

static asker_answered answered;

void
fan_begin(struct fan *fan, struct crowd *crowd, const struct fan_model *model, int number)
{
    *fan = (struct fan){.asker = {answered},
                        .crowd = crowd,
                        .number = number,
                        .call = CALL_ADD,
                        .added_s = -1,
                        .item = number % crowd->map_count};
    fan_model_draw(model, number, &fan->nature);
    bool is_limited = crowd->max_seats > 0 && fan->nature.seats > crowd->max_seats;
    fan->seats = is_limited ? crowd->max_seats : fan->nature.seats;
    crowd->present++;
    crowd_wake(crowd, fan, fan->nature.arrives_s);
}

static void
stop_choosing(struct fan *fan)
{
    fan->crowd->choosing -= fan->is_choosing;
    fan->is_choosing = false;
}

static void
go(struct fan *fan, enum fan_end end)
{
    stop_choosing(fan);
    fan->is_gone = true;
    fan->crowd->present--;
    fan->crowd->record->ends[end]++;
}

/* The next call, in so many seconds, with a key of its own. */
static void
plan(struct fan *fan, enum fan_call call, double in_s)
{
    fan->call = call;
    fan->keys++;
    fan->wish[0] = '\0';
    crowd_wake(fan->crowd, fan, in_s);
}

/* Goes, and gives the place in the queue back, if there is one. */
static void
leave(struct fan *fan, enum fan_end end)
{
    go(fan, end);
    if (fan->token[0] != '\0')
        plan(fan, CALL_LEAVE, 0);
}

static void
choose(struct fan *fan, double in_s)
{
    fan->crowd->choosing += !fan->is_choosing;
    fan->is_choosing = true;
    plan(fan, CALL_RESERVE, in_s);
}

/* ---- what is asked ---- */

/*
 * Places of a standing area, seats of the map, or the best that are left. A call that is made again
 * asks for the same.
 */
static void
choose_wish(struct fan *fan)
{
    int32_t ids[SEATS_MAX];
    const struct seat_map *map = &fan->crowd->maps[fan->item];
    double share = crowd_draw(fan->crowd);
    if (fan->wish[0] != '\0')
        return;
    const struct map_area *area =
        map->area_count > 0 ? seat_map_find_area(map, crowd_draw(fan->crowd)) : NULL;
    if (area != NULL) {
        snprintf(fan->wish, FAN_WISH_SIZE, "\"count\":%d,\"section\":%s", fan->seats,
                 area->section);
        return;
    }
    /* those in front are wanted more */
    if (!fan->nature.picks || fan->conflicts >= CONFLICTS_MAX ||
        !seat_map_pick(map, share * share, fan->seats, ids)) {
        snprintf(fan->wish, FAN_WISH_SIZE, "\"count\":%d", fan->seats);
        return;
    }
    int length = snprintf(fan->wish, FAN_WISH_SIZE, "\"seatIds\":[");
    for (int i = 0; i < fan->seats; i++)
        length += snprintf(fan->wish + length, FAN_WISH_SIZE - (size_t)length, "%d%c", (int)ids[i],
                           i + 1 < fan->seats ? ',' : ']');
}

static void
write_body(struct fan *fan, const char *user, char *body, size_t size)
{
    const struct crowd *crowd = fan->crowd;
    switch (fan->call) {
    case CALL_ADD:
        snprintf(body, size, "{\"userId\":\"%s\",\"concertId\":%d}", user, (int)crowd->concert_id);
        return;
    case CALL_RESERVE:
        choose_wish(fan);
        snprintf(body, size, "{\"userId\":\"%s\",\"concertId\":%d,\"itemId\":%d,%s}", user,
                 (int)crowd->concert_id, (int)crowd->maps[fan->item].item_id, fan->wish);
        return;
    case CALL_CHARGE:
        snprintf(body, size, "{\"userId\":\"%s\",\"amount\":%" PRId64 "}", user, fan->price);
        return;
    case CALL_PAY:
        snprintf(body, size, "{\"userId\":\"%s\",\"reservationId\":%" PRId64 "}", user,
                 fan->reservation_id);
        return;
    default:
        body[0] = '\0';
    }
}

static void
retry(struct fan *fan, int retry_after)
{
    struct crowd *crowd = fan->crowd;
    if (fan->is_gone)
        return;
    if (crowd->is_ending || ++fan->failures > FAILURES_MAX)
        go(fan, END_ERRORS);
    else
        crowd_wake(crowd, fan, (retry_after > 0 ? retry_after : 1) + crowd_draw(crowd));
}

void
fan_act(struct fan *fan)
{
    static const char *const methods[CALL_KINDS] = {
        [CALL_ADD] = "POST",    [CALL_POLL] = "GET", [CALL_RESERVE] = "POST",
        [CALL_CHARGE] = "POST", [CALL_PAY] = "POST", [CALL_RELEASE] = "DELETE",
        [CALL_LEAVE] = "DELETE"};
    static const char *const paths[CALL_KINDS] = {
        [CALL_ADD] = "/token/add",       [CALL_POLL] = "/token",  [CALL_RESERVE] = "/reservation",
        [CALL_CHARGE] = "/point/charge", [CALL_PAY] = "/payment", [CALL_RELEASE] = "/reservation",
        [CALL_LEAVE] = "/token"};
    static const bool keyed[CALL_KINDS] = {
        [CALL_RESERVE] = true, [CALL_CHARGE] = true, [CALL_PAY] = true, [CALL_RELEASE] = true};
    struct crowd *crowd = fan->crowd;
    char user[64], path[64], query[80] = "", key[32] = "", body[384];
    snprintf(user, sizeof user, "%s-%d", crowd->name, fan->number);
    snprintf(path, sizeof path, "%s", paths[fan->call]);
    if (fan->call == CALL_RELEASE) {
        snprintf(path, sizeof path, "/reservation/%" PRId64, fan->reservation_id);
        snprintf(query, sizeof query, "userId=%s", user);
    }
    if (keyed[fan->call])
        snprintf(key, sizeof key, "%d", fan->keys);
    if (fan->call == CALL_ADD && fan->added_s < 0)
        fan->added_s = crowd_now(crowd);
    write_body(fan, user, body, sizeof body);
    const struct front_request request = {methods[fan->call], path, query, fan->token, key, body};
    if (front_send(crowd->front, &fan->asker, &request))
        return;
    record_answer(crowd->record, crowd_now(crowd), fan->call, 503, "too_many_calls", 0);
    retry(fan, 0);
}

/* ---- what is answered ---- */

static int64_t
read_integer(const json_t *body, const char *name)
{
    return json_integer_value(json_object_get(body, name));
}

static const char *
read_text(const json_t *body, const char *name)
{
    const char *text = json_string_value(json_object_get(body, name));
    return text != NULL ? text : "";
}

/* The answer of POST /token/add and GET /token. */
static void
take_position(struct fan *fan, const json_t *body)
{
    struct crowd *crowd = fan->crowd;
    double waited_s = crowd_now(crowd) - fan->added_s;
    if (!text_copy(fan->token, sizeof fan->token, read_text(body, "token")))
        fan->token[0] = '\0';
    if (strcmp(read_text(body, "status"), "active") == 0) {
        record_wait(crowd->record, fan->added_s, waited_s);
        choose(fan, fan->nature.choose_s);
    } else if (crowd->is_sold_out || crowd->is_ending) {
        leave(fan, END_SOLD_OUT);
    } else if (waited_s > fan->nature.patience_s) {
        leave(fan, END_IMPATIENT);
    } else {
        plan(fan, CALL_POLL,
             (double)read_integer(body, "pollAfterSeconds") + crowd_draw(crowd) / 2);
    }
}

static void
take_hold(struct fan *fan, const json_t *body)
{
    stop_choosing(fan);
    fan->reservation_id = read_integer(body, "reservationId");
    fan->price = read_integer(body, "totalPrice");
    if (fan->nature.plan == PLAN_VANISH)
        go(fan, END_VANISHED);
    else if (fan->nature.plan == PLAN_RELEASE)
        plan(fan, CALL_RELEASE, fan->nature.pay_s);
    else
        plan(fan, fan->price > 0 ? CALL_CHARGE : CALL_PAY, fan->nature.pay_s);
}

static void
take_success(struct fan *fan, const json_t *body)
{
    fan->failures = 0;
    switch (fan->call) {
    case CALL_ADD:
    case CALL_POLL:
        take_position(fan, body);
        return;
    case CALL_RESERVE:
        take_hold(fan, body);
        return;
    case CALL_CHARGE:
        plan(fan, CALL_PAY, 0);
        return;
    case CALL_PAY:
        go(fan, END_BOUGHT);
        return;
    case CALL_RELEASE:
        leave(fan, END_RELEASED);
        return;
    default: /* has left */
        return;
    }
}

/* So many seats are not left in this item: fewer, another item, or a look later. */
static void
want_less(struct fan *fan)
{
    struct crowd *crowd = fan->crowd;
    if (fan->seats > 1) {
        fan->seats--;
        choose(fan, 0);
        return;
    }
    fan->item = (fan->item + 1) % crowd->map_count;
    fan->item_looks++;
    if (crowd->is_sold_out || crowd->is_ending || fan->item_looks >= LOOKS_MAX * crowd->map_count)
        leave(fan, END_SOLD_OUT);
    else if (fan->item_looks % crowd->map_count != 0)
        choose(fan, 0);
    else
        choose(fan, LOOK_AGAIN_S + crowd_draw(crowd));
}

static void
take_refusal(struct fan *fan, const char *code)
{
    fan->failures = 0;
    if (fan->call == CALL_RESERVE && strcmp(code, "seat_taken") == 0) {
        fan->conflicts++;
        choose(fan, fan->nature.choose_s * NEXT_CHOICE_SHARE);
    } else if (fan->call == CALL_RESERVE && strcmp(code, "seats_not_available") == 0) {
        want_less(fan);
    } else {
        leave(fan, END_REFUSED);
    }
}

static void
answered(struct asker *asker, const struct fastcgi_answer *answer, int64_t took_us)
{
    struct fan *fan = (struct fan *)asker;
    struct crowd *crowd = fan->crowd;
    bool is_refusal = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    json_t *body = answer->body[0] != '\0' ? json_loads(answer->body, 0, NULL) : NULL;
    const char *code = answer->status == 0 ? "no_answer" : read_text(body, "code");
    record_answer(crowd->record, crowd_now(crowd), fan->call, answer->status, code, took_us);
    if (fan->is_gone)
        ; /* it was DELETE /token */
    else if (answer->status >= 200 && answer->status < 300)
        take_success(fan, body);
    else if (is_refusal)
        take_refusal(fan, code);
    else
        retry(fan, answer->retry_after);
    json_decref(body);
}
