#include "domain/organiser/operator.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "domain/logged_change.h"

static const char *const role_names[] = {
    [ROLE_NONE] = "other",    [ROLE_VIEWER] = "viewer",   [ROLE_GATE] = "gate",
    [ROLE_SELLER] = "seller", [ROLE_MANAGER] = "manager",
};

const char *
operator_role_name(enum role role)
{
    return role_names[role];
}

enum role
operator_role_by_name(const char *name)
{
    for (enum role role = ROLE_VIEWER; role <= ROLE_MANAGER; role++)
        if (strcmp(name, role_names[role]) == 0)
            return role;
    return ROLE_NONE;
}

/* ---- who calls ---- */

static void
hash_key(const char *key, uint8_t hash[KEY_HASH_BYTES])
{
    if (EVP_Digest(key, strlen(key), hash, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
}

/* What has another form is not looked up, and costs MySQL nothing. */
static bool
is_key(const char *key)
{
    static const char digits[] = "0123456789abcdef";
    const size_t prefix = sizeof OPERATOR_KEY_PREFIX - 1;
    return strlen(key) == OPERATOR_KEY_SIZE - 1 && strncmp(key, OPERATOR_KEY_PREFIX, prefix) == 0 &&
           strspn(key + prefix, digits) == 2 * (size_t)KEY_HASH_BYTES;
}

static const struct operator_account *
recall(const struct services *services, const uint8_t hash[KEY_HASH_BYTES], int64_t now)
{
    for (size_t i = 0; i < KNOWN_OPERATORS; i++) {
        const struct known_operator *known = &services->operators.known[i];
        if (now < known->until && memcmp(known->key_hash, hash, KEY_HASH_BYTES) == 0)
            return &known->account;
    }
    return NULL;
}

/* `asked_at` is from before the question, so that no later change is missed for longer. */
static void
remember(struct services *services, const uint8_t hash[KEY_HASH_BYTES],
         const struct operator_account *account, int64_t asked_at)
{
    struct known_operators *operators = &services->operators;
    struct known_operator *known = &operators->known[operators->next++ % KNOWN_OPERATORS];
    memcpy(known->key_hash, hash, KEY_HASH_BYTES);
    known->account = *account;
    known->until = asked_at + OPERATOR_KNOWN_MS;
}

enum error
operator_find(struct services *services, const char *key, struct operator_account *account,
              struct problem *problem)
{
    uint8_t hash[KEY_HASH_BYTES];
    int64_t now = clock_monotonic();
    if (!is_key(key))
        return refuse_because(problem, ERROR_UNAUTHORIZED, "this key is no operator's");
    hash_key(key, hash);
    const struct operator_account *known = recall(services, hash, now);
    if (known != NULL) {
        *account = *known;
        return ERROR_NONE;
    }
    enum db_result result = operator_table_find(services->db, hash, account);
    if (result == DB_NONE)
        return refuse_because(problem, ERROR_UNAUTHORIZED, "this key is no operator's");
    if (result == DB_OK)
        remember(services, hash, account, now);
    return refuse_db(problem, result);
}

/* ---- making and revoking ---- */

/* Lower case, so that no two are alike for people. */
static bool
is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);
    return length >= 1 && length < OPERATOR_NAME_SIZE && strspn(name, allowed) == length &&
           strchr("._-", name[0]) == NULL;
}

/* The names of those who are no operators of the table, in the audit log. */
static bool
is_reserved(const char *name)
{
    return strcmp(name, ADMIN_NAME) == 0 || strcmp(name, "ctl") == 0;
}

static void
make_key(char key[OPERATOR_KEY_SIZE])
{
    uint8_t bytes[KEY_HASH_BYTES];
    random_fill(bytes, sizeof bytes);
    memcpy(key, OPERATOR_KEY_PREFIX, sizeof OPERATOR_KEY_PREFIX);
    hex_write(bytes, sizeof bytes, key + sizeof OPERATOR_KEY_PREFIX - 1);
}

static enum db_result
add_to_log(struct services *services, const struct operator_change *change, const char *action,
           bool is_new)
{
    struct logged_change log = {
        .entry = {.actor = change->actor, .action = action, .detail = change->account.name}};
    change->describe(&change->account, is_new ? &log.after : &log.before);
    return logged_change_write(services, &log);
}

enum error
operator_add_execute(struct services *services, void *state, struct problem *problem)
{
    struct operator_change *change = state;
    const char *name = change->account.name;
    uint8_t hash[KEY_HASH_BYTES];
    if (!is_name(name))
        return refuse_field(problem, "NAME",
                            "1 to %d of a-z 0-9 . _ -, beginning with a letter or a digit",
                            OPERATOR_NAME_SIZE - 1);
    if (is_reserved(name))
        return refuse_field(problem, "NAME", "%s is the name of somebody else in the audit log",
                            name);
    make_key(change->key);
    hash_key(change->key, hash);
    enum db_result result = operator_table_insert(services->db, &change->account, hash);
    if (result == DB_DUPLICATE)
        return refuse_field(problem, "NAME", "there is an operator %s already", name);
    if (result == DB_OK)
        result = add_to_log(services, change, "operator add", true);
    return refuse_db(problem, result);
}

enum db_result
operator_add_was_committed(struct services *services, void *state)
{
    const struct operator_change *change = state;
    struct operator_account found;
    uint8_t hash[KEY_HASH_BYTES];
    hash_key(change->key, hash);
    return operator_table_lock_by_key(services->db, hash, &found);
}

enum error
operator_revoke_execute(struct services *services, void *state, struct problem *problem)
{
    struct operator_change *change = state;
    char name[OPERATOR_NAME_SIZE];
    memcpy(name, change->account.name, sizeof name);
    enum db_result result = operator_table_lock(services->db, name, &change->account);
    if (result == DB_NONE)
        return refuse_because(problem, ERROR_NOT_FOUND, "there is no operator %s", name);
    if (result == DB_OK)
        result = operator_table_delete(services->db, name);
    if (result == DB_OK)
        result = add_to_log(services, change, "operator revoke", false);
    return refuse_db(problem, result);
}

enum db_result
operator_revoke_was_committed(struct services *services, void *state)
{
    const struct operator_change *change = state;
    struct operator_account found;
    enum db_result result = operator_table_lock(services->db, change->account.name, &found);
    return result == DB_NONE ? DB_OK : result == DB_OK ? DB_NONE : result;
}

enum error
operator_visit_all(struct services *services,
                   void (*visit)(const struct operator_account *account, int64_t created_at),
                   struct problem *problem)
{
    struct operator_account account;
    int64_t created_at;
    enum db_result result = operator_table_list(services->db, &account, &created_at);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(&account, created_at);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}
