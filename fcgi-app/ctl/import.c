/* frontrowctl import orders|balances */
#include <inttypes.h>
#include <stdio.h>

#include "api/point.h"
#include "ctl/ctl.h"
#include "domain/import/import_balances.h"
#include "domain/import/import_orders.h"

enum { FAULTS_SHOWN = 100, PROGRESS_STEP = 1000 };

/* ---- what is wrong with the file ---- */

static const char *file_name;
static int64_t faults_told;

static void
tell(int64_t line, int64_t column, const char *text)
{
    char shown[IMPORT_FAULT_SIZE];
    if (faults_told++ >= FAULTS_SHOWN)
        return;
    snprintf(shown, sizeof shown, "%s", text);
    ctl_keep_on_a_line(shown);
    fprintf(stderr, "frontrowctl: %s: ", file_name);
    if (line > 0)
        fprintf(stderr, "line %" PRId64 ": ", line);
    if (column > 0)
        fprintf(stderr, "column %" PRId64 ": ", column);
    fprintf(stderr, "%s\n", shown);
}

/* Ends the faults of a run. The exit status that belongs to it. */
static int
end_faults(void)
{
    if (faults_told > FAULTS_SHOWN)
        fprintf(stderr, "frontrowctl: %s: and %" PRId64 " faults more\n", file_name,
                faults_told - FAULTS_SHOWN);
    return faults_told == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void
begin_faults(const struct ctl *ctl)
{
    file_name = ctl->argument;
    faults_told = 0;
}

/* ---- orders ---- */

/* How the first one was understood. */
static void
print_columns(struct import_file *file)
{
    buffer_text(&file->meaning, "");
    ctl_keep_on_a_line(file->meaning.data);
    printf("columns:  %s\n", file->meaning.data);
}

static void
print_orders(struct import_orders *import)
{
    const struct import_totals *totals = &import->totals;
    char delimiter = import->file.csv.csv.delimiter;
    printf("form:     %s, cells end with a %s\n", import->file.csv.encoding,
           delimiter == '\t'  ? "tab"
           : delimiter == ';' ? "semicolon"
                              : "comma");
    print_columns(&import->file);
    printf("lines:    %" PRId64 ", of which %" PRId64 " are not sold\n", import->file.read_count,
           totals->skipped_count);
    printf("orders:   %" PRId64 " with %" PRId64 " seats for %" PRId64 "; here %" PRId64
           " reservations, of which %" PRId64 " were imported before\n",
           totals->order_count, totals->seat_count, totals->amount, totals->part_count,
           totals->known_count);
    if (totals->freed_count > 0)
        printf("free:     %" PRId64
               " seats of those imported before: given back here, or the file has changed\n",
               totals->freed_count);
    for (size_t i = 0; i < import->date_count; i++) {
        const struct import_date *date = &import->dates[i];
        if (date->seat_count > 0)
            printf("date:     %s (itemId %d): %" PRId64 " seats for %" PRId64 "\n", date->item.date,
                   (int)date->item.item_id, date->seat_count, date->amount);
    }
}

static void
print_written(const struct import_totals *totals)
{
    printf("imported %" PRId64 " reservations with %" PRId64 " seats\n", totals->written_count,
           totals->written_seats);
    fflush(stdout);
}

/* Whether a number came to another thousand. */
static bool
is_step(int64_t count, int64_t *shown)
{
    bool is_one = count / PROGRESS_STEP > *shown;
    *shown = count / PROGRESS_STEP;
    return is_one;
}

static void
show_orders(const struct import_orders *import)
{
    static int64_t shown;
    if (is_step(import->totals.written_count, &shown))
        print_written(&import->totals);
}

/* Reads the file once, to check it or to write it. */
static int
run_orders(struct ctl *ctl, int32_t concert_id, bool writes)
{
    struct import_orders import = {
        .services = ctl->services,
        .actor = "ctl",
        .writes = writes,
        .progress = writes ? show_orders : NULL,
    };
    struct problem problem;
    begin_faults(ctl);
    enum error error = import_orders_run(&import, concert_id, ctl->argument, tell, &problem);
    int status = end_faults();
    if (error == ERROR_NONE && !writes)
        print_orders(&import);
    if (writes) {
        print_written(&import.totals);
        if (import.totals.known_count > 0)
            printf("%" PRId64 " were imported before\n", import.totals.known_count);
        if (import.totals.refused_count > 0)
            printf("%" PRId64 " were not imported: somebody else has their seats\n",
                   import.totals.refused_count);
    }
    import_orders_free(&import);
    if (error != ERROR_NONE)
        return ctl_refused(&problem);
    return status;
}

/* What follows the check. */
static int
end_check(const struct ctl *ctl, int status)
{
    if (status != EXIT_DONE)
        fputs("frontrowctl: nothing was written\n", stderr);
    else if (!ctl->write)
        puts("nothing was written: use --write to import it");
    fflush(stdout);
    return status;
}

int
ctl_import_orders(struct ctl *ctl)
{
    int32_t concert_id;
    if (ctl->concert == NULL) {
        fputs("frontrowctl: --concert must name the concert of the orders\n", stderr);
        return EXIT_USAGE;
    }
    if (!ctl_read_concert_id(ctl->concert, &concert_id))
        return EXIT_USAGE;
    int status = end_check(ctl, run_orders(ctl, concert_id, false));
    return status == EXIT_DONE && ctl->write ? run_orders(ctl, concert_id, true) : status;
}

/* ---- balances ---- */

static void
print_balances(struct import_balances *import)
{
    print_columns(&import->file);
    printf("balances: %" PRId64 " of %" PRId64 " points; %" PRId64 " were imported before\n",
           import->count, import->amount, import->known_count);
}

static void
print_added(const struct import_balances *import)
{
    printf("imported %" PRId64 " balances of %" PRId64 " points\n", import->written_count,
           import->written_amount);
    fflush(stdout);
}

static void
show_balances(const struct import_balances *import)
{
    static int64_t shown;
    if (is_step(import->written_count, &shown))
        print_added(import);
}

static int
run_balances(struct ctl *ctl, bool writes)
{
    struct import_balances import = {
        .services = ctl->services,
        .actor = "ctl",
        .describe = point_write_purse,
        .writes = writes,
        .progress = writes ? show_balances : NULL,
    };
    struct problem problem;
    begin_faults(ctl);
    enum error error = import_balances_run(&import, ctl->argument, tell, &problem);
    int status = end_faults();
    if (writes)
        print_added(&import);
    else if (error == ERROR_NONE)
        print_balances(&import);
    if (writes && import.known_count > 0)
        printf("%" PRId64 " were imported before\n", import.known_count);
    import_balances_free(&import);
    return error != ERROR_NONE ? ctl_refused(&problem) : status;
}

int
ctl_import_balances(struct ctl *ctl)
{
    int status = end_check(ctl, run_balances(ctl, false));
    return status == EXIT_DONE && ctl->write ? run_balances(ctl, true) : status;
}
