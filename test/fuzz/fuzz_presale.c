/*
 * fuzz_presale: the windows of a presale, as operators send them, and the texts of codes, as fans
 * type them. The input is a line with "create", "change-shared", "change-single" or "code", and the
 * JSON or the text. A window that was taken must fit into the arrays and the ranges of the
 * contract; a code must be the same one however it is written.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/presale.h"
#include "fuzz.h"

enum { CONCERT = 7 };

static void
require_sections(const char *sections)
{
    size_t count = 0;
    for (const char *name = sections; *name != '\0'; name += strcspn(name, "\n") + 1) {
        size_t length = strcspn(name, "\n");
        REQUIRE(length >= 1 && length < SECTION_SIZE && name[length] == '\n');
        count++;
    }
    REQUIRE(count <= PRESALE_SECTIONS_MAX);
}

static void
require_window(const struct presale *presale)
{
    struct presale_edit edit = {.before = *presale, .after = *presale};
    struct buffer text = {0};
    REQUIRE(presale->concert_id == CONCERT);
    REQUIRE(presale->starts_at >= 0 && presale->ends_at >= 0);
    REQUIRE(presale->quota >= 1 && presale->quota <= PRESALE_QUOTA_MAX);
    REQUIRE(!presale->has_seat_limit || presale->max_seats_per_user >= 1);
    REQUIRE(presale->codes == PRESALE_SHARED || presale->codes == PRESALE_SINGLE);
    fuzz_require_text(presale->sections, sizeof presale->sections);
    require_sections(presale->sections);
    presale_describe(presale, &text);
    fuzz_require_json(text.data, text.length);
    buffer_clear(&text);
    presale_render(&edit, &text);
    fuzz_require_json(text.data, text.length);
    buffer_free(&text);
}

static void
require_refusal(const struct problem *problem)
{
    REQUIRE(problem->error == ERROR_INVALID_FIELD);
    fuzz_require_problem(problem);
}

static void
create_window(const json_t *body)
{
    struct presale made;
    struct problem problem;
    if (presale_read(body, CONCERT, &made, &problem))
        require_window(&made);
    else
        require_refusal(&problem);
}

static void
change_window(const json_t *body, enum presale_codes codes)
{
    struct presale changed = {
        .presale_id = 3,
        .concert_id = CONCERT,
        .starts_at = 1000,
        .ends_at = 2000,
        .quota = 60,
        .sections = "A\nB\n",
        .codes = codes,
    };
    struct problem problem;
    if (presale_apply(body, &changed, &problem) == ERROR_NONE) {
        require_window(&changed);
        REQUIRE(changed.presale_id == 3 && changed.codes == codes);
    } else {
        require_refusal(&problem);
    }
}

/* Small, and with a blank or a hyphen before each character. */
static char *
write_wider(const char *text)
{
    char *wide = malloc(2 * strlen(text) + 1), *end = wide;
    REQUIRE(wide != NULL);
    for (size_t i = 0; text[i] != '\0'; i++) {
        *end++ = i % 2 == 0 ? '-' : ' ';
        *end++ = (char)tolower((unsigned char)text[i]);
    }
    *end = '\0';
    return wide;
}

static void
read_code(const char *text)
{
    uint8_t hash[PRESALE_HASH_BYTES], other[PRESALE_HASH_BYTES];
    char *wide = write_wider(text);
    bool is_code = presale_code_hash(CONCERT, text, hash);
    REQUIRE(presale_code_hash(CONCERT, wide, other) == is_code);
    if (is_code) {
        REQUIRE(memcmp(hash, other, sizeof hash) == 0);
        REQUIRE(presale_code_hash(CONCERT + 1, text, other));
        REQUIRE(memcmp(hash, other, sizeof hash) != 0);
    }
    free(wide);
}

/* What is made is a code, and the same again for the same key. */
static void
make_codes(const char *key)
{
    uint8_t seed[PRESALE_SEED_BYTES], hash[PRESALE_HASH_BYTES];
    char first[PRESALE_CODE_TEXT_SIZE], again[PRESALE_CODE_TEXT_SIZE];
    presale_code_derive("an operator's key", 3, key, seed);
    presale_code_write(seed, 1, first);
    presale_code_write(seed, 1, again);
    REQUIRE(strlen(first) == sizeof first - 1 && strcmp(first, again) == 0);
    REQUIRE(presale_code_hash(CONCERT, first, hash));
    presale_code_write(seed, 2, again);
    REQUIRE(strcmp(first, again) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size), *rest = text;
    const char *call = fuzz_cut(&rest, "\n");
    size_t length = size - (size_t)(rest - text);
    json_t *body = json_loadb(rest, length, JSON_REJECT_DUPLICATES, NULL);
    if (strcmp(call, "code") == 0) {
        read_code(rest);
        make_codes(rest);
    } else if (body != NULL && strcmp(call, "create") == 0) {
        /* frontrowctl takes any JSON so far */
        create_window(body);
    } else if (json_is_object(body) && strcmp(call, "change-shared") == 0) {
        change_window(body, PRESALE_SHARED);
    } else if (json_is_object(body) && strcmp(call, "change-single") == 0) {
        change_window(body, PRESALE_SINGLE);
    }
    json_decref(body);
    free(text);
    return 0;
}
