#include "redis/refusal.h"

#include <stddef.h>
#include <string.h>

/* The first that fits. docs/engines.md says what each one is. */
static const struct {
    const char *begin;
    enum redis_refusal refusal;
} refusals[] = {
    {"ERR Function not found", REDIS_NO_FUNCTION},
    {"BUSY", REDIS_LATER},
    {"MISCONF", REDIS_LATER},
    {"OOM", REDIS_FULL},
    {"CLUSTERDOWN", REDIS_ELSEWHERE},
    {"LOADING", REDIS_ELSEWHERE},
    {"MASTERDOWN", REDIS_ELSEWHERE},
    {"NOAUTH", REDIS_ELSEWHERE},
    {"NOPERM", REDIS_ELSEWHERE},
    {"NOREPLICAS", REDIS_ELSEWHERE},
    {"READONLY", REDIS_ELSEWHERE},
    {"WRONGPASS", REDIS_ELSEWHERE},
    {"ERR AUTH", REDIS_ELSEWHERE},
    {"ERR DB index", REDIS_ELSEWHERE},
    {"ERR max number of clients", REDIS_ELSEWHERE},
    {"ERR The user executing the script", REDIS_ELSEWHERE}, /* may not do what the functions do */
    {"ERR Error compiling", REDIS_OURS},
    {"ERR Error registering", REDIS_OURS},
    {"ERR Protocol error", REDIS_OURS},
    {"ERR Unknown Redis command called from script", REDIS_OURS},
    {"ERR user_function", REDIS_OURS}, /* Lua's own errors begin with where they were */
    {"ERR wrong number of arg", REDIS_OURS},
    {"WRONGTYPE", REDIS_OURS},
};

enum redis_refusal
redis_refusal_of(const char *error)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strncmp(error, refusals[i].begin, strlen(refusals[i].begin)) == 0)
            return refusals[i].refusal;
    return REDIS_UNKNOWN;
}
