#include "api/concert_draft.h"

#include <stdlib.h>
#include <string.h>

#include "api/reader.h"
#include "api/refund_rules.h"
#include "base/json.h"

enum { PLACE_MAX = 1000000, AGE_MAX = 99, RUNNING_MINUTES_MAX = 1440 };

/* An active one is told to ask each 10 seconds: who does so does not end. */
enum { IDLE_SECONDS_MIN = 30, IDLE_SECONDS_MAX = 86400 };
enum { WAITLIST_SECONDS_MIN = 60, WAITLIST_SECONDS_MAX = 86400 };

/* Of the pages; nginx serves what lies there, whatever the application does. */
#define POSTER_FOLDER "poster/"

static bool
has(const struct reader *reader, const char *name)
{
    return json_object_get(reader->object, name) != NULL;
}

static enum concert_stored
read_status(struct reader *reader)
{
    static const char rule[] = "open or closed";
    const json_t *value = reader_find(reader, "status", false, rule);
    const char *text = value != NULL ? json_string_value(value) : "closed";
    if (text != NULL && strcmp(text, "open") == 0)
        return STORED_OPEN;
    if (text == NULL || strcmp(text, "closed") != 0)
        reader_refuse(reader, "status", rule);
    return STORED_CLOSED;
}

/* A place of a standing area has no row and no coordinates. */
static void
read_standing(struct reader *reader, struct seat_range *range)
{
    static const char *const others[] = {"row", "x", "y"};
    range->standing = reader_boolean(reader, "standing");
    if (!range->standing)
        return;
    range->row[0] = '\0';
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (has(reader, others[i]))
            reader_refuse(reader, others[i], "left out: nobody has a seat in a standing area");
}

static void
read_range(struct reader *reader, struct seat_range *range)
{
    static const int64_t nowhere = 0; /* where has_x or has_y says that it is not known */
    range->from = reader_small(reader, "from", 1, INT32_MAX, NULL);
    range->to = reader_small(reader, "to", 1, INT32_MAX, NULL);
    range->price = reader_integer(reader, "price", 0, PRICE_MAX, NULL, NULL);
    reader_text(reader, "section", SECTION_CHARACTERS, "A", range->section, sizeof range->section);
    reader_text(reader, "row", SECTION_CHARACTERS, "1", range->row, sizeof range->row);
    int64_t label = range->from;
    range->first_label = reader_small(reader, "firstLabel", 0, INT32_MAX, &label);
    range->blocked = reader_boolean(reader, "blocked");
    range->has_x = has(reader, "x");
    range->x = reader_small(reader, "x", -PLACE_MAX, PLACE_MAX, &nowhere);
    range->has_y = has(reader, "y");
    range->y = reader_small(reader, "y", -PLACE_MAX, PLACE_MAX, &nowhere);
    read_standing(reader, range);
}

static void
read_price(struct reader *reader, struct hall_price *price)
{
    reader_text(reader, "section", SECTION_CHARACTERS, "", price->section, sizeof price->section);
    reader_text(reader, "category", CATEGORY_CHARACTERS, "", price->category,
                sizeof price->category);
    price->price = reader_integer(reader, "price", 0, PRICE_MAX, NULL, NULL);
}

static void
read_hall(struct reader *reader, struct item_draft *draft)
{
    void *list = NULL;
    draft->hall_id = reader_small(reader, "hallId", 1, INT32_MAX, NULL);
    if (has(reader, "seats"))
        reader_refuse(reader, "hallId", "alone: the seats are those of the hall");
    if (!has(reader, "prices"))
        return;
    const json_t *prices =
        reader_array(reader, "prices", 0, HALL_PRICES_MAX, sizeof *draft->prices, &list);
    draft->prices = list;
    draft->price_count = json_array_size(prices);
    for (size_t i = 0; i < draft->price_count && reader->ok; i++) {
        struct reader inner = reader_enter(reader, "prices", prices, i);
        read_price(&inner, &draft->prices[i]);
        reader->ok = inner.ok;
    }
}

static void
read_times(struct reader *reader, struct item_draft *draft)
{
    reader_date(reader, "date", draft->item.date);
    draft->item.starts_at = reader_instant(reader, "startsAt", true);
}

static void
read_like(struct reader *reader, struct item_draft *draft)
{
    draft->like_id = reader_small(reader, "likeItemId", 1, INT32_MAX, NULL);
    if (has(reader, "seats") || has(reader, "hallId") || has(reader, "prices"))
        reader_refuse(reader, "likeItemId", "alone: the seats are those of that item");
}

