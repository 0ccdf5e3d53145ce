/* frontrowctl hall check|import|export|list|delete */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/hall.h"
#include "api/hall_file.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"

enum { READ_STEP = 65536, FILE_MAX = 32 << 20 /* as POST /admin/hall takes */ };

static void
say_fault(const char *name, const struct hall_fault *fault)
{
    char text[HALL_FAULT_TEXT_SIZE];
    hall_fault_text(fault, text);
    fprintf(stderr, "frontrowctl: %s: ", name);
    if (fault->line > 0)
        fprintf(stderr, "line %" PRId64 ": ", fault->line);
    if (fault->column > 0)
        fprintf(stderr, "column %" PRId64 ": ", fault->column);
    fprintf(stderr, "%s\n", text);
}

/* Reads it all, up to one byte more than is allowed. False: errno says why not. */
static bool
read_bytes(FILE *stream, struct buffer *bytes)
{
    size_t got;
    do {
        got = fread(buffer_reserve(bytes, READ_STEP), 1, READ_STEP, stream);
        bytes->length += got;
    } while (got == READ_STEP && bytes->length <= FILE_MAX);
    return ferror(stream) == 0;
}

/* Reads the file that the argument names; "-" is standard input. False: it was said why not. */
static bool
read_argument(const char *name, struct buffer *bytes)
{
    bool is_input = strcmp(name, "-") == 0;
    FILE *stream = is_input ? stdin : fopen(name, "rb");
    bool read = stream != NULL && read_bytes(stream, bytes);
    if (!read)
        fprintf(stderr, "frontrowctl: %s: %s\n", name, strerror(errno));
    else if (bytes->length > FILE_MAX)
        fprintf(stderr, "frontrowctl: %s: a file may have at most 32 MiB\n", name);
    if (stream != NULL && !is_input)
        fclose(stream);
    return read && bytes->length <= FILE_MAX;
}

/* ---- what was read ---- */

static void
print_columns(const struct hall_csv *csv)
{
    fputs("columns:", stdout);
    for (size_t i = 0; i < csv->header_count; i++) {
        char *header = csv->headers[i];
        ctl_keep_on_a_line(header);
        printf("%s %s = %s", i > 0 ? "," : "", *header != '\0' ? header : "(empty)",
               csv->columns[i] == HALL_COLUMN_COUNT ? "ignored"
                                                    : hall_column_name(csv->columns[i]));
    }
    puts("");
}

static void
print_form(const struct hall_file *file)
{
    static const char *const forms[] = {
        [HALL_FORM_CSV] = "CSV",
        [HALL_FORM_JSON] = "JSON",
        [HALL_FORM_PRETIX] = "a seating plan of pretix",
    };
    printf("form:    %s, %s", forms[file->form], file->encoding);
    if (file->form == HALL_FORM_CSV)
        printf(", cells end with a %s", file->csv.delimiter == ','   ? "comma"
                                        : file->csv.delimiter == ';' ? "semicolon"
                                                                     : "tab");
    puts("");
    if (file->form == HALL_FORM_CSV)
        print_columns(&file->csv);
}

static void
print_summary(const struct hall_plan *plan)
{
    struct hall_summary summary;
    const char *separator = " ";
    hall_plan_summarise(plan, &summary);
    printf("seats:   %zu in %d rows of %d sections\nkinds:  ", plan->count, (int)summary.rows,
           (int)summary.sections);
    for (int kind = SEAT_PLAIN; kind <= SEAT_WITHHELD; kind++)
        if (summary.kinds[kind] > 0) {
            printf("%s%s %d", separator, seat_kind_name((enum seat_kind)kind),
                   (int)summary.kinds[kind]);
            separator = ", ";
        }
    fputs("\nprices:  ", stdout);
    if (summary.min_price >= 0)
        printf("%" PRId64 " to %" PRId64, summary.min_price, summary.max_price);
    if (summary.unpriced > 0)
        printf("%s%d seats have none", summary.min_price >= 0 ? "; " : "", (int)summary.unpriced);
    puts("");
}

/* What is no reason to refuse it. */
static void
say_notices(const char *name, const struct hall_plan *plan)
{
    for (size_t i = 0; i < plan->notice_count && i < HALL_NOTICES_MAX; i++)
        say_fault(name, &plan->notices[i]);
    if (plan->notice_count > HALL_NOTICES_MAX)
        fprintf(stderr, "frontrowctl: %s: and %zu seats more\n", name,
                plan->notice_count - HALL_NOTICES_MAX);
}

/* Reads the file of the argument; its texts stand in *bytes. False: it was said why not. */
static bool
read_hall(const char *name, struct buffer *bytes, struct hall_file *file)
{
    struct hall_fault fault;
    *file = (struct hall_file){.encoding = NULL};
    if (!read_argument(name, bytes))
        return false;
    bool sound = hall_file_read(bytes->data, bytes->length, file, &fault);
    if (!sound)
        say_fault(name, &fault);
    return sound;
}

