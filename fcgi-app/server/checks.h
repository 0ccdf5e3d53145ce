/* checks: what every request must pass before its handler, in the order that the contract fixes. */
#ifndef FRONTROW_SERVER_CHECKS_H
#define FRONTROW_SERVER_CHECKS_H

#include "server/router.h"

/*
 * Maintenance, operators' address, operator's key and role, content type, size, fields, doubled
 * headers, Idempotency-Key, caller. Reads the body and sets request->input, request->account and
 * request->caller on the way.
 * False: the response is the refusal.
 */
bool checks_pass(const struct request_env *env, const struct route *route, struct request *request,
                 struct response *response) MUST_CHECK;

#endif
