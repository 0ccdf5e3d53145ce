/* The part of queue that says what the owner of a token hears. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/queue/queue_entry.h"

bool
queue_read_token(const char *text, int32_t *concert_id, uint8_t token[TOKEN_SIZE])
{
    int64_t id = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && id <= INT32_MAX; at++)
        id = id * 10 + (*at - '0');
    if (text[0] == '0' || at == text || id > INT32_MAX || *at != '-')
        return false;
    *concert_id = (int32_t)id;
    return hex_read(at + 1, token, TOKEN_SIZE);
}

void
queue_write_token(int32_t concert_id, const uint8_t token[TOKEN_SIZE],
                  char text[QUEUE_TOKEN_TEXT_SIZE])
{
    int length = snprintf(text, QUEUE_TOKEN_TEXT_SIZE, "%" PRId32 "-", concert_id);
    hex_write(token, TOKEN_SIZE, text + length);
}

void
queue_fill_active(struct queue_position *position, const struct token_row *row)
{
    *position = (struct queue_position){
        .concert_id = row->concert_id,
        .active = true,
        .eta_known = true,
        .poll_after_seconds = UNQUEUED_POLL_SECONDS,
        .expires_at = row->lease_until,
        .may_idle = token_may_idle(row),
    };
    memcpy(position->token, row->token, TOKEN_SIZE);
    snprintf(position->user_id, sizeof position->user_id, "%s", row->user_id);
}

void
queue_fill_position(struct queue_position *position, const struct queue_settings *settings,
                    const struct queue_entry *entry, const struct token_row *row)
{
    if (entry->state == QUEUE_TOKEN_ACTIVE) {
        queue_fill_active(position, row);
    } else {
        *position = (struct queue_position){
            .concert_id = settings->concert_id,
            .from_head = entry->position,
            .eta_known = entry->eta_seconds >= 0,
            .eta_seconds = entry->eta_seconds,
            .eta_seconds_high = entry->eta_seconds_high,
            .expires_at = CLOCK_NEVER,
        };
        memcpy(position->token, entry->token, TOKEN_SIZE);
        snprintf(position->user_id, sizeof position->user_id, "%s", entry->user_id);
    }
    position->number = entry->number > 0 ? entry->shown : 0;
    position->poll_after_seconds = entry->poll_seconds;
}
