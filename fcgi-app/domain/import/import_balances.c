#include "domain/import/import_balances.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { PATIENCE_MS = 60000, TEXT_SIZE = REFERENCE_SIZE + 16 };

static enum db_result
find(struct services *services, struct import_balance *line)
{
    struct imported_balance balance = {.user_id = line->user_id, .reference = line->reference};
    enum db_result result = import_table_find_balance(services->db, &balance);
    line->was_there = result == DB_OK;
    line->history_id = balance.history_id;
    return result == DB_NONE ? DB_OK : result;
}

static enum error
check_lines(struct import_balances *import, struct problem *problem)
{
    for (size_t i = 0; i < import->read_count; i++) {
        struct import_balance *line = &import->lines[i];
        int64_t balance;
        if (refuse_db(problem, find(import->services, line)) != ERROR_NONE ||
            point_balance(import->services, line->user_id, &balance, problem) != ERROR_NONE)
            return problem->error;
        import->known_count += line->was_there;
        if (!line->was_there && balance + line->amount > POINT_BALANCE_LIMIT)
            import_file_fault_at(&import->file, line->line, IMPORT_AMOUNT,
                                 "The balance of %s would be above 10,000,000,000 points",
                                 line->user_id);
    }
    return ERROR_NONE;
}

/* ---- writing ---- */

/* The state of a transaction (domain/effect.h). */
struct balance_batch {
    struct import_balances *import;
    struct import_balance *lines;
    size_t count;
    const struct import_balance *written; /* the first one; NULL: none was to be */
};

static enum error
add(struct import_balances *import, struct import_balance *line, struct problem *problem)
{
    char reason[TEXT_SIZE];
    struct point_adjust adjust = {
        .change = {.user_id = line->user_id, .kind = POINT_CHARGE, .amount = line->amount},
        .reason = reason,
        .actor = import->actor,
        .describe = import->describe,
    };
    snprintf(reason, sizeof reason, "imported%s%s", line->reference[0] != '\0' ? " " : "",
             line->reference);
    if (point_adjust_execute(import->services, &adjust, problem) != ERROR_NONE)
        return problem->error;
    line->history_id = adjust.change.entry.history_id;
    const struct imported_balance balance = {
        .user_id = line->user_id, .reference = line->reference, .history_id = line->history_id};
    return refuse_db(problem, import_table_add_balance(import->services->db, &balance));
}

static enum error
execute(struct services *services, void *state, struct problem *problem)
{
    struct balance_batch *batch = state;
    batch->written = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        struct import_balance *line = &batch->lines[i];
        if (refuse_db(problem, find(services, line)) != ERROR_NONE)
            return problem->error;
        if (line->was_there)
            continue;
        if (add(batch->import, line, problem) != ERROR_NONE)
            return problem->error;
        if (batch->written == NULL)
            batch->written = line;
    }
    return ERROR_NONE;
}

/* All of it was, or nothing. */
static enum db_result
was_committed(struct services *services, void *state)
{
    const struct import_balance *line = ((const struct balance_batch *)state)->written;
    if (line == NULL)
        return DB_OK;
    struct imported_balance balance = {.user_id = line->user_id, .reference = line->reference};
    enum db_result result = import_table_lock_balance(services->db, &balance);
    return result == DB_OK && balance.history_id != line->history_id ? DB_NONE : result;
}

static enum error
apply(struct import_balances *import, struct import_balance *lines, size_t count,
      struct problem *problem)
{
    struct balance_batch batch = {.import = import, .lines = lines, .count = count};
    struct effect effect = {.state = &batch, .execute = execute, .was_committed = was_committed};
    enum error error = effect_apply_unasked(import->services, &effect, PATIENCE_MS, problem);
    for (size_t i = 0; i < count && error == ERROR_NONE; i++) {
        import->known_count += lines[i].was_there;
        import->written_count += !lines[i].was_there;
        import->written_amount += lines[i].was_there ? 0 : lines[i].amount;
    }
    return error;
}

/* A purse that became too full since the check is told; one by one, it is known which. */
static enum error
write_lines(struct import_balances *import, struct problem *problem)
{
    enum error error = apply(import, import->lines, import->read_count, problem);
    if (error != ERROR_BALANCE_LIMIT)
        return error;
    for (size_t i = 0; i < import->read_count; i++) {
        struct import_balance *line = &import->lines[i];
        error = apply(import, line, 1, problem);
        if (error != ERROR_NONE && error != ERROR_BALANCE_LIMIT)
            return error;
        if (error == ERROR_NONE)
            continue;
        import->refused_count++;
        import_file_fault_at(&import->file, line->line, IMPORT_AMOUNT, "%s", problem->detail);
    }
    return ERROR_NONE;
}

/* ---- the story ---- */

static enum error
finish_lines(struct import_balances *import, struct problem *problem)
{
    if (import->read_count == 0)
        return ERROR_NONE;
    enum error error = import->writes ? write_lines(import, problem) : check_lines(import, problem);
    import->read_count = 0;
    if (error == ERROR_NONE && import->progress != NULL)
        import->progress(import);
    return error;
}

/* A purse with nothing in it needs none here. */
static void
read_line(struct import_balances *import)
{
    struct import_file *file = &import->file;
    struct import_balance *line = &import->lines[import->read_count];
    const char *reference, *user = import_file_user(file);
    bool is_sound = import_file_reference(file, &reference) && *user != '\0';
    is_sound = import_file_amount(file, POINT_AMOUNT_LIMIT, &line->amount) && is_sound;
    if (!is_sound)
        return;
    if (!import_file_is_new(file, user, reference)) {
        import_file_fault(file, IMPORT_USER, "%s stood further above%s", user,
                          *reference != '\0' ? " with this ref" : "");
        return;
    }
    if (line->amount == 0)
        return;
    snprintf(line->user_id, sizeof line->user_id, "%s", user);
    snprintf(line->reference, sizeof line->reference, "%s", reference);
    line->line = file->row.line;
    import->read_count++;
    import->count++;
    import->amount += line->amount;
}

enum error
import_balances_run(struct import_balances *import, const char *path,
                    void (*tell)(int64_t line, int64_t column, const char *text),
                    struct problem *problem)
{
    struct import_file *file = &import->file;
    bool has = import_file_open(file, path, tell);
    has = has && import_file_has(file, IMPORT_USER, IMPORT_USER);
    has = has && import_file_has(file, IMPORT_AMOUNT, IMPORT_AMOUNT);
    while (has && import_file_next(file)) {
        read_line(import);
        if (import->read_count == BALANCES_AT_ONCE && finish_lines(import, problem) != ERROR_NONE)
            return problem->error;
    }
    return finish_lines(import, problem);
}

void
import_balances_free(struct import_balances *import)
{
    import_file_close(&import->file);
}
