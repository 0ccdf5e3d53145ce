#include "ctl/rehearsal/crowd.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mix.h"
#include "ctl/rehearsal/cpu.h"
#include "ctl/rehearsal/fan.h"

/* The agenda has a list of fans for each of these steps; the seats are read so often. */
enum { STEP_MS = 10, SAMPLE_MS = 500, SECOND_MS = 1000, WAIT_MS = 5, PATH_SIZE = 64 };

enum { REST_S = 1200 }; /* beyond twice the window */

/* Asks for what everybody can see of the concert. */
struct sampler {
    struct asker asker;
    struct stage *stage;
    char path[PATH_SIZE];
    bool is_asked;
};

/* The whole opening. */
struct stage {
    struct crowd crowd; /* the first: fans know that part only */
    const struct crowd_setup *setup;
    struct fan *fans;
    int *agenda; /* first fan of each step; -1: nobody */
    size_t steps, step;
    int64_t began; /* clock_monotonic() of the opening */
    struct sampler seats, queue;
    int64_t sampled_at;
    int64_t measured_at;
    double workers_cpu, machine_cpu, fans_cpu; /* when it was last measured */
    bool queued;
};

double
crowd_draw(struct crowd *crowd)
{
    crowd->draws += UINT64_C(0x9e3779b97f4a7c15);
    return ((double)(mix(crowd->draws) >> 11) + 0.5) / 9007199254740992.0;
}

double
crowd_now(const struct crowd *crowd)
{
    const struct stage *stage = (const struct stage *)crowd;
    return (double)(clock_monotonic() - stage->began) / 1000;
}

void
crowd_wake(struct crowd *crowd, struct fan *fan, double in_s)
{
    struct stage *stage = (struct stage *)crowd;
    double at_ms = (crowd_now(crowd) + in_s) * 1000;
    size_t step = (size_t)(at_ms / STEP_MS);
    if (step <= stage->step)
        step = stage->step + 1;
    if (step >= stage->steps)
        return; /* it will be over by then */
    fan->next = stage->agenda[step];
    stage->agenda[step] = fan->number;
    crowd->planned++;
}

/* ---- before the opening ---- */

/* The body of a 200; NULL after saying that there was none. */
static json_t *
ask(struct front *front, const char *path)
{
    struct buffer text = {0};
    int status = front_ask(front, path, "", &text);
    json_t *body = status == 200 ? json_loads(text.data, 0, NULL) : NULL;
    if (body == NULL)
        fprintf(stderr, "frontrowctl: GET %s: %d %s\n", path, status,
                text.length > 0 ? text.data : "");
    buffer_free(&text);
    return body;
}

static bool
read_concert(struct stage *stage)
{
    struct crowd *crowd = &stage->crowd;
    json_t *body = ask(crowd->front, stage->seats.path);
    crowd->record->seat_count = json_integer_value(json_object_get(body, "availableCount"));
    crowd->max_seats = (int)json_integer_value(json_object_get(body, "maxSeatsPerUser"));
    stage->queued = json_is_true(json_object_get(body, "queue"));
    if (body != NULL && crowd->record->seat_count == 0)
        fputs("frontrowctl: the concert has no seat that is for sale\n", stderr);
    json_decref(body);
    return crowd->record->seat_count > 0;
}

static bool
read_items(struct stage *stage)
{
    struct crowd *crowd = &stage->crowd;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/concert/%d/item", (int)crowd->concert_id);
    json_t *body = ask(crowd->front, path), *item;
    const json_t *items = json_object_get(body, "items");
    bool is_read = json_array_size(items) > 0;
    size_t i;
    crowd->maps = calloc(json_array_size(items) + 1, sizeof *crowd->maps);
    if (crowd->maps == NULL)
        log_abort("no memory");
    json_array_foreach(items, i, item)
    {
        int32_t id = (int32_t)json_integer_value(json_object_get(item, "itemId"));
        const char *status = json_string_value(json_object_get(item, "status"));
        bool is_on_sale = status != NULL && strcmp(status, "open") == 0 &&
                          !json_is_true(json_object_get(item, "over"));
        if (is_read && is_on_sale)
            is_read = seat_map_load(&crowd->maps[crowd->map_count++], crowd->front,
                                    crowd->concert_id, id);
    }
    json_decref(body);
    if (body != NULL && !is_read)
        fputs("frontrowctl: the seats of the concert cannot be read\n", stderr);
    return is_read && crowd->map_count > 0;
}

