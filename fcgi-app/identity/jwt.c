#include "identity/jwt.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64url.h"

/* A token in its parts. */
struct parts {
    const char *header, *payload, *signature;
    size_t header_length, payload_length, signature_length;
};

static const char MALFORMED[] = "the token is no JWT";

static bool
split(const char *token, struct parts *parts)
{
    size_t length = strnlen(token, JWT_MAX + 1);
    const char *first = strchr(token, '.'), *last = strrchr(token, '.');
    if (length > JWT_MAX || first == NULL || first == last ||
        memchr(first + 1, '.', (size_t)(last - first) - 1) != NULL)
        return false;
    *parts = (struct parts){.header = token,
                            .payload = first + 1,
                            .signature = last + 1,
                            .header_length = (size_t)(first - token),
                            .payload_length = (size_t)(last - first) - 1,
                            .signature_length = length - (size_t)(last + 1 - token)};
    return true;
}

/* A part's JSON, which must be an object without doubled members; NULL: it is none. */
static json_t *
read_part(const char *text, size_t length)
{
    uint8_t bytes[BASE64URL_BYTES(JWT_MAX)];
    ssize_t count = base64url_read(text, length, bytes);
    if (count < 0)
        return NULL;
    json_t *root = json_loadb((const char *)bytes, (size_t)count, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

/* ---- the header ---- */

/*
 * A provider signs other things with the same key, as the note that somebody logged out: a type
 * that says so is not taken. Many tokens say nothing, or just JWT.
 */
static bool
is_type_of_ours(const json_t *type)
{
    static const char prefix[] = "application/";
    const char *name = json_string_value(type);
    if (name == NULL)
        return type == NULL;
    if (strncasecmp(name, prefix, sizeof prefix - 1) == 0)
        name += sizeof prefix - 1;
    return strcasecmp(name, "JWT") == 0 || strcasecmp(name, "at+jwt") == 0;
}

/* A key or an address of one in the header ("jwk", "jku", "x5c", "x5u") is not looked at. */
static const char *
check_signature(const struct key_set *keys, const json_t *header, const struct parts *parts)
{
    uint8_t signature[BASE64URL_BYTES(JWT_MAX)];
    const json_t *kid = json_object_get(header, "kid");
    const char *name = json_string_value(json_object_get(header, "alg"));
    enum jws_algorithm algorithm = name != NULL ? jws_algorithm_by_name(name) : JWS_OTHER;
    if (algorithm == JWS_OTHER)
        return "the token's alg is not RS256, ES256 or EdDSA";
    if (json_object_get(header, "crit") != NULL)
        return "the token has critical extensions (crit)";
    if (!is_type_of_ours(json_object_get(header, "typ")))
        return "the token is of another type (typ)";
    ssize_t length = base64url_read(parts->signature, parts->signature_length, signature);
    if (length <= 0 || (kid != NULL && !json_is_string(kid)))
        return MALFORMED;
    switch (key_set_verify(keys, algorithm, json_string_value(kid), parts->header,
                           parts->header_length + 1 + parts->payload_length, signature,
                           (size_t)length)) {
    case KEY_SIGNED:
        return NULL;
    case KEY_UNKNOWN:
        return "the token is signed by a key that is not known here";
    case KEY_DID_NOT_SIGN:
    default:
        return "the token's signature is wrong";
    }
}

/* ---- the claims ---- */

/* Seconds since 1970, perhaps with a fraction, to the year 9999; in milliseconds. */
static bool
read_time(const json_t *value, int64_t *ms)
{
    static const double last = 253402300799.0;
    double seconds = json_number_value(value);
    if (!json_is_number(value) || !(seconds >= 0 && seconds <= last))
        return false;
    *ms = (int64_t)(seconds * 1000);
    return true;
}

/* A time at which the token began, if it says one. */
static bool
is_past(const json_t *value, int64_t now, int64_t leeway_ms)
{
    int64_t ms;
    return value == NULL || (read_time(value, &ms) && ms <= now + leeway_ms);
}

static const char *
check_times(const struct jwt_rules *rules, const json_t *claims, int64_t now,
            struct jwt_subject *subject)
{
    int64_t end;
    if (!read_time(json_object_get(claims, "exp"), &end))
        return "the token does not say when it ends (exp)";
    subject->until = end + rules->leeway_ms;
    if (now >= subject->until)
        return "the token has ended (exp)";
    if (!is_past(json_object_get(claims, "nbf"), now, rules->leeway_ms))
        return "the token is not valid yet (nbf)";
    if (!is_past(json_object_get(claims, "iat"), now, rules->leeway_ms))
        return "the token was not made yet (iat)";
    return NULL;
}

static bool
is_text(const json_t *value, const char *wanted)
{
    return json_is_string(value) && strcmp(json_string_value(value), wanted) == 0;
}

static bool
is_for(const json_t *audience, const char *wanted)
{
    const json_t *one;
    size_t i;
    json_array_foreach(audience, i, one) if (is_text(one, wanted)) return true;
    return is_text(audience, wanted);
}

static const char *
check_claims(const struct jwt_rules *rules, const json_t *claims, int64_t now,
             struct jwt_subject *subject)
{
    const char *flaw = check_times(rules, claims, now, subject);
    const char *user = json_string_value(json_object_get(claims, rules->user_claim));
    if (flaw != NULL)
        return flaw;
    if (!is_text(json_object_get(claims, "iss"), rules->issuer))
        return "the token is of another issuer (iss)";
    if (!is_for(json_object_get(claims, "aud"), rules->audience))
        return "the token is for another audience (aud)";
    if (user == NULL || !is_user_id(user))
        return "the token does not name a user";
    snprintf(subject->user_id, sizeof subject->user_id, "%s", user);
    return NULL;
}

const char *
jwt_read(const struct jwt_rules *rules, const char *token, int64_t now, struct jwt_subject *subject)
{
    struct parts parts;
    if (!split(token, &parts))
        return MALFORMED;
    json_t *header = read_part(parts.header, parts.header_length);
    const char *flaw = header != NULL ? check_signature(rules->keys, header, &parts) : MALFORMED;
    json_decref(header);
    if (flaw != NULL)
        return flaw;
    json_t *claims = read_part(parts.payload, parts.payload_length);
    flaw = claims != NULL ? check_claims(rules, claims, now, subject) : MALFORMED;
    json_decref(claims);
    return flaw;
}
