/*
 * commit_parse(), and the armour within: what it takes encodes to the same bytes.
 */
#include "proto/check.h"
#include "replicas/commit.h"
#include "tests/fuzz/founder.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item item;
    struct key key;
    struct bytes subject;
    struct buf again = {0};
    if (commit_parse((struct bytes){data, size}, &item, &key, &subject) != ST_OK)
        return 0;
    commit_encode(&item, &key, subject, &again);
    CHECK(bytes_equal(buf_bytes(&again), (struct bytes){data, size}));
    buf_release(&again);
    enum status verified = commit_verify(&item, &key, subject);
    CHECK(verified == ST_OK || verified == ST_BAD_SIGNATURE);
    return 0;
}

/* One member of the commit changed, within what the form allows, and signed by the founder. */
static bool sign_again(struct bytes in, struct chance *c, struct buf *out)
{
    struct item item;
    struct key key;
    struct bytes subject;
    struct buf text = {0};
    if (commit_parse(in, &item, &key, &subject) != ST_OK)
        return false;
    switch (chance_below(c, 6)) {
    case 0:
        item.author_time = (int64_t)(chance_number(c) % (uint64_t)(ITEM_TIME_MAX + 2));
        break;
    case 1:
        item.commit_time = (int64_t)(chance_number(c) % (uint64_t)(ITEM_TIME_MAX + 2));
        break;
    case 2:
        item.seq = 1 + (chance_number(c) >> 11);
        break;
    case 3:
        (void)mutate_plain(item.author, c, &text);
        item.author = buf_bytes(&text);
        break;
    case 4:
        (void)mutate_plain(subject, c, &text);
        subject = buf_bytes(&text);
        break;
    default:
        if (item.parent_count > 0 && item.parent_count < PARENTS_MAX) {
            item.parents[item.parent_count] = item.parents[item.parent_count - 1];
            item.parents[item.parent_count++].id[OID_BYTES - 1]++;
        }
        break;
    }
    enum status status = commit_sign(&item, subject, founder_secret());
    if (status == ST_OK)
        commit_encode(&item, founder_key(), subject, out);
    buf_release(&text);
    return status == ST_OK;
}

static bool mutate_commit(struct bytes in, struct chance *c, struct buf *out)
{
    return (chance_below(c, 2) == 0 && sign_again(in, c, out)) || mutate_lines(in, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_commit, data, size, room, seed);
}
