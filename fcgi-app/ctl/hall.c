/* frontrowctl hall check */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/hall_file.h"
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

int
ctl_hall_check(struct ctl *ctl)
{
    struct buffer bytes = {0};
    struct hall_file file = {.encoding = NULL};
    struct hall_fault fault;
    int status = EXIT_FAILED;
    if (read_argument(ctl->argument, &bytes)) {
        if (hall_file_read(bytes.data, bytes.length, &file, &fault)) {
            print_form(&file);
            print_summary(&file.plan);
            say_notices(ctl->argument, &file.plan);
            status = EXIT_DONE;
        } else {
            say_fault(ctl->argument, &fault);
        }
    }
    hall_file_free(&file);
    buffer_free(&bytes);
    return status;
}
