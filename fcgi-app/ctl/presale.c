/* frontrowctl presale codes|create|delete|list */
#include "api/presale.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/sheet.h"
#include "base/clock.h"
#include "ctl/ctl.h"

enum { COUNT_MAX = 10000000, PATIENCE_MS = 60000 };

static bool
read_presale_id(const struct ctl *ctl, int32_t *presale_id)
{
    int64_t id;
    bool ok = ctl_read_number(ctl->value, 1, INT32_MAX, &id);
    *presale_id = ok ? (int32_t)id : 0;
    if (!ok)
        fprintf(stderr, "frontrowctl: %s is no presaleId\n", ctl->value);
    return ok;
}

static struct presale_edit
edit_of(int32_t concert_id)
{
    return (struct presale_edit){
        .actor = "ctl", .concert_id = concert_id, .describe = presale_describe};
}

int
ctl_presale_create(struct ctl *ctl)
{
    struct problem problem;
    int32_t concert_id;
    if (!ctl_concert_id(ctl, &concert_id))
        return EXIT_USAGE;
    json_t *json = ctl_read_json(ctl->value);
    if (json == NULL)
        return EXIT_FAILED;
    struct presale_edit edit = edit_of(concert_id);
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &edit,
        .execute = presale_create_execute,
        .was_committed = presale_create_was_committed,
        .render = presale_render,
    };
    int status = presale_read(json, concert_id, &edit.after, &problem) ? ctl_apply(ctl, &effect)
                                                                       : ctl_refused(&problem);
    json_decref(json);
    return status;
}

int
ctl_presale_delete(struct ctl *ctl)
{
    int32_t concert_id;
    if (!ctl_concert_id(ctl, &concert_id))
        return EXIT_USAGE;
    struct presale_edit edit = edit_of(concert_id);
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = &edit,
        .execute = presale_delete_execute,
        .was_committed = presale_delete_was_committed,
        .render = presale_render,
    };
    return read_presale_id(ctl, &edit.presale_id) ? ctl_apply(ctl, &effect) : EXIT_USAGE;
}

static void
print_window(void *state, const struct presale *presale, const struct presale_counts *counts)
{
    char starts[CLOCK_TEXT_SIZE], ends[CLOCK_TEXT_SIZE];
    (void)state;
    clock_format(presale->starts_at, starts);
    clock_format(presale->ends_at, ends);
    printf("%9d  %.16s  %.16s  %6d  %6d  %6d  %8d  %8d  %8d\n", (int)presale->presale_id, starts,
           ends, (int)presale->quota, (int)counts->held, (int)counts->paid, (int)counts->codes,
           (int)counts->bound, (int)counts->used);
}

int
ctl_presale_list(struct ctl *ctl)
{
    struct problem problem;
    int32_t concert_id;
    if (!ctl_concert_id(ctl, &concert_id))
        return EXIT_USAGE;
    printf("%9s  %-16s  %-16s  %6s  %6s  %6s  %8s  %8s  %8s\n", "presaleId", "starts (UTC)",
           "ends (UTC)", "quota", "held", "paid", "codes", "bound", "used");
    if (presale_visit_all(ctl->services, concert_id, print_window, NULL, &problem) != ERROR_NONE)
        return ctl_refused(&problem);
    return EXIT_DONE;
}

/* ---- codes ---- */

static int
print_codes(const struct presale_codes_make *make, struct sheet *sheet)
{
    char text[PRESALE_CODE_TEXT_SIZE];
    for (int32_t n = 0; n < make->count; n++) {
        presale_code_write(make->seed, (uint32_t)n, text);
        sheet_begin_row(sheet);
        sheet_text(sheet, "code", text);
        sheet_end_row(sheet);
    }
    size_t length = sheet->out->length;
    bool printed = fwrite(sheet->out->data, 1, length, stdout) == length && fflush(stdout) == 0;
    buffer_clear(sheet->out);
    if (printed)
        return EXIT_DONE;
    fprintf(stderr, "frontrowctl: the codes could not be written: %s\n", strerror(errno));
    return EXIT_FAILED;
}

/* So many at a time are in memory, and printed when they are committed. */
static int
make_codes(struct ctl *ctl, struct presale_codes_make *make, int64_t wanted, struct sheet *sheet)
{
    struct problem problem;
    struct buffer body = {0};
    bool replayed;
    int status = EXIT_DONE;
    struct effect effect = {
        .kind = EFFECT_CREATE,
        .state = make,
        .execute = presale_codes_execute,
        .was_committed = presale_codes_was_committed,
    };
    for (int64_t made = 0; made < wanted && status == EXIT_DONE; made += make->count) {
        int64_t left = wanted - made;
        make->count = (int32_t)(left < PRESALE_CODES_MAX ? left : PRESALE_CODES_MAX);
        presale_code_seed(make->seed);
        effect.deadline = clock_monotonic() + PATIENCE_MS;
        if (effect_apply(ctl->services, &effect, &body, &replayed, &problem) != ERROR_NONE)
            status = ctl_refused(&problem);
        else
            status = print_codes(make, sheet);
    }
    buffer_free(&body);
    return status;
}

int
ctl_presale_codes(struct ctl *ctl)
{
    struct presale_codes_make make = {.actor = "ctl", .describe = presale_describe_codes};
    struct buffer out = {0};
    struct sheet sheet = {.out = &out};
    int64_t count;
    if (!ctl_concert_id(ctl, &make.concert_id) || !read_presale_id(ctl, &make.presale_id))
        return EXIT_USAGE;
    if (ctl->count == NULL || !ctl_read_number(ctl->count, 1, COUNT_MAX, &count)) {
        fprintf(stderr, "frontrowctl: --count must be 1 to %d\n", COUNT_MAX);
        return EXIT_USAGE;
    }
    if (!ctl_read_format(ctl, &sheet.form))
        return EXIT_USAGE;
    if (sheet.form == SHEET_CSV) {
        sheet_begin_head(&sheet);
        sheet_text(&sheet, "code", "");
        sheet_end_row(&sheet);
    }
    int status = make_codes(ctl, &make, count, &sheet);
    buffer_free(&out);
    if (status != EXIT_DONE)
        fputs("frontrowctl: not all codes were made\n", stderr);
    return status;
}
