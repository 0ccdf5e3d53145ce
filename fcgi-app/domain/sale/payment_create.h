/* payment_create: the steps of a paying call that a single one and several together share. */
#ifndef FRONTROW_DOMAIN_PAYMENT_CREATE_H
#define FRONTROW_DOMAIN_PAYMENT_CREATE_H

#include "domain/sale/payment.h"
#include "mysql/queue/token_table.h"

/*
 * What can be refused without a lock, once create->reservation and concert were read: `result` is
 * what came of that.
 */
enum error payment_create_check(struct payment_create *create, enum db_result result,
                                struct problem *problem) MUST_CHECK;

/*
 * Where a seat limit applies, a payment takes the user's mutex too. Otherwise a hold that lapses
 * while its payment is on the way to its COMMIT would not count for the user's next reservation,
 * and then be paid.
 */
bool payment_create_needs_mutex(const struct payment_create *create);

/* Of a locked reservation. */
enum error payment_create_check_held(const struct payment_create *create, int64_t now,
                                     struct problem *problem) MUST_CHECK;

/*
 * A reservation made with a token is paid with that one, whatever has become of its lease; one
 * made without takes any live token of this user and concert, in a closed concert none. Only MySQL
 * is asked: where takes_any_token is set, the token's row has to be found and to fit.
 */
enum error payment_create_check_token(struct payment_create *create, int64_t now,
                                      struct problem *problem) MUST_CHECK;
bool payment_create_fits_token(const struct payment_create *create, const struct token_row *row);

/* Makes create->made the payment as it is to be written. */
void payment_create_fill(struct payment_create *create, int64_t now);

#endif
