/* frontrowctl queue draw */
#include <stdio.h>

#include "api/concert_settings.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "domain/draw/draw.h"
#include "domain/organiser/concert_admin.h"

static enum error
apply_beacon(const void *wanted, struct concert *concert, struct problem *problem)
{
    const char *beacon = wanted;
    size_t length = text_count_characters(beacon);
    if (length < 1 || length > TITLE_CHARACTERS || !text_is_utf8(beacon) ||
        !text_copy(concert->beacon, sizeof concert->beacon, beacon))
        return refuse_because(problem, ERROR_INVALID_FIELD,
                              "The beacon must be a text in UTF-8 of 1 to %d characters",
                              TITLE_CHARACTERS);
    return ERROR_NONE;
}

static void
render_beacon(const void *state, struct buffer *body)
{
    const struct concert_change *change = state;
    buffer_format(body, "beacon      %s", change->concert.beacon);
}

static int
give_beacon(struct ctl *ctl, int32_t concert_id)
{
    struct concert_change change = {
        .author = concert_author("ctl"),
        .action = "queue draw",
        .detail = ctl->beacon,
        .concert_id = concert_id,
        .apply = apply_beacon,
        .wanted = ctl->beacon,
    };
    struct effect effect = {
        .state = &change,
        .execute = concert_change_execute,
        .was_committed = concert_change_was_committed,
        .render = render_beacon,
    };
    return ctl_apply(ctl, &effect);
}

static void
print_hex(const char *name, const uint8_t bytes[DRAW_BYTES])
{
    char text[DRAW_DIGITS + 1];
    hex_write(bytes, DRAW_BYTES, text);
    printf("%-11s %s\n", name, text);
}

static int
print_draw(struct ctl *ctl, int32_t concert_id)
{
    struct concert concert;
    struct draw draw;
    struct problem problem;
    uint8_t commitment[DRAW_BYTES];
    if (concert_find_whole(ctl->services->db, concert_id, &concert, &problem) != ERROR_NONE ||
        draw_find(ctl->services, &concert, &draw, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    draw_hash(draw.seed, DRAW_BYTES, commitment);
    printf("state       %s\n", draw_state_name(draw_state(&concert, &draw)));
    print_hex("commitment", commitment);
    if (draw.listed) {
        printf("count       %d\n", (int)draw.list_count);
        print_hex("listHash", draw.list_hash);
    }
    return EXIT_DONE;
}

int
ctl_queue_draw(struct ctl *ctl)
{
    struct concert concert;
    struct problem problem;
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    if (!concert.draw) {
        fprintf(stderr, "frontrowctl: concert %d has no draw\n", (int)concert.concert_id);
        return EXIT_FAILED;
    }
    status = ctl->beacon != NULL ? give_beacon(ctl, concert.concert_id) : EXIT_DONE;
    if (status == EXIT_DONE && draw_run(ctl->services, concert.concert_id, &problem) != ERROR_NONE)
        status = ctl_refused(&problem);
    return status == EXIT_DONE ? print_draw(ctl, concert.concert_id) : status;
}