/* ---- what everybody can see ---- */

/* The body of an answer, which the caller gives back; NULL: it is none. */
static json_t *
take_sample(struct sampler *sampler, const struct fastcgi_answer *answer)
{
    sampler->is_asked = false;
    return answer->status == 200 ? json_loads(answer->body, 0, NULL) : NULL;
}

static void
take_seats(struct asker *asker, const struct fastcgi_answer *answer, int64_t took_us)
{
    struct sampler *sampler = (struct sampler *)asker;
    struct crowd *crowd = &sampler->stage->crowd;
    (void)took_us;
    json_t *body = take_sample(sampler, answer);
    if (body == NULL)
        return;
    int64_t available = json_integer_value(json_object_get(body, "availableCount"));
    int64_t held = json_integer_value(json_object_get(body, "heldCount"));
    record_seats(crowd->record, crowd_now(crowd), available, held);
    crowd->is_sold_out = available == 0 && held == 0;
    json_decref(body);
}

static void
take_queue(struct asker *asker, const struct fastcgi_answer *answer, int64_t took_us)
{
    struct sampler *sampler = (struct sampler *)asker;
    struct crowd *crowd = &sampler->stage->crowd;
    (void)took_us;
    json_t *body = take_sample(sampler, answer);
    if (body == NULL)
        return;
    struct second *second = record_second(crowd->record, crowd_now(crowd));
    second->waiting = (double)json_integer_value(json_object_get(body, "waiting"));
    second->active = (double)json_integer_value(json_object_get(body, "active"));
    json_decref(body);
}

static void
sample(struct sampler *sampler, struct front *front)
{
    if (!sampler->is_asked)
        sampler->is_asked = front_send(
            front, &sampler->asker, &(struct front_request){"GET", sampler->path, "", "", "", ""});
}

/* Processor time since the last measurement, as cores. */
static void
measure(struct stage *stage, int64_t now)
{
    double seconds = (double)(now - stage->measured_at) / 1000;
    double workers = stage->setup->master > 0 ? cpu_of_workers(stage->setup->master) : 0;
    double machine = cpu_of_machine(), fans = (double)clock_cpu_us() / 1e6;
    if (stage->measured_at > 0) {
        struct second *second =
            record_second(stage->crowd.record, crowd_now(&stage->crowd) - seconds / 2);
        second->workers_cpu = (workers - stage->workers_cpu) / seconds;
        second->machine_cpu = (machine - stage->machine_cpu) / seconds;
        second->fans_cpu = (fans - stage->fans_cpu) / seconds;
    }
    stage->measured_at = now;
    stage->workers_cpu = workers;
    stage->machine_cpu = machine;
    stage->fans_cpu = fans;
}

static void
look_around(struct stage *stage, int64_t now)
{
    struct crowd *crowd = &stage->crowd;
    if (now >= stage->sampled_at + SAMPLE_MS) {
        stage->sampled_at = now;
        sample(&stage->seats, crowd->front);
        if (stage->queued)
            sample(&stage->queue, crowd->front);
    }
    for (int i = 0; i < crowd->map_count && crowd->choosing > 0; i++)
        seat_map_refresh(&crowd->maps[i], crowd->front, now);
    if (now >= stage->measured_at + SECOND_MS)
        measure(stage, now);
}

/* ---- the opening ---- */

