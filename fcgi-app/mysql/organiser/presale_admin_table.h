/* presale_admin_table: the SQL by which operators make, change and see presale. */
#ifndef FRONTROW_MYSQL_PRESALE_ADMIN_TABLE_H
#define FRONTROW_MYSQL_PRESALE_ADMIN_TABLE_H

#include "mysql/sale/presale_table.h"

/* What became of a window so far. */
struct presale_counts {
    int32_t held; /* seats */
    int32_t paid;
    int32_t codes; /* single ones that were made */
    int32_t bound; /* of them: somebody came with it */
    int32_t used;  /* somebody paid */
};

/* Sets presale->presale_id. The quota has no slots yet. */
enum db_result presale_admin_table_insert(struct database *db, struct presale *presale,
                                          int64_t created_at) MUST_CHECK;

/* One of this concert, locked against other operators; buyers do not lock it. */
enum db_result presale_admin_table_lock(struct database *db, int32_t concert_id, int32_t presale_id,
                                        struct presale *presale, int64_t *created_at) MUST_CHECK;

/* Adds free slots. */
enum db_result presale_admin_table_add_slots(struct database *db, int32_t presale_id, int32_t count)
    MUST_CHECK;

/* Removes free slots. DB_NONE: there are not so many. */
enum db_result presale_admin_table_remove_slots(struct database *db, int32_t presale_id,
                                                int32_t count) MUST_CHECK;

enum db_result presale_admin_table_update(struct database *db, const struct presale *presale)
    MUST_CHECK;

/* Removes a window with slots and codes. Whoever takes a slot of it now is waited for. */
enum db_result presale_admin_table_delete(struct database *db, int32_t presale_id) MUST_CHECK;

/* Whether any reservation was made in it. */
enum db_result presale_admin_table_was_used(struct database *db, int32_t concert_id,
                                            int32_t presale_id, bool *was_used) MUST_CHECK;

/* The windows of a concert by their begin; db_next() fills both. */
enum db_result presale_admin_table_list(struct database *db, int32_t concert_id,
                                        struct presale *presale, struct presale_counts *counts)
    MUST_CHECK;

/* When they are alone; db_next() fills both. */
enum db_result presale_admin_table_list_times(struct database *db, int32_t concert_id,
                                              int64_t *starts_at, int64_t *ends_at) MUST_CHECK;

/* What became of one. */
enum db_result presale_admin_table_count(struct database *db, int32_t presale_id,
                                         struct presale_counts *counts) MUST_CHECK;

/* Tells the concert when its windows are. */
enum db_result presale_admin_table_set_times(struct database *db, int32_t concert_id,
                                             const char *times) MUST_CHECK;

enum { PRESALE_CODES_AT_ONCE = 1000 };

/* Adds up to PRESALE_CODES_AT_ONCE single codes, whose hashes stand one behind the other.
 * DB_DUPLICATE: one of them is there. */
enum db_result presale_admin_table_add_codes(struct database *db, int32_t presale_id,
                                             const uint8_t *hashes, size_t count) MUST_CHECK;

/* Whether the code is there, which a lost transaction made; it is locked. */
enum db_result presale_admin_table_lock_code(struct database *db, int32_t presale_id,
                                             const uint8_t hash[PRESALE_HASH_BYTES]) MUST_CHECK;

#endif
