/* The part of draw that brings drawn ranks into the queue. */
#include <string.h>

#include "domain/draw/draw.h"
#include "domain/queue/queue_entry.h"
#include "domain/queue/queue_rebuild.h"

static bool
is_loaded(const struct queue_state *queue, const struct draw *draw)
{
    return queue->frozen_last == draw->frozen_last && queue->ranked_last >= draw->frozen_last;
}

static enum db_result
read_ranks(struct database *db, const struct draw *draw, int32_t after, struct draw_page *page,
           struct queue_rank ranks[DRAW_CHUNK], size_t *count, int32_t *until)
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
    struct queue_settings settings = queue_settings_of(services, concert);
    struct draw_page page = {.concert_id = draw->concert_id, .chunk = -1};
    struct queue_rank ranks[DRAW_CHUNK];
    struct queue_state queue;
    enum error error = queue_await_state(services, concert, &queue, problem);
    while (error == ERROR_NONE && !is_loaded(&queue, draw)) {
        int32_t until;
        size_t count;
        error = refuse_db(problem, read_ranks(services->db, draw, queue.ranked_last, &page, ranks,
                                              &count, &until));
        if (error != ERROR_NONE)
            break;
        enum queue_answer answer = queue_store_rank(services->redis, &settings, draw->frozen_last,
                                                    until, ranks, count, &queue.ranked_last);
        queue.frozen_last = draw->frozen_last;
        if (answer == QUEUE_REBUILD)
            error = queue_await_state(services, concert, &queue, problem);
        else if (answer != QUEUE_OK)
            error = queue_refuse(problem, answer);
    }
    return error;
}
