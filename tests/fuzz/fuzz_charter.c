/* charter: what is taken is written again byte for byte; a chain takes nothing that is not signed.
 */
#include <string.h>

#include "proto/check.h"
#include "replicas/charter.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "tests/fuzz/founder.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On top of a version that stands: it is taken, or the chain is as it was. */
static void try_second(struct bytes file)
{
    struct charter_chain chain = {0};
    struct fault f;
    enum status status =
        charter_chain_add(&chain, buf_bytes(&charter_newest(founder_chain())->file), NULL, &f);
    CHECK(status == ST_OK);
    status = charter_chain_add(&chain, file, NULL, &f);
    CHECK((status == ST_OK) == (chain.count == 2));
    charter_chain_release(&chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = {data, size};
    struct charter_chain chain = {0};
    struct charter *c = NULL;
    struct fault f;
    if (charter_parse(file, &c, &f) == ST_OK) {
        struct buf body = {0}, again = {0};
        struct digest hash;
        charter_file_add_body(c, &body);
        charter_file_add(c, buf_bytes(&body), &again);
        charter_file_hash(buf_bytes(&body), &hash);
        CHECK(bytes_equal(buf_bytes(&again), file));
        CHECK(memcmp(&hash, &c->hash, sizeof hash) == 0);
        CHECK(c->member_count > 0 && c->schema != NULL && c->signature_count > 0);
        buf_release(&again);
        buf_release(&body);
    }
    charter_file_free(c);
    enum status status = charter_chain_add(&chain, file, NULL, &f);
    CHECK((status == ST_OK) == (chain.count == 1));
    charter_chain_release(&chain);
    try_second(file);
    return 0;
}

/* The version that a changed file holds, signed by the founder; half the time as the second. */
static bool mutate_version(struct bytes in, struct chance *c, struct buf *out)
{
    struct buf changed = {0};
    struct charter *version = NULL;
    bool done = mutate_json(in, c, &changed);
    if (done && charter_parse(buf_bytes(&changed), &version, NULL) == ST_OK) {
        if (chance_below(c, 2) == 0)
            founder_follow(version);
        founder_sign(version, out);
    } else {
        buf_add_bytes(out, buf_bytes(&changed));
    }
    charter_file_free(version);
    buf_release(&changed);
    return done;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_version, data, size, room, seed);
}
