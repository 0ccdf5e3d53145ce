/* text: NUL-terminated texts in UTF-8, copied, measured and hashed; bytes written as text. */
#ifndef FRONTROW_BASE_TEXT_H
#define FRONTROW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must_check.h"

/* By which spreadsheets know UTF-8. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/*
 * Copies `from` into an array of `size` bytes. False, and `to` stays as it was, where it does not
 * fit with its NUL: no text is ever cut. `from` may be `to` itself.
 */
bool text_copy(char *to, size_t size, const char *from) MUST_CHECK;

/* How many bytes of a text are valid UTF-8, from its begin. */
size_t text_utf8_length(const char *text);

bool text_is_utf8(const char *text);

/* Characters of a text that is valid UTF-8. They say nothing of its bytes: up to four for each. */
size_t text_count_characters(const char *text);

/* Whether a text has one: U+0001 to U+001F, or U+007F to U+009F. */
bool text_has_control_character(const char *text);

/*
 * Cuts blanks off at both ends, those of spreadsheets too: one that does not break, and the wide
 * one of Korean. Returns where the text begins now.
 */
char *text_trim(char *text);

/*
 * Writes what is left of a word without capitals (of ASCII), blanks, hyphens, underscores and full
 * stops, up to a parenthesis: as headers and kinds are compared. What does not fit is left out.
 */
void text_fold(const char *word, char *folded, size_t size);

/* The length of the begin of a text in UTF-8 that has at most `max` bytes, and no half of a
 * character. */
size_t text_cut(const char *text, size_t max);

/* Takes out of a text what is no character of UTF-8: halves of some, where a format has cut. */
void text_drop_halves(char *text);

/* FNV-1a, for names in shared memory; never 0, which may stand for none. */
uint32_t text_hash(const char *text);

/* Bytes as lower-case hexadecimal digits: writes 2 * size of them and a NUL. */
void hex_write(const uint8_t *bytes, size_t size, char *text);

/* Reads exactly 2 * size digits, after which the text ends. False on anything else. */
bool hex_read(const char *text, uint8_t *bytes, size_t size);

/* How many letters so many bytes have in base32. */
#define BASE32_LETTERS(size) (((size)*8 + 4) / 5)

/* Bytes in base32 (RFC 4648: A-Z 2-7), without padding: their letters and a NUL. */
void base32_write(const uint8_t *bytes, size_t size, char *text);

/*
 * Reads exactly the letters of `size` bytes from the begin of a text, which may go on. False where
 * base32_write() would have written something else.
 */
bool base32_read(const char *text, uint8_t *bytes, size_t size) MUST_CHECK;

#endif
