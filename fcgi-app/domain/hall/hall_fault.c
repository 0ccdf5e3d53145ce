#include "domain/hall/hall_fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
    const char *name;
    const char *text;
} faults[HALL_FAULT_COUNT] = {[HALL_SOUND] = {"", ""},
#define HALL_FAULT(name, code, text) [HALL_##name] = {code, text},
                              HALL_FAULTS(HALL_FAULT)
#undef HALL_FAULT
};

_Bool
hall_fault_set(struct hall_fault *fault, enum hall_fault_code code)
{
    *fault = (struct hall_fault){.code = code};
    return 0;
}

void
hall_fault_word(struct hall_fault *fault, const char *name, const char *value)
{
    static const char more[] = "...";
    struct hall_word *word = &fault->words[fault->word_count++];
    size_t room = sizeof word->value - 1, length = text_cut(value, room);
    word->name = name;
    if (value[length] != '\0')
        length = text_cut(value, room - strlen(more));
    snprintf(word->value, sizeof word->value, "%.*s%s", (int)length, value,
             value[length] != '\0' ? more : "");
}

void
hall_fault_number(struct hall_fault *fault, const char *name, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    hall_fault_word(fault, name, digits);
}

const char *
hall_fault_name(enum hall_fault_code code)
{
    return faults[code].name;
}

/* The word of the name that begins at `name` and ends with a brace; "" if there is none. */
static const char *
find_word(const struct hall_fault *fault, const char *name, size_t length)
{
    for (size_t i = 0; i < fault->word_count; i++)
        if (strncmp(fault->words[i].name, name, length) == 0 &&
            fault->words[i].name[length] == '\0')
            return fault->words[i].value;
    return "";
}

void
hall_fault_text(const struct hall_fault *fault, char text[HALL_FAULT_TEXT_SIZE])
{
    const char *from = faults[fault->code].text;
    size_t used = 0;
    text[0] = '\0';
    while (*from != '\0' && used < HALL_FAULT_TEXT_SIZE) {
        size_t length = strcspn(from, "{");
        used +=
            (size_t)snprintf(text + used, HALL_FAULT_TEXT_SIZE - used, "%.*s", (int)length, from);
        from += length;
        if (*from != '{' || used >= HALL_FAULT_TEXT_SIZE)
            continue;
        length = strcspn(++from, "}");
        used += (size_t)snprintf(text + used, HALL_FAULT_TEXT_SIZE - used, "%s",
                                 find_word(fault, from, length));
        from += length + 1;
    }
}
