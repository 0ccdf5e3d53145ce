/*
 * frontrowctl queue verify: computes a draw again from what was published. It asks no server: the
 * list and the answers of GET /concert/{id}/queue are files.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "domain/draw/draw.h"

/* What an answer says of its draw. */
struct proof {
    json_t *answer;
    const json_t *draw;
    const char *path;
};

struct entries {
    size_t count;
    uint8_t (*entries)[DRAW_BYTES];
};

static bool
complain(const char *path, const char *what)
{
    fprintf(stderr, "frontrowctl: %s: %s\n", path, what);
    return false;
}

/* The whole answer, or its member `draw` alone. */
static bool
read_proof(const char *path, struct proof *proof)
{
    json_error_t error;
    proof->path = path;
    proof->answer = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (proof->answer == NULL)
        return complain(path, error.text);
    proof->draw = json_object_get(proof->answer, "draw");
    if (proof->draw == NULL)
        proof->draw = proof->answer;
    return json_is_object(proof->draw) || complain(path, "it has no draw");
}

static bool
read_bytes(const struct proof *proof, const char *name, uint8_t bytes[DRAW_BYTES])
{
    const char *text = json_string_value(json_object_get(proof->draw, name));
    if (text != NULL && hex_read(text, bytes, DRAW_BYTES))
        return true;
    fprintf(stderr, "frontrowctl: %s: its draw has no %s\n", proof->path, name);
    return false;
}

static bool
read_entries(const char *path, struct entries *entries)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return complain(path, "it cannot be read");
    char line[DRAW_DIGITS + 3];
    bool ok = true;
    while (ok && fgets(line, sizeof line, file) != NULL) {
        if ((entries->count & (entries->count + 1)) == 0)
            entries->entries =
                realloc(entries->entries, 2 * (entries->count + 1) * sizeof *entries->entries);
        if (entries->entries == NULL)
            log_abort("no memory");
        bool whole = strlen(line) == DRAW_DIGITS + 1 && line[DRAW_DIGITS] == '\n';
        line[DRAW_DIGITS] = '\0';
        ok = hex_read(line, entries->entries[entries->count++], DRAW_BYTES) && whole;
        if (!ok)
            fprintf(stderr, "frontrowctl: %s: line %zu is not an entry of 64 digits 0-9 a-f\n",
                    path, entries->count);
    }
    fclose(file);
    return ok;
}

/* Says what is not the same as it should be. */
static bool
is_same(const char *what, const uint8_t found[DRAW_BYTES], const uint8_t promised[DRAW_BYTES])
{
    if (memcmp(found, promised, DRAW_BYTES) == 0)
        return true;
    char text[DRAW_DIGITS + 1];
    hex_write(promised, DRAW_BYTES, text);
    printf("NOT OK: %s %s", what, text);
    hex_write(found, DRAW_BYTES, text);
    printf(" but %s\n", text);
    return false;
}

/* The list is the one whose hash was published. */
static bool
check_list(const struct proof *proof, const struct entries *entries, uint8_t hash[DRAW_BYTES])
{
    uint8_t promised[DRAW_BYTES];
    if (!read_bytes(proof, "listHash", promised))
        return false;
    json_int_t count = json_integer_value(json_object_get(proof->draw, "count"));
    draw_hash_list((const uint8_t(*)[DRAW_BYTES])entries->entries, entries->count, hash);
    bool same = is_same("the list: its published hash is", hash, promised);
    if (count == (json_int_t)entries->count)
        return same;
    printf("NOT OK: the list has %zu entries, and %lld were published\n", entries->count,
           (long long)count);
    return false;
}

/* The seed is the one that was committed to. */
static bool
check_seed(const struct proof *proof, const uint8_t seed[DRAW_BYTES])
{
    uint8_t promised[DRAW_BYTES], found[DRAW_BYTES];
    if (!read_bytes(proof, "commitment", promised))
        return false;
    draw_hash(seed, DRAW_BYTES, found);
    return is_same("the seed: its commitment is", found, promised);
}

static const char *
text_of(const struct proof *proof, const char *name)
{
    const char *text = json_string_value(json_object_get(proof->draw, name));
    return text != NULL ? text : "";
}

static bool
is_text_same(const struct proof *proof, const struct proof *before, const char *name)
{
    return strcmp(text_of(proof, name), text_of(before, name)) == 0;
}

/* From the freeze on the source stays; the beacon, once it was given or drawn without. */
static bool
check_beacon(const struct proof *proof, const struct proof *before)
{
    bool collecting = strcmp(text_of(before, "state"), "collecting") == 0;
    bool decided = text_of(before, "beacon")[0] != '\0' ||
                   json_is_false(json_object_get(before->draw, "protected"));
    if ((collecting || is_text_same(proof, before, "beaconSource")) &&
        (!decided || is_text_same(proof, before, "beacon")))
        return true;
    puts("NOT OK: the beacon or its source is not what it was before");
    return false;
}

static bool
print_rank(const char *token, const struct entries *entries, const int32_t *ranks)
{
    uint8_t entry[DRAW_BYTES];
    draw_hash(token, strlen(token), entry);
    for (size_t i = 0; i < entries->count; i++) {
        if (memcmp(entries->entries[i], entry, DRAW_BYTES) != 0)
            continue;
        printf("number %d of %zu\n", (int)ranks[i], entries->count);
        return true;
    }
    puts("NOT OK: the token is not in the list");
    return false;
}

static bool
check(struct ctl *ctl, const struct proof *proof, const struct proof *before,
      const struct entries *entries)
{
    uint8_t seed[DRAW_BYTES], hash[DRAW_BYTES];
    const json_t *beacon = json_object_get(proof->draw, "beacon");
    if (!read_bytes(proof, "seed", seed))
        return false;
    bool ok = check_list(proof, entries, hash);
    ok = check_seed(proof, seed) && ok;
    if (before->draw != NULL) {
        ok = check_seed(before, seed) && ok;
        ok = check_beacon(proof, before) && ok;
        if (json_is_string(json_object_get(before->draw, "listHash")))
            ok = check_list(before, entries, hash) && ok;
    }
    if (!ok)
        return false;
    int32_t *ranks = calloc(entries->count + 1, sizeof *ranks);
    if (ranks == NULL)
        log_abort("no memory");
    draw_rank_entries(seed, hash, json_is_string(beacon) ? json_string_value(beacon) : "",
                      (const uint8_t(*)[DRAW_BYTES])entries->entries, entries->count, ranks);
    if (ctl->token != NULL)
        ok = print_rank(ctl->token, entries, ranks);
    free(ranks);
    if (ok)
        printf("OK: %zu entries%s\n", entries->count,
               json_is_string(beacon) ? ""
                                      : "; without a beacon: not protected against the organiser");
    return ok;
}

int
ctl_queue_verify(struct ctl *ctl)
{
    struct proof proof = {0}, before = {0};
    struct entries entries = {0};
    bool ok = false;
    if (ctl->proof == NULL) {
        fputs("frontrowctl: queue verify needs --proof FILE\n", stderr);
        return EXIT_USAGE;
    }
    if (read_proof(ctl->proof, &proof) &&
        (ctl->before == NULL || read_proof(ctl->before, &before)) &&
        read_entries(ctl->argument, &entries))
        ok = check(ctl, &proof, &before, &entries);
    free(entries.entries);
    json_decref(proof.answer);
    json_decref(before.answer);
    return ok ? EXIT_DONE : EXIT_FAILED;
}
