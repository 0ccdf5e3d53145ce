#include "api/refund_rules.h"

#include <stdlib.h>
#include <string.h>

/* The most days first. */
static int
compare_days(const void *a, const void *b)
{
    int32_t left = ((const struct refund_rule *)a)->until_days;
    int32_t right = ((const struct refund_rule *)b)->until_days;
    return (left < right) - (left > right);
}

static void
read_rule(struct reader *reader, struct refund_rule *rule)
{
    rule->until_days = reader_small(reader, "untilDays", 0, REFUND_DAYS_MAX, NULL);
    rule->percent = reader_small(reader, "percent", 0, 100, NULL);
}

void
refund_rules_read_member(struct reader *reader, struct refund_rules *rules)
{
    void *list = NULL;
    if (reader_find(reader, "refundRules", false, "") == NULL)
        return;
    const json_t *array =
        reader_array(reader, "refundRules", 1, REFUND_RULES_MAX, sizeof(struct refund_rule), &list);
    struct refund_rule *read = list;
    size_t count = json_array_size(array);
    for (size_t i = 0; i < count && reader->ok; i++) {
        struct reader inner = reader_enter(reader, "refundRules", array, i);
        read_rule(&inner, &read[i]);
        reader->ok = inner.ok;
    }
    if (reader->ok)
        qsort(read, count, sizeof read[0], compare_days);
    for (size_t i = 1; i < count && reader->ok; i++)
        if (read[i].until_days == read[i - 1].until_days)
            reader_refuse(reader, "refundRules", "rules of different untilDays");
    if (reader->ok) {
        memcpy(rules->list, read, count * sizeof read[0]);
        rules->count = count;
    }
    free(list);
}

void
refund_rules_write(struct json *json, const struct refund_rules *rules)
{
    json_begin_array(json, "refundRules");
    for (size_t i = 0; i < rules->count; i++) {
        json_begin_object(json, NULL);
        json_write_integer(json, "untilDays", rules->list[i].until_days);
        json_write_integer(json, "percent", rules->list[i].percent);
        json_end_object(json);
    }
    json_end_array(json);
}
