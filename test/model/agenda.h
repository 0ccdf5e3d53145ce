/* agenda: who is to do something when, in a simulation. */
#ifndef FRONTROW_TEST_AGENDA_H
#define FRONTROW_TEST_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct appointment {
    int64_t at;
    int32_t who;
};

/* Zero-initialised is empty. */
struct agenda {
    struct appointment *heap;
    size_t count;
    size_t room;
};

void agenda_add(struct agenda *agenda, int64_t at, int32_t who);

/* Takes the first one out; of two at one time the lower `who`. False: there is none by `until`. */
bool agenda_take(struct agenda *agenda, int64_t until, struct appointment *first);

void agenda_free(struct agenda *agenda);

#endif
