#include "redis/link.h"

#include <errno.h>
#include <stdint.h>
#include <sys/time.h>

#include "redis/tls.h"

static enum link_result
failed(const redisContext *context, int error)
{
    if (context->err == REDIS_ERR_EOF ||
        (context->err == REDIS_ERR_IO && (error == EPIPE || error == ECONNRESET)))
        return LINK_ENDED;
    bool late = context->err == REDIS_ERR_IO && (error == EAGAIN || error == EWOULDBLOCK);
    return late ? LINK_LATE : LINK_FAILED;
}

enum link_result
link_open(struct link *link, const struct config *config, const struct host *host)
{
    struct timeval timeout = {
        .tv_sec = config->redis_timeout_ms / 1000,
        .tv_usec = config->redis_timeout_ms % 1000 * 1000L,
    };
    link->context = host == NULL ? redisConnectUnixWithTimeout(config->redis_socket, timeout)
                                 : redisConnectWithTimeout(host->name, host->port, timeout);
    if (link->context == NULL || link->context->err != 0)
        return LINK_FAILED;
    redisSetTimeout(link->context, timeout);
    enum config_tls tls = config_tls_of(config->redis_tls);
    return tls == CONFIG_TLS_OFF || host == NULL ? LINK_OK : tls_open(link, config, host->name);
}

enum link_result
link_ask(struct link *link, size_t count, const char **words, const size_t *lengths,
         redisReply **reply)
{
    void *received = NULL;
    enum link_result result = LINK_OK;
    if (link->tls != NULL) {
        result = tls_ask(link, count, words, lengths, &received);
    } else {
        errno = 0;
        if (redisAppendCommandArgv(link->context, (int)count, words, lengths) != REDIS_OK ||
            redisGetReply(link->context, &received) != REDIS_OK)
            result = failed(link->context, errno);
    }
    *reply = received;
    return result;
}

const char *
link_error(const struct link *link)
{
    return link->context == NULL ? "no memory" : link->context->errstr;
}

void
link_close(struct link *link)
{
    tls_close(link);
    if (link->context != NULL)
        redisFree(link->context);
    *link = (struct link){.context = NULL};
}
