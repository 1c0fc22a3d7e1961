/*
 * noise_peer: one side of a Noise XK handshake, spoken in lines of hex over standard input and
 * output, so that another implementation can be set against proto/noise.c.
 *
 *     noise_peer initiator PROLOGUE SECRET EPHEMERAL REMOTE
 *     noise_peer responder PROLOGUE SECRET EPHEMERAL
 *
 * Each line in is a verb and, where it has one, an argument; each line out its answer, or "refused"
 * and the word of the status:
 *
 *     write PAYLOAD   the next handshake message      read MESSAGE    its payload
 *     encrypt PLAIN   a transport message             decrypt SEALED  its plaintext
 *     hash            the handshake hash              remote          the other's static key
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/noise.h"

enum {
    ANSWER_BYTES_MAX = NOISE_MESSAGE_BYTES_MAX,
    LINE_BYTES_MAX = 2 * ANSWER_BYTES_MAX + 64, /* verb, blank and hex */
    PROLOGUE_BYTES_MAX = 256,
};

struct peer {
    struct noise_handshake handshake;
    struct noise_cipher send, receive;
    uint8_t argument[ANSWER_BYTES_MAX];
    size_t argument_bytes;
};

static bool from_hex(const char *text, uint8_t *out, size_t count_max, size_t *count)
{
    const char *end = NULL;
    return sodium_hex2bin(out, count_max, text, strlen(text), NULL, count, &end) == 0 &&
           *end == '\0';
}

static bool key_from_hex(const char *text, uint8_t out[static NOISE_KEY_BYTES])
{
    size_t count = 0;
    return from_hex(text, out, NOISE_KEY_BYTES, &count) && count == NOISE_KEY_BYTES;
}

static void answer(enum status status, struct bytes data)
{
    if (status != ST_OK)
        printf("refused %s", status_word(status));
    for (size_t i = 0; status == ST_OK && i < data.count; i++)
        printf("%02x", data.data[i]);
    printf("\n");
    fflush(stdout);
}

static void handshake_verb(struct peer *p, bool writes)
{
    struct buf out = {0};
    struct bytes argument = {p->argument, p->argument_bytes};
    enum status status = ST_PROTOCOL; /* out of turn */
    if (!noise_is_finished(&p->handshake) && writes == noise_is_ours(&p->handshake))
        status = writes ? noise_write(&p->handshake, argument, &out)
                        : noise_read(&p->handshake, argument, &out);
    if (status == ST_OK && noise_is_finished(&p->handshake))
        noise_split(&p->handshake, &p->send, &p->receive);
    answer(status, buf_bytes(&out));
    buf_release(&out);
}

static void transport_verb(struct peer *p, bool encrypts)
{
    static uint8_t out[ANSWER_BYTES_MAX];
    struct bytes argument = {p->argument, p->argument_bytes}, none = {NULL, 0};
    enum status status = ST_PROTOCOL;
    size_t out_bytes = 0;
    if (!p->send.keyed) {
        answer(status, none);
    } else if (encrypts && argument.count <= sizeof out - NOISE_MAC_BYTES) {
        noise_encrypt(&p->send, none, argument, out);
        answer(ST_OK, (struct bytes){out, argument.count + NOISE_MAC_BYTES});
    } else {
        status = encrypts ? ST_TOO_LARGE : noise_decrypt(&p->receive, none, argument, out);
        if (status == ST_OK)
            out_bytes = argument.count - NOISE_MAC_BYTES;
        answer(status, (struct bytes){out, out_bytes});
    }
}

static bool take_line(struct peer *p, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *argument = strchr(line, ' ');
    if (argument != NULL)
        *argument++ = '\0';
    p->argument_bytes = 0;
    if (argument != NULL &&
        !from_hex(argument, p->argument, sizeof p->argument, &p->argument_bytes))
        return false;
    if (strcmp(line, "write") == 0)
        handshake_verb(p, true);
    else if (strcmp(line, "read") == 0)
        handshake_verb(p, false);
    else if (strcmp(line, "encrypt") == 0)
        transport_verb(p, true);
    else if (strcmp(line, "decrypt") == 0)
        transport_verb(p, false);
    else if (strcmp(line, "hash") == 0)
        answer(ST_OK, (struct bytes){p->handshake.h, NOISE_HASH_BYTES});
    else if (strcmp(line, "remote") == 0)
        answer(ST_OK, (struct bytes){p->handshake.rs, NOISE_KEY_BYTES});
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static struct peer p;
    static char line[LINE_BYTES_MAX];
    uint8_t prologue[PROLOGUE_BYTES_MAX], secret[NOISE_KEY_BYTES], ephemeral[NOISE_KEY_BYTES];
    uint8_t remote[NOISE_KEY_BYTES];
    size_t prologue_bytes = 0;
    bool initiator = argc == 6 && strcmp(argv[1], "initiator") == 0;
    bool responder = argc == 5 && strcmp(argv[1], "responder") == 0;
    if (sodium_init() < 0 || (!initiator && !responder) ||
        !from_hex(argv[2], prologue, sizeof prologue, &prologue_bytes) ||
        !key_from_hex(argv[3], secret) || !key_from_hex(argv[4], ephemeral) ||
        (initiator && !key_from_hex(argv[5], remote))) {
        fprintf(stderr, "usage: noise_peer initiator|responder PROLOGUE SECRET EPHEMERAL "
                        "[REMOTE]\n");
        return 2;
    }
    noise_begin(&p.handshake, &(struct noise_options){
                                  .pattern = NOISE_XK,
                                  .initiator = initiator,
                                  .prologue = {prologue, prologue_bytes},
                                  .secret = secret,
                                  .ephemeral = ephemeral,
                                  .remote = initiator ? remote : NULL,
                              });
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (!take_line(&p, line)) {
            fprintf(stderr, "noise_peer: not a verb with hex: %s\n", line);
            return 2;
        }
    }
    noise_clear(&p.handshake);
    return 0;
}
