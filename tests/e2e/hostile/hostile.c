/*
 * hostile: says to a running daemon what no honest member says. usage:
 *
 *   hostile ATTACK ADDRESS HOME VICTIM [WORD]
 *
 * HOME is a member's, whose own daemon is stopped; VICTIM the label of who listens at ADDRESS. It
 * prints what the other side answered, a message kind a word (repeats are one), and how it ended:
 * "bye <CODE>", "closed" or "open". Exits 0 when it could say its piece.
 */
#include <git2.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "proto/mem.h"
#include "tests/e2e/hostile/speak.h"
#include "tests/unit/replicas/forge.h"

enum {
    SILENT_COUNT = 200,  /* more than the daemon takes in at once */
    HALFWAY_COUNT = 100, /* more than it has places for handshakes under way */
    SILENT_WAIT_S = 30,
    QUIET_S = 2, /* then nothing more comes */
    GARBAGE_BYTES = 65536,
    BOMB_BYTES = 256 * 1024 * 1024,
    DEPTH = 100000,
    REPLAYS = 300,
    SEALED_TIMES = 100,
};

static int complain(const char *what)
{
    fprintf(stderr, "hostile: %s\n", what);
    return 1;
}

/* ---- before anybody knows us ---- */

static int garbage(struct attack *a)
{
    static uint8_t noise[GARBAGE_BYTES];
    for (unsigned first = 0; first < 3; first++) { /* no selector, a member's, a joiner's */
        int fd = line_open(a->address);
        if (fd < 0)
            return complain("nobody listens");
        randombytes_buf(noise, sizeof noise);
        noise[0] = (uint8_t)first;
        (void)line_put(fd, (struct bytes){noise, sizeof noise});
        if (!line_ended(fd, SILENT_WAIT_S))
            return complain("garbage did not end the connection");
        close(fd);
    }
    puts("closed");
    return 0;
}

/* Connections that say nothing, all at once; the daemon ends every one. */
static int silent(struct attack *a)
{
    static int fds[SILENT_COUNT];
    for (int i = 0; i < SILENT_COUNT; i++)
        if ((fds[i] = line_open(a->address)) < 0)
            return complain("the listener is gone");
    puts("holding");
    fflush(stdout);
    for (int i = 0; i < SILENT_COUNT; i++) {
        if (!line_ended(fds[i], SILENT_WAIT_S))
            return complain("a silent connection was kept");
        close(fds[i]);
    }
    puts("closed");
    return 0;
}

/* Genuine first messages, and nothing after: each takes a place. */
static int halfway(struct attack *a)
{
    static struct line lines[HALFWAY_COUNT];
    for (int i = 0; i < HALFWAY_COUNT; i++) {
        int fd = line_open(a->address);
        if (fd < 0)
            return complain("the listener is gone");
        (void)line_hello(&lines[i], fd, a->stranger.secret, &a->victim, &a->replica->network);
    }
    puts("holding");
    fflush(stdout);
    for (int i = 0; i < HALFWAY_COUNT; i++) {
        if (!line_ended(lines[i].fd, SILENT_WAIT_S))
            return complain("a handshake that stood still was kept");
        line_close(&lines[i]);
    }
    puts("closed");
    return 0;
}

/* ---- as a member ---- */

/* What comes back, and how it ends. */
static int listen_on(struct attack *a)
{
    enum status st;
    const struct message *m = &a->line.message;
    enum message_kind last = MESSAGE_KIND_END;
    while ((st = line_next(&a->line, QUIET_S)) == ST_OK && m->kind != MESSAGE_BYE)
        if (m->kind != last)
            printf("%s ", message_name(last = m->kind));
    if (st == ST_OK)
        printf("bye %s\n", msg_bye_word(m->bye.code));
    else
        puts(st == ST_CLOSED ? "closed" : st == ST_TIMEOUT ? "open" : status_word(st));
    return 0;
}

static int stranger(struct attack *a)
{
    if (!speak_shake(a, &a->stranger))
        return complain("no handshake");
    (void)speak_introduce(a);
    if (a->line.message.kind == MESSAGE_BYE) {
        printf("bye %s\n", msg_bye_word(a->line.message.bye.code));
        return 0;
    }
    return listen_on(a);
}

/* Silence behind a whole handshake; holds until standard input ends. */
static int stall(struct attack *a)
{
    char none;
    if (!speak_shake(a, a->self) || !speak_introduce(a))
        return complain("no introduction");
    puts("holding");
    fflush(stdout);
    while (read(STDIN_FILENO, &none, 1) > 0)
        ;
    puts("open");
    return 0;
}

/* ---- what the stream or a message may not hold ---- */

