#include "mysql/organiser/operator_table.h"

enum db_result
operator_table_insert(struct database *db, const struct operator_account *account,
                      const uint8_t key_hash[KEY_HASH_BYTES])
{
    static const struct query insert = {
        "INSERT INTO operator_key (name, role, key_hash, created_at)"
        " VALUES (?, ?, ?, UTC_TIMESTAMP(3))"};
    return db_execute(db, &insert,
                      PARAMETERS(DB_TEXT(account->name), DB_INTEGER(account->role),
                                 DB_BYTES(key_hash, KEY_HASH_BYTES)));
}

enum db_result
operator_table_find(struct database *db, const uint8_t key_hash[KEY_HASH_BYTES],
                    struct operator_account *account)
{
    static const struct query find = {"SELECT name, role + 0 FROM operator_key WHERE key_hash = ?"};
    return db_select_one(
        db, &find, PARAMETERS(DB_BYTES(key_hash, KEY_HASH_BYTES)),
        COLUMNS(INTO_TEXT(account->name), INTO_ENUM(&account->role, ROLE_MANAGER)));
}

enum db_result
operator_table_lock_by_key(struct database *db, const uint8_t key_hash[KEY_HASH_BYTES],
                           struct operator_account *account)
{
    static const struct query lock = {
        "SELECT name, role + 0 FROM operator_key WHERE key_hash = ? FOR UPDATE"};
    return db_select_one(
        db, &lock, PARAMETERS(DB_BYTES(key_hash, KEY_HASH_BYTES)),
        COLUMNS(INTO_TEXT(account->name), INTO_ENUM(&account->role, ROLE_MANAGER)));
}

enum db_result
operator_table_lock(struct database *db, const char *name, struct operator_account *account)
{
    static const struct query lock = {
        "SELECT name, role + 0 FROM operator_key WHERE name = ? FOR UPDATE"};
    return db_select_one(
        db, &lock, PARAMETERS(DB_TEXT(name)),
        COLUMNS(INTO_TEXT(account->name), INTO_ENUM(&account->role, ROLE_MANAGER)));
}

enum db_result
operator_table_delete(struct database *db, const char *name)
{
    static const struct query delete_one = {"DELETE FROM operator_key WHERE name = ?"};
    return db_execute(db, &delete_one, PARAMETERS(DB_TEXT(name)));
}

enum db_result
operator_table_list(struct database *db, struct operator_account *account, int64_t *created_at)
{
    static const struct query list = {
        "SELECT name, role + 0, created_at FROM operator_key ORDER BY name"};
    return db_select(db, &list, NO_PARAMETERS,
                     COLUMNS(INTO_TEXT(account->name), INTO_ENUM(&account->role, ROLE_MANAGER),
                             INTO_INSTANT(created_at)));
}
