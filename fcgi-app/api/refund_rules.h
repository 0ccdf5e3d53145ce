/* refund_rules: what buyers get back, as a member of a concert's settings. */
#ifndef FRONTROW_API_REFUND_RULES_H
#define FRONTROW_API_REFUND_RULES_H

#include "api/reader.h"
#include "base/json.h"

/* Reads the member `refundRules`, in any order; where it is absent, the rules stay as they are. */
void refund_rules_read_member(struct reader *reader, struct refund_rules *rules);

/* Writes it. */
void refund_rules_write(struct json *json, const struct refund_rules *rules);

#endif
