#include "identity/verifier.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "identity/jwt.h"

enum { HASH_BYTES = 32, SET = 4 };

/* A token that was verified. Zeroed: none. */
struct known_token {
    uint8_t hash[HASH_BYTES];
    struct jwt_subject subject;
};

struct verifier {
    struct jwt_rules rules;
    size_t sets;
    /* Sets of SET, chosen by the hash. Pages that were never used take no memory. */
    struct known_token *known;
};

struct verifier *
verifier_create(const struct config *config, const struct key_set *keys, size_t tokens)
{
    struct verifier *verifier = calloc(1, sizeof *verifier);
    struct known_token *known = calloc(tokens, sizeof *known);
    if (verifier == NULL || known == NULL)
        log_abort("no memory");
    *verifier = (struct verifier){.rules = {.keys = keys,
                                            .issuer = config->jwt_issuer,
                                            .audience = config->jwt_audience,
                                            .user_claim = config->jwt_user,
                                            .leeway_ms = config->jwt_leeway_s * INT64_C(1000)},
                                  .sets = tokens / SET,
                                  .known = known};
    return verifier;
}

void
verifier_free(struct verifier *verifier)
{
    if (verifier != NULL)
        free(verifier->known);
    free(verifier);
}

/* What a token with this hash may be remembered in. */
static struct known_token *
find_set(const struct verifier *verifier, const uint8_t hash[HASH_BYTES])
{
    uint32_t number;
    memcpy(&number, hash, sizeof number);
    return &verifier->known[number % verifier->sets * SET];
}

static void
remember(struct known_token *set, const uint8_t hash[HASH_BYTES], const struct jwt_subject *subject)
{
    struct known_token *oldest = set;
    for (struct known_token *token = set; token < set + SET; token++)
        if (token->subject.until < oldest->subject.until)
            oldest = token;
    memcpy(oldest->hash, hash, HASH_BYTES);
    oldest->subject = *subject;
}

const char *
verifier_identify(struct verifier *verifier, const char *token, int64_t now,
                  char user_id[USER_ID_SIZE])
{
    uint8_t hash[HASH_BYTES];
    if (EVP_Digest(token, strlen(token), hash, NULL, EVP_sha256(), NULL) != 1)
        log_abort("OpenSSL failed");
    struct known_token *set = find_set(verifier, hash);
    for (const struct known_token *known = set; known < set + SET; known++) {
        if (now < known->subject.until && memcmp(known->hash, hash, HASH_BYTES) == 0) {
            memcpy(user_id, known->subject.user_id, USER_ID_SIZE);
            return NULL;
        }
    }
    struct jwt_subject subject;
    const char *flaw = jwt_read(&verifier->rules, token, now, &subject);
    if (flaw == NULL) {
        remember(set, hash, &subject);
        memcpy(user_id, subject.user_id, USER_ID_SIZE);
    }
    return flaw;
}
