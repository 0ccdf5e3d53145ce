/*
 * replay: a main() for the fuzzers where there is no libFuzzer. Runs one on the files and on all
 * files of the folders that are named, on standard input where none is: as AFL++ wants it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "fuzz.h"

static bool
replay_stream(FILE *file)
{
    struct buffer input = {0};
    char chunk[4096];
    size_t length;
    if (file == NULL)
        return false;
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_append(&input, chunk, length);
    bool whole = !ferror(file);
    LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.length);
    buffer_free(&input);
    return whole;
}

static int count;

static bool
replay_file(const char *path)
{
    FILE *file = fopen(path, "re");
    bool whole = replay_stream(file);
    if (!whole)
        perror(path);
    if (file != NULL)
        fclose(file);
    count++;
    return whole;
}

static bool
replay_folder(const char *path)
{
    struct dirent **names;
    int found = scandir(path, &names, NULL, alphasort);
    bool whole = found >= 0;
    for (int i = 0; i < found; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            whole = replay_file(name) && whole;
        free(names[i]);
    }
    if (found >= 0)
        free(names);
    return whole;
}

int
main(int argc, char **argv)
{
    if (argc == 1)
        return replay_stream(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
    bool whole = true;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        bool folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        whole = (folder ? replay_folder(argv[i]) : replay_file(argv[i])) && whole;
    }
    printf("%s: %d inputs\n", argv[0], count);
    return whole && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