static bool unfolded(struct attack *a, const void *data, size_t count, bool flush)
{
    static ZSTD_CCtx *zstd;
    static uint8_t room[1 << 20];
    if (zstd == NULL) { /* within the window that a reader allows: what lies behind is to be met */
        zstd = ZSTD_createCCtx();
        CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG)));
    }
    ZSTD_inBuffer in = {data, count, 0};
    size_t left = 1;
    while (in.pos < in.size || (flush && left != 0)) {
        ZSTD_outBuffer out = {room, sizeof room, 0};
        left = ZSTD_compressStream2(zstd, &out, &in, flush ? ZSTD_e_flush : ZSTD_e_continue);
        CHECK(!ZSTD_isError(left));
        if (out.pos > 0 && !line_frames(&a->line, (struct bytes){room, out.pos}))
            return false;
    }
    return true;
}

/* The length of a message, over the limit; then its bytes, which need no place on the wire. */
static int oversize(struct attack *a)
{
    static const uint8_t length[4] = {0x10, 0, 0, 0};
    static uint8_t zeros[1 << 20];
    if (!speak_shake(a, a->self))
        return complain("no handshake");
    bool open = unfolded(a, length, sizeof length, true);
    for (size_t sent = 0; open && sent < BOMB_BYTES; sent += sizeof zeros)
        open = unfolded(a, zeros, sizeof zeros, false);
    return listen_on(a);
}

/* Messages of the greatest length that hold zeros only: some thousand times smaller on the wire. */
static int bomb(struct attack *a)
{
    static const uint8_t length[4] = {0, 0x10, 0, 0}; /* MESSAGE_BYTES_MAX */
    static uint8_t zeros[1 << 20];
    if (!speak_shake(a, a->self))
        return complain("no handshake");
    bool open = true;
    for (size_t sent = 0; open && sent < BOMB_BYTES; sent += sizeof zeros)
        open = unfolded(a, length, sizeof length, false) && unfolded(a, zeros, sizeof zeros, true);
    return listen_on(a);
}

static int deep(struct attack *a)
{
    static uint8_t arrays[DEPTH];
    struct buf plain = {0};
    if (!speak_shake(a, a->self) || !speak_introduce(a))
        return complain("no introduction");
    memset(arrays, 0x91, sizeof arrays);
    CHECK(squeeze_write(a->writer, (struct bytes){arrays, sizeof arrays}, &plain) == ST_OK);
    (void)line_frames(&a->line, buf_bytes(&plain));
    buf_release(&plain);
    return listen_on(a);
}

/* ---- forged commits ---- */

struct word {
    const char *word;
    enum forge_lie lie;
};

static const struct word lies[] = {
    {"honest", LIE_NONE},
    {"signature", LIE_SIGNATURE},
    {"root", LIE_ROOT},
    {"seq", LIE_SEQ},
    {"seq-again", LIE_SEQ_AGAIN},
    {"height", LIE_HEIGHT},
    {"digest", LIE_DIGEST},
    {"parents", LIE_PARENTS},
    {"unknown-parent", LIE_UNKNOWN},
    {"charter-newer", LIE_CHARTER_NEWER},
    {"charter-older", LIE_CHARTER_OLDER},
    {"charter-hash", LIE_CHARTER_HASH},
};

#define EXPENSE                                                                                    \
    "{\"amount\":900000000,\"budget_line\":\"workshops\",\"currency\":\"CLP\","                    \
    "\"date\":\"2009-09-22\",\"office\":\"%s\",\"ref\":\"X1\"}"

/* What the commit does; an ordinary thing where the word says nothing about that. */
static void fill(struct attack *a, struct op_list *ops, struct buf *raw)
{
    char content[512];
    const char *w = a->word;
    if (strcmp(w, "type") == 0) {
        forge_set(ops, "boat", 7, "sails", "3");
    } else if (strcmp(w, "field") == 0) {
        forge_set(ops, "household", 7, "sails", "3");
    } else if (strcmp(w, "value") == 0) {
        forge_set(ops, "household", 7, "people", "\"many\"");
    } else if (strcmp(w, "personal") == 0) {
        forge_set(ops, "household", 7, "head_name", "\"in clear\"");
    } else if (strcmp(w, "debit") == 0) {
        snprintf(content, sizeof content, EXPENSE, a->replica->label);
        forge_entry(ops, "expense", content);
    } else if (strcmp(w, "grant") == 0) {
        forge_entry(ops, "grant",
                    "{\"amount\":5,\"currency\":\"CLP\",\"date\":\"2009-09-22\",\"ref\":\"g\"}");
    } else if (strcmp(w, "records") == 0) {
        forge_many(raw, "household", "commune", COMMIT_RECORDS_MAX + 1, 3);
    } else if (strcmp(w, "operations") == 0) {
        forge_many(raw, "household", "commune", 5, VALUE_BYTES_MAX - 2);
    } else if (strcmp(w, "bytes") == 0) {
        forge_many(raw, "household", "commune", 1, VALUE_BYTES_MAX + 1);
    } else if (strcmp(w, "order") == 0) {
        mp_write_array(raw, 2);
        forge_group(raw, "household", 8, "commune", BYTES("\"x\""), BYTES(""));
        forge_group(raw, "household", 7, "commune", BYTES("\"x\""), BYTES(""));
    } else {
        forge_set(ops, "household", 7, "commune", "\"Recoleta\"");
    }
}

