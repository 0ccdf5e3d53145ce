/*
 * A crowd in the queue, with a clock of its own: what it is told, how often it asks, who comes
 * when. Usage: queue_crowd SOCKET NAME=VALUE... (see `settings`). The queue's functions are those
 * of the product, in a real Redis, loaded with a clock that is read from the key `clock`
 * (microseconds). Prints one JSON object.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "base/config.h"
#include "forecast.h"
#include "redis/queue/queue_store.h"
#include "test_clock.h"

enum { TICK_MS = 100, CHUNK = 2000, WARM_UP_MS = 120000, RATE_MS = 180000 };

static struct {
    const char *name;
    double value;
} settings[] = {
    {"seed", 1},     {"people", 1000}, {"capacity", 100},
    {"arrive", 60}, /* seconds in which all come; 0: they are there, loaded from MySQL's rows */
    {"rate", 2},    /* places given back a second, at random moments, while any is taken */
    {"walk", 1},    /* every 3 minutes the rate is multiplied by 0.7 to 1.4: 1, the last one; 2, the
                       first one; 0: it is not */
    {"gone", 0.3},  /* so many go before their turn, half of them without a word */
    {"idle", 0},    /* nobody asks more often than this many seconds */
    {"seconds", 1e6} /* the end, unless all have been served before */
};
enum { SEED, PEOPLE, CAPACITY, ARRIVE, RATE, WALK, GONE, IDLE, SECONDS, SETTING_COUNT };

enum doing { COMING, WAITING, ACTIVE, OUT };

struct person {
    enum doing doing;
    int32_t number;
    int64_t next;   /* asks then */
    int32_t goes;   /* when this number is served; 0: it stays */
    bool is_silent; /* goes without a word */
};

static struct queue_settings queue = {.concert_id = 1, .version = 1, .since = 1};
static struct redis *redis;
static struct agenda agenda;
static struct forecast forecast;
static struct person *people;
static int32_t *of_number; /* who has it */
static int64_t *ended_at;
static int32_t *active; /* in the order of their coming, from first_active on */
static int32_t first_active, active_count;
static int64_t begin_ms = 1000000000000, now;
static int32_t serving, left_over;
static int32_t inversions, lost, overshoot;
static int64_t asked, asked_most; /* in one second */
static double looked_most;

static double
share(void)
{
    return (double)random() / ((double)RAND_MAX + 1);
}

static void
must(enum queue_answer answer, const char *call)
{
    if (answer == QUEUE_OK)
        return;
    fprintf(stderr, "%s: answer %d at %" PRId64 " s\n", call, (int)answer, (now - begin_ms) / 1000);
    exit(1);
}

static void
write_token(int32_t who, uint8_t token[TOKEN_SIZE])
{
    memset(token, 0, TOKEN_SIZE);
    memcpy(token, &who, sizeof who);
}

static void
ask_next(int32_t who, int64_t at)
{
    people[who].next = at;
    agenda_add(&agenda, at, who);
}

/* Whoever sees its number served asks at once; that may be seen later than it would ask anyway. */
static void
note_serving(int32_t to, int32_t refresh_seconds)
{
    for (; serving < to; serving++) {
        int32_t who = of_number[serving + 1];
        int64_t seen = now + (int64_t)(1000 * share() * (1 + refresh_seconds));
        if (who >= 0 && people[who].doing == WAITING && seen < people[who].next)
            ask_next(who, seen);
    }
}

static void
save(const struct queue_entry *entry)
{
    bool is_active = entry->state == QUEUE_TOKEN_ACTIVE;
    enum queue_token_state state;
    must(queue_store_saved(redis, &queue, entry->token,
                           is_active ? QUEUE_SAVED_LEASE : QUEUE_SAVED_ROW, &state),
         "saved");
}

static void
hear(int32_t who, const struct queue_entry *entry)
{
    struct person *person = &people[who];
    if (entry->state == QUEUE_TOKEN_ACTIVE) {
        person->doing = ACTIVE;
        ended_at[who] = now;
        active[active_count++] = who;
        left_over--;
        save(entry);
        return;
    }
    inversions += entry->serving > entry->number;
    if (now - begin_ms >= WARM_UP_MS && entry->eta_seconds >= 0)
        forecast_told(&forecast, &(struct told){.who = who,
                                                .at = now,
                                                .eta_s = entry->eta_seconds,
                                                .high_s = entry->eta_seconds_high});
    ask_next(who, now + (int64_t)(1000 * fmax(entry->poll_seconds, settings[IDLE].value)));
}

