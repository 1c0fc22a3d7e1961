#include "replicas/jscan.h"

#include <string.h>

#include "proto/check.h"
#include "proto/sometimes.h"

enum { SCAN_BYTES = MIB };

struct window {
    struct disk *disk;
    struct disk_file *file;
    const char *name;
    uint64_t file_bytes;
    uint64_t offset; /* of the first byte of 'bytes' */
    struct buf bytes;
};

/* The bytes from 'offset' on: 'count' of them at least, or as many as the file has. */
static enum status window_at(struct window *w, uint64_t offset, size_t count, struct bytes *out,
                             struct fault *f)
{
    CHECK(offset <= w->file_bytes);
    uint64_t left = w->file_bytes - offset;
    if (count > left)
        count = (size_t)left;
    if (count == 0) {
        *out = (struct bytes){NULL, 0};
        return ST_OK;
    }
    bool held = offset >= w->offset && offset - w->offset <= w->bytes.count &&
                count <= w->bytes.count - (offset - w->offset);
    if (!held) {
        size_t wanted = count > SCAN_BYTES ? count : SCAN_BYTES;
        if (wanted > left)
            wanted = (size_t)left;
        buf_reset(&w->bytes);
        w->offset = offset;
        uint8_t *room = buf_reserve(&w->bytes, wanted);
        if (room == NULL)
            return fault_set(f, ST_NO_MEMORY, "%s: out of memory", w->name);
        enum status st = w->disk->read(w->disk->context, w->file, offset, room, wanted, f);
        if (st != ST_OK)
            return st;
        w->bytes.count = wanted;
    }
    size_t skip = (size_t)(offset - w->offset);
    *out = (struct bytes){w->bytes.data + skip, w->bytes.count - skip};
    return ST_OK;
}

static enum status corrupt(struct fault *f, const char *name, uint64_t offset, const char *what)
{
    enum status st = fault_set(f, ST_CORRUPT, "%s is damaged at offset %llu: %s", name,
                               (unsigned long long)offset, what);
    fault_fix(f, "run minga repair journal, which fetches what is lost from a peer");
    return st;
}

static enum status read_log(struct window *w, const struct digest *network, struct jframe_log *out,
                            struct fault *f)
{
    struct bytes in;
    enum status st = window_at(w, 0, JFRAME_LOG_BYTES, &in, f);
    if (st != ST_OK)
        return st;
    struct jframe_log log;
    if (jframe_log_decode(in, &log) != ST_OK)
        return corrupt(f, w->name, 0, "its header is not sound");
    if (memcmp(&log.network, network, sizeof log.network) != 0)
        return fault_set(f, ST_WRONG_NETWORK, "%s belongs to another network", w->name);
    *out = log;
    return ST_OK;
}

/* The frame at s->end; *sound is false where there is none. */
static enum status take_frame(struct window *w, struct jscan *s, jscan_each_fn each, void *user,
                              bool *sound, struct fault *f)
{
    struct bytes in;
    struct jframe frame;
    *sound = false;
    enum status st = window_at(w, s->end, JFRAME_BYTES, &in, f);
    if (st != ST_OK || jframe_decode(&s->log, s->end, in, &frame) != ST_OK ||
        frame.ordinal != s->next)
        return st;
    size_t bytes = JFRAME_BYTES + (size_t)frame.payload_bytes;
    st = window_at(w, s->end, bytes, &in, f);
    if (st != ST_OK)
        return st;
    if (frame.durable > s->named_durable)
        s->named_durable = frame.durable;
    struct bytes payload = {in.data + JFRAME_BYTES, frame.payload_bytes};
    if (in.count < bytes || !jframe_holds(&s->log, &frame, &s->last, payload))
        return ST_OK;
    if (each != NULL) {
        struct jscan_frame found = {&frame, s->end, &s->last, payload};
        st = each(user, &found);
        if (st != ST_OK)
            return st;
    }
    *sound = true;
    s->last = frame.sum;
    s->end += bytes;
    if (frame.payload_bytes > 0) {
        s->next++;
        s->items_end = s->end;
    }
    return ST_OK;
}

static bool all_zeros(struct bytes in)
{
    return in.count == 0 || (in.data[0] == 0 && memcmp(in.data, in.data + 1, in.count - 1) == 0);
}

static enum status look_for_zeros(struct window *w, struct jscan *s, struct fault *f)
{
    s->zeros_behind = true;
    for (uint64_t at = s->end; at < s->file_bytes && s->zeros_behind;) {
        struct bytes in;
        enum status st = window_at(w, at, 1, &in, f);
        if (st != ST_OK)
            return st;
        s->zeros_behind = all_zeros(in);
        at += in.count;
    }
    return ST_OK;
}

/* Headers behind the damage: they say how far everything was once durable. */
static enum status search_behind(struct window *w, struct jscan *s, struct fault *f)
{
    uint64_t at = s->end;
    while (s->file_bytes - at >= JFRAME_BYTES) {
        struct bytes in;
        struct jframe frame;
        enum status st = window_at(w, at, JFRAME_BYTES, &in, f);
        if (st != ST_OK)
            return st;
        const uint8_t *hit = memchr(in.data, 'm', in.count - JFRAME_BYTES + 1);
        if (hit == NULL) {
            at += in.count - JFRAME_BYTES + 1;
            continue;
        }
        size_t skip = (size_t)(hit - in.data);
        at += skip;
        in = (struct bytes){hit, in.count - skip};
        if (jframe_decode(&s->log, at, in, &frame) == ST_OK) {
            if (frame.durable > s->named_durable)
                s->named_durable = frame.durable;
            if (s->resumes == 0 && at > s->end)
                s->resumes = at;
        }
        at++;
    }
    return ST_OK;
}

enum status jscan_run(struct disk *disk, struct disk_file *file, const char *name,
                      const struct digest *network, jscan_each_fn each, void *user,
                      struct jscan *out, struct fault *f)
{
    CHECK(disk != NULL && file != NULL && out != NULL);
    struct window w = {.disk = disk, .file = file, .name = name};
    bool sound = true;
    *out = (struct jscan){0};
    enum status st = disk->size(disk->context, file, &w.file_bytes, f);
    if (st == ST_OK)
        st = read_log(&w, network, &out->log, f);
    if (st != ST_OK)
        goto out;
    out->file_bytes = w.file_bytes;
    out->end = out->items_end = JFRAME_LOG_BYTES;
    out->next = out->log.first;
    out->last = out->log.previous;
    while (sound && st == ST_OK)
        st = take_frame(&w, out, each, user, &sound, f);
    if (st == ST_OK)
        st = look_for_zeros(&w, out, f);
    if (st == ST_OK && !out->zeros_behind) {
        SOMETIMES("a torn tail of the journal is looked through");
        st = search_behind(&w, out, f);
    }
    if (st == ST_OK && out->named_durable > out->end)
        SOMETIMES("durable frames of the journal are damaged");
    if (st == ST_OK && out->named_durable > out->end)
        st = corrupt(f, name, out->end, "what was once durable there can no longer be read");
out:
    buf_release(&w.bytes);
    return st;
}
