/* The queue, as far as it needs no server: tokens as text, commands to Redis as bytes. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "domain/queue/queue.h"
#include "redis/command.h"
#include "suites.h"

static void
a_token_is_written_and_read(void)
{
    uint8_t token[TOKEN_SIZE], read[TOKEN_SIZE];
    char text[QUEUE_TOKEN_TEXT_SIZE];
    int32_t concert_id;
    for (size_t i = 0; i < TOKEN_SIZE; i++)
        token[i] = (uint8_t)(i * 17);
    queue_write_token(7, token, text);
    CU_ASSERT_STRING_EQUAL(text, "7-00112233445566778899aabbccddeeff");
    CU_ASSERT_TRUE(queue_read_token(text, &concert_id, read));
    CU_ASSERT_EQUAL(concert_id, 7);
    CU_ASSERT_EQUAL(memcmp(read, token, TOKEN_SIZE), 0);
    queue_write_token(INT32_MAX, token, text);
    CU_ASSERT_EQUAL(strlen(text), QUEUE_TOKEN_TEXT_SIZE - 1);
    CU_ASSERT_TRUE(queue_read_token(text, &concert_id, read));
    CU_ASSERT_EQUAL(concert_id, INT32_MAX);
}

static void
what_is_no_token_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "-",
        "7",
        "7-",
        "7-00112233445566778899aabbccddeef",
        "7-00112233445566778899aabbccddeeff0",
        "7-00112233445566778899AABBCCDDEEFF",
        "7-00112233445566778899aabbccddeefg",
        "7_00112233445566778899aabbccddeeff",
        "0-00112233445566778899aabbccddeeff",
        "07-00112233445566778899aabbccddeeff",
        "+7-00112233445566778899aabbccddeeff",
        " 7-00112233445566778899aabbccddeeff",
        "7-00112233445566778899aabbccddeeff ",
        "2147483648-00112233445566778899aabbccddeeff",
        "18446744073709551623-00112233445566778899aabbccddeeff",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int32_t concert_id;
        uint8_t token[TOKEN_SIZE];
        CU_ASSERT_FALSE(queue_read_token(texts[i], &concert_id, token));
    }
}

static void
a_command_keeps_its_words_apart(void)
{
    struct command command = {0};
    const char *words[3];
    size_t lengths[3];
    command_add_text(&command, "SET");
    command_add(&command, "a\0b\r\n", 5);
    command_add_integer(&command, -12);
    CU_ASSERT_EQUAL_FATAL(command_list(&command, words, lengths), 3);
    CU_ASSERT_TRUE(lengths[0] == 3 && memcmp(words[0], "SET", 3) == 0);
    CU_ASSERT_TRUE(lengths[1] == 5 && memcmp(words[1], "a\0b\r\n", 5) == 0);
    CU_ASSERT_TRUE(lengths[2] == 3 && memcmp(words[2], "-12", 3) == 0);
    command_clear(&command);
    CU_ASSERT_EQUAL(command_list(&command, words, lengths), 0);
    command_free(&command);
}

void
suite_queue(void)
{
    CU_pSuite suite = CU_add_suite("queue", NULL, NULL);
    CU_add_test(suite, "a token is written and read", a_token_is_written_and_read);
    CU_add_test(suite, "what is no token is refused", what_is_no_token_is_refused);
    CU_add_test(suite, "a command keeps its words apart", a_command_keeps_its_words_apart);
}
