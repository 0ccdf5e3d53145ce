/*
 * tls: TLS for a link. hiredis has its own from 1.0 on only, and Debian 12 has 0.14; so OpenSSL is
 * asked directly, and hiredis makes the commands and reads the replies.
 */
#ifndef FRONTROW_REDIS_TLS_H
#define FRONTROW_REDIS_TLS_H

#include "redis/link.h"

/*
 * Begins TLS on a connected link. redis_tls = verify checks the server's certificate, and that it
 * is for `name`, a name or an address. The files of the settings are read each time.
 */
enum link_result tls_open(struct link *link, const struct config *config, const char *name)
    MUST_CHECK;

/* As link_ask(). */
enum link_result tls_ask(struct link *link, size_t count, const char **words, const size_t *lengths,
                         void **reply) MUST_CHECK;

/* Harmless on a link without TLS. */
void tls_close(struct link *link);

#endif