static void
read_seats(struct reader *reader, struct item_draft *draft)
{
    void *ranges = NULL;
    if (has(reader, "hallId")) {
        read_hall(reader, draft);
        return;
    }
    const json_t *seats =
        reader_array(reader, "seats", 1, CONCERT_SEATS_MAX, sizeof *draft->ranges, &ranges);
    draft->ranges = ranges;
    draft->range_count = json_array_size(seats);
    for (size_t i = 0; i < draft->range_count && reader->ok; i++) {
        struct reader inner = reader_enter(reader, "seats", seats, i);
        read_range(&inner, &draft->ranges[i]);
        reader->ok = inner.ok;
    }
}

/* A member that is absent stays as it was; null takes it away. */
static void
read_optional_text(struct reader *reader, const char *name, size_t max, char *text, size_t size)
{
    if (json_is_null(json_object_get(reader->object, name)))
        text[0] = '\0';
    else
        reader_text(reader, name, max, text, text, size);
}

static void
read_draw(struct reader *reader, struct concert *concert)
{
    const int64_t lead = concert->draw_lead_seconds;
    if (has(reader, "draw"))
        concert->draw = reader_boolean(reader, "draw");
    concert->draw_lead_seconds = reader_small(reader, "drawLeadSeconds", 1, 86400, &lead);
    const json_t *beacon = reader_find(reader, "beacon", false, "");
    if (beacon == NULL)
        return;
    if (!json_is_object(beacon)) {
        reader_refuse(reader, "beacon", "an object with source and value");
        return;
    }
    struct reader inner = {
        .object = beacon, .path = "beacon.", .problem = reader->problem, .ok = true};
    read_optional_text(&inner, "source", TITLE_CHARACTERS, concert->beacon_source, TITLE_SIZE);
    read_optional_text(&inner, "value", TITLE_CHARACTERS, concert->beacon, TITLE_SIZE);
    reader->ok = inner.ok;
}

static void
read_challenge(struct reader *reader, struct concert *concert)
{
    static const char rule[] = "off or proof";
    const json_t *value = reader_find(reader, "challenge", false, rule);
    if (value == NULL)
        return;
    const char *text = json_string_value(value);
    concert->challenged = text != NULL && strcmp(text, "proof") == 0;
    if (text == NULL || (!concert->challenged && strcmp(text, "off") != 0))
        reader_refuse(reader, "challenge", rule);
}

static void
read_time_zone(struct reader *reader, struct concert *concert)
{
    if (!has(reader, "timeZone"))
        return;
    reader_text(reader, "timeZone", TIME_ZONE_CHARACTERS, NULL, concert->time_zone, TIME_ZONE_SIZE);
    if (reader->ok && !time_zone_is_known(concert->time_zone))
        reader_refuse(reader, "timeZone", "a time zone by its name, like Asia/Seoul");
}

/* Where a setting is absent: its default for a new concert, what it was for a change. */
static void
read_settings(struct reader *reader, struct concert *concert, bool is_new)
{
    const int64_t active = concert->active_seconds, hold = concert->hold_seconds;
    bool may_idle;
    reader_text(reader, "title", TITLE_CHARACTERS, is_new ? NULL : concert->title, concert->title,
                sizeof concert->title);
    reader_text(reader, "venue", TITLE_CHARACTERS, is_new ? NULL : concert->venue, concert->venue,
                sizeof concert->venue);
    read_time_zone(reader, concert);
    if (has(reader, "status"))
        concert->stored = read_status(reader);
    if (has(reader, "opensAt"))
        concert->opens_at = reader_instant(reader, "opensAt", false);
    if (has(reader, "closesAt"))
        concert->closes_at = reader_instant(reader, "closesAt", false);
    if (has(reader, "admissionCapacity"))
        concert->admission_capacity = (int32_t)reader_integer(reader, "admissionCapacity", 0,
                                                              INT32_MAX, NULL, &concert->queued);
    concert->active_seconds = reader_small(reader, "activeSeconds", 1, 86400, &active);
    if (has(reader, "idleSeconds")) {
        int64_t seconds = reader_integer(reader, "idleSeconds", IDLE_SECONDS_MIN, IDLE_SECONDS_MAX,
                                         NULL, &may_idle);
        concert->idle_seconds = may_idle ? (int32_t)seconds : 0;
    }
    concert->hold_seconds = reader_small(reader, "holdSeconds", 1, 3600, &hold);
    if (has(reader, "maxSeatsPerUser"))
        concert->max_seats_per_user = (int32_t)reader_integer(
            reader, "maxSeatsPerUser", 1, INT32_MAX, NULL, &concert->has_seat_limit);
    read_challenge(reader, concert);
    read_draw(reader, concert);
}

