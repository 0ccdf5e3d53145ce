#include "redis/queue/proof_store.h"

#include "redis/queue/queue_reply.h"

enum queue_answer
proof_store_spend(struct redis *redis, int32_t concert_id, const uint8_t name[PROOF_NAME_BYTES],
                  int64_t life_ms, int64_t limit)
{
    queue_begin_bare(redis);
    command_add(&redis->rest, name, PROOF_NAME_BYTES);
    command_add_integer(&redis->rest, life_ms);
    command_add_integer(&redis->rest, limit);
    return queue_call_plain(redis, &(struct queue_settings){.concert_id = concert_id},
                            "spend_proof");
}

enum queue_answer
proof_store_count(struct redis *redis, int32_t concert_id, int64_t life_ms, int64_t *count)
{
    redisReply *reply;
    queue_begin_bare(redis);
    command_add_integer(&redis->rest, life_ms);
    enum queue_answer answer = queue_call(redis, &(struct queue_settings){.concert_id = concert_id},
                                          "count_proofs", &reply);
    *count = queue_reply_integer(reply, 1);
    freeReplyObject(reply);
    return answer;
}
