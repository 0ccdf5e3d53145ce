/* queue_reply: calls a function of the queue and reads its reply, for queue_store and queue_load.
 */
#ifndef FRONTROW_REDIS_QUEUE_REPLY_H
#define FRONTROW_REDIS_QUEUE_REPLY_H

#include "redis/connection.h"
#include "redis/queue/queue_store.h"

/* Begins the arguments of a call in redis->rest: the settings that all calls bring. */
void queue_begin(struct redis *redis, const struct queue_settings *settings);

/* Begins the arguments of a call that has no settings. */
void queue_begin_bare(struct redis *redis);

/*
 * Makes the call. The reply's status becomes the answer; where *reply is not NULL it has more to
 * read and is freed by the caller.
 */
enum queue_answer queue_call(struct redis *redis, const struct queue_settings *settings,
                             const char *function, redisReply **reply) MUST_CHECK;

/* The same where the status is all that counts. */
enum queue_answer queue_call_plain(struct redis *redis, const struct queue_settings *settings,
                                   const char *function) MUST_CHECK;

/* What the first element of a reply, which may be NULL, says. One that is not known is logged. */
enum queue_answer queue_reply_answer(const redisReply *reply) MUST_CHECK;

/* The i-th element; NULL where there is none. */
const redisReply *queue_reply_element(const redisReply *reply, size_t i);

/*
 * The reply's i-th element as a number, or as a text of at most `size - 1` bytes, NUL-terminated.
 */
int64_t queue_reply_integer(const redisReply *reply, size_t i);
void queue_reply_text(const redisReply *reply, size_t i, char *text, size_t size);

/* The i-th element, which must have exactly `size` bytes; zeros where it has not. */
void queue_reply_bytes(const redisReply *reply, size_t i, void *bytes, size_t size);

#endif