enum error
concert_change_read(const void *body, struct concert *concert, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    const int64_t max_waiting = concert->max_waiting, offered = concert->waitlist_seconds;
    read_settings(&reader, concert, false);
    /* and what only a change can set */
    if (has(&reader, "paused"))
        concert->paused = reader_boolean(&reader, "paused");
    if (has(&reader, "seatReturns"))
        concert->seat_returns = reader_boolean(&reader, "seatReturns");
    if (has(&reader, "swaps"))
        concert->swaps = reader_boolean(&reader, "swaps");
    if (has(&reader, "transfers"))
        concert->transfers = reader_boolean(&reader, "transfers");
    if (has(&reader, "reentry"))
        concert->reentry = reader_boolean(&reader, "reentry");
    if (has(&reader, "waitlist"))
        concert->waitlist = reader_boolean(&reader, "waitlist");
    concert->waitlist_seconds = reader_small(&reader, "waitlistSeconds", WAITLIST_SECONDS_MIN,
                                             WAITLIST_SECONDS_MAX, &offered);
    concert->max_waiting = reader_small(&reader, "maxWaiting", 0, INT32_MAX, &max_waiting);
    refund_rules_read_member(&reader, &concert->refund_rules);
    return reader.ok ? ERROR_NONE : ERROR_INVALID_FIELD;
}

enum error
item_draft_read(const json_t *body, struct item_draft *draft, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    int64_t seats = 0;
    *draft = (struct item_draft){.range_count = 0};
    read_times(&reader, draft);
    if (has(&reader, "likeItemId"))
        read_like(&reader, draft);
    else
        read_seats(&reader, draft);
    return reader.ok ? item_draft_check(draft, "", &seats, problem) : ERROR_INVALID_FIELD;
}

/* A seat that is not sold is told by `blocked`; only the plan of a hall has a kind for it. */
static enum seat_kind
read_kind(struct reader *reader)
{
    static const char rule[] = "plain, restricted, wheelchair or companion";
    const json_t *value = reader_find(reader, "kind", false, rule);
    const char *text = value != NULL ? json_string_value(value) : seat_kind_name(SEAT_PLAIN);
    for (int kind = SEAT_PLAIN; kind <= SEAT_COMPANION; kind++)
        if (text != NULL && strcmp(text, seat_kind_name((enum seat_kind)kind)) == 0)
            return (enum seat_kind)kind;
    reader_refuse(reader, "kind", rule);
    return SEAT_PLAIN;
}

/* It is borrowed from the body, as a call may have as many as seats. */
static const char *
read_note(struct reader *reader)
{
    char text[NOTE_SIZE] = "";
    read_optional_text(reader, "note", NOTE_CHARACTERS, text, sizeof text);
    return *text != '\0' ? json_string_value(json_object_get(reader->object, "note")) : "";
}

static void
read_seat_change(struct reader *reader, struct seat_change *change)
{
    static const int64_t unchanged = 0; /* where has_... says that it is not named */
    change->from = reader_small(reader, "from", 1, INT32_MAX, NULL);
    change->to = reader_small(reader, "to", 1, INT32_MAX, NULL);
    change->has_price = has(reader, "price");
    change->price = reader_integer(reader, "price", 0, PRICE_MAX, &unchanged, NULL);
    change->has_blocked = has(reader, "blocked");
    change->blocked = reader_boolean(reader, "blocked");
    change->has_section = has(reader, "section");
    reader_text(reader, "section", SECTION_CHARACTERS, "", change->section, sizeof change->section);
    change->has_row = has(reader, "row");
    reader_text(reader, "row", SECTION_CHARACTERS, "", change->row, sizeof change->row);
    change->has_label = has(reader, "firstLabel");
    change->first_label = reader_small(reader, "firstLabel", 0, INT32_MAX, &unchanged);
    change->has_x = has(reader, "x");
    change->x = reader_small(reader, "x", -PLACE_MAX, PLACE_MAX, &unchanged);
    change->has_y = has(reader, "y");
    change->y = reader_small(reader, "y", -PLACE_MAX, PLACE_MAX, &unchanged);
    change->has_kind = has(reader, "kind");
    change->kind = read_kind(reader);
    change->has_note = has(reader, "note");
    change->note = read_note(reader);
}

