/* The part of draw that computes everything again. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/draw/draw.h"
#include "domain/draw/draw_list.h"

/* Whether the stored ranks are the computed ones. */
static enum db_result
check_ranks(struct database *db, const struct draw *draw, const struct draw_list *list,
            const int32_t *ranks, bool *fit)
{
    struct draw_page page = {.concert_id = draw->concert_id, .chunk = -1};
    enum db_result result = DB_OK;
    for (size_t i = 0; i < list->count && result == DB_OK && *fit; i++) {
        int32_t stored;
        result = draw_table_page_rank(db, &page, list->numbers[i], &stored);
        *fit = result != DB_OK || stored == ranks[i];
    }
    return result;
}

/* Ranks are of the published list: with another one there is nothing to compare. */
static enum db_result
audit_draw(struct database *db, const struct concert *concert, const struct draw *draw,
           struct draw_audit *audit)
{
    struct draw_list list = {0};
    uint8_t hash[DRAW_BYTES];
    bool list_fits = true, ranks_fit = true;
    enum db_result result = draw_list_read(db, draw, &list);
    if (result == DB_OK) {
        draw_list_hash(&list, hash);
        list_fits = memcmp(hash, draw->list_hash, DRAW_BYTES) == 0 &&
                    list.count == (size_t)draw->list_count;
    }
    if (result == DB_OK && list_fits && draw->drawn_at != CLOCK_NEVER) {
        int32_t *ranks = draw_list_rank(&list, draw, concert->beacon);
        result = check_ranks(db, draw, &list, ranks, &ranks_fit);
        free(ranks);
    }
    audit->lists += !list_fits;
    audit->ranks += !ranks_fit;
    draw_list_free(&list);
    return result;
}

enum db_result
draw_audit(struct services *services, struct draw_audit *audit)
{
    int32_t concert_id = 0;
    struct concert concert;
    struct draw draw;
    enum db_result result;
    *audit = (struct draw_audit){0};
    while ((result = draw_table_next(services->db, concert_id, &concert_id)) == DB_OK) {
        result = draw_table_find(services->db, concert_id, &draw);
        if (result == DB_OK)
            result = concert_table_find_whole(services->db, concert_id, &concert);
        if (result == DB_OK && draw.listed)
            result = audit_draw(services->db, &concert, &draw, audit);
        if (result != DB_OK)
            return result;
    }
    return result == DB_NONE ? DB_OK : result;
}
