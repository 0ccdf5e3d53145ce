/*
 * sellout: a rush for one hall. Each of many buyers asks once, for a random seat, for the next one,
 * for the best one that is left, or for a place of the standing area Pit; whoever hears 503 asks
 * again. Tells as JSON when the last seat went and when
 * all were answered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http_client.h"

enum { CONCERT = 10, ANSWER_MS = 15000, WAIT_MS = 1 };

struct sellout {
    int item;
    int seats;
    int buyers;
    int connections;
    int seconds; /* after which it is given up */
    enum wish { NAMED, NEXT, BEST, STANDING } wish;
    int64_t began_us, last_sold_us, last_answer_us;
    int asked; /* buyers so far */
    int sold, refused, busy, wrong;
};

/* One connection: a buyer after the other. */
struct buyer {
    struct http_connection connection; /* the first: a connection is a buyer */
    struct sellout *sellout;
    bool again; /* the call is to be made once more */
};

static void
answered(struct http_connection *connection, const struct http_answer *answer)
{
    struct buyer *buyer = (struct buyer *)connection;
    struct sellout *sellout = buyer->sellout;
    int64_t now = clock_monotonic_us();
    buyer->again = answer->status == 503;
    if (buyer->again) {
        sellout->busy++;
        return;
    }
    sellout->last_answer_us = now;
    if (answer->status == 200) {
        sellout->sold++;
        sellout->last_sold_us = now;
    } else if (answer->status == 409) {
        sellout->refused++;
    } else {
        sellout->wrong++;
    }
}

static void
write_request(struct buyer *buyer)
{
    struct sellout *sellout = buyer->sellout;
    struct buffer *request = &buyer->connection.request;
    bool named = sellout->wish == NAMED || sellout->wish == NEXT;
    int number = sellout->wish == NAMED ? rand() : sellout->asked;
    char body[160];
    int length = snprintf(body, sizeof body,
                          "{\"userId\":\"rush-%d-%d\",\"concertId\":%d,\"itemId\":%d,\"%s\":%d%s}",
                          sellout->item, sellout->asked, CONCERT, sellout->item,
                          named ? "seatId" : "count", named ? number % sellout->seats + 1 : 1,
                          sellout->wish == STANDING ? ",\"section\":\"Pit\"" : "");
    buffer_clear(request);
    buffer_format(request,
                  "POST /reservation HTTP/1.1\r\nHost: localhost\r\n"
                  "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                  length, body);
}

/* Gives an idle connection its next call, if there is one. */
static void
go_on(struct buyer *buyer, int64_t now)
{
    struct sellout *sellout = buyer->sellout;
    if (buyer->connection.calling || (!buyer->again && sellout->asked == sellout->buyers))
        return;
    if (!buyer->again) {
        sellout->asked++;
        write_request(buyer);
    }
    http_call(&buyer->connection, false, now + ANSWER_MS);
}

static void
run(struct sellout *sellout, const struct http_servers *servers)
{
    struct http_client *client = http_create(servers, false, answered);
    struct buyer *buyers = calloc((size_t)sellout->connections, sizeof *buyers);
    if (buyers == NULL)
        abort();
    for (int i = 0; i < sellout->connections; i++) {
        http_open(&buyers[i].connection, client);
        buyers[i].sellout = sellout;
    }
    int64_t end = clock_monotonic() + sellout->seconds * INT64_C(1000);
    sellout->began_us = clock_monotonic_us();
    while (sellout->sold + sellout->refused + sellout->wrong < sellout->buyers) {
        int64_t now = clock_monotonic();
        if (now >= end)
            break;
        for (int i = 0; i < sellout->connections; i++) {
            if (buyers[i].connection.calling)
                http_check(&buyers[i].connection, now);
            go_on(&buyers[i], now);
        }
        http_wait(client, WAIT_MS);
    }
    for (int i = 0; i < sellout->connections; i++)
        http_close(&buyers[i].connection);
    free(buyers);
    http_free(client);
}

static double
seconds_since(const struct sellout *sellout, int64_t us)
{
    return us > 0 ? (double)(us - sellout->began_us) / 1e6 : 0;
}

/* False where there is no such wish. */
static bool
read_wish(const char *text, enum wish *wish)
{
    static const char *const names[] = {"named", "next", "best", "standing"};
    for (*wish = NAMED; *wish <= STANDING; (*wish)++)
        if (strcmp(text, names[*wish]) == 0)
            return true;
    return false;
}

int
main(int argc, char **argv)
{
    enum wish wish;
    if (argc != 8 || !read_wish(argv[7], &wish)) {
        fputs("Usage: sellout PORT ITEM SEATS BUYERS CONNECTIONS SECONDS"
              " named|next|best|standing\n",
              stderr);
        return 2;
    }
    struct sellout sellout = {
        .item = atoi(argv[2]),
        .seats = atoi(argv[3]),
        .buyers = atoi(argv[4]),
        .connections = atoi(argv[5]),
        .seconds = atoi(argv[6]),
        .wish = wish,
    };
    struct http_servers servers = {.count = 0};
    char server[32];
    snprintf(server, sizeof server, "127.0.0.1:%.16s", argv[1]);
    if (!http_add_server(&servers, server)) {
        fprintf(stderr, "sellout: %s is no port\n", argv[1]);
        return 2;
    }
    srand((unsigned)sellout.item);
    run(&sellout, &servers);
    int answers = sellout.sold + sellout.refused + sellout.wrong;
    printf("{\"requests\": %d, \"seconds\": %f, \"last_seat\": %f, \"sold\": %d, \"refused\": %d, "
           "\"busy\": %d, \"unanswered\": %d, \"errors\": %d}\n",
           answers, seconds_since(&sellout, sellout.last_answer_us),
           seconds_since(&sellout, sellout.last_sold_us), sellout.sold, sellout.refused,
           sellout.busy, sellout.buyers - answers, sellout.wrong);
    return 0;
}