static void
read_seat_changes(struct reader *reader, struct item_change *change)
{
    void *list = NULL;
    const json_t *seats =
        reader_array(reader, "seats", 1, CONCERT_SEATS_MAX, sizeof *change->seats, &list);
    change->seats = list;
    change->seat_count = json_array_size(seats);
    for (size_t i = 0; i < change->seat_count && reader->ok; i++) {
        struct reader inner = reader_enter(reader, "seats", seats, i);
        read_seat_change(&inner, &change->seats[i]);
        reader->ok = inner.ok;
    }
}

enum error
item_change_read(const json_t *body, struct item_change *change, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    change->has_date = has(&reader, "date");
    if (change->has_date)
        reader_date(&reader, "date", change->date);
    change->has_starts_at = has(&reader, "startsAt");
    if (change->has_starts_at)
        change->starts_at = reader_instant(&reader, "startsAt", true);
    if (has(&reader, "seats"))
        read_seat_changes(&reader, change);
    return reader.ok ? item_change_check(change, problem) : ERROR_INVALID_FIELD;
}

/* A picture in a folder of the pages: so no name leads to another site, nor out of the folder. */
static bool
is_poster(const char *path)
{
    static const char *const endings[] = {".jpg", ".png", ".webp"};
    if (strncmp(path, POSTER_FOLDER, strlen(POSTER_FOLDER)) != 0)
        return false;
    const char *name = path + strlen(POSTER_FOLDER);
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                 "._-");
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (name[length] == '\0' && name[0] != '.' && length > ending &&
            strcmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

enum error
concert_about_read(const void *body, struct concert_about *about, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    read_optional_text(&reader, "description", DESCRIPTION_CHARACTERS, about->description,
                       sizeof about->description);
    if (has(&reader, "ageLimit"))
        about->age_limit =
            (int32_t)reader_integer(&reader, "ageLimit", 0, AGE_MAX, NULL, &about->has_age_limit);
    if (has(&reader, "runningMinutes"))
        about->running_minutes = (int32_t)reader_integer(
            &reader, "runningMinutes", 1, RUNNING_MINUTES_MAX, NULL, &about->has_running_minutes);
    read_optional_text(&reader, "poster", POSTER_CHARACTERS, about->poster, sizeof about->poster);
    if (reader.ok && about->poster[0] != '\0' && !is_poster(about->poster))
        reader_refuse(&reader, "poster", "a picture like " POSTER_FOLDER "name.jpg");
    return reader.ok ? ERROR_NONE : ERROR_INVALID_FIELD;
}

enum error
concert_draft_read(const json_t *body, struct concert_draft *draft, struct problem *problem)
{
    struct reader reader = {.object = body, .problem = problem, .ok = true};
    void *list = NULL;
    *draft = (struct concert_draft){.concert = concert_defaults};
    read_settings(&reader, &draft->concert, true);
    const json_t *items =
        reader_array(&reader, "items", 0, CONCERT_ITEMS_MAX, sizeof *draft->items, &list);
    draft->items = list;
    draft->item_count = json_array_size(items);
    for (size_t i = 0; i < draft->item_count && reader.ok; i++) {
        struct reader inner = reader_enter(&reader, "items", items, i);
        read_times(&inner, &draft->items[i]);
        read_seats(&inner, &draft->items[i]);
        reader.ok = inner.ok;
    }
    return reader.ok ? concert_draft_check(draft, problem) : ERROR_INVALID_FIELD;
}

void
concert_warning_write(struct json *json, const char *warning)
{
    if (warning == NULL || warning[0] == '\0')
        return;
    json_begin_array(json, "warnings");
    json_write_string(json, NULL, warning);
    json_end_array(json);
}

void
concert_draft_render(const void *state, struct buffer *body)
{
    const struct concert_create *create = state;
    const struct concert_draft *draft = create->draft;
    struct json json = json_writer(body);
    json_begin_object(&json, NULL);
    json_write_integer(&json, "concertId", draft->concert.concert_id);
    json_begin_array(&json, "itemIds");
    for (size_t i = 0; i < draft->item_count; i++)
        json_write_integer(&json, NULL, draft->items[i].item.item_id);
    json_end_array(&json);
    concert_warning_write(&json, create->warning);
    json_end_object(&json);
}
