#include "redis/sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Sends words, NULL ends them. NULL: link_error() says why. */
static redisReply *
ask(struct link *link, const char *const *words)
{
    enum { WORDS_MAX = 4 };
    const char *list[WORDS_MAX] = {NULL};
    size_t lengths[WORDS_MAX] = {0}, count = 0;
    for (; words[count] != NULL; count++) {
        list[count] = words[count];
        lengths[count] = strlen(words[count]);
    }
    redisReply *reply;
    return link_ask(link, count, list, lengths, &reply) == LINK_OK ? reply : NULL;
}

/* Name and port, as the Sentinel tells them; false: it says something else. */
static bool
read_master(const redisReply *reply, struct host *master)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return false;
    long port = strtol(reply->element[1]->str, NULL, 10);
    master->port = (int)port;
    return port >= 1 && port <= 65535 &&
           text_copy(master->name, sizeof master->name, reply->element[0]->str);
}

static bool
ask_for_master(struct link *link, const struct config *config, struct host *master, char *error)
{
    const char *password = config->redis_sentinel_password;
    redisReply *reply = NULL;
    if (password[0] != '\0') {
        reply = ask(link, (const char *const[]){"AUTH", password, NULL});
        if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
            goto refused;
        freeReplyObject(reply);
    }
    reply = ask(link, (const char *const[]){"SENTINEL", "get-master-addr-by-name",
                                            config->redis_master, NULL});
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        goto refused;
    bool known = read_master(reply, master);
    freeReplyObject(reply);
    if (!known)
        snprintf(error, SENTINEL_ERROR_SIZE, "it knows no master of the name %.100s",
                 config->redis_master);
    return known;
refused:
    snprintf(error, SENTINEL_ERROR_SIZE, "%.200s", reply != NULL ? reply->str : link_error(link));
    freeReplyObject(reply);
    return false;
}

bool
sentinel_find_master(const struct config *config, const struct host *sentinel, struct host *master,
                     char error[SENTINEL_ERROR_SIZE])
{
    struct link link = {.context = NULL};
    char address[HOST_TEXT_SIZE], reason[SENTINEL_ERROR_SIZE];
    bool found = false;
    if (link_open(&link, config, sentinel) == LINK_OK)
        found = ask_for_master(&link, config, master, reason);
    else
        snprintf(reason, sizeof reason, "%s", link_error(&link));
    link_close(&link);
    host_print(sentinel, address);
    if (!found)
        snprintf(error, SENTINEL_ERROR_SIZE, "the Sentinel at %.200s: %.250s", address, reason);
    return found;
}
