#include "mysql/refusal.h"

#include <string.h>

#include "mysql/refusal_list.h"

#define ROW(number, kind) {number, REFUSAL_##kind},
static const struct {
    unsigned number;
    enum refusal refusal;
} known[] = {MYSQL_REFUSALS(ROW)};
#undef ROW

/*
 * Where the numbers of an INT or a BIGINT are used up, MySQL gives the last one once more. The
 * entry that is there twice stands first in the text; in one of several columns a client may have
 * written anything.
 */
static bool
is_last_number(const char *text)
{
    static const char *const lasts[] = {"'2147483647'", "'9223372036854775807'"};
    const char *entry = strchr(text, '\'');
    for (size_t i = 0; entry != NULL && i < sizeof lasts / sizeof lasts[0]; i++)
        if (strncmp(entry, lasts[i], strlen(lasts[i])) == 0)
            return true;
    return false;
}

enum refusal
refusal_of(unsigned code, const char *text)
{
    if (code == 1062 && is_last_number(text))
        return REFUSAL_LATER;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].number == code)
            return known[i].refusal;
    if (code >= 2000 && code < 3000)
        return REFUSAL_ELSEWHERE; /* the network, or the server at its other end */
    if (code >= 8000 && code < 10000)
        return REFUSAL_ELSEWHERE; /* TiDB, and from 9000 on its stores, or ProxySQL's */
    return REFUSAL_UNKNOWN;
}

enum db_result
refusal_result(enum refusal refusal)
{
    static const enum db_result results[] = {
        [REFUSAL_UNKNOWN] = DB_GONE,      [REFUSAL_RETRY] = DB_RETRY,
        [REFUSAL_RETRY_ANEW] = DB_RETRY,  [REFUSAL_LATER] = DB_GONE,
        [REFUSAL_ELSEWHERE] = DB_GONE,    [REFUSAL_OURS] = DB_FAILED,
        [REFUSAL_MISUSE] = DB_FAILED,     [REFUSAL_DUPLICATE] = DB_DUPLICATE,
        [REFUSAL_TOO_LONG] = DB_TOO_LONG,
    };
    return results[refusal];
}

bool
refusal_ends_connection(enum refusal refusal)
{
    return refusal == REFUSAL_UNKNOWN || refusal == REFUSAL_RETRY_ANEW ||
           refusal == REFUSAL_ELSEWHERE || refusal == REFUSAL_MISUSE;
}
