/*
 * concert_news: tells webhooks that a concert can be bought from now on, and that it is sold out.
 * Nobody does either: the first comes with the time, the second with the last of many buyers, who
 * do not see each other. So the sweeper looks, and buyers lock nothing for it.
 */
#ifndef FRONTROW_DOMAIN_CONCERT_NEWS_H
#define FRONTROW_DOMAIN_CONCERT_NEWS_H

#include "domain/services.h"

/* One look at all concerts; does nothing without webhooks. Adds to *failed what did not work. */
enum db_result concert_news_sweep(struct services *services, int64_t *failed) MUST_CHECK;

#endif
