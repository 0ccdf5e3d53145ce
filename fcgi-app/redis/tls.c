#include "redis/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static enum link_result
fail(struct link *link, enum link_result result, const char *what, const char *reason)
{
    redisContext *context = link->context;
    context->err = result == LINK_ENDED ? REDIS_ERR_EOF : REDIS_ERR_OTHER;
    snprintf(context->errstr, sizeof context->errstr, "%s%.90s", what, reason);
    return result;
}

/* What OpenSSL has against a file or the other side's certificate, or the system against a file. */
static const char *
reason_of_openssl(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != NULL ? reason : "it cannot be used";
}

/* Sorts out why an operation on the connection did not succeed; `error` is errno after it. */
static enum link_result
fail_io(struct link *link, int returned, int error)
{
    int code = SSL_get_error(link->tls, returned);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
        return fail(link, LINK_LATE, "no answer in time", "");
    if (code == SSL_ERROR_ZERO_RETURN ||
        (code == SSL_ERROR_SYSCALL && (error == 0 || error == EPIPE || error == ECONNRESET)))
        return fail(link, LINK_ENDED, "the connection ended", "");
    if (code == SSL_ERROR_SYSCALL)
        return fail(link, LINK_FAILED, "TLS: ", strerror(error));
    long verified = SSL_get_verify_result(link->tls);
    return fail(link, LINK_FAILED, "TLS: ",
                verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                      : reason_of_openssl());
}

/* NULL, with the name of the setting whose file is at fault in *setting. */
static SSL_CTX *
read_files(const struct config *config, const char **setting)
{
    SSL_CTX *files = SSL_CTX_new(TLS_client_method());
    if (files == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(files, TLS1_2_VERSION);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
    SSL_CTX_set_options(files, SSL_OP_IGNORE_UNEXPECTED_EOF); /* replies say how long they are */
#endif
    const char *certificate = config->redis_tls_certificate_file;
    if (config_tls_of(config->redis_tls) == CONFIG_TLS_VERIFY) {
        SSL_CTX_set_verify(files, SSL_VERIFY_PEER, NULL);
        *setting = "redis_tls_ca_file: ";
        if (SSL_CTX_load_verify_locations(files, config->redis_tls_ca_file, NULL) != 1)
            goto failed;
    }
    *setting = "redis_tls_certificate_file: ";
    if (certificate[0] != '\0' && SSL_CTX_use_certificate_chain_file(files, certificate) != 1)
        goto failed;
    *setting = "redis_tls_key_file: ";
    if (certificate[0] != '\0' &&
        SSL_CTX_use_PrivateKey_file(files, config->redis_tls_key_file, SSL_FILETYPE_PEM) != 1)
        goto failed;
    return files;
failed:
    SSL_CTX_free(files);
    return NULL;
}

/* Which name the certificate must be for; one that is no address is told the server too. */
static bool
expect_name(SSL *tls, const char *name)
{
    struct in6_addr address;
    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name) == 1;
    return SSL_set1_host(tls, name) == 1 && SSL_set_tlsext_host_name(tls, name) == 1;
}

enum link_result
tls_open(struct link *link, const struct config *config, const char *name)
{
    const char *setting = "TLS: ";
    ERR_clear_error();
    SSL_CTX *files = read_files(config, &setting);
    if (files == NULL)
        return fail(link, LINK_FAILED, setting, reason_of_openssl());
    link->tls = SSL_new(files);
    SSL_CTX_free(files); /* SSL_new() keeps it */
    if (link->tls == NULL || !expect_name(link->tls, name) ||
        SSL_set_fd(link->tls, link->context->fd) != 1)
        return fail(link, LINK_FAILED, "TLS: ", reason_of_openssl());
    errno = 0;
    int connected = SSL_connect(link->tls);
    return connected == 1 ? LINK_OK : fail_io(link, connected, errno);
}

static enum link_result
send_command(struct link *link, size_t count, const char **words, const size_t *lengths)
{
    char *bytes;
    size_t sent;
    long long length = redisFormatCommandArgv(&bytes, (int)count, words, lengths);
    if (length < 0)
        return fail(link, LINK_FAILED, "no memory", "");
    ERR_clear_error();
    errno = 0;
    int written = SSL_write_ex(link->tls, bytes, (size_t)length, &sent);
    int error = errno;
    redisFreeCommand(bytes);
    return written == 1 ? LINK_OK : fail_io(link, written, error);
}

enum link_result
tls_ask(struct link *link, size_t count, const char **words, const size_t *lengths, void **reply)
{
    redisReader *reader = link->context->reader;
    char piece[16384];
    size_t length;
    enum link_result result = send_command(link, count, words, lengths);
    *reply = NULL;
    while (result == LINK_OK) {
        if (redisReaderGetReply(reader, reply) != REDIS_OK)
            return fail(link, LINK_FAILED, "", reader->errstr);
        if (*reply != NULL)
            return LINK_OK;
        ERR_clear_error();
        errno = 0;
        int got = SSL_read_ex(link->tls, piece, sizeof piece, &length);
        if (got != 1)
            result = fail_io(link, got, errno);
        else if (redisReaderFeed(reader, piece, length) != REDIS_OK)
            result = fail(link, LINK_FAILED, "", reader->errstr);
    }
    return result;
}

void
tls_close(struct link *link)
{
    SSL_free(link->tls);
    link->tls = NULL;
}
