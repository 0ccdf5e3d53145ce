#include "outbox/sender.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "outbox/message.h"

/* Nothing of an answer is used but its status. */
enum { ANSWER_MAX = 64 * 1024, HEADER_SIZE = 160 };

struct transfer {
    struct sender *sender;
    struct transfer *next, *previous;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer body;
    struct delivery delivery;
    bool is_plain; /* without TLS */
    bool address_refused;
    size_t received; /* bytes of the answer */
    char error[CURL_ERROR_SIZE];
};

struct sender {
    const struct config *config;
    const char *key;
    sender_ended *ended;
    void *state;
    CURLM *multi;
    struct transfer *transfers;
    size_t count;
};

struct sender *
sender_open(const struct config *config, const char *key, sender_ended *ended, void *state)
{
    struct sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        log_abort("libcurl cannot begin");
    *sender = (struct sender){
        .config = config, .key = key, .ended = ended, .state = state, .multi = curl_multi_init()};
    if (sender->multi == NULL)
        log_abort("no memory");
    return sender;
}

size_t
sender_count(const struct sender *sender)
{
    return sender->count;
}

/* ---- one transfer ---- */

/* Asked before each connect. The address is the one that is connected to. */
static curl_socket_t
open_socket(void *state, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = state;
    bool allowed = address_is_in(&address->addr, transfer->sender->config->webhook_allow);
    (void)purpose;
    if (!allowed && (transfer->is_plain || !address_is_public(&address->addr))) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Of the body and of the headers. */
static size_t
count_received(char *bytes, size_t size, size_t count, void *state)
{
    struct transfer *transfer = state;
    (void)bytes;
    transfer->received += size * count;
    return transfer->received <= ANSWER_MAX ? size * count : 0;
}

static void add_header(struct transfer *transfer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
add_header(struct transfer *transfer, const char *format, ...)
{
    char line[HEADER_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer == NULL)
        log_abort("no memory");
    transfer->headers = longer;
}

static void
write_message(struct transfer *transfer, const struct webhook *webhook)
{
    uint8_t secret[WEBHOOK_SECRET_BYTES];
    char id[MESSAGE_ID_SIZE], signature[WEBHOOK_SIGNATURE_SIZE];
    int64_t timestamp = clock_wall() / 1000;
    message_write_id(&transfer->delivery, id);
    message_write(&transfer->delivery, &transfer->body);
    webhook_secret_make(transfer->sender->key, webhook->salt, secret);
    webhook_sign(secret, sizeof secret, id, timestamp, transfer->body.data, transfer->body.length,
                 signature);
    add_header(transfer, "Content-Type: application/json");
    add_header(transfer, "webhook-id: %s", id);
    add_header(transfer, "webhook-timestamp: %" PRId64, timestamp);
    add_header(transfer, "webhook-signature: %s", signature);
    add_header(transfer, "Expect:");
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (curl_easy_setopt(transfer->easy, CURLOPT_##option, value) != CURLE_OK)                 \
            log_abort("libcurl refuses " #option);                                                 \
    } while (0)

static void
set_options(struct transfer *transfer, const struct webhook *webhook)
{
    const struct config *config = transfer->sender->config;
    SET(URL, webhook->url);
    SET(PRIVATE, transfer);
    SET(ERRORBUFFER, transfer->error);
    SET(POSTFIELDS, transfer->body.data);
    SET(POSTFIELDSIZE, (long)transfer->body.length);
    SET(HTTPHEADER, transfer->headers);
    SET(USERAGENT, "Frontrow/" VERSION);
    SET(PROTOCOLS_STR, "https,http");
    SET(FOLLOWLOCATION, 0L);
    SET(PROXY, "");
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L); /* what ends while a name is looked up waits for no name server */
    SET(TIMEOUT_MS, (long)config->webhook_timeout_ms);
    SET(CONNECTTIMEOUT_MS, (long)config->webhook_timeout_ms);
    SET(OPENSOCKETFUNCTION, open_socket);
    SET(OPENSOCKETDATA, transfer);
    SET(WRITEFUNCTION, count_received);
    SET(WRITEDATA, transfer);
    SET(HEADERFUNCTION, count_received);
    SET(HEADERDATA, transfer);
    if (config->webhook_ca_file[0] != '\0')
        SET(CAINFO, config->webhook_ca_file);
}

#undef SET

void
sender_send(struct sender *sender, const struct webhook *webhook, const struct delivery *delivery)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL || (transfer->easy = curl_easy_init()) == NULL)
        log_abort("no memory");
    transfer->sender = sender;
    transfer->delivery = *delivery;
    transfer->is_plain = strncmp(webhook->url, "https:", 6) != 0;
    write_message(transfer, webhook);
    set_options(transfer, webhook);
    if (curl_multi_add_handle(sender->multi, transfer->easy) != CURLM_OK)
        log_abort("libcurl refuses a transfer");
    transfer->next = sender->transfers;
    if (transfer->next != NULL)
        transfer->next->previous = transfer;
    sender->transfers = transfer;
    sender->count++;
}

static void
remove_transfer(struct transfer *transfer)
{
    struct sender *sender = transfer->sender;
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        sender->transfers = transfer->next;
    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    sender->count--;
    curl_multi_remove_handle(sender->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    buffer_free(&transfer->body);
    free(transfer);
}

/* NULL: it arrived. */
static const char *
explain(const struct transfer *transfer, CURLcode code, char *text, size_t size)
{
    long status = 0;
    /* where another address of the name was connected to, the reason is what happened there */
    if (transfer->address_refused && code == CURLE_COULDNT_CONNECT)
        return transfer->is_plain ? "without TLS only addresses in webhook_allow are called"
                                  : "its address is not public, and not in webhook_allow";
    if (transfer->received > ANSWER_MAX)
        return "its answer is too long";
    if (code != CURLE_OK)
        return transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300)
        return NULL;
    snprintf(text, size, "it answered %ld", status);
    return text;
}

static void
end_transfer(struct transfer *transfer, CURLcode code)
{
    char text[DELIVERY_ERROR_SIZE], error[DELIVERY_ERROR_SIZE];
    const struct sender *sender = transfer->sender;
    const char *reason = explain(transfer, code, text, sizeof text);
    if (reason != NULL) /* it goes with the transfer */
        snprintf(error, sizeof error, "%.*s", (int)text_cut(reason, sizeof error - 1), reason);
    const struct delivery delivery = transfer->delivery;
    remove_transfer(transfer);
    sender->ended(sender->state, &delivery, reason != NULL ? error : NULL);
}

/* ---- all of them ---- */

/* Returns whether any has ended. */
static bool
go_on(struct sender *sender)
{
    bool has_ended = false;
    int running, queued;
    CURLMsg *message;
    if (curl_multi_perform(sender->multi, &running) != CURLM_OK)
        log_abort("libcurl failed");
    while ((message = curl_multi_info_read(sender->multi, &queued)) != NULL) {
        char *transfer;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        end_transfer((struct transfer *)(void *)transfer, message->data.result);
        has_ended = true;
    }
    return has_ended;
}

void
sender_work(struct sender *sender, int ms)
{
    if (go_on(sender))
        return;
    if (curl_multi_poll(sender->multi, NULL, 0, ms, NULL) != CURLM_OK)
        log_abort("libcurl failed");
    go_on(sender);
}

void
sender_close(struct sender *sender)
{
    while (sender->transfers != NULL)
        remove_transfer(sender->transfers);
    curl_multi_cleanup(sender->multi);
    curl_global_cleanup();
    free(sender);
}
