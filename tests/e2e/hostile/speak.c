#include "tests/e2e/hostile/speak.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"

bool speak_begin(struct attack *a, const char *victim)
{
    struct replica_options options = {.home = a->home, .readonly = true};
    struct fault f = {0};
    if (replica_open(&options, &a->replica, &f) != ST_OK) {
        fprintf(stderr, "%s: %s\n", a->home, f.text);
        return false;
    }
    const struct charter_member *member =
        charter_by_label(charter_newest(&a->replica->chain), bytes_of_text(victim));
    if (member == NULL) {
        fprintf(stderr, "there is no member %s\n", victim);
        return false;
    }
    a->victim = member->key;
    a->self = replica_identity(a->replica);
    crypto_sign_keypair(a->stranger.key.id, a->stranger.secret);
    return true;
}

void speak_end(struct attack *a)
{
    squeeze_writer_free(a->writer);
    if (a->line.reader != NULL)
        line_close(&a->line);
    replica_drop(a->replica);
}

bool speak_say(struct attack *a, const struct message *m)
{
    struct buf raw = {0}, plain = {0};
    message_encode(m, &raw);
    CHECK(buf_status(&raw) == ST_OK);
    CHECK(squeeze_write(a->writer, buf_bytes(&raw), &plain) == ST_OK);
    bool sent = line_frames(&a->line, buf_bytes(&plain));
    buf_release(&raw);
    buf_release(&plain);
    return sent;
}

bool speak_shake(struct attack *a, const struct home_identity *as)
{
    int fd = line_open(a->address);
    if (fd < 0)
        return false;
    CHECK(squeeze_writer_create(&a->writer) == ST_OK);
    return line_hello(&a->line, fd, as->secret, &a->victim, &a->replica->network) &&
           line_shake(&a->line);
}

bool speak_introduce(struct attack *a)
{
    static struct message m;
    const struct charter *newest = charter_newest(&a->replica->chain);
    m = (struct message){.kind = MESSAGE_HELLO};
    m.hello.version = MESSAGE_VERSION;
    m.hello.agent = BYTES("hostile");
    if (!speak_say(a, &m))
        return false;
    m = (struct message){.kind = MESSAGE_CHARTER};
    m.charter.version = newest->version;
    m.charter.hash = newest->hash;
    if (!speak_say(a, &m))
        return false;
    do {
        if (line_next(&a->line, LINE_WAIT_S) != ST_OK || a->line.message.kind == MESSAGE_BYE)
            return false;
    } while (a->line.message.kind != MESSAGE_CHARTER || a->line.message.charter.more);
    m = (struct message){.kind = MESSAGE_HEADS};
    m.heads.whole = true;
    return speak_say(a, &m);
}
