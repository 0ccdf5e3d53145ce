/* frontrowctl export */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/export.h"
#include "ctl/ctl.h"

/* An export under way: a page at a time is in memory, however many there are. */
struct work {
    struct services *services;
    struct export_query query;
    enum sheet_form form;
    bool has_head; /* nothing was written yet */
    struct buffer page;
};

bool
ctl_read_format(const struct ctl *ctl, enum sheet_form *form)
{
    const char *format = ctl->format != NULL ? ctl->format : "csv";
    *form = strcmp(format, "csv") == 0 ? SHEET_CSV : SHEET_NDJSON;
    if (*form == SHEET_CSV || strcmp(format, "ndjson") == 0)
        return true;
    fputs("frontrowctl: --format must be csv or ndjson\n", stderr);
    return false;
}

static bool
read_options(const struct ctl *ctl, struct work *work)
{
    if (ctl->what == NULL || !export_find_what(ctl->what, &work->query.what)) {
        fputs("frontrowctl: --what must be orders, seats, ledger or guests\n", stderr);
        return false;
    }
    return ctl_read_format(ctl, &work->form);
}

static int
print_page(struct work *work)
{
    if (fwrite(work->page.data, 1, work->page.length, stdout) == work->page.length &&
        fflush(stdout) == 0)
        return EXIT_DONE;
    fprintf(stderr, "frontrowctl: the export could not be written: %s\n", strerror(errno));
    return EXIT_FAILED;
}

/* All pages, of one date where query.item_id is not 0. */
static int
print_pages(struct work *work)
{
    struct problem problem;
    int64_t next = LARGE_ID_MAX + 1;
    int status = EXIT_DONE;
    while (next != 0 && status == EXIT_DONE) {
        work->query.before = next;
        buffer_clear(&work->page);
        if (export_write_page(work->services, &work->query, work->form, work->has_head, &work->page,
                              &next, &problem) != ERROR_NONE)
            return ctl_refused(&problem);
        work->has_head = false;
        status = print_page(work);
    }
    return status;
}

static void
add_item(void *ids, const struct item *item)
{
    buffer_append(ids, (const char *)&item->item_id, sizeof item->item_id);
}

/* Seats are those of one date after the other. */
static int
print_dates(struct work *work, const struct concert *concert)
{
    struct buffer ids = {0};
    struct problem problem;
    int status = EXIT_DONE;
    if (concert_visit_items(work->services, concert, add_item, &ids, &problem) != ERROR_NONE)
        status = ctl_refused(&problem);
    for (size_t at = 0; at < ids.length && status == EXIT_DONE; at += sizeof(int32_t)) {
        memcpy(&work->query.item_id, ids.data + at, sizeof(int32_t));
        status = print_pages(work);
    }
    buffer_free(&ids);
    return status;
}

int
ctl_export(struct ctl *ctl)
{
    struct work work = {.services = ctl->services, .has_head = true};
    struct concert concert;
    if (!read_options(ctl, &work))
        return EXIT_USAGE;
    int status = ctl_find_concert(ctl, &concert);
    if (status != EXIT_DONE)
        return status;
    work.query.concert_id = concert.concert_id;
    status = work.query.what == EXPORT_SEATS ? print_dates(&work, &concert) : print_pages(&work);
    buffer_free(&work.page);
    if (status != EXIT_DONE)
        fputs("frontrowctl: what was written is not whole\n", stderr);
    return status;
}
