#include "replicas/op.h"

#include <sodium.h>

#include "proto/check.h"

enum { SUBJECT_BYTES_MAX = 72, LENGTH_BYTES = 8 };

static void hash_part(crypto_generichash_state *hash, struct bytes part)
{
    uint8_t length[LENGTH_BYTES];
    for (unsigned i = 0; i < LENGTH_BYTES; i++)
        length[i] = (uint8_t)((uint64_t)part.count >> (8 * (LENGTH_BYTES - 1 - i)));
    crypto_generichash_update(hash, length, LENGTH_BYTES);
    if (part.count > 0)
        crypto_generichash_update(hash, part.data, part.count);
}

static void hash_id(struct bytes domain, const struct digest *network, struct bytes type,
                    struct bytes what, uint8_t *out, size_t out_bytes)
{
    crypto_generichash_state hash;
    int failed = crypto_generichash_init(&hash, NULL, 0, out_bytes);
    hash_part(&hash, domain);
    hash_part(&hash, (struct bytes){network->id, DIGEST_BYTES});
    hash_part(&hash, type);
    hash_part(&hash, what);
    failed |= crypto_generichash_final(&hash, out, out_bytes);
    CHECK(failed == 0);
}

void op_entry_id(const struct digest *network, struct bytes type, struct bytes content,
                 uint8_t out[static ENTRY_ID_BYTES])
{
    hash_id(BYTES("minga/entry/1"), network, type, content, out, ENTRY_ID_BYTES);
}

void op_record_id(const struct digest *network, struct bytes type, struct bytes key,
                  uint8_t out[static RECORD_ID_BYTES])
{
    hash_id(BYTES("minga/record/1"), network, type, key, out, RECORD_ID_BYTES);
}

/* What a commit did to the records of one type. */
struct tally {
    uint32_t added, changed, written;
};

/* The operations of one group, from 'i' on; the index behind it. A record of which nothing is
 * superseded may be new or not: the operations alone do not say, so it is neither "added" nor
 * "changed" but "written". */
static uint32_t tally_group(const struct op_list *l, uint32_t i, struct tally *t)
{
    const struct op *first = &l->ops[i];
    if (first->verb == OP_ENTRY || first->verb == OP_CHARTER || first->verb == OP_ADOPT) {
        t->added++;
        return i + 1;
    }
    bool supersedes = false;
    for (; i < l->count && l->ops[i].verb <= OP_DROP && l->ops[i].verb >= OP_SET &&
           bytes_equal(l->ops[i].type, first->type) &&
           memcmp(l->ops[i].id, first->id, RECORD_ID_BYTES) == 0;
         i++)
        supersedes = supersedes || l->ops[i].over.count > 0;
    if (supersedes)
        t->changed++;
    else
        t->written++;
    return i;
}

static struct bytes topic_of(const struct op *op)
{
    return op->verb == OP_CHARTER ? BYTES("charter")
           : op->verb == OP_ADOPT ? BYTES("adoption")
                                  : op->type;
}

/* "3 changed, 1 written" behind 'topic: ', appended to 'out' as a new part. */
static void add_part(struct buf *out, struct bytes topic, const struct tally *t)
{
    const uint32_t counts[] = {t->added, t->changed, t->written};
    static const char *const verbs[] = {"added", "changed", "written"};
    const char *before = "";
    buf_add_bytes(out, topic);
    buf_add_text(out, ": ");
    for (unsigned i = 0; i < 3; i++) {
        if (counts[i] == 0)
            continue;
        buf_add_format(out, "%s%u %s", before, counts[i], verbs[i]);
        before = ", ";
    }
}

void op_subject(const struct op_list *l, struct buf *out)
{
    size_t begin = out->count;
    if (l->count == 0)
        buf_add_text(out, "merge");
    for (uint32_t i = 0; i < l->count;) {
        size_t part = out->count;
        struct bytes topic = topic_of(&l->ops[i]);
        struct tally t = {0};
        CHECK(i == 0 || op_list_compare(&l->ops[i - 1], &l->ops[i]) < 0);
        do
            i = tally_group(l, i, &t);
        while (i < l->count && bytes_equal(topic_of(&l->ops[i]), topic));
        if (part > begin)
            buf_add_text(out, ", ");
        add_part(out, topic, &t);
        size_t room = SUBJECT_BYTES_MAX - (i < l->count ? sizeof ", more" - 1 : 0);
        if (out->count - begin <= room)
            continue;
        /* What does not fit is only hinted at. */
        out->count = part;
        if (part > begin)
            buf_add_text(out, ", more");
        else
            buf_add_format(out, "records: %u written", op_list_count_records(l));
        break;
    }
}
