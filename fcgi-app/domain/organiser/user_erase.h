/*
 * user_erase: forgets a user who asks for it. The books stay, the name goes: a random one takes its
 * place wherever it is stored, so that the books still join.
 */
#ifndef FRONTROW_DOMAIN_USER_ERASE_H
#define FRONTROW_DOMAIN_USER_ERASE_H

#include "domain/effect.h"
#include "mysql/organiser/erase_table.h"

enum { ERASED_NAME_SIZE = 7 + 32 + 1 }; /* "erased-", 32 hexadecimal digits and a NUL */

/* The caller fills the first part. */
struct user_erase {
    const char *user_id;
    const char *actor;
    bool forfeits; /* points that are left are taken, and orders to come go with the name */
    /* Writes the new name as JSON, for the audit log. */
    void (*describe)(const char *name, struct buffer *values);

    char name[ERASED_NAME_SIZE];
    struct erase_counts counts; /* as it was found */
    int64_t rows;               /* that were changed */
    struct buffer new_values;   /* of the audit log */
};

/* Reads what there is, without a lock. */
enum error user_erase_look(struct services *services, struct user_erase *erase,
                           struct problem *problem) MUST_CHECK;

/*
 * Ends the user's holds and tokens, in Redis too, and gives another name to all that is left, in
 * one transaction. Refuses with not_cancellable, with a detail, where points or orders to come
 * are left and `forfeits` is not set; what was ended by then stays so. The caller frees new_values.
 */
enum error user_erase_run(struct services *services, struct user_erase *erase,
                          struct problem *problem) MUST_CHECK;

#endif
