#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mp.h"
#include "replicas/council.h"

enum {
    COUNCIL_ELEMENTS = 9,
    FORMAT_VERSION = 1,
    FILE_BYTES_MAX = (PROPOSALS_MAX + COUNCIL_WISHES_MAX + 1) * (CHARTER_BYTES_MAX + KIB),
    MARKER_BYTES_MAX = 64,
};

static const char file_name[] = "council";
static const char marker_name[] = "restored";

void council_file_clear(struct council *c, bool all)
{
    for (uint32_t i = 0; i < c->motion_count; i++)
        motion_release(&c->motions[i]);
    c->motion_count = 0;
    c->approved_count = 0;
    c->vow = (struct ballot_vow){.stated = false};
    for (uint32_t i = 0; all && i < c->wish_count; i++)
        wish_release(&c->wishes[i]);
    if (all)
        c->wish_count = 0;
}

/* ---- Writing ---- */

static void write_vote(struct buf *out, const struct ballot_vote *v)
{
    mp_write_array(out, 3);
    mp_write_uint(out, v->ballot.round);
    mp_write_binary(out, (struct bytes){v->ballot.admin.id, KEY_BYTES});
    mp_write_binary(out, (struct bytes){v->hash.id, DIGEST_BYTES});
}

static void write_all(const struct council *c, struct buf *out)
{
    struct buf part = {.count = 0};
    mp_write_array(out, COUNCIL_ELEMENTS);
    mp_write_uint(out, FORMAT_VERSION);
    mp_write_uint(out, c->version);
    mp_write_binary(out, (struct bytes){c->previous.id, DIGEST_BYTES});
    mp_write_array(out, 3);
    mp_write_uint(out, c->vow.promised.round);
    mp_write_binary(out, (struct bytes){c->vow.promised.admin.id, KEY_BYTES});
    mp_write_bool(out, c->vow.stated);
    write_vote(out, &c->vow.before);
    write_vote(out, &c->vow.vote);
    mp_write_array(out, c->approved_count);
    for (uint32_t i = 0; i < c->approved_count; i++)
        mp_write_binary(out, (struct bytes){c->approved[i].id, DIGEST_BYTES});
    mp_write_array(out, c->motion_count);
    for (uint32_t i = 0; i < c->motion_count; i++) {
        buf_reset(&part);
        motion_encode(&c->motions[i], &part);
        mp_write_binary(out, buf_bytes(&part));
        out->failed = out->failed || part.failed;
    }
    mp_write_array(out, c->wish_count);
    for (uint32_t i = 0; i < c->wish_count; i++) {
        buf_reset(&part);
        wish_encode(&c->wishes[i], &part);
        mp_write_binary(out, buf_bytes(&part));
        out->failed = out->failed || part.failed;
    }
    buf_release(&part);
}

static void digest_of(struct bytes content, struct digest *out)
{
    int failed = crypto_generichash(out->id, sizeof out->id, content.data, content.count, NULL, 0);
    CHECK(failed == 0);
}

enum status council_file_save(struct replica *r, struct council *c, struct fault *f)
{
    struct buf content = {.count = 0}, file = {.count = 0};
    struct digest sum;
    CHECK(r->disk != NULL && !r->readonly);
    write_all(c, &content);
    enum status status = buf_status(&content);
    if (status == ST_OK) {
        digest_of(buf_bytes(&content), &sum);
        buf_add(&file, sum.id, sizeof sum.id);
        buf_add_bytes(&file, buf_bytes(&content));
        status = buf_status(&file);
    }
    if (status == ST_OK)
        status = disk_put(r->disk, "", file_name, buf_bytes(&file), f);
    if (status == ST_OK)
        c->changed = false;
    buf_release(&content);
    buf_release(&file);
    return status;
}

/* ---- Reading ---- */

static void read_vote(struct mp_reader *r, struct ballot_vote *out)
{
    mp_read_array(r, 3, 3);
    out->ballot.round = mp_read_uint(r, BALLOT_ROUND_MAX);
    mp_read_fixed(r, out->ballot.admin.id, KEY_BYTES);
    mp_read_fixed(r, out->hash.id, DIGEST_BYTES);
}

static void read_motions(struct mp_reader *r, struct council *out)
{
    uint32_t count = mp_read_array(r, 0, PROPOSALS_MAX);
    for (uint32_t i = 0; i < count && r->status == ST_OK; i++) {
        struct bytes raw = mp_read_binary(r, CHARTER_BYTES_MAX);
        enum status status =
            r->status == ST_OK ? motion_decode(raw, &out->motions[i], NULL) : r->status;
        if (status == ST_OK)
            out->motion_count++;
        else
            mp_fail(r, status);
    }
}

