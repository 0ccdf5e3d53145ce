/*
 * operator: who may call /admin, beside the one whose key is in the file of the settings. A key is
 * random, shown once and known by its SHA-256.
 */
#ifndef FRONTROW_DOMAIN_OPERATOR_H
#define FRONTROW_DOMAIN_OPERATOR_H

#include "domain/effect.h"
#include "mysql/organiser/operator_table.h"

/* A prefix by which a key is told from other secrets, 64 hexadecimal digits and the NUL. */
#define OPERATOR_KEY_PREFIX "frontrow-"
enum { OPERATOR_KEY_SIZE = sizeof OPERATOR_KEY_PREFIX + 2 * (size_t)KEY_HASH_BYTES };

/* "viewer", "gate", "seller" or "manager"; "other" for one that only a newer build has. */
const char *operator_role_name(enum role role);

/* The role of that name; ROLE_NONE: there is none. */
enum role operator_role_by_name(const char *name);

/*
 * Finds the operator with this key. What MySQL said is remembered for less than a second: so long
 * a key may work on after it was revoked. Refuses with unauthorized, or as MySQL is away.
 */
enum error operator_find(struct services *services, const char *key,
                         struct operator_account *account, struct problem *problem) MUST_CHECK;

/* The state of adding or revoking one (domain/effect.h). The caller fills all but the key. */
struct operator_change {
    const char *actor;               /* who does it, for the audit log */
    struct operator_account account; /* to revoke one, its name is enough */
    /* Writes an operator as JSON, for the audit log. */
    void (*describe)(const struct operator_account *account, struct buffer *values);
    char key[OPERATOR_KEY_SIZE]; /* of an added one */
};

/*
 * Adds an operator and makes its key. Refuses with invalid_field where the name is none, belongs to
 * somebody or is one of those that the audit log has for others.
 */
enum error operator_add_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result operator_add_was_committed(struct services *services, void *change) MUST_CHECK;

/* Deletes one; the name can be given again. Refuses with not_found. */
enum error operator_revoke_execute(struct services *services, void *change, struct problem *problem)
    MUST_CHECK;
enum db_result operator_revoke_was_committed(struct services *services, void *change) MUST_CHECK;

/* Hands all operators to `visit`, by name. */
enum error operator_visit_all(struct services *services,
                              void (*visit)(const struct operator_account *account,
                                            int64_t created_at),
                              struct problem *problem) MUST_CHECK;

#endif
