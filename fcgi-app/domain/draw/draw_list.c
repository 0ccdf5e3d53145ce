#include "domain/draw/draw_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/queue/queue.h"

enum { PATH_SIZE = CONFIG_TEXT_SIZE + 64 };

static void
append(struct draw_list *list, const struct draw *draw, const struct draw_token *tokens,
       size_t count)
{
    size_t size = list->count + count;
    list->numbers = realloc(list->numbers, size * sizeof *list->numbers);
    list->entries = realloc(list->entries, size * sizeof *list->entries);
    if (list->numbers == NULL || list->entries == NULL)
        log_abort("no memory");
    for (size_t i = 0; i < count; i++) {
        char text[QUEUE_TOKEN_TEXT_SIZE];
        queue_write_token(draw->concert_id, tokens[i].token, text);
        draw_hash(text, strlen(text), list->entries[list->count]);
        list->numbers[list->count++] = tokens[i].number;
    }
}

enum db_result
draw_list_read(struct database *db, const struct draw *draw, struct draw_list *list)
{
    struct draw_token tokens[DRAW_CHUNK];
    size_t count = DRAW_CHUNK;
    int32_t after = 0;
    enum db_result result = DB_OK;
    *list = (struct draw_list){0};
    while (result == DB_OK && count == DRAW_CHUNK) {
        result = draw_table_tokens(db, draw->concert_id, after, draw->frozen_last, tokens, &count);
        if (result != DB_OK || count == 0)
            break;
        append(list, draw, tokens, count);
        after = tokens[count - 1].number;
    }
    return result;
}

void
draw_list_free(struct draw_list *list)
{
    free(list->numbers);
    free(list->entries);
    *list = (struct draw_list){0};
}

void
draw_list_hash(const struct draw_list *list, uint8_t hash[DRAW_BYTES])
{
    draw_hash_list((const uint8_t(*)[DRAW_BYTES])list->entries, list->count, hash);
}

int32_t *
draw_list_rank(const struct draw_list *list, const struct draw *draw, const char *beacon)
{
    int32_t *ranks = calloc(list->count + 1, sizeof *ranks);
    if (ranks == NULL)
        log_abort("no memory");
    draw_rank_entries(draw->seed, draw->list_hash, beacon,
                      (const uint8_t(*)[DRAW_BYTES])list->entries, list->count, ranks);
    return ranks;
}

static void
write_path(char path[PATH_SIZE], const char *folder, int32_t concert_id)
{
    snprintf(path, PATH_SIZE, "%s/%d.txt", folder, (int)concert_id);
}

bool
draw_list_is_written(const char *folder, int32_t concert_id)
{
    char path[PATH_SIZE];
    write_path(path, folder, concert_id);
    return access(path, F_OK) == 0;
}

static bool
write_lines(const struct draw_list *list, FILE *file)
{
    char line[DRAW_DIGITS + 1];
    for (size_t i = 0; i < list->count; i++) {
        hex_write(list->entries[i], DRAW_BYTES, line);
        line[DRAW_DIGITS] = '\n';
        if (fwrite(line, sizeof line, 1, file) != 1)
            return false;
    }
    return fflush(file) == 0 && fchmod(fileno(file), 0644) == 0 && fsync(fileno(file)) == 0;
}

bool
draw_list_write(const struct draw_list *list, const char *folder, int32_t concert_id)
{
    char path[PATH_SIZE], temporary[PATH_SIZE + 16];
    write_path(path, folder, concert_id);
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(temporary, "we");
    bool written = file != NULL && write_lines(list, file);
    int error = errno;
    if (file != NULL && fclose(file) != 0)
        written = false;
    if (written && rename(temporary, path) != 0) {
        error = errno;
        written = false;
    }
    if (!written) {
        log_error("the list of a draw cannot be written to %s: %s", path, strerror(error));
        unlink(temporary);
    }
    return written;
}

/* Whether the stored ranks are the computed ones. */
static enum db_result
check_ranks(struct database *db, const struct draw *draw, const struct draw_list *list,
            const int32_t *ranks, bool *fit)
{
    struct draw_page page = {.concert_id = draw->concert_id, .chunk = -1};
    enum db_result result = DB_OK;
    for (size_t i = 0; i < list->count && result == DB_OK && *fit; i++) {
        int32_t stored;
        result = draw_table_page_rank(db, &page, list->numbers[i], &stored);
        *fit = result != DB_OK || stored == ranks[i];
    }
    return result;
}

/* Ranks are of the published list: with another one there is nothing to compare. */
static enum db_result
audit_draw(struct database *db, const struct concert *concert, const struct draw *draw,
           struct draw_audit *audit)
{
    struct draw_list list = {0};
    uint8_t hash[DRAW_BYTES];
    bool list_fits = true, ranks_fit = true;
    enum db_result result = draw_list_read(db, draw, &list);
    if (result == DB_OK) {
        draw_list_hash(&list, hash);
        list_fits = memcmp(hash, draw->list_hash, DRAW_BYTES) == 0 &&
                    list.count == (size_t)draw->list_count;
    }
    if (result == DB_OK && list_fits && draw->drawn_at != CLOCK_NEVER) {
        int32_t *ranks = draw_list_rank(&list, draw, concert->beacon);
        result = check_ranks(db, draw, &list, ranks, &ranks_fit);
        free(ranks);
    }
    audit->lists += !list_fits;
    audit->ranks += !ranks_fit;
    draw_list_free(&list);
    return result;
}

enum db_result
draw_audit(struct services *services, struct draw_audit *audit)
{
    int32_t concert_id = 0;
    struct concert concert;
    struct draw draw;
    enum db_result result;
    *audit = (struct draw_audit){0};
    while ((result = draw_table_next(services->db, concert_id, &concert_id)) == DB_OK) {
        result = draw_table_find(services->db, concert_id, &draw);
        if (result == DB_OK)
            result = concert_table_find_whole(services->db, concert_id, &concert);
        if (result == DB_OK && draw.listed)
            result = audit_draw(services->db, &concert, &draw, audit);
        if (result != DB_OK)
            return result;
    }
    return result == DB_NONE ? DB_OK : result;
}