/* Some will go, at a random moment of their wait. */
static void
take_number(int32_t who, int32_t number)
{
    struct person *person = &people[who];
    person->doing = WAITING;
    person->number = number;
    person->is_silent = share() < 0.5;
    of_number[number] = who;
    if (share() < settings[GONE].value && number > serving + 1)
        person->goes = serving + 1 + (int32_t)(share() * (number - serving - 1));
}

static void
come(int32_t who)
{
    struct queue_entry entry;
    uint8_t token[TOKEN_SIZE];
    char user[32];
    write_token(who, token);
    snprintf(user, sizeof user, "user-%d", (int)who);
    must(queue_store_add(redis, &queue, token, user, NULL, &entry), "add");
    take_number(who, entry.number);
    hear(who, &entry);
    if (entry.state != QUEUE_TOKEN_ACTIVE)
        save(&entry);
}

static void
go(int32_t who, const uint8_t token[TOKEN_SIZE])
{
    struct queue_moved moved;
    people[who].doing = OUT;
    left_over--;
    if (people[who].is_silent)
        return;
    must(queue_store_leave(redis, &queue, token, "", &moved), "leave");
    must(queue_store_drop(redis, &queue, (const uint8_t(*)[TOKEN_SIZE])token, 1, &moved), "drop");
}

static void
ask(int32_t who)
{
    struct queue_entry entry;
    uint8_t token[TOKEN_SIZE];
    asked++;
    if (people[who].doing == COMING) {
        come(who);
        return;
    }
    write_token(who, token);
    if (people[who].goes > 0 && serving >= people[who].goes) {
        go(who, token);
        return;
    }
    if (queue_store_status(redis, &queue, token, "", NULL, &entry) == QUEUE_OK) {
        hear(who, &entry);
        return;
    }
    lost++;
    left_over--;
    people[who].doing = OUT;
}

static void
give_back(void)
{
    struct queue_moved moved;
    uint8_t token[1][TOKEN_SIZE];
    if (first_active == active_count)
        return;
    int32_t who = active[first_active++];
    write_token(who, token[0]);
    people[who].doing = OUT;
    must(queue_store_drop(redis, &queue, (const uint8_t(*)[TOKEN_SIZE])token, 1, &moved), "drop");
}

/* The rate of this moment, and the places given back at it until now. */
static void
give_back_all(void)
{
    static double rate, next_ms;
    static int64_t rate_until;
    if (rate == 0)
        rate = settings[RATE].value;
    if (rate_until == 0)
        rate_until = begin_ms + RATE_MS;
    for (; now >= rate_until; rate_until += RATE_MS) {
        double factor = 0.7 + 0.7 * share();
        if (settings[WALK].value > 0)
            rate = factor * (settings[WALK].value == 1 ? rate : settings[RATE].value);
    }
    if (next_ms == 0 || first_active == active_count)
        next_ms = fmax(next_ms, (double)now);
    while (next_ms <= (double)now) {
        give_back();
        next_ms -= log(1 - share()) * 1000 / rate;
    }
}

/* What nginx's cache does for all who look. */
static void
look(void)
{
    struct queue_counts counts;
    must(queue_store_state(redis, &queue, &counts), "state");
    note_serving(counts.moved.serving, counts.refresh_seconds);
    overshoot = counts.overshoot_max;
    looked_most = fmax(looked_most, (double)counts.waiting / counts.refresh_seconds);
    if (now - begin_ms > 1000 && asked > asked_most)
        asked_most = asked;
    asked = 0;
}

/* Loads rows [from, until) of people who wait. */
static void
load_chunk(int32_t from, int32_t until)
{
    static uint8_t tokens[CHUNK][TOKEN_SIZE];
    static char users[CHUNK][32];
    struct queue_row rows[CHUNK];
    struct queue_cursor next = {.part = 0, .number = until};
    for (int32_t who = from; who < until; who++) {
        int32_t i = who - from;
        write_token(who, tokens[i]);
        snprintf(users[i], sizeof users[i], "user-%d", (int)who);
        rows[i] = (struct queue_row){.token = tokens[i], .user_id = users[i], .number = who + 1};
        take_number(who, who + 1);
    }
    must(queue_store_load(redis, &queue, rows, (size_t)(until - from), &next, true), "load");
}

