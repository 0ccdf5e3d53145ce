/*
 * fuzz_hall: the file of a hall, as operators send it. What was taken must fit into the columns of
 * a seat, has each name once, and is the same hall when it is written and read again; what was
 * refused names a place in the file.
 */
#include <stdlib.h>
#include <string.h>

#include "api/hall_file.h"
#include "fuzz.h"

static void
require_cell(const char *text, size_t max)
{
    size_t length = strlen(text);
    fuzz_require_text(text, length + 1);
    fuzz_require_line(text);
    REQUIRE(length <= 4 * max);
}

static void
require_partner(const struct hall_plan *plan, size_t i)
{
    const struct hall_seat *seat = &plan->seats[i];
    if (seat->partner < 0) {
        REQUIRE(seat->kind != SEAT_COMPANION);
        return;
    }
    REQUIRE((size_t)seat->partner < plan->count);
    const struct hall_seat *other = &plan->seats[seat->partner];
    REQUIRE((size_t)other->partner == i);
    REQUIRE(seat->kind == (other->kind == SEAT_WHEELCHAIR ? SEAT_COMPANION : SEAT_WHEELCHAIR));
    REQUIRE(seat->section == other->section && seat->row == other->row);
}

static void
require_plan(const struct hall_plan *plan)
{
    REQUIRE(plan->count >= 1 && plan->count <= HALL_SEATS_MAX);
    for (size_t i = 0; i < plan->count; i++) {
        const struct hall_seat *seat = &plan->seats[i];
        require_cell(seat->section, SECTION_CHARACTERS);
        require_cell(seat->row, SECTION_CHARACTERS);
        require_cell(seat->label, LABEL_CHARACTERS);
        require_cell(seat->category, CATEGORY_CHARACTERS);
        require_cell(seat->note, NOTE_CHARACTERS);
        REQUIRE(*seat->section != '\0' && *seat->label != '\0');
        REQUIRE((*seat->row == '\0') == (seat->kind == SEAT_STANDING));
        REQUIRE(seat->kind >= SEAT_PLAIN && seat->kind <= SEAT_WITHHELD);
        REQUIRE(seat->price >= -1 && seat->price <= PRICE_MAX);
        REQUIRE(abs(seat->position.x) <= HALL_POSITION_MAX);
        REQUIRE(abs(seat->position.y) <= HALL_POSITION_MAX);
        REQUIRE(i == 0 ? seat->number == 1 : seat->number > seat[-1].number);
        require_partner(plan, i);
    }
    struct hall_summary summary;
    hall_plan_summarise(plan, &summary);
    REQUIRE(summary.sections >= 1 && summary.rows >= summary.sections);
    REQUIRE((size_t)summary.rows <= plan->count);
}

static void
require_fault(const struct hall_fault *fault)
{
    char text[HALL_FAULT_TEXT_SIZE];
    bool quotes_brace = false; /* what the file said, not a word that was forgotten */
    for (size_t i = 0; i < fault->word_count; i++)
        quotes_brace |= strchr(fault->words[i].value, '{') != NULL;
    REQUIRE(fault->code > HALL_SOUND && fault->code < HALL_FAULT_COUNT);
    REQUIRE(fault->line >= 0 && fault->word_count <= HALL_WORDS_MAX);
    REQUIRE(*hall_fault_name(fault->code) != '\0');
    hall_fault_text(fault, text);
    REQUIRE(*text != '\0' && (quotes_brace || strchr(text, '{') == NULL));
    fuzz_require_text(text, sizeof text);
}

static void
require_the_same(const struct hall_plan *plan)
{
    struct buffer text = {0}, again = {0};
    struct hall_file other;
    struct hall_fault fault;
    hall_csv_write(plan, &text);
    REQUIRE(hall_file_read(text.data, text.length, &other, &fault));
    REQUIRE(other.plan.count == plan->count);
    for (size_t i = 0; i < plan->count; i++) {
        REQUIRE(other.plan.seats[i].number == plan->seats[i].number);
        REQUIRE(other.plan.seats[i].partner == plan->seats[i].partner);
    }
    hall_csv_write(&other.plan, &again);
    REQUIRE(text.length == again.length && memcmp(text.data, again.data, text.length) == 0);
    hall_file_free(&other);
    buffer_free(&text);
    buffer_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = fuzz_copy(data, size);
    struct hall_file file;
    struct hall_fault fault;
    if (hall_file_read(bytes, size, &file, &fault)) {
        require_plan(&file.plan);
        require_the_same(&file.plan);
        for (size_t i = 0; i < file.plan.notice_count && i < HALL_NOTICES_MAX; i++)
            require_fault(&file.plan.notices[i]);
    } else {
        require_fault(&fault);
    }
    hall_file_free(&file);
    free(bytes);
    return 0;
}
