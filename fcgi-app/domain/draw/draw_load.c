/* The part of draw that brings drawn ranks into the line. */
#include <string.h>

#include "domain/draw/draw.h"
#include "domain/queue/line_place.h"
#include "domain/queue/line_rebuild.h"

static bool
is_loaded(const struct line_state *line, const struct draw *draw)
{
    return line->frozen_last == draw->frozen_last && line->ranked_last >= draw->frozen_last;
}

static enum db_result
read_ranks(struct database *db, const struct draw *draw, int32_t after, struct draw_page *page,
           struct line_rank ranks[DRAW_CHUNK], size_t *count, int32_t *until)
{
    struct draw_token tokens[DRAW_CHUNK];
    enum db_result result =
        draw_table_tokens(db, draw->concert_id, after, draw->frozen_last, tokens, count);
    for (size_t i = 0; i < *count && result == DB_OK; i++) {
        memcpy(ranks[i].token, tokens[i].token, TOKEN_SIZE);
        result = draw_table_page_rank(db, page, tokens[i].number, &ranks[i].rank);
    }
    *until = *count < DRAW_CHUNK ? draw->frozen_last : tokens[DRAW_CHUNK - 1].number;
    return result;
}

enum error
draw_load(struct services *services, const struct concert *concert, const struct draw *draw,
          struct problem *problem)
{
    struct line_settings settings = line_settings_of(services, concert);
    struct draw_page page = {.concert_id = draw->concert_id, .chunk = -1};
    struct line_rank ranks[DRAW_CHUNK];
    struct line_state line;
    enum error error = line_await_state(services, concert, &line, problem);
    while (error == ERROR_NONE && !is_loaded(&line, draw)) {
        int32_t until;
        size_t count;
        error = refuse_db(problem, read_ranks(services->db, draw, line.ranked_last, &page, ranks,
                                              &count, &until));
        if (error != ERROR_NONE)
            break;
        enum line_answer answer = line_store_rank(services->redis, &settings, draw->frozen_last,
                                                  until, ranks, count, &line.ranked_last);
        line.frozen_last = draw->frozen_last;
        if (answer == LINE_REBUILD)
            error = line_await_state(services, concert, &line, problem);
        else if (answer != LINE_OK)
            error = line_refuse(problem, answer);
    }
    return error;
}
