/*
 * fuzz_verify: frontrowctl queue verify, which anybody runs on files that anybody may have made.
 * The input is the list, the proof, a proof from before and a token, with lines "----" between
 * them; the last two may be missing. @LIST@ becomes the hash of the list, and @SEED@ and
 * @COMMITMENT@ a seed and its hash: so a changed list or proof comes past those checks too.
 *
 * "OK" must mean that the hash in the proof is that of the list's very bytes, and the commitment
 * that of the seed.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "domain/draw/draw.h"
#include "fuzz.h"

/* SHA-256 in hex. */
static void
write_hash(const void *bytes, size_t size, char text[DRAW_DIGITS + 1])
{
    uint8_t hash[DRAW_BYTES];
    draw_hash(bytes, size, hash);
    hex_write(hash, DRAW_BYTES, text);
}

/* Writes a proof with the marks replaced; its text, which the caller frees. */
static char *
write_proof(const struct fuzz_file *file, const char *proof, const char *list)
{
    static const uint8_t seed[DRAW_BYTES] = {7};
    char value[DRAW_DIGITS + 1];
    write_hash(list, strlen(list), value);
    char *with_list = fuzz_replace(proof, "@LIST@", value);
    write_hash(seed, DRAW_BYTES, value);
    char *with_commitment = fuzz_replace(with_list, "@COMMITMENT@", value);
    hex_write(seed, DRAW_BYTES, value);
    char *whole = fuzz_replace(with_commitment, "@SEED@", value);
    free(with_list);
    free(with_commitment);
    fuzz_file_write(file, whole, strlen(whole));
    return whole;
}

static void
require_hash(const json_t *draw, const char *name, const void *bytes, size_t size)
{
    char hash[DRAW_DIGITS + 1];
    write_hash(bytes, size, hash);
    const char *told = json_string_value(json_object_get(draw, name));
    REQUIRE(told != NULL && strcmp(told, hash) == 0);
}

static void
require_proven(const char *proof, const char *list)
{
    uint8_t seed[DRAW_BYTES];
    json_t *answer = json_loads(proof, JSON_REJECT_DUPLICATES, NULL);
    const json_t *draw = json_object_get(answer, "draw");
    if (draw == NULL)
        draw = answer;
    const char *told = json_string_value(json_object_get(draw, "seed"));
    REQUIRE(told != NULL && hex_read(told, seed, DRAW_BYTES));
    require_hash(draw, "commitment", seed, DRAW_BYTES);
    require_hash(draw, "listHash", list, strlen(list));
    json_decref(answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_file list_file, proof_file, before_file;
    if (list_file.descriptor == 0) {
        list_file = fuzz_file_create();
        proof_file = fuzz_file_create();
        before_file = fuzz_file_create();
    }
    char *text = fuzz_copy(data, size), *rest = text;
    const char *list = fuzz_cut(&rest, "----\n");
    const char *proof_text = fuzz_cut(&rest, "----\n");
    const char *before_text = fuzz_cut(&rest, "----\n");
    fuzz_file_write(&list_file, list, strlen(list));
    char *proof = write_proof(&proof_file, proof_text, list);
    char *before = write_proof(&before_file, before_text, list);
    struct ctl ctl = {.argument = list_file.path,
                      .proof = proof_file.path,
                      .before = *before_text != '\0' ? before_file.path : NULL,
                      .token = *rest != '\0' ? rest : NULL};
    int status = ctl_queue_verify(&ctl);
    REQUIRE(status == EXIT_DONE || status == EXIT_FAILED);
    if (status == EXIT_DONE)
        require_proven(proof, list);
    free(proof);
    free(before);
    free(text);
    return 0;
}
