#include "base/base64url.h"

#include <openssl/evp.h>

/* -1: it is no digit. */
static int
value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == '-' ? 62 : digit == '_' ? 63 : -1;
}

ssize_t
base64url_read(const char *text, size_t length, uint8_t *bytes)
{
    uint32_t bits = 0; /* read and not written: the lowest `count` */
    int count = 0;
    ssize_t written = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return -1;
        bits = (bits << 6 | (uint32_t)value) & 0xfff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[written++] = (uint8_t)(bits >> count);
        }
    }
    /* a whole digit is left, or bits that belong to no byte */
    return count == 6 || (bits & ((1U << count) - 1)) != 0 ? -1 : written;
}

void
base64url_append(struct buffer *text, const uint8_t *bytes, size_t length)
{
    char *room = buffer_reserve(text, (length + 2) / 3 * 4);
    EVP_EncodeBlock((unsigned char *)room, bytes, (int)length);
    for (; *room != '\0' && *room != '='; room++, text->length++) {
        if (*room == '+')
            *room = '-';
        else if (*room == '/')
            *room = '_';
    }
    *room = '\0';
}
