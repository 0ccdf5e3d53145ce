#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "ctl/redact.h"

enum { TOKEN_DIGITS = 32, JWT_PARTS = 3 };

/*
 * What stands before a user id, and the bytes at which it ends; and before what InnoDB prints of a
 * row. A letter or a digit may stand before those that begin with another byte.
 */
static const struct {
    const char *before;
    const char *ends;
} names[] = {{"userId=", "& \"\t\n"}, {"user=", " \"\t\n"},          {"\"user\":\"", "\""},
             {"\"userId\":\"", "\""}, {"/admin/user/", "?/ \"\t\n"}, {"; hex ", "\n"}};

/* How many bytes of a queue token stand here: digits, "-", 32 hexadecimal ones. */
static size_t
token_length(const char *at)
{
    size_t number = strspn(at, "0123456789");
    if (number == 0 || at[number] != '-')
        return 0;
    return strspn(at + number + 1, "0123456789abcdef") >= TOKEN_DIGITS ? number + 1 + TOKEN_DIGITS
                                                                       : 0;
}

/*
 * How many bytes of an identity provider's token stand here: three parts of base64url, of which the
 * first is that of a JSON object. nginx logs addresses, and a client may have written one there.
 */
static size_t
jwt_length(const char *at)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = 0;
    if (strncmp(at, "ey", 2) != 0 && strncmp(at, "ew", 2) != 0)
        return 0;
    for (int part = 1; part <= JWT_PARTS; part++) {
        length += strspn(at + length, digits);
        if (part < JWT_PARTS && at[length++] != '.')
            return 0;
    }
    return length;
}

/*
 * The bytes of a quoted text with its quotes; a quote is in it doubled or behind a backslash. It
 * ends with its line at the latest: a quote that stands alone, as where a statement was cut off,
 * would turn inside and outside round for all that follows.
 */
static size_t
quoted_length(const char *at)
{
    size_t length = 1;
    while (at[length] != '\0' && at[length] != '\n') {
        bool is_escape = at[length] == '\\' && at[length + 1] != '\0';
        if (is_escape || (at[length] == at[0] && at[length + 1] == at[0]))
            length += 2;
        else if (at[length++] == at[0])
            break;
    }
    return length;
}

/* An IPv4 or IPv6 address, as nginx begins its lines with. */
static size_t
address_length(const char *at)
{
    size_t length = strspn(at, "0123456789abcdef.:");
    bool is_one = memchr(at, '.', length) != NULL || memchr(at, ':', length) != NULL;
    return is_one && at[length] == ' ' ? length : 0;
}

/* How many bytes go here, 0 for none; the first *kept of them stay before the "?". */
static size_t
secret_length(const char *text, const char *at, bool is_sql, size_t *kept)
{
    bool begins_word = at == text || !isalnum((unsigned char)at[-1]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *kept = strlen(names[i].before);
        if (strncmp(at, names[i].before, *kept) == 0 &&
            (begins_word || !isalnum((unsigned char)*at)))
            return *kept + strcspn(at + *kept, names[i].ends);
    }
    *kept = 0;
    if (is_sql && (*at == '\'' || *at == '"'))
        return quoted_length(at);
    if ((at == text || at[-1] == '\n') && !is_sql && address_length(at) > 0)
        return address_length(at);
    if (begins_word && jwt_length(at) > 0)
        return jwt_length(at);
    return begins_word ? token_length(at) : 0;
}

void
redact(const char *text, bool is_sql, struct buffer *out)
{
    for (const char *at = text; *at != '\0';) {
        size_t kept, length = secret_length(text, at, is_sql, &kept);
        if (length == 0) {
            buffer_append(out, at++, 1);
            continue;
        }
        buffer_append(out, at, kept);
        buffer_text(out, "?");
        at += length;
    }
}
