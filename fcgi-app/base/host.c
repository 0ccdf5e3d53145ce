#include "base/host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char blanks[] = " \t";

/* Nothing that a client library would take for a list, a path or an option. */
static bool
is_name(const char *name, bool bracketed)
{
    if (*name == '\0' || *name == '-')
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && strchr(bracketed ? ":.%" : ".-_", *name) == NULL)
            return false;
    return true;
}

static bool
read_port(const char *text, int *port)
{
    char *end;
    if (!isdigit((unsigned char)*text) || strlen(text) > 5)
        return false;
    long number = strtol(text, &end, 10);
    *port = (int)number;
    return *end == '\0' && number >= 1 && number <= 65535;
}

/* One server; `word` is changed. */
static bool
read_host(char *word, int port, struct host *host)
{
    bool bracketed = *word == '[';
    char *name = word + bracketed, *end = name + strcspn(name, bracketed ? "]" : ":");
    if (bracketed) {
        if (*end == '\0')
            return false;
        *end++ = '\0';
    }
    host->port = port;
    if (*end == ':') {
        *end = '\0';
        if (!read_port(end + 1, &host->port))
            return false;
    } else if (*end != '\0') {
        return false;
    }
    return is_name(name, bracketed) && text_copy(host->name, sizeof host->name, name);
}

int
host_list_read(const char *list, int port, struct host hosts[HOSTS_MAX])
{
    int count = 0;
    while (*(list += strspn(list, blanks)) != '\0') {
        char word[HOST_TEXT_SIZE];
        size_t length = strcspn(list, blanks);
        if (count == HOSTS_MAX || length >= sizeof word)
            return -1;
        snprintf(word, sizeof word, "%.*s", (int)length, list);
        if (!read_host(word, port, &hosts[count++]))
            return -1;
        list += length;
    }
    return count;
}

bool
host_read_address(const char *text, struct host *host)
{
    struct host hosts[HOSTS_MAX];
    unsigned char bytes[sizeof(struct in6_addr)];
    if (host_list_read(text, 0, hosts) != 1 || hosts[0].port == 0)
        return false;
    *host = hosts[0];
    return inet_pton(AF_INET, host->name, bytes) == 1 ||
           inet_pton(AF_INET6, host->name, bytes) == 1;
}

void
host_print(const struct host *host, char text[HOST_TEXT_SIZE])
{
    snprintf(text, HOST_TEXT_SIZE, "%s, port %d", host->name, host->port);
}

uint32_t
host_key(const struct host *host)
{
    char text[HOST_TEXT_SIZE];
    host_print(host, text);
    return text_hash(text);
}

void
host_list_order(const struct host *hosts, size_t count, uint32_t chosen, uint32_t doubted,
                size_t order[HOSTS_MAX])
{
    size_t first = 0, last = count, ordered = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t key = host_key(&hosts[i]);
        if (key == chosen)
            first = i;
        if (key == doubted)
            last = i;
    }
    for (size_t i = 0; i < count; i++)
        if ((first + i) % count != last)
            order[ordered++] = (first + i) % count;
    if (last < count)
        order[ordered] = last;
}
