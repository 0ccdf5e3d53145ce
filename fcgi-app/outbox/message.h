/* message: what a webhook reads of an event (docs/webhooks.md). */
#ifndef FRONTROW_OUTBOX_MESSAGE_H
#define FRONTROW_OUTBOX_MESSAGE_H

#include "base/buffer.h"
#include "domain/webhook/relay.h"

enum { MESSAGE_ID_SIZE = 48 };

/*
 * The webhook-id: the same at each try and to each webhook. With the time of the event, as a
 * database that was restored gives its ids again.
 */
void message_write_id(const struct delivery *delivery, char id[MESSAGE_ID_SIZE]);

/* Appends the body, JSON. */
void message_write(const struct delivery *delivery, struct buffer *body);

#endif
