#include "replicas/parcel.h"

#include <assert.h>

#include "proto/check.h"
#include "proto/mp.h"
#include "replicas/bundle.h"

enum { ENTRY_MORE_BYTES = 5 + 2 + DIGEST_BYTES, FRAME_BYTES = 16 };

static_assert((int)BATCH_ITEMS_MAX <= (int)PARCEL_ENTRIES_MAX, "a batch fits a chunk");
static_assert((int)CHARTER_BATCH_MAX <= (int)PARCEL_ENTRIES_MAX, "so do versions");

/* What a chunk of entries may weigh, each with its length and name. */
static size_t weight(const struct parcel *p)
{
    size_t bytes = FRAME_BYTES;
    for (uint32_t i = 0; i < p->count; i++)
        bytes += p->entries[i].count + ENTRY_MORE_BYTES;
    return bytes;
}

bool parcel_add(struct parcel *p, const struct digest *name, struct bytes entry)
{
    CHECK(entry.count >= 1 && (p->kind == PARCEL_SEALED) == (name != NULL));
    if (p->count == PARCEL_ENTRIES_MAX ||
        weight(p) + entry.count + ENTRY_MORE_BYTES > BUNDLE_CHUNK_BYTES_MAX)
        return false;
    if (name != NULL)
        p->names[p->count] = *name;
    p->entries[p->count++] = entry;
    return true;
}

void parcel_encode(const struct parcel *p, struct buf *out)
{
    bool named = p->kind == PARCEL_SEALED;
    mp_write_array(out, p->kind == PARCEL_HEADS ? 3 : 2);
    mp_write_uint(out, p->kind);
    if (p->kind == PARCEL_HEADS) {
        mp_write_uint(out, p->charter);
        mp_write_binary(out, p->heads);
        return;
    }
    mp_write_array(out, named ? 2 * p->count : p->count);
    for (uint32_t i = 0; i < p->count; i++) {
        if (named)
            mp_write_binary(out, (struct bytes){p->names[i].id, DIGEST_BYTES});
        mp_write_binary(out, p->entries[i]);
    }
}

static void read_entries(struct mp_reader *r, struct parcel *out)
{
    bool named = out->kind == PARCEL_SEALED;
    uint32_t count = mp_read_array(r, 1, named ? 2 * PARCEL_ENTRIES_MAX : PARCEL_ENTRIES_MAX);
    if (named && count % 2 != 0)
        mp_fail(r, ST_MALFORMED);
    out->count = named ? count / 2 : count;
    for (uint32_t i = 0; i < out->count && r->status == ST_OK; i++) {
        if (named)
            mp_read_fixed(r, out->names[i].id, DIGEST_BYTES);
        out->entries[i] = mp_read_binary(r, BUNDLE_CHUNK_BYTES_MAX);
        if (out->entries[i].count == 0)
            mp_fail(r, ST_MALFORMED);
    }
}

enum status parcel_decode(struct bytes in, struct parcel *out)
{
    struct mp_reader r;
    mp_read(&r, in);
    uint32_t elements = mp_read_array(&r, 2, 3);
    uint64_t kind = mp_read_uint(&r, PARCEL_HEADS);
    out->count = 0;
    out->charter = 0;
    out->heads = (struct bytes){NULL, 0};
    if (kind < PARCEL_CHARTERS || elements != (kind == PARCEL_HEADS ? 3u : 2u))
        mp_fail(&r, ST_MALFORMED);
    out->kind = (enum parcel_kind)kind;
    if (kind == PARCEL_HEADS) {
        out->charter = (uint32_t)mp_read_uint(&r, CHARTER_VERSIONS_MAX);
        out->heads = mp_read_binary(&r, HEADS_MAX * OID_BYTES);
        if (out->heads.count % OID_BYTES != 0)
            mp_fail(&r, ST_MALFORMED);
    } else {
        read_entries(&r, out);
    }
    return mp_end(&r);
}
