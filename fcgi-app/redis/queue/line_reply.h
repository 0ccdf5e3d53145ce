/* line_reply: calls a function of the line and reads its reply, for line_store and line_load. */
#ifndef FRONTROW_REDIS_LINE_REPLY_H
#define FRONTROW_REDIS_LINE_REPLY_H

#include "redis/connection.h"
#include "redis/queue/line_store.h"

/* Begins the arguments of a call in redis->rest: the settings that all calls bring. */
void line_begin(struct redis *redis, const struct line_settings *settings);

/* Begins the arguments of a call that has no settings. */
void line_begin_bare(struct redis *redis);

/*
 * Makes the call. The reply's status becomes the answer; where *reply is not NULL it has more to
 * read and is freed by the caller.
 */
enum line_answer line_call(struct redis *redis, const struct line_settings *settings,
                           const char *function, redisReply **reply);

/* The same where the status is all that counts. */
enum line_answer line_call_plain(struct redis *redis, const struct line_settings *settings,
                                 const char *function);

/*
 * The reply's i-th element as a number, or as a text of at most `size - 1` bytes, NUL-terminated.
 */
int64_t line_reply_integer(const redisReply *reply, size_t i);
void line_reply_text(const redisReply *reply, size_t i, char *text, size_t size);

/* The i-th element, which must have exactly `size` bytes; zeros where it has not. */
void line_reply_bytes(const redisReply *reply, size_t i, void *bytes, size_t size);

#endif
