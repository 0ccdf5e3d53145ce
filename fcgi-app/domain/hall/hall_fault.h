/*
 * hall_fault: what is wrong with the file of a hall, and where: a code that stays, with the words
 * to fill in, so that a page can say it in its reader's language.
 */
#ifndef FRONTROW_DOMAIN_HALL_FAULT_H
#define FRONTROW_DOMAIN_HALL_FAULT_H

#include <stddef.h>
#include <stdint.h>

/*
 * HALL_FAULT(name, code, text): {word} in the text is replaced by the word of this name. The first
 * ones refuse the file, the last two (HALL_NO_POSITION on) are notices.
 */
#define HALL_FAULTS(HALL_FAULT)                                                                    \
    HALL_FAULT(SPREADSHEET, "spreadsheet",                                                         \
               "This is the file of a spreadsheet. Open it there, choose Save As, and the type"    \
               " CSV (in Excel: CSV UTF-8)")                                                       \
    HALL_FAULT(NOT_TEXT, "not_text", "The bytes are no text in UTF-8, UTF-16 or CP949")            \
    HALL_FAULT(NOT_JSON, "not_json", "This is not JSON: {reason}")                                 \
    HALL_FAULT(NO_PLAN, "no_plan",                                                                 \
               "The JSON has neither seats nor the zones of a seating plan of pretix")             \
    HALL_FAULT(BAD_MEMBER, "bad_member", "{member} must be: {type}")                               \
    HALL_FAULT(UNKNOWN_CATEGORY, "unknown_category",                                               \
               "The category {category} is not in the plan's list of categories")                  \
    HALL_FAULT(NO_SEATS, "no_seats", "There are no seats in it")                                   \
    HALL_FAULT(TOO_MANY_SEATS, "too_many_seats", "A hall may have {max} seats")                    \
    HALL_FAULT(TOO_MANY_COLUMNS, "too_many_columns", "A line may have {max} cells")                \
    HALL_FAULT(NO_COLUMN, "no_column",                                                             \
               "The first line must name the columns; there is none for {column}")                 \
    HALL_FAULT(SAME_COLUMN, "same_column", "{header} and {other} both stand for {column}")         \
    HALL_FAULT(EXTRA_CELL, "extra_cell", "This cell has no column: the first line has {count}")    \
    HALL_FAULT(OPEN_QUOTE, "open_quote", "The quote that begins here is not closed")               \
    HALL_FAULT(TEXT_AFTER_QUOTE, "text_after_quote", "Text follows the quote that is closed here") \
    HALL_FAULT(EMPTY_CELL, "empty_cell", "{column} is empty")                                      \
    HALL_FAULT(TOO_LONG, "too_long", "{column} may have {max} characters")                         \
    HALL_FAULT(CONTROL_CHARACTER, "control_character", "{column} has a control character")         \
    HALL_FAULT(BAD_NUMBER, "bad_number",                                                           \
               "{column} must be a whole number from {min} to {max}, and is {text}")               \
    HALL_FAULT(BAD_KIND, "bad_kind",                                                               \
               "{text} is no kind of seat: plain, restricted, wheelchair, companion, standing,"    \
               " withheld or gap")                                                                 \
    HALL_FAULT(SAME_SEAT, "same_seat",                                                             \
               "Section {section}, row {row}, seat {label} stands in line {line} already")         \
    HALL_FAULT(NOT_A_COMPANION, "not_a_companion",                                                 \
               "Only a companion's place belongs to another one")                                  \
    HALL_FAULT(LONE_COMPANION, "lone_companion",                                                   \
               "The companion's place {label} belongs to no wheelchair place of its row")          \
    HALL_FAULT(SECOND_COMPANION, "second_companion",                                               \
               "The wheelchair place {label} has a companion's place already, in line {line}")     \
    HALL_FAULT(STANDING_PLACE, "standing_place",                                                   \
               "A standing place has no row, no note and no coordinates: {column} must be empty")  \
    HALL_FAULT(MIXED_SECTION, "mixed_section",                                                     \
               "Section {section} is something else in line {line}: all of a standing area are"    \
               " standing places of one category and price")                                       \
    HALL_FAULT(NO_POSITION, "no_position",                                                         \
               "Section {section}, row {row}, seat {label} has no coordinates, and others have")   \
    HALL_FAULT(SAME_POSITION, "same_position",                                                     \
               "Section {section}, row {row}, seat {label} stands where that of line {line} does")

enum hall_fault_code {
    HALL_SOUND,
#define HALL_FAULT(name, code, text) HALL_##name,
    HALL_FAULTS(HALL_FAULT)
#undef HALL_FAULT
        HALL_FAULT_COUNT
};

enum { HALL_WORDS_MAX = 4, HALL_WORD_SIZE = 136, HALL_FAULT_TEXT_SIZE = 600 };

/* A word of a text. */
struct hall_word {
    const char *name;
    char value[HALL_WORD_SIZE];
};

struct hall_fault {
    enum hall_fault_code code;
    int64_t line;   /* of the file, from 1; 0: none */
    int64_t column; /* the number of a cell of a CSV, of a character else, from 1; 0: none */
    struct hall_word words[HALL_WORDS_MAX];
    size_t word_count;
};

/*
 * Makes it this one, without words and a place in the file.
 * Returns false, so that a check can end with it.
 */
_Bool hall_fault_set(struct hall_fault *fault, enum hall_fault_code code);

/* Adds a word; of a long one the begin. `name` is static. */
void hall_fault_word(struct hall_fault *fault, const char *name, const char *value);
void hall_fault_number(struct hall_fault *fault, const char *name, int64_t value);

/* The code as clients see it, static. */
const char *hall_fault_name(enum hall_fault_code code);

/* The text for people, with its words. */
void hall_fault_text(const struct hall_fault *fault, char text[HALL_FAULT_TEXT_SIZE]);

#endif
