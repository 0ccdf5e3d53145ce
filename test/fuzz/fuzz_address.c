/*
 * fuzz_address: lists of address ranges, and whether an address is in them. The first line is the
 * address, the rest the list. An address is in the range of all and in that of itself alone
 * (one of IPv4 in the text of IPv6 counts as IPv4), and what a list holds, a longer one holds as
 * well.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "fuzz.h"

static bool
read_address(const char *text, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    address->ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    return address->ss_family == AF_INET6 ? inet_pton(AF_INET6, text, &v6->sin6_addr) == 1
                                          : inet_pton(AF_INET, text, &v4->sin_addr) == 1;
}

static void
require_rules(const char *text, const struct sockaddr *address, const char *ranges)
{
    char longer[4096];
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    bool is_mapped = address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6);
    REQUIRE(is_mapped || address_is_in(address, text));
    REQUIRE(address_is_in(address, "0.0.0.0/0 ::/0"));
    REQUIRE(!address_is_public(address) || !address_is_loopback(text));
    if (!address_ranges_are_valid(ranges) || strlen(ranges) > sizeof longer - 32)
        return;
    snprintf(longer, sizeof longer, "198.51.100.0/24 %s", ranges);
    REQUIRE(!address_is_in(address, ranges) || address_is_in(address, longer));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size), *rest = text;
    const char *first = fuzz_cut(&rest, "\n");
    struct sockaddr_storage address;
    const struct sockaddr *any = (const struct sockaddr *)&address;
    if (read_address(first, &address))
        require_rules(first, any, rest);
    address_is_loopback(first);
    address.ss_family = AF_UNSPEC;
    REQUIRE(!address_is_in(any, rest) && !address_is_public(any));
    address_ranges_are_valid(rest);
    address_list_is_loopback(rest);
    free(text);
    return 0;
}
