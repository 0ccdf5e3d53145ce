#include "base/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t";

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

/* ---- ranges ---- */

struct range {
    int family;
    uint8_t bytes[16];
    int length; /* of its prefix, in bits */
};

/* Without mapped addresses, which are those of IPv4. */
static bool
read_address(const struct sockaddr *address, struct range *one)
{
    *one = (struct range){.family = address->sa_family};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        memcpy(one->bytes, &v4->sin_addr, sizeof v4->sin_addr);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        one->family = AF_INET;
        memcpy(one->bytes, &v6->s6_addr[12], sizeof(struct in_addr));
        return true;
    }
    memcpy(one->bytes, v6, sizeof *v6);
    return true;
}

/* Takes the next range off the list. False: it is none. */
static bool
read_range(const char **list, struct range *range)
{
    char word[INET6_ADDRSTRLEN + sizeof "/128"];
    size_t length = strcspn(*list, blanks);
    if (length >= sizeof word)
        return false;
    snprintf(word, sizeof word, "%.*s", (int)length, *list);
    *list += length;
    char *slash = strchr(word, '/'), *end = NULL;
    if (slash != NULL)
        *slash = '\0';
    *range = (struct range){.family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET};
    int bits = range->family == AF_INET6 ? 128 : 32;
    long number = slash == NULL ? bits : strtol(slash + 1, &end, 10);
    if (inet_pton(range->family, word, range->bytes) != 1 ||
        (slash != NULL && (!isdigit((unsigned char)slash[1]) || *end != '\0' || number > bits)))
        return false;
    range->length = (int)number;
    return true;
}

static bool
is_within(const struct range *one, const struct range *range)
{
    int whole = range->length / 8, rest = range->length % 8;
    if (one->family != range->family || memcmp(one->bytes, range->bytes, (size_t)whole) != 0)
        return false;
    return rest == 0 || (one->bytes[whole] ^ range->bytes[whole]) >> (8 - rest) == 0;
}

bool
address_is_in(const struct sockaddr *address, const char *ranges)
{
    struct range one, range;
    if (!read_address(address, &one))
        return false;
    while (*(ranges += strspn(ranges, blanks)) != '\0')
        if (!read_range(&ranges, &range))
            return false;
        else if (is_within(&one, &range))
            return true;
    return false;
}

bool
address_ranges_are_valid(const char *ranges)
{
    struct range range;
    while (*(ranges += strspn(ranges, blanks)) != '\0')
        if (!read_range(&ranges, &range))
            return false;
    return true;
}

/*
 * IANA's registries of special-purpose addresses. Of IPv6 only 2000::/3 is given out at all, and in
 * it some ranges lead to an IPv4 address in the text of theirs (Teredo, 6to4).
 */
static const char not_public[] =
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
    "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
    "224.0.0.0/3 ::/3 2001::/23 2001:db8::/32 2002::/16 3fff::/20 4000::/2 8000::/1";

bool
address_is_public(const struct sockaddr *address)
{
    bool is_known = address->sa_family == AF_INET || address->sa_family == AF_INET6;
    return is_known && !address_is_in(address, not_public);
}