int
ctl_hall_check(struct ctl *ctl)
{
    struct buffer bytes = {0};
    struct hall_file file;
    bool sound = read_hall(ctl->argument, &bytes, &file);
    if (sound) {
        print_form(&file);
        print_summary(&file.plan);
        say_notices(ctl->argument, &file.plan);
    }
    hall_file_free(&file);
    buffer_free(&bytes);
    return sound ? EXIT_DONE : EXIT_FAILED;
}

/* ---- halls that are kept ---- */

static int
import(struct ctl *ctl, const struct hall_file *file)
{
    const char *name = ctl->name != NULL ? ctl->name : file->name;
    size_t length = text_count_characters(name);
    struct hall_change change = {.actor = "ctl", .describe = hall_describe, .plan = &file->plan};
    struct effect effect = {
        .kind = EFFECT_HALL,
        .state = &change,
        .execute = hall_create_execute,
        .was_committed = hall_create_was_committed,
        .render = hall_render,
    };
    if (length < 1 || length > HALL_NAME_CHARACTERS || text_has_control_character(name) ||
        !text_is_utf8(name) || !text_copy(change.hall.name, sizeof change.hall.name, name)) {
        fprintf(stderr,
                "frontrowctl: --name must have 1 to %d characters of UTF-8, and no control "
                "characters\n",
                HALL_NAME_CHARACTERS);
        return EXIT_USAGE;
    }
    return ctl_apply(ctl, &effect);
}

int
ctl_hall_import(struct ctl *ctl)
{
    struct buffer bytes = {0};
    struct hall_file file;
    int status = EXIT_FAILED;
    if (read_hall(ctl->argument, &bytes, &file)) {
        say_notices(ctl->argument, &file.plan);
        status = import(ctl, &file);
    }
    hall_file_free(&file);
    buffer_free(&bytes);
    return status;
}

/* The argument as a hallId; it is said where it is none. */
static bool
read_hall_id(const struct ctl *ctl, int32_t *hall_id)
{
    int64_t id;
    bool ok = ctl_read_number(ctl->argument, 1, INT32_MAX, &id);
    *hall_id = ok ? (int32_t)id : 0;
    if (!ok)
        fprintf(stderr, "frontrowctl: %s is no hallId\n", ctl->argument);
    return ok;
}

int
ctl_hall_export(struct ctl *ctl)
{
    struct hall_row hall;
    struct hall_plan plan;
    struct problem problem;
    struct buffer text = {0};
    int32_t hall_id;
    int status = EXIT_DONE;
    if (!read_hall_id(ctl, &hall_id))
        return EXIT_USAGE;
    if (hall_kept_read(ctl->services, hall_id, &hall, &plan, &problem) == ERROR_NONE) {
        hall_csv_write(&plan, &text);
        if (fwrite(text.data, 1, text.length, stdout) != text.length || fflush(stdout) != 0) {
            fprintf(stderr, "frontrowctl: the hall could not be written: %s\n", strerror(errno));
            status = EXIT_FAILED;
        }
    } else {
        status = ctl_refused(&problem);
    }
    hall_plan_free(&plan);
    buffer_free(&text);
    return status;
}

int
ctl_hall_delete(struct ctl *ctl)
{
    struct hall_change change = {.actor = "ctl", .describe = hall_describe};
    struct effect effect = {
        .kind = EFFECT_HALL,
        .state = &change,
        .execute = hall_delete_execute,
        .was_committed = hall_delete_was_committed,
        .render = hall_render,
    };
    return read_hall_id(ctl, &change.hall.hall_id) ? ctl_apply(ctl, &effect) : EXIT_USAGE;
}

int
ctl_hall_list(struct ctl *ctl)
{
    enum { PAGE = 100 };
    struct hall_row halls[PAGE];
    struct problem problem;
    size_t count;
    int64_t before = (int64_t)INT32_MAX + 1;
    printf("%10s  %7s  %-10s  %s\n", "hallId", "seats", "created", "name");
    do {
        if (hall_kept_list(ctl->services, before, PAGE, halls, &count, &problem) != ERROR_NONE)
            return ctl_refused(&problem);
        for (size_t i = 0; i < count; i++) {
            char created[CLOCK_TEXT_SIZE];
            clock_format(halls[i].created_at, created);
            ctl_keep_on_a_line(halls[i].name);
            printf("%10d  %7d  %.10s  %s\n", (int)halls[i].hall_id, (int)halls[i].seat_count,
                   created, halls[i].name);
            before = halls[i].hall_id;
        }
    } while (count == PAGE);
    return EXIT_DONE;
}
