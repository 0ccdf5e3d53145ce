/*
 * fuzz_config: the configuration file. The input is the file and, behind a line with "----", the
 * secret that is in the file @SECRET@. What was taken must be taken again, as the same,
 * where it is printed (frontrow --print-config).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "fuzz.h"

#define BLANKS " \t\r\v\f"

static struct fuzz_file file, secret;

static void
print(const struct config *config, char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (out == NULL)
        abort();
    config_print(config, out);
    fclose(out);
}

static void
require_same_again(const struct config *config)
{
    static struct config again;
    char error[CONFIG_ERROR_SIZE];
    char *text, *text_again;
    size_t size, size_again;
    print(config, &text, &size);
    fuzz_file_write(&file, text, size);
    REQUIRE(config_load(&again, file.path, error));
    print(&again, &text_again, &size_again);
    REQUIRE(size == size_again && memcmp(text, text_again, size) == 0);
    free(text);
    free(text_again);
}

/* No value that was taken is longer than there is room for: none is cut. */
static void
require_room(const char *settings)
{
    char *text = fuzz_copy((const uint8_t *)settings, strlen(settings)), *rest = text;
    while (*rest != '\0') {
        char *line = fuzz_cut(&rest, "\n");
        line += strspn(line, BLANKS);
        char *value = strchr(line, '=');
        if (*line == '#' || value == NULL)
            continue;
        value += 1 + strspn(value + 1, BLANKS);
        size_t length = strlen(value);
        while (length > 0 && strchr(BLANKS, value[length - 1]) != NULL)
            length--;
        REQUIRE(length < CONFIG_TEXT_SIZE);
    }
    free(text);
}

/*
 * Gives the settings' text, which the caller frees. No device or pipe of the machine is opened: the
 * secret is the only file that can be named. (What begins like an address, "x://", is none.)
 */
static char *
write_files(char *text)
{
    char *rest = text;
    char *settings = fuzz_cut(&rest, "----\n");
    for (char *at = settings; *at != '\0'; at++) {
        if (strncmp(at, "://", 3) == 0)
            at += 2;
        else if (*at == '/')
            *at = '|';
    }
    char *filled = fuzz_replace(settings, "@SECRET@", secret.path);
    fuzz_file_write(&file, filled, strlen(filled));
    fuzz_file_write(&secret, rest, strlen(rest));
    return filled;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    char error[CONFIG_ERROR_SIZE];
    if (file.descriptor == 0) {
        file = fuzz_file_create();
        secret = fuzz_file_create();
    }
    char *text = fuzz_copy(data, size);
    char *settings = write_files(text);
    memset(error, 'x', sizeof error);
    if (config_load(&config, file.path, error)) {
        require_room(settings);
        require_same_again(&config);
    } else {
        REQUIRE(memchr(error, '\0', sizeof error) != NULL && error[0] != '\0');
    }
    free(settings);
    free(text);
    return 0;
}
