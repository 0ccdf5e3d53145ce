/*
 * token_cost: what caller = jwt adds to a call in a worker: finding out whose a token is, the first
 * time and each further time, for each algorithm. The token has 700 bytes, as of common providers.
 *   token_cost [ROUNDS]      20,000 further calls a round, 5 rounds unless said otherwise
 * Prints microseconds of processor time: the median of the rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../token_maker.h"
#include "identity/verifier.h"

enum { FIRST_CALLS = 500, FURTHER_CALLS = 20000, ROUNDS_MAX = 101, PADDING = 380 };

static const int64_t now = INT64_C(1800000000000);

static double
processor_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double
median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

static struct key_set *
read_keys(const EVP_PKEY *key)
{
    char path[] = "/tmp/frontrow-bench-XXXXXX", error[CONFIG_ERROR_SIZE];
    struct buffer pem = {0};
    int file = mkstemp(path);
    token_append_pem(key, &pem);
    if (file < 0 || write(file, pem.data, pem.length) != (ssize_t)pem.length)
        abort();
    close(file);
    buffer_free(&pem);
    struct key_set *keys = key_set_read(path, error);
    unlink(path);
    if (keys == NULL)
        abort();
    return keys;
}

/* Microseconds a call of those that come after the first; a new verifier has only first ones. */
static double
measure(const struct config *config, const struct key_set *keys, const char *token, int verifiers,
        int calls)
{
    char user[USER_ID_SIZE];
    double used = 0;
    for (int i = 0; i < verifiers; i++) {
        struct verifier *verifier = verifier_create(config, keys, VERIFIER_TOKENS);
        if (calls > 1 && verifier_identify(verifier, token, now, user) != NULL)
            abort();
        double began = processor_us();
        for (int call = 0; call < calls; call++)
            if (verifier_identify(verifier, token, now, user) != NULL)
                abort();
        used += processor_us() - began;
        verifier_free(verifier);
    }
    return used / (verifiers * calls);
}

static void
measure_algorithm(enum jws_algorithm algorithm, int rounds)
{
    static const struct config config = {
        .jwt_issuer = "https://login.example/realm", .jwt_audience = "shop", .jwt_user = "sub"};
    char header[64], payload[512], padding[PADDING + 1];
    double first[ROUNDS_MAX], further[ROUNDS_MAX];
    struct buffer token = {0};
    EVP_PKEY *key = token_make_key(algorithm);
    struct key_set *keys = read_keys(key);
    memset(padding, 'x', PADDING);
    padding[PADDING] = '\0';
    int length = snprintf(payload, sizeof payload,
                          "{\"iss\":\"%s\",\"aud\":\"shop\",\"sub\":\"fan\",\"exp\":1800000600,"
                          "\"scope\":\"%s\"}",
                          config.jwt_issuer, padding);
    snprintf(header, sizeof header, "{\"alg\":\"%s\"}", jws_algorithm_name(algorithm));
    token_make(key, header, payload, (size_t)length, &token);
    for (int round = 0; round < rounds; round++) {
        first[round] = measure(&config, keys, token.data, FIRST_CALLS, 1);
        further[round] = measure(&config, keys, token.data, 1, FURTHER_CALLS);
    }
    printf("%-6s %6zu %8.1f %8.2f\n", jws_algorithm_name(algorithm), token.length,
           median(first, rounds), median(further, rounds));
    buffer_free(&token);
    key_set_free(keys);
    EVP_PKEY_free(key);
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    if (argc > 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "Usage: %s [ROUNDS], 1 to %d\n", argv[0], ROUNDS_MAX);
        return 2;
    }
    puts("        bytes    first  further (us of processor time)");
    for (enum jws_algorithm algorithm = JWS_RS256; algorithm <= JWS_EDDSA; algorithm++)
        measure_algorithm(algorithm, rounds);
    return 0;
}
