/* concert_news_table: the SQL of what was told of concerts, which have no call of their own. */
#ifndef FRONTROW_MYSQL_CONCERT_NEWS_TABLE_H
#define FRONTROW_MYSQL_CONCERT_NEWS_TABLE_H

#include "mysql/concert/concert_table.h"

/* Whether buyers can buy, and whether there is nothing left to buy. */
struct concert_told {
    bool is_open;
    bool sold_out;
};

/*
 * The concerts that may be open or were told to be, with what their status follows from alone;
 * db_next() fills both.
 */
enum db_result concert_news_table_list(struct database *db, struct concert *concert,
                                       struct concert_told *told) MUST_CHECK;

/*
 * Whether each seat of the dates that are to come is sold or withheld. A held one may come back.
 * It reads no further than the first that is left.
 */
enum db_result concert_news_table_is_sold_out(struct database *db, int32_t concert_id,
                                              bool *sold_out) MUST_CHECK;

/* Notes what is told from now on. DB_NONE: it was told already. */
enum db_result concert_news_table_save(struct database *db, int32_t concert_id,
                                       const struct concert_told *told) MUST_CHECK;

#endif
