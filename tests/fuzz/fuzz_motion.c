/* motion, wish: what is taken is written again byte for byte; nothing unsigned passes the check. */
#include <string.h>

#include "proto/check.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/motion.h"
#include "replicas/wish.h"
#include "tests/fuzz/founder.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_wish(struct bytes in)
{
    struct wish w;
    struct buf again = {0};
    if (wish_decode(in, &w) == ST_OK) {
        wish_encode(&w, &again);
        CHECK(bytes_equal(buf_bytes(&again), in));
    }
    wish_release(&w);
    buf_release(&again);
}

/* On top of the founder's version: what passes with the founder's signature is a version. */
static void try_next(const struct motion *m)
{
    const struct charter_chain *chain = founder_chain();
    const struct charter *before = charter_newest(chain);
    struct charter *next = NULL;
    struct buf file = {0};
    struct fault f;
    if (motion_check(&chain->network, before, m, &f) == ST_OK && motion_version(m, before, &file)) {
        enum status status = charter_parse(buf_bytes(&file), &next, &f);
        CHECK(status == ST_OK);
        status = charter_chain_check_next(before, next, &f);
        CHECK(status == ST_OK);
    }
    charter_file_free(next);
    buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct motion m;
    struct fault f;
    struct buf again = {0}, file = {0};
    try_wish(in);
    if (motion_decode(in, &m, &f) == ST_OK) {
        static const struct digest network;
        motion_encode(&m, &again);
        CHECK(bytes_equal(buf_bytes(&again), in));
        CHECK(m.charter != NULL && m.ballot.round > 0);
        /* Its own body as the version before: never its successor. */
        CHECK(motion_check(&network, m.charter, &m, &f) != ST_OK);
        (void)motion_is_free(&m, m.charter);
        try_next(&m);
        if (motion_version(&m, m.charter, &file)) {
            struct charter *c = NULL;
            CHECK(charter_parse(buf_bytes(&file), &c, &f) == ST_OK);
            charter_file_free(c);
        }
    }
    motion_release(&m);
    buf_release(&again);
    buf_release(&file);
    return 0;
}

/* Its body as the founder's next version, and the words under it the founder's own. */
static bool sign_again(struct motion *m, struct chance *c, struct buf *out)
{
    const struct charter *before = charter_newest(founder_chain());
    struct ballot_vote vote = {.ballot = {.round = 0}};
    struct buf body = {0};
    struct motion next;
    founder_follow(m->charter);
    charter_file_add_body(m->charter, &body);
    m->ballot.admin = *founder_key();
    bool made = motion_new(buf_bytes(&body), &m->ballot, &next, NULL) == ST_OK;
    if (chance_below(c, 2) == 0 && m->ballot.round > 1) {
        vote.ballot = (struct ballot){.round = 1, .admin = *founder_key()};
        vote.hash = before->hash;
    }
    if (made && chance_below(c, 4) > 0)
        made = motion_promise(&next, &founder_chain()->network, &vote, founder_secret()) == ST_OK;
    if (made && chance_below(c, 4) > 0)
        made = motion_sign(&next, founder_secret()) == ST_OK;
    if (made)
        motion_encode(&next, out);
    motion_release(&next);
    buf_release(&body);
    return made;
}

static bool mutate_motion(struct bytes in, struct chance *c, struct buf *out)
{
    struct buf changed = {0};
    struct motion m = {.charter = NULL};
    bool done = mutate_msgpack(in, c, &changed);
    bool again = done && chance_below(c, 2) == 0 &&
                 motion_decode(buf_bytes(&changed), &m, NULL) == ST_OK && sign_again(&m, c, out);
    if (!again)
        buf_add_bytes(out, buf_bytes(&changed));
    motion_release(&m);
    buf_release(&changed);
    return done;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_motion, data, size, room, seed);
}
