#include "agenda.h"

#include <stdlib.h>

static bool
is_before(const struct appointment *a, const struct appointment *b)
{
    return a->at < b->at || (a->at == b->at && a->who < b->who);
}

static void
swap(struct appointment *a, struct appointment *b)
{
    struct appointment kept = *a;
    *a = *b;
    *b = kept;
}

void
agenda_add(struct agenda *agenda, int64_t at, int32_t who)
{
    if (agenda->count == agenda->room) {
        agenda->room = agenda->room == 0 ? 1024 : 2 * agenda->room;
        agenda->heap = realloc(agenda->heap, agenda->room * sizeof *agenda->heap);
        if (agenda->heap == NULL)
            abort();
    }
    struct appointment *heap = agenda->heap;
    size_t i = agenda->count++;
    heap[i] = (struct appointment){at, who};
    for (; i > 0 && is_before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
}

bool
agenda_take(struct agenda *agenda, int64_t until, struct appointment *first)
{
    struct appointment *heap = agenda->heap;
    if (agenda->count == 0 || heap[0].at > until)
        return false;
    *first = heap[0];
    heap[0] = heap[--agenda->count];
    for (size_t i = 0, child; (child = 2 * i + 1) < agenda->count; i = child) {
        if (child + 1 < agenda->count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &heap[i]))
            break;
        swap(&heap[child], &heap[i]);
    }
    return true;
}

void
agenda_free(struct agenda *agenda)
{
    free(agenda->heap);
    *agenda = (struct agenda){0};
}
