#include "ctl/rehearsal/seat_map.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { REFRESH_MS = 1000, SEATS_OF_BYTE = 4, PATH_SIZE = 80 };

/* Two bits a seat in base64, as GET .../seat?view=compact has them. */
static void
take_states(struct seat_map *map, const char *text)
{
    size_t length = strlen(text), needed = (map->count + SEATS_OF_BYTE - 1) / SEATS_OF_BYTE;
    unsigned char *bits = malloc(length + 1);
    if (bits == NULL)
        log_abort("no memory");
    int decoded = EVP_DecodeBlock(bits, (const unsigned char *)text, (int)length);
    for (size_t i = 0; i < map->count && decoded >= (int)needed; i++)
        map->is_available[i] = (bits[i / SEATS_OF_BYTE] >> i % SEATS_OF_BYTE * 2 & 3) == 0;
    free(bits);
}

/* The areas of an item stay the same. */
static void
take_areas(struct seat_map *map, const json_t *areas)
{
    size_t i;
    const json_t *area;
    json_array_foreach(areas, i, area)
    {
        if (i < map->area_count)
            map->areas[i].available =
                (int32_t)json_integer_value(json_object_get(area, "availableCount"));
    }
}

static void
take_answer(struct asker *asker, const struct fastcgi_answer *answer, int64_t took_us)
{
    struct seat_map *map = (struct seat_map *)asker;
    (void)took_us;
    map->is_asked = false;
    json_t *body = answer->status == 200 ? json_loads(answer->body, 0, NULL) : NULL;
    const char *states = json_string_value(json_object_get(body, "seats"));
    if (states != NULL)
        take_states(map, states);
    take_areas(map, json_object_get(body, "areas"));
    json_decref(body);
}

static void
write_path(const struct seat_map *map, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "/concert/%d/item/%d/seat", (int)map->concert_id, (int)map->item_id);
}

static void
take_seats(struct seat_map *map, const json_t *seats)
{
    size_t i;
    const json_t *seat;
    map->count = json_array_size(seats);
    map->seat_ids = calloc(map->count + 1, sizeof *map->seat_ids);
    map->is_available = calloc(map->count + 1, sizeof *map->is_available);
    if (map->seat_ids == NULL || map->is_available == NULL)
        log_abort("no memory");
    json_array_foreach(seats, i, seat)
    {
        const char *status = json_string_value(json_object_get(seat, "status"));
        map->seat_ids[i] = (int32_t)json_integer_value(json_object_get(seat, "seatId"));
        map->is_available[i] = status != NULL && strcmp(status, "available") == 0;
    }
}

static void
make_areas(struct seat_map *map, const json_t *areas)
{
    size_t i;
    const json_t *area;
    map->area_count = json_array_size(areas);
    map->areas = calloc(map->area_count + 1, sizeof *map->areas);
    if (map->areas == NULL)
        log_abort("no memory");
    json_array_foreach(areas, i, area)
    {
        map->areas[i].section = json_dumps(json_object_get(area, "section"), JSON_ENCODE_ANY);
        if (map->areas[i].section == NULL)
            log_abort("no memory");
    }
    take_areas(map, areas);
}

bool
seat_map_load(struct seat_map *map, struct front *front, int32_t concert_id, int32_t item_id)
{
    char path[PATH_SIZE];
    struct buffer text = {0};
    *map = (struct seat_map){.asker = {take_answer}, .concert_id = concert_id, .item_id = item_id};
    write_path(map, path);
    json_t *body = front_ask(front, path, "", &text) == 200 ? json_loads(text.data, 0, NULL) : NULL;
    if (body != NULL) {
        take_seats(map, json_object_get(body, "seats"));
        make_areas(map, json_object_get(body, "areas"));
    }
    json_decref(body);
    buffer_free(&text);
    return body != NULL;
}

void
seat_map_free(struct seat_map *map)
{
    free(map->seat_ids);
    free(map->is_available);
    for (size_t i = 0; i < map->area_count; i++)
        free(map->areas[i].section);
    free(map->areas);
}

void
seat_map_refresh(struct seat_map *map, struct front *front, int64_t now)
{
    char path[PATH_SIZE];
    if (map->is_asked || now < map->asked_at + REFRESH_MS)
        return;
    write_path(map, path);
    map->asked_at = now;
    map->is_asked = front_send(front, &map->asker,
                               &(struct front_request){"GET", path, "view=compact", "", "", ""});
}

/* Whether the seats from this one on are left and adjacent. */
static bool
fits(const struct seat_map *map, size_t first, int seats)
{
    for (size_t i = 0; i < (size_t)seats; i++)
        if (first + i >= map->count || !map->is_available[first + i] ||
            map->seat_ids[first + i] != map->seat_ids[first] + (int32_t)i)
            return false;
    return true;
}

bool
seat_map_pick(const struct seat_map *map, double share, int seats, int32_t *seat_ids)
{
    size_t start = (size_t)(share * (double)map->count);
    for (size_t i = 0; i < map->count; i++) {
        size_t first = (start + i) % map->count;
        if (!fits(map, first, seats))
            continue;
        memcpy(seat_ids, &map->seat_ids[first], (size_t)seats * sizeof *seat_ids);
        return true;
    }
    return false;
}

const struct map_area *
seat_map_find_area(const struct seat_map *map, double share)
{
    int64_t standing = 0, seats = 0;
    for (size_t i = 0; i < map->area_count; i++)
        standing += map->areas[i].available;
    if (standing == 0)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        seats += map->is_available[i];
    int64_t at = (int64_t)(share * (double)(standing + seats));
    for (size_t i = 0; i < map->area_count; i++) {
        if (at < map->areas[i].available)
            return &map->areas[i];
        at -= map->areas[i].available;
    }
    return NULL;
}