/* Those who were there before ask when they were told to, some time in their interval. */
static void
arrive(void)
{
    int32_t count = (int32_t)settings[PEOPLE].value;
    bool there = settings[ARRIVE].value == 0;
    const struct queue_frozen no_draw = {0};
    struct queue_cursor cursor;
    must(queue_store_rebuild(redis, &queue, there ? count : 0, 0, &no_draw, &cursor), "rebuild");
    for (int32_t from = 0; there && from < count; from += CHUNK)
        load_chunk(from, from + CHUNK < count ? from + CHUNK : count);
    must(queue_store_rebuilt(redis, &queue, there ? count : 0, 0), "rebuilt");
    for (int32_t who = 0; who < count; who++) {
        double within = there ? fmin(1 + who / 200.0, 1 + count / 2000.0) : settings[ARRIVE].value;
        ask_next(who, now + (int64_t)(1000 * within * share()));
    }
}

static void
run(void)
{
    int64_t end = begin_ms + (int64_t)(1000 * settings[SECONDS].value);
    struct appointment first;
    for (; left_over > 0 && now < end; now += TICK_MS) {
        test_clock_set(redis, now);
        give_back_all();
        if ((now - begin_ms) % 1000 == 0)
            look();
        while (agenda_take(&agenda, now, &first))
            if (people[first.who].next == first.at && people[first.who].doing <= WAITING)
                ask(first.who);
    }
}

static void
report(void)
{
    struct forecast_score score = forecast_judge(&forecast, ended_at);
    printf("{\"seconds\": %" PRId64 ", \"served\": %d, \"left_over\": %d, \"lost\": %d, "
           "\"inversions\": %d, \"overshoot\": %d, \"asked_most\": %" PRId64
           ", \"looked_most\": %.0f, ",
           (now - begin_ms) / 1000, (int)active_count, (int)left_over, (int)lost, (int)inversions,
           (int)overshoot, asked_most, looked_most);
    printf(
        "\"answers\": %zu, \"median_error\": %.3f, \"worse_tenth\": %.3f, \"median_bias\": %.3f, "
        "\"held\": %.3f}\n",
        score.answers, score.median_error, score.worse_tenth, score.median_bias, score.held);
}

static void
read_setting(const char *argument)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        size_t length = strlen(settings[i].name);
        if (strncmp(argument, settings[i].name, length) == 0 && argument[length] == '=') {
            settings[i].value = strtod(argument + length + 1, NULL);
            return;
        }
    }
    fprintf(stderr, "unknown setting %s\n", argument);
    exit(2);
}

static void *
allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        abort();
    return memory;
}

int
main(int argc, char **argv)
{
    static struct config config = {.redis_timeout_ms = 60000};
    if (argc < 2)
        return 2;
    for (int i = 2; i < argc; i++)
        read_setting(argv[i]);
    snprintf(config.redis_socket, sizeof config.redis_socket, "%s", argv[1]);
    srandom((unsigned)settings[SEED].value);
    left_over = (int32_t)settings[PEOPLE].value;
    size_t count = (size_t)left_over;
    people = allocate(count, sizeof *people);
    ended_at = allocate(count, sizeof *ended_at);
    active = allocate(count, sizeof *active);
    of_number = allocate(count + 2, sizeof *of_number);
    memset(of_number, 0xff, (count + 2) * sizeof *of_number); /* nobody */
    queue.capacity = (int32_t)settings[CAPACITY].value;
    queue.max_waiting = INT32_MAX;
    queue.active_ms = 86400000;
    queue.show_up_ms = 30000;
    queue.missed_ms = 600000;
    redis = redis_open(&config, NULL);
    now = begin_ms;
    test_clock_set(redis, now);
    arrive();
    run();
    report();
    redis_close(redis);
    agenda_free(&agenda);
    forecast_free(&forecast);
    free(people);
    free(ended_at);
    free(active);
    free(of_number);
    return 0;
}
