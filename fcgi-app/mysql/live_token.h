/* live_token: that a token is live, as a condition in SQL. Which ones are is written here only. */
#ifndef FRONTROW_MYSQL_LIVE_TOKEN_H
#define FRONTROW_MYSQL_LIVE_TOKEN_H

/* Of a row of queue_token, and of open_token; `row` is "", or the row's name with its dot. */
#define IS_LIVE_QUEUED(row)                                                                        \
    "(" row "status = 'waiting' OR (" row "status = 'active' AND " row                             \
    "lease_until > UTC_TIMESTAMP(3)))"
#define IS_LIVE_UNQUEUED(row) row "ended = 0 AND " row "lease_until > UTC_TIMESTAMP(3)"

/*
 * That a user has one of that kind in a concert. The concert is a placeholder or a column; the user
 * is a placeholder behind it. By another index all tokens of the concert could be read.
 */
#define HAS_LIVE_QUEUED(concert)                                                                   \
    "EXISTS (SELECT 1 FROM queue_token t FORCE INDEX (queue_token_of_user)"                        \
    " WHERE t.concert_id = " concert " AND t.user_id = ? AND " IS_LIVE_QUEUED("t.") ")"
#define HAS_LIVE_UNQUEUED(concert)                                                                 \
    "EXISTS (SELECT 1 FROM open_token o FORCE INDEX (PRIMARY)"                                     \
    " WHERE o.concert_id = " concert " AND o.user_id = ? AND " IS_LIVE_UNQUEUED("o.") ")"

#endif
