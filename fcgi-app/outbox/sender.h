/*
 * sender: sends messages to webhooks, many at a time (libcurl). It connects to public addresses
 * only, and to those that webhook_allow names: each address is looked at when it is connected to,
 * so that no name can lead elsewhere meanwhile. It follows no redirect, uses no proxy, and reads no
 * more of an answer than it has to.
 */
#ifndef FRONTROW_OUTBOX_SENDER_H
#define FRONTROW_OUTBOX_SENDER_H

#include "domain/webhook/relay.h"

struct sender;

/* Told how a delivery ended: `error` is NULL where it arrived (an answer of 200 to 299). */
typedef void sender_ended(void *state, const struct delivery *delivery, const char *error);

/* `key` is that of webhook_key_file. All is borrowed. Never NULL. */
struct sender *sender_open(const struct config *config, const char *key, sender_ended *ended,
                           void *state);

/* Ends what is under way, without a word. */
void sender_close(struct sender *sender);

/* Begins to send. The delivery is copied. */
void sender_send(struct sender *sender, const struct webhook *webhook,
                 const struct delivery *delivery);

/* Goes on with all of them; where none ends, waits up to `ms` for something to happen. */
void sender_work(struct sender *sender, int ms);

/* How many are under way. */
size_t sender_count(const struct sender *sender);

#endif