/* Everybody whose moment has come. */
static void
act(struct stage *stage)
{
    struct crowd *crowd = &stage->crowd;
    while (stage->step < stage->steps && (double)stage->step * STEP_MS <= crowd_now(crowd) * 1000) {
        double late_s = crowd_now(crowd) - (double)stage->step * STEP_MS / 1000;
        int next = stage->agenda[stage->step];
        if (next >= 0 && crowd->record->late_s < late_s)
            crowd->record->late_s = late_s;
        while (next >= 0) {
            struct fan *fan = &stage->fans[next];
            next = fan->next;
            crowd->planned--;
            fan_act(fan);
        }
        stage->step++;
    }
}

static void
show_progress(const struct stage *stage)
{
    const struct record *record = stage->crowd.record;
    size_t last_known = record->second_count - 1;
    while (last_known > 0 && !record->seconds[last_known].is_sampled)
        last_known--;
    const struct second *last = &record->seconds[last_known];
    if (stage->setup->shows_progress && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%6.0f s: %d fans there, %.0f waiting, %.0f seats left  ",
                crowd_now(&stage->crowd), stage->crowd.present, last->waiting, last->available);
}

/* What is left when the last one has gone. */
static void
look_last(struct stage *stage)
{
    sample(&stage->seats, stage->crowd.front);
    while (stage->seats.is_asked)
        front_wait(stage->crowd.front, WAIT_MS);
}

static void
play(struct stage *stage)
{
    struct crowd *crowd = &stage->crowd;
    int64_t shown_at = 0;
    bool is_interrupted = false, is_over = false;
    while (!is_over && !is_interrupted) {
        int64_t now = clock_monotonic();
        act(stage);
        look_around(stage, now);
        front_wait(crowd->front, WAIT_MS);
        if (now >= shown_at + SECOND_MS && crowd->record->second_count > 0) {
            shown_at = now;
            show_progress(stage);
        }
        is_interrupted = *stage->setup->is_interrupted != 0;
        is_over = stage->step >= stage->steps ||
                  (crowd->planned == 0 && front_running(crowd->front) == 0);
    }
    if (stage->setup->shows_progress && isatty(STDERR_FILENO))
        fputc('\n', stderr);
    look_last(stage);
    crowd->record->ends[END_UNFINISHED] = crowd->present;
    record_finish(crowd->record, crowd_now(crowd), crowd->present == 0);
}

static void
begin(struct stage *stage)
{
    const struct fan_model *model = &stage->setup->model;
    stage->steps = (size_t)((2 * model->window_s + REST_S) * 1000 / STEP_MS);
    stage->agenda = malloc(stage->steps * sizeof *stage->agenda);
    stage->fans = calloc((size_t)model->fans, sizeof *stage->fans);
    if (stage->agenda == NULL || stage->fans == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < stage->steps; i++)
        stage->agenda[i] = -1;
    stage->began = clock_monotonic();
    for (int i = 0; i < model->fans; i++)
        fan_begin(&stage->fans[i], &stage->crowd, model, i);
}

bool
crowd_play(const struct crowd_setup *setup, struct record *record)
{
    struct stage stage = {.crowd = {.record = record,
                                    .concert_id = setup->concert_id,
                                    .name = setup->name,
                                    .draws = mix(setup->model.seed)},
                          .setup = setup,
                          .seats = {.asker = {take_seats}, .stage = &stage},
                          .queue = {.asker = {take_queue}, .stage = &stage}};
    snprintf(stage.seats.path, PATH_SIZE, "/concert/%d", (int)setup->concert_id);
    snprintf(stage.queue.path, PATH_SIZE, "/concert/%d/queue", (int)setup->concert_id);
    record_begin(record, &setup->model);
    stage.crowd.front = front_open(setup->run_dir, setup->sockets);
    if (stage.crowd.front == NULL)
        return false;
    bool is_ready = read_concert(&stage) && read_items(&stage);
    if (is_ready) {
        begin(&stage);
        play(&stage);
    }
    front_close(stage.crowd.front);
    for (int i = 0; i < stage.crowd.map_count; i++)
        seat_map_free(&stage.crowd.maps[i]);
    free(stage.crowd.maps);
    free(stage.agenda);
    free(stage.fans);
    return is_ready;
}
