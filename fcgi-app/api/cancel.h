/* cancel: how far the cancel of a date or a concert is, as operators see it. */
#ifndef FRONTROW_API_CANCEL_H
#define FRONTROW_API_CANCEL_H

#include "base/json.h"
#include "domain/organiser/item_cancel.h"

/* Writes the member `cancel`: null where there is none. */
void cancel_write_progress(struct json *json, const struct item_cancel *cancel);

#endif
