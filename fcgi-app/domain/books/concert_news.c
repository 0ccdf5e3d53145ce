#include "domain/books/concert_news.h"

#include <stdlib.h>

#include "base/config.h"
#include "base/log.h"
#include "domain/concert/concert.h"
#include "domain/event.h"
#include "mysql/books/concert_news_table.h"
#include "mysql/transaction.h"

/* A concert, what is so, and what was told of it. */
struct news {
    int32_t concert_id;
    struct concert_told told;
    struct concert_told is;
};

struct news_list {
    struct news *rows;
    size_t count, room;
};

static void
list_add(struct news_list *list, const struct news *news)
{
    if (list->count == list->room) {
        list->room = 2 * list->room + 64;
        list->rows = realloc(list->rows, list->room * sizeof list->rows[0]);
        if (list->rows == NULL)
            log_abort("no memory");
    }
    list->rows[list->count++] = *news;
}

static enum db_result
list_read(struct services *services, struct news_list *list)
{
    struct concert concert = {0};
    struct concert_told told;
    enum db_result result = concert_news_table_list(services->db, &concert, &told);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK) {
        bool is_open = concert_status(&concert, concert.now) == CONCERT_OPEN;
        list_add(list, &(struct news){concert.concert_id, told, {.is_open = is_open}});
    }
    return result == DB_NONE ? DB_OK : result;
}

/* Inside the transaction. What is over is not told; it may begin again. */
static void
announce(struct services *services, const struct news *news)
{
    if (news->is.is_open && !news->told.is_open)
        event_add_concert(services, EVENT_CONCERT_OPENED, news->concert_id, 0);
    if (news->is.sold_out && !news->told.sold_out)
        event_add_concert(services, EVENT_CONCERT_SOLD_OUT, news->concert_id, 0);
}

/* DB_NONE: another sweeper has told it. */
static enum db_result
tell(struct services *services, const struct news *news)
{
    enum db_result result = transaction_begin(services->db);
    if (result == DB_OK)
        result = concert_news_table_save(services->db, news->concert_id, &news->is);
    if (result == DB_OK)
        announce(services, news);
    return transaction_end(services->db, result);
}

static enum db_result
look_at(struct services *services, struct news *news)
{
    enum db_result result = DB_OK;
    if (news->is.is_open)
        result = concert_news_table_is_sold_out(services->db, news->concert_id, &news->is.sold_out);
    bool same = news->is.is_open == news->told.is_open && news->is.sold_out == news->told.sold_out;
    if (result != DB_OK || same)
        return result;
    result = tell(services, news);
    return result == DB_NONE ? DB_OK : result;
}

/* What one concert meets is tried again by the next pass. */
enum db_result
concert_news_sweep(struct services *services, int64_t *failed)
{
    struct news_list list = {0};
    if (!config_has_webhooks(services->config))
        return DB_OK;
    enum db_result result = list_read(services, &list);
    for (size_t i = 0; i < list.count && result == DB_OK; i++) {
        enum db_result looked = look_at(services, &list.rows[i]);
        if (looked == DB_GONE)
            result = looked;
        else
            *failed += looked != DB_OK;
    }
    free(list.rows);
    return result;
}
