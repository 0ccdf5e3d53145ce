#include "domain/books/census_take.h"

#include <assert.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/shared.h"
#include "domain/concert/concert_list.h"
#include "domain/queue/queue.h"
#include "domain/readiness.h"
#include "mysql/sale/reservation_table.h"
#include "mysql/schema/wide_ids.h"
#include "mysql/webhook/backlog_table.h"
#include "redis/redis.h"

enum {
    EVERY_MS = 1000,
    PAUSE_FACTOR = 100,   /* books and concerts are read after so many times what that took, */
    PAUSE_MAX_MS = 30000, /* or after this */
    WANTED_MS = 60000,    /* for so long after the last reader */
    OLD_MS = 30000,       /* what nobody kept is asked for by who reads it */
    COUNT_MS = 500,   /* for counting seats; what is not counted then is left to the next time */
    ASKING_MS = 20000 /* so long nobody else asks where one was killed meanwhile */
};

static_assert((int)CENSUS_TABLES >= (int)ID_TABLES, "a place for each table");

/* How much room the ids have, and what the sweeper has left. */
static bool
read_books(struct database *db, struct census_figures *figures)
{
    struct id_use uses[ID_TABLES];
    struct lapsed_cursor lapsed[LAPSED_BATCH], first = {0};
    size_t count;
    int64_t now;
    int64_t before = clock_wall();
    if (db_now(db, &now) != DB_OK)
        return false;
    int64_t after = clock_wall();
    if (wide_ids_read(db, uses) != DB_OK ||
        reservation_table_list_lapsed(db, &first, now, lapsed, &count) != DB_OK)
        return false;
    for (int i = 0; i < ID_TABLES; i++) {
        figures->ids[i].table = uses[i].table;
        figures->ids[i].left = uses[i].max - uses[i].last;
    }
    /* somewhere between the two is right */
    figures->clock_offset = now < before ? now - before : now > after ? now - after : 0;
    figures->lapsed = (int32_t)count;
    figures->oldest_lapsed = count > 0 ? now - lapsed[0].expires_at : 0;
    return true;
}

/* Left out where nothing is written down for webhooks. */
static bool
read_webhooks(struct services *services, struct census_figures *figures)
{
    struct backlog backlog = {0};
    figures->has_webhooks = config_has_webhooks(services->config);
    if (figures->has_webhooks && backlog_table_read(services->db, &backlog) != DB_OK)
        return false;
    figures->oldest_event = backlog.oldest_ms;
    figures->dead = backlog.dead;
    return true;
}

/* False: Redis is out of reach, or the queue is being loaded. */
static bool
read_queue(struct services *services, const struct concert *concert, struct census_concert *row)
{
    struct queue_state state;
    struct problem problem;
    if (queue_state(services, concert, &state, &problem) != ERROR_NONE)
        return false;
    row->has_queue = true;
    row->waiting = state.waiting;
    row->active = state.active;
    row->capacity = state.paused ? 0 : state.capacity;
    row->admitted = state.entered;
    row->missed = state.missed;
    const struct forecast_news news = {
        .concert_id = concert->concert_id,
        .serving = state.serving,
        .last_number = state.last_number,
        .eta_seconds = state.eta_seconds,
        .now = clock_monotonic(),
    };
    census_compare(&services->shared->census, &news);
    return true;
}

/* The newest ones, of which most is bought, if there are more than have a place. */
static void
read_concerts(struct services *services, struct census_figures *figures)
{
    struct concert_list list;
    struct problem problem;
    bool asks_queues = figures->has_memory; /* so it answers: also a full one moves queues on */
    int64_t deadline = clock_monotonic() + COUNT_MS;
    figures->has_concerts =
        concert_list_watch(services, CENSUS_CONCERTS, deadline, &list, &problem) == ERROR_NONE;
    figures->open = (int32_t)list.count;
    for (size_t i = list.count; i-- > 0 && figures->has_concerts;) {
        if (figures->count == CENSUS_CONCERTS)
            break;
        const struct concert *concert = &list.rows[i].concert;
        const struct seat_counts *counts = &list.counts[i].seats;
        struct census_concert *row = &figures->concerts[figures->count++];
        *row = (struct census_concert){
            .concert_id = concert->concert_id,
            .counted_at = counts->counted_at,
            .maintenance = concert->maintenance,
            .available = counts->sales.available,
            .held = counts->sales.held,
            .sold = counts->sales.seat_count - counts->sales.available - counts->sales.held,
        };
        if (concert->queued && asks_queues)
            asks_queues = read_queue(services, concert, row);
    }
    concert_list_free(&list);
}

/* False: it is another one than before, so that all is to be read anew. */
static bool
ask_dependencies(struct services *services, struct census_figures *figures)
{
    const struct census_figures before = *figures;
    struct redis_memory memory;
    int64_t ignored;
    figures->mysql_writes = readiness_check_mysql(services, &ignored);
    figures->redis_writes = readiness_check_redis(services, &ignored);
    figures->has_memory = redis_read_memory(services->redis, &memory);
    if (figures->has_memory) {
        figures->memory_used = memory.used;
        figures->memory_limit = memory.limit;
    }
    return figures->mysql_writes == before.mysql_writes &&
           figures->redis_writes == before.redis_writes && figures->has_memory == before.has_memory;
}

static void
read_all(struct services *services, struct census_figures *figures)
{
    int64_t started = clock_monotonic();
    figures->has_concerts = false;
    figures->open = 0;
    figures->count = 0;
    /* one that hangs is waited for once: the watchdog does not wait for more */
    figures->has_books = figures->mysql_writes && read_books(services->db, figures) &&
                         read_webhooks(services, figures);
    if (figures->has_books)
        read_concerts(services, figures);
    figures->read_at = clock_monotonic();
    figures->took = figures->read_at - started;
}

/* Whether a dependency works is asked each time, however long it takes to count large halls. */
static void
ask_all(struct services *services)
{
    struct census_figures figures;
    if (!census_read(&services->shared->census, &figures))
        figures = (struct census_figures){0};
    bool same = ask_dependencies(services, &figures);
    int64_t pause = figures.took * PAUSE_FACTOR;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    if (!same || clock_monotonic() - figures.read_at >= pause)
        read_all(services, &figures);
    figures.taken_at = clock_monotonic();
    census_publish(&services->shared->census, &figures);
}

/* One worker at a time, also of those that wait for a MySQL which does not answer. */
static void
take(struct services *services)
{
    struct census *census = &services->shared->census;
    int64_t now = clock_monotonic(), asking_until = atomic_load(&census->asking_until);
    if (now < asking_until ||
        !atomic_compare_exchange_strong(&census->asking_until, &asking_until, now + ASKING_MS))
        return;
    ask_all(services);
    atomic_store(&census->asking_until, 0);
}

void
census_find(struct services *services, struct census_figures *figures)
{
    struct census *census = &services->shared->census;
    int64_t now = clock_monotonic();
    atomic_store(&census->keeper, services->slot);
    atomic_store(&census->wanted_at, now);
    if (census_read(census, figures) && now - figures->taken_at < OLD_MS)
        return;
    take(services);
    if (!census_read(census, figures))
        *figures = (struct census_figures){0};
}

bool
census_refresh(struct services *services)
{
    struct census *census = &services->shared->census;
    if (atomic_load(&census->keeper) != services->slot)
        return false;
    int64_t now = clock_monotonic();
    if (now - atomic_load(&census->wanted_at) > WANTED_MS)
        return false;
    if (now - census->figures.taken_at >= EVERY_MS)
        take(services);
    return true;
}
