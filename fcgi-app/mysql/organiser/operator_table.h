/* operator_table: the SQL of operators, who are known by the SHA-256 of their keys. */
#ifndef FRONTROW_MYSQL_OPERATOR_TABLE_H
#define FRONTROW_MYSQL_OPERATOR_TABLE_H

#include "base/message.h"
#include "mysql/database.h"

enum { KEY_HASH_BYTES = 32 };

/* Inserts one. DB_DUPLICATE: there is one of this name. */
enum db_result operator_table_insert(struct database *db, const struct operator_account *account,
                                     const uint8_t key_hash[KEY_HASH_BYTES]) MUST_CHECK;

/* The one whose key this is, without and with FOR UPDATE. */
enum db_result operator_table_find(struct database *db, const uint8_t key_hash[KEY_HASH_BYTES],
                                   struct operator_account *account) MUST_CHECK;
enum db_result operator_table_lock_by_key(struct database *db,
                                          const uint8_t key_hash[KEY_HASH_BYTES],
                                          struct operator_account *account) MUST_CHECK;

/* The one of this name, with FOR UPDATE. */
enum db_result operator_table_lock(struct database *db, const char *name,
                                   struct operator_account *account) MUST_CHECK;

enum db_result operator_table_delete(struct database *db, const char *name) MUST_CHECK;

/* All by name; db_next() fills *account and *created_at. */
enum db_result operator_table_list(struct database *db, struct operator_account *account,
                                   int64_t *created_at) MUST_CHECK;

#endif
