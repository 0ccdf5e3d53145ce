#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool
is_loopback_v4(const struct in_addr *address)
{
    return ntohl(address->s_addr) >> 24 == IN_LOOPBACKNET;
}

bool
address_is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[INET6_ADDRSTRLEN];
    if (text == NULL)
        return false;
    size_t length = strlen(text);
    if (length > 2 && length - 2 < sizeof bare && text[0] == '[' && text[length - 1] == ']') {
        snprintf(bare, sizeof bare, "%.*s", (int)(length - 2), text + 1);
        return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    }
    if (inet_pton(AF_INET, text, &v4) == 1)
        return is_loopback_v4(&v4);
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    if (!IN6_IS_ADDR_V4MAPPED(&v6))
        return IN6_IS_ADDR_LOOPBACK(&v6);
    memcpy(&v4, &v6.s6_addr[12], sizeof v4);
    return is_loopback_v4(&v4);
}

bool
address_list_is_loopback(const char *list)
{
    static const char blanks[] = " \t";
    bool all = false;
    while (*(list += strspn(list, blanks)) != '\0') {
        char address[INET6_ADDRSTRLEN + 2];
        size_t length = strcspn(list, blanks);
        if (length >= sizeof address)
            return false;
        snprintf(address, sizeof address, "%.*s", (int)length, list);
        if (!address_is_loopback(address))
            return false;
        list += length;
        all = true;
    }
    return all;
}
