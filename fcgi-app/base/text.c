#include "base/text.h"

#include <string.h>

bool
text_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size)
        return false;
    memmove(to, from, length + 1);
    return true;
}

/* The bytes of the character that begins here; 0: it is none. */
static size_t
character_length(const unsigned char *at)
{
    static const uint32_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0}, min[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    uint32_t code = at[0] - marks[length]; /* of a byte that begins none it is far too large */
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= min[length] && code <= 0x10ffff && !is_surrogate ? length : 0;
}

size_t
text_utf8_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = 1;
    while (*at != '\0' && length > 0) {
        length = character_length(at);
        at += length;
    }
    return (size_t)(at - (const unsigned char *)text);
}

bool
text_is_utf8(const char *text)
{
    return text[text_utf8_length(text)] == '\0';
}

size_t
text_count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

bool
text_has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0))
            return true;
    }
    return false;
}

static size_t
blank_length(const char *text)
{
    static const char *const blanks[] = {" ", "\t", "\xc2\xa0", "\xe3\x80\x80"};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
        if (strncmp(text, blanks[i], strlen(blanks[i])) == 0)
            return strlen(blanks[i]);
    return 0;
}

char *
text_trim(char *text)
{
    size_t length;
    while ((length = blank_length(text)) > 0)
        text += length;
    char *end = text;
    for (char *at = text; *at != '\0';) {
        length = blank_length(at);
        at += length > 0 ? length : 1;
        if (length == 0)
            end = at;
    }
    *end = '\0';
    return text;
}

void
text_fold(const char *word, char *folded, size_t size)
{
    size_t length = 0;
    for (; *word != '\0' && *word != '(' && length + 1 < size; word++) {
        if (strchr(" -_.\t", *word) != NULL)
            continue;
        folded[length] = *word;
        if (*word >= 'A' && *word <= 'Z')
            folded[length] = (char)(*word - 'A' + 'a');
        length++;
    }
    folded[length] = '\0';
}

size_t
text_cut(const char *text, size_t max)
{
    size_t length = strnlen(text, max + 1);
    if (length <= max)
        return length;
    for (length = max; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
        length--;
    return length;
}

void
text_drop_halves(char *text)
{
    char *to = text;
    while (*text != '\0') {
        size_t whole = text_utf8_length(text);
        memmove(to, text, whole);
        to += whole;
        text += whole;
        text += *text != '\0';
    }
    *to = '\0';
}

uint32_t
text_hash(const char *text)
{
    uint32_t value = 2166136261U;
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 16777619U;
    return value != 0 ? value : 1;
}

static const char hex_digits[] = "0123456789abcdef";

void
hex_write(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = hex_digits[bytes[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
}

bool
hex_read(const char *text, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < 2 * size; i++) {
        const char *digit = text[i] != '\0' ? strchr(hex_digits, text[i]) : NULL;
        if (digit == NULL)
            return false;
        bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (digit - hex_digits));
    }
    return text[2 * size] == '\0';
}

static const char base32_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

enum { BASE32_BITS = 5, BASE32_MASK = 31 };

void
base32_write(const uint8_t *bytes, size_t size, char *text)
{
    unsigned waiting = 0; /* bits that are not written yet, and how many */
    int count = 0;
    for (size_t i = 0; i < size; i++) {
        waiting = waiting << 8 | bytes[i];
        for (count += 8; count >= BASE32_BITS; count -= BASE32_BITS)
            *text++ = base32_letters[waiting >> (count - BASE32_BITS) & BASE32_MASK];
    }
    if (count > 0)
        *text++ = base32_letters[waiting << (BASE32_BITS - count) & BASE32_MASK];
    *text = '\0';
}

/* What is left of the last letter must be 0: each value has one text only. */
bool
base32_read(const char *text, uint8_t *bytes, size_t size)
{
    unsigned waiting = 0;
    int count = 0;
    for (size_t i = 0; i < BASE32_LETTERS(size); i++) {
        const char *letter = text[i] != '\0' ? strchr(base32_letters, text[i]) : NULL;
        if (letter == NULL)
            return false;
        waiting = waiting << BASE32_BITS | (unsigned)(letter - base32_letters);
        count += BASE32_BITS;
        if (count < 8)
            continue;
        count -= 8;
        *bytes++ = (uint8_t)(waiting >> count);
    }
    return (waiting & ((1U << count) - 1)) == 0;
}
