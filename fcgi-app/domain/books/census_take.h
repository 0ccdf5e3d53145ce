/* census_take: asks MySQL, Redis and the queues for the figures of base/census.h. */
#ifndef FRONTROW_DOMAIN_CENSUS_TAKE_H
#define FRONTROW_DOMAIN_CENSUS_TAKE_H

#include "base/census.h"
#include "domain/services.h"

/*
 * The figures, about a second old, or more where it takes more than 10 ms to ask for them. They are
 * asked for now where nobody did for a while. From now on this worker keeps them, as long as
 * somebody calls this once a minute.
 */
void census_find(struct services *services, struct census_figures *figures);

/*
 * Between two requests: asks anew if this worker keeps the figures and it is time. True: this is to
 * be called again soon, though no request comes.
 */
bool census_refresh(struct services *services);

#endif
