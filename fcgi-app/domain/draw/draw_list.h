/* draw_list: who is in a draw, as it is published. Private to this folder. */
#ifndef FRONTROW_DOMAIN_DRAW_LIST_H
#define FRONTROW_DOMAIN_DRAW_LIST_H

#include "domain/draw/draw.h"

/* All entries in order of arrival. Zero-initialised can be freed. */
struct draw_list {
    size_t count;
    int32_t *numbers;
    uint8_t (*entries)[DRAW_BYTES];
};

/* Reads it from MySQL; the draw must be sealed, or it may still grow. Freed by the caller. */
enum db_result draw_list_read(struct database *db, const struct draw *draw, struct draw_list *list)
    MUST_CHECK;
void draw_list_free(struct draw_list *list);

/* SHA-256 of its file. */
void draw_list_hash(const struct draw_list *list, uint8_t hash[DRAW_BYTES]);

/* The rank of each entry by the draw's seed and published hash. Freed by the caller. */
int32_t *draw_list_rank(const struct draw_list *list, const struct draw *draw, const char *beacon);

/* Whether the file is in the folder. */
bool draw_list_is_written(const char *folder, int32_t concert_id);

/* Writes <folder>/<concertId>.txt whole or not at all. False: the log says why. */
bool draw_list_write(const struct draw_list *list, const char *folder, int32_t concert_id);

#endif