static bool send_item(struct attack *a, struct bytes item)
{
    static struct message m;
    m = (struct message){.kind = MESSAGE_ITEM};
    CHECK(msg_item_add(&m.item, item));
    return speak_say(a, &m);
}

static int forged(struct attack *a)
{
    struct op_list ops = {0};
    struct buf raw = {0}, item = {0};
    struct forge f = {.replica = a->replica,
                      .identity = a->self,
                      .label = a->replica->label,
                      .other = &a->stranger};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        if (strcmp(lies[i].word, a->word) == 0)
            f.lie = lies[i].lie;
    if (strcmp(a->word, "signer") == 0)
        f.lie = LIE_SIGNER;
    if (strcmp(a->word, "label") == 0)
        f.label = "arica";
    fill(a, &ops, &raw);
    if (raw.count > 0)
        f.raw = buf_bytes(&raw);
    else
        f.ops = &ops;
    forge_item(&f, &item);
    if (!speak_shake(a, a->self) || !speak_introduce(a) || !send_item(a, buf_bytes(&item)))
        return complain("no introduction");
    op_list_release(&ops);
    buf_release(&raw);
    buf_release(&item);
    return listen_on(a);
}

/* What the other side has, many times over. */
static int replay(struct attack *a)
{
    struct buf frame = {0};
    struct item item;
    if (!speak_shake(a, a->self) || !speak_introduce(a))
        return complain("no introduction");
    for (uint32_t i = 0; i < REPLAYS; i++) {
        uint32_t node = i % graph_count(a->replica->graph);
        CHECK(replica_item(a->replica, node, &frame, &item, NULL) == ST_OK);
        if (!send_item(a, (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES}))
            break;
    }
    buf_release(&frame);
    return listen_on(a);
}

/* Sealed items that nobody asked for, more wishes than may be open, KEPT of what was never given.
 */
static int sealed(struct attack *a)
{
    static struct message m;
    bool said = true;
    m = (struct message){.kind = MESSAGE_KEPT, .kept = {.name_count = SEALED_NAMES_MAX}};
    if (strcmp(a->word, "piece") == 0) {
        m = (struct message){.kind = MESSAGE_SEALED, .sealed = {.piece_count = 1}};
        m.sealed.pieces[0] = (struct sealed_piece){.total = 5, .bytes = BYTES("whole")};
    } else if (strcmp(a->word, "gone") == 0) {
        m = (struct message){.kind = MESSAGE_SEALED_GONE, .sealed_gone = {.name_count = 1}};
    } else if (strcmp(a->word, "wishes") == 0) {
        m = (struct message){.kind = MESSAGE_SEALED_WANT};
        m.sealed_want.wish_count = SEALED_NAMES_MAX;
    }
    if (!speak_shake(a, a->self) || !speak_introduce(a))
        return complain("no introduction");
    for (uint32_t i = 0; i < SEALED_TIMES && said; i++)
        said = speak_say(a, &m);
    return listen_on(a);
}

struct attack_word {
    const char *word;
    int (*run)(struct attack *a);
};

static const struct attack_word attacks[] = {
    {"garbage", garbage}, {"silent", silent},     {"halfway", halfway}, {"stranger", stranger},
    {"stall", stall},     {"oversize", oversize}, {"bomb", bomb},       {"deep", deep},
    {"forged", forged},   {"replay", replay},     {"sealed", sealed},
};

int main(int count, char **words)
{
    if (count < 5 || sodium_init() < 0 || git_libgit2_init() < 0)
        return complain("usage: hostile ATTACK ADDRESS HOME VICTIM [WORD]");
    struct attack a = {
        .address = words[2], .home = words[3], .word = count > 5 ? words[5] : "honest"};
    int code = 1;
    if (!speak_begin(&a, words[4]))
        return 1;
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        if (strcmp(attacks[i].word, words[1]) == 0)
            code = attacks[i].run(&a);
    speak_end(&a);
    git_libgit2_shutdown();
    return code;
}
