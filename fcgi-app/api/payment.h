/* payment: what is written of one, to its buyer and to operators. */
#ifndef FRONTROW_API_PAYMENT_H
#define FRONTROW_API_PAYMENT_H

#include "base/json.h"
#include "domain/sale/payment.h"

/* The members that tell what was paid, when, and what of it was refunded. */
void payment_write_sums(struct json *json, const struct payment *payment);

#endif