static void read_wishes(struct mp_reader *r, struct council *out)
{
    uint32_t count = mp_read_array(r, 0, COUNCIL_WISHES_MAX);
    for (uint32_t i = 0; i < count && r->status == ST_OK; i++) {
        struct bytes raw = mp_read_binary(r, CHARTER_BYTES_MAX + KIB);
        enum status status = r->status == ST_OK ? wish_decode(raw, &out->wishes[i]) : r->status;
        if (status == ST_OK)
            out->wish_count++;
        else
            mp_fail(r, status);
    }
}

static enum status read_all(struct bytes content, struct council *out)
{
    struct mp_reader r;
    mp_read(&r, content);
    mp_read_array(&r, COUNCIL_ELEMENTS, COUNCIL_ELEMENTS);
    if (mp_read_uint(&r, FORMAT_VERSION) != FORMAT_VERSION)
        mp_fail(&r, ST_MALFORMED);
    out->version = (uint32_t)mp_read_uint(&r, CHARTER_VERSIONS_MAX + 1);
    mp_read_fixed(&r, out->previous.id, DIGEST_BYTES);
    mp_read_array(&r, 3, 3);
    out->vow.promised.round = mp_read_uint(&r, BALLOT_ROUND_MAX);
    mp_read_fixed(&r, out->vow.promised.admin.id, KEY_BYTES);
    out->vow.stated = mp_read_bool(&r);
    read_vote(&r, &out->vow.before);
    read_vote(&r, &out->vow.vote);
    uint32_t count = mp_read_array(&r, 0, COUNCIL_APPROVED_MAX);
    for (uint32_t i = 0; i < count; i++)
        mp_read_fixed(&r, out->approved[i].id, DIGEST_BYTES);
    out->approved_count = count;
    read_motions(&r, out);
    read_wishes(&r, out);
    return mp_end(&r);
}

/* The marker that a restored backup leaves: the newest version when it was put back. */
static enum status read_marker(struct replica *r, struct council *out, struct fault *f)
{
    struct buf text = {.count = 0};
    enum status status = disk_get(r->disk, marker_name, MARKER_BYTES_MAX, &text, f);
    uint32_t version = 0;
    if (status == ST_OK) {
        for (size_t i = 0; i < text.count && i < 6; i++)
            if (text.data[i] >= '0' && text.data[i] <= '9')
                version = version * 10 + (uint32_t)(text.data[i] - '0');
        out->restored = version > 0 ? version : charter_newest(&r->chain)->version;
    }
    buf_release(&text);
    if (status == ST_NOT_FOUND || status == ST_TOO_LARGE)
        status = ST_OK;
    return status;
}

enum status council_file_mark(struct replica *r, struct council *out, struct fault *f)
{
    struct buf text = {.count = 0};
    out->restored = charter_newest(&r->chain)->version;
    if (r->readonly)
        return ST_OK;
    buf_add_format(&text, "%u\n", out->restored);
    enum status status = buf_status(&text);
    if (status == ST_OK)
        status = disk_put(r->disk, "", marker_name, buf_bytes(&text), f);
    buf_release(&text);
    return status;
}

enum status council_file_load(struct replica *r, struct council *out, struct fault *f)
{
    struct buf file = {.count = 0};
    struct digest sum;
    enum status status = disk_get(r->disk, file_name, FILE_BYTES_MAX, &file, f);
    if (status == ST_NOT_FOUND) {
        status = ST_OK;
    } else if (status == ST_OK) {
        bool whole = file.count > sizeof sum.id;
        struct bytes content = {file.data + (whole ? sizeof sum.id : 0),
                                whole ? file.count - sizeof sum.id : 0};
        digest_of(content, &sum);
        whole = whole && memcmp(sum.id, file.data, sizeof sum.id) == 0;
        status = whole ? read_all(content, out) : ST_CORRUPT;
        if (status != ST_OK && status != ST_NO_MEMORY) {
            council_file_clear(out, true);
            out->version = 0;
            status = council_file_mark(r, out, f);
        }
    } else if (status == ST_TOO_LARGE) {
        status = council_file_mark(r, out, f);
    }
    buf_release(&file);
    if (status == ST_OK)
        status = read_marker(r, out, f);
    if (status == ST_OK && f != NULL)
        *f = (struct fault){.code = ST_OK};
    return status;
}
