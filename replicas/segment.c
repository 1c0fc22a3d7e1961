#include "replicas/segment.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/jscan.h"

enum { ZEROS_BYTES = 64 * KIB, MARKS_FIRST = 64 };

static_assert(SEGMENT_AHEAD_BYTES % ZEROS_BYTES == 0, "zeros are written in whole pieces");

struct mark {
    uint64_t ordinal, offset;
    struct jframe_sum previous; /* so that reading can start here and still check the chain */
};

struct segment {
    struct disk *disk;
    struct disk_file *file;
    struct jframe_log log;
    char name[DISK_NAME_BYTES];
    uint64_t next;      /* ordinal */
    uint64_t end;       /* offset behind the last frame, written or not */
    uint64_t written;   /* offset up to which the file has it */
    uint64_t durable;   /* offset up to which a sync has succeeded */
    uint64_t reserved;  /* bytes of the file */
    uint64_t named;     /* the greatest durable offset that a frame names */
    uint64_t items_end; /* offset behind the last item */
    struct jframe_sum last;
    struct buf gather; /* written .. end */
    struct buf scratch;
    struct mark *marks;
    size_t mark_count, mark_capacity;
    bool refused;
};

static void name_of(char out[static DISK_NAME_BYTES], uint32_t generation, const char *ending)
{
    snprintf(out, DISK_NAME_BYTES, "journal/%08u.log%s", (unsigned)generation, ending);
}

static void check_order(const struct segment *s)
{
    CHECK(s->durable <= s->written && s->written <= s->end && s->end <= s->reserved);
    CHECK(s->written + s->gather.count == s->end && s->named <= s->durable);
}

static enum status no_memory(const struct segment *s, struct fault *f)
{
    return fault_set(f, ST_NO_MEMORY, "%s: out of memory", s->name);
}

/* Zeros ahead, up to 'bytes' in all: content of the file that no frame has reached yet. */
static enum status reserve(struct segment *s, uint64_t bytes, struct fault *f)
{
    static const uint8_t zeros[ZEROS_BYTES];
    if (bytes <= s->reserved)
        return ST_OK;
    uint64_t wanted = (bytes + SEGMENT_AHEAD_BYTES - 1) / SEGMENT_AHEAD_BYTES * SEGMENT_AHEAD_BYTES;
    enum status st = s->disk->allocate(s->disk->context, s->file, wanted, f);
    for (uint64_t at = s->reserved; at < wanted && st == ST_OK;) {
        size_t count = (size_t)(wanted - at < ZEROS_BYTES ? wanted - at : ZEROS_BYTES);
        st = s->disk->write(s->disk->context, s->file, at, zeros, count, f);
        at += count;
    }
    if (st == ST_OK)
        s->reserved = wanted;
    return st;
}

/* Room in the index for one more entry, so that adding it cannot fail. */
static enum status reserve_mark(struct segment *s, struct fault *f)
{
    if (s->mark_count < s->mark_capacity)
        return ST_OK;
    size_t capacity = s->mark_capacity > 0 ? s->mark_capacity * 2 : MARKS_FIRST;
    struct mark *marks = mem_resize(s->marks, capacity * sizeof *marks);
    if (marks == NULL)
        return no_memory(s, f);
    s->marks = marks;
    s->mark_capacity = capacity;
    return ST_OK;
}

static void add_mark(struct segment *s, uint64_t ordinal, uint64_t offset,
                     const struct jframe_sum *previous)
{
    if (s->mark_count > 0 && offset - s->marks[s->mark_count - 1].offset < SEGMENT_BLOCK_BYTES)
        return;
    CHECK(s->mark_count < s->mark_capacity);
    s->marks[s->mark_count++] = (struct mark){ordinal, offset, *previous};
}

static struct segment *segment_new(struct disk *disk)
{
    struct segment *s = mem_alloc(sizeof *s);
    if (s != NULL)
        s->disk = disk;
    return s;
}

void segment_free(struct segment *s)
{
    if (s == NULL)
        return;
    if (s->file != NULL)
        s->disk->close(s->disk->context, s->file);
    buf_release(&s->gather);
    buf_release(&s->scratch);
    mem_free(s->marks);
    mem_free(s);
}

struct segment_view segment_view(const struct segment *s)
{
    return (struct segment_view){s->log.generation, s->log.first, s->next, s->end, s->last};
}

enum status segment_create(struct disk *disk, const struct jframe_log *log, struct segment **out,
                           struct fault *f)
{
    CHECK(disk != NULL && log->generation > 0);
    struct segment *s = segment_new(disk);
    if (s == NULL)
        return fault_set(f, ST_NO_MEMORY, "starting a journal segment: out of memory");
    name_of(s->name, log->generation, ".tmp");
    s->log = *log;
    randombytes_buf(s->log.salt, sizeof s->log.salt);
    enum status st = disk->open(disk->context, s->name, true, &s->file, f);
    if (st == ST_OK) /* one may be left from before a crash */
        st = disk->truncate(disk->context, s->file, 0, f);
    jframe_log_encode(&s->log, &s->gather);
    if (st == ST_OK && s->gather.failed)
        st = no_memory(s, f);
    if (st == ST_OK)
        st = reserve(s, JFRAME_LOG_BYTES, f);
    if (st != ST_OK)
        goto out;
    s->next = s->log.first;
    s->last = s->log.previous;
    s->end = s->items_end = JFRAME_LOG_BYTES;
    st = segment_sync(s, f);
out:
    if (st == ST_OK) {
        *out = s;
        s = NULL;
    }
    segment_free(s);
    return st;
}

enum status segment_publish(struct segment *s, struct fault *f)
{
    char name[DISK_NAME_BYTES];
    name_of(name, s->log.generation, "");
    enum status st = s->disk->rename(s->disk->context, s->name, name, f);
    if (st == ST_OK)
        st = s->disk->sync_folder(s->disk->context, "journal", f);
    memcpy(s->name, name, sizeof name);
    return st;
}

static enum status index_frame(void *user, const struct jscan_frame *found)
{
    struct segment *s = user;
    if (found->payload.count == 0)
        return ST_OK;
    enum status st = reserve_mark(s, NULL);
    if (st == ST_OK)
        add_mark(s, found->frame->ordinal, found->offset, found->previous);
    return st;
}

/* Cut what is torn, and make durable what was only in the kernel's memory when a process died. */
static enum status settle(struct segment *s, const struct jscan *scan, struct fault *f)
{
    s->log = scan->log;
    s->next = scan->next;
    s->last = scan->last;
    s->items_end = scan->items_end;
    s->named = scan->named_durable;
    s->end = s->written = scan->end;
    s->reserved = scan->zeros_behind ? scan->file_bytes : scan->end;
    enum status st = ST_OK;
    if (!scan->zeros_behind) /* parts of frames, which must never be read as frames again */
        st = s->disk->truncate(s->disk->context, s->file, scan->end, f);
    if (st == ST_OK)
        st = s->disk->sync(s->disk->context, s->file, f);
    if (st == ST_OK)
        s->durable = s->written;
    return st;
}

enum status segment_open(struct disk *disk, uint32_t generation, const struct digest *network,
                         struct segment **out, struct jframe_log *log_out, struct fault *f)
{
    struct jscan scan;
    struct segment *s = segment_new(disk);
    if (s == NULL)
        return fault_set(f, ST_NO_MEMORY, "opening a journal segment: out of memory");
    name_of(s->name, generation, "");
    enum status st = disk->open(disk->context, s->name, false, &s->file, f);
    if (st == ST_OK)
        st = jscan_run(disk, s->file, s->name, network, index_frame, s, &scan, f);
    if (st == ST_NO_MEMORY)
        st = no_memory(s, f);
    if (st == ST_OK && scan.log.generation != generation) {
        st = fault_set(f, ST_CORRUPT, "%s is damaged at offset 0: it names generation %u", s->name,
                       (unsigned)scan.log.generation);
        fault_fix(f, "give the file its own name back, or restore the journal from a backup");
    }
    if (st == ST_OK)
        st = settle(s, &scan, f);
    if (st == ST_OK) {
        check_order(s);
        *log_out = scan.log;
        *out = s;
        s = NULL;
    }
    segment_free(s);
    return st;
}

static enum status refuse(const struct segment *s, struct fault *f)
{
    enum status st =
        fault_set(f, ST_IO, "%s: an earlier write failed, so nothing more is written", s->name);
    fault_fix(f, "check the disk, then start again; nothing that was acknowledged is lost");
    return st;
}

void segment_refuse(struct segment *s)
{
    s->refused = true;
}

/* What was gathered goes to the file. A failure leaves it unknown how much: that is final. */
static enum status flush(struct segment *s, struct fault *f)
{
    if (s->gather.count == 0)
        return ST_OK;
    enum status st =
        s->disk->write(s->disk->context, s->file, s->written, s->gather.data, s->gather.count, f);
    if (st != ST_OK) {
        s->refused = true;
        return st;
    }
    s->written = s->end;
    buf_reset(&s->gather);
    return ST_OK;
}

/* A frame behind the others; an empty payload makes a mark. */
static enum status add_frame(struct segment *s, struct bytes payload, struct fault *f)
{
    size_t bytes = JFRAME_BYTES + payload.count;
    if (s->refused)
        return refuse(s, f);
    enum status st = reserve(s, s->end + bytes, f);
    if (st == ST_OK && s->gather.count + bytes > SEGMENT_GATHER_BYTES)
        st = flush(s, f);
    if (st == ST_OK)
        st = reserve_mark(s, f);
    if (st != ST_OK)
        return st;
    if (buf_reserve(&s->gather, bytes) == NULL) {
        s->gather.failed = false;
        return no_memory(s, f);
    }
    struct jframe frame = {.ordinal = s->next, .durable = s->durable};
    jframe_encode(&s->log, s->end, &frame, &s->last, payload, &s->gather);
    CHECK(!s->gather.failed);
    if (payload.count > 0)
        add_mark(s, s->next++, s->end, &s->last);
    s->last = frame.sum;
    s->end += bytes;
    if (payload.count > 0)
        s->items_end = s->end;
    return ST_OK;
}

enum status segment_append(struct segment *s, struct bytes payload, struct fault *f)
{
    CHECK(payload.count > 0 && payload.count <= JFRAME_PAYLOAD_MAX);
    check_order(s);
    return add_frame(s, payload, f);
}

enum status segment_sync(struct segment *s, struct fault *f)
{
    check_order(s);
    if (s->refused)
        return refuse(s, f);
    if (s->durable == s->end)
        return ST_OK;
    uint64_t end = s->end;
    enum status st = flush(s, f);
    if (st == ST_OK)
        st = s->disk->sync(s->disk->context, s->file, f);
    if (st != ST_OK) {
        s->refused = true;
        return st;
    }
    s->durable = end;
    return ST_OK;
}

enum status segment_idle(struct segment *s, struct fault *f)
{
    enum status st = segment_sync(s, f);
    if (st != ST_OK || s->items_end == JFRAME_LOG_BYTES || s->named >= s->items_end)
        return st;
    uint64_t named = s->durable;
    st = add_frame(s, (struct bytes){NULL, 0}, f);
    if (st == ST_OK)
        st = segment_sync(s, f);
    if (st == ST_OK)
        s->named = named;
    return st;
}

/* 'count' bytes at 'offset', from the file or from what was gathered, into s->scratch. */
static enum status read_range(struct segment *s, uint64_t offset, size_t count, struct fault *f)
{
    CHECK(offset + count <= s->end);
    buf_reset(&s->scratch);
    uint8_t *room = buf_reserve(&s->scratch, count);
    if (room == NULL)
        return no_memory(s, f);
    size_t filed = 0;
    if (offset < s->written)
        filed = (size_t)(s->written - offset < count ? s->written - offset : count);
    if (filed > 0) {
        enum status st = s->disk->read(s->disk->context, s->file, offset, room, filed, f);
        if (st != ST_OK)
            return st;
    }
    if (filed < count)
        memcpy(room + filed, s->gather.data + (offset + filed - s->written), count - filed);
    s->scratch.count = count;
    return ST_OK;
}

/* The frames in s->scratch, which begins at the index entry 'mark'. */
static enum status take_frames(struct segment *s, const struct mark *mark, struct jblock *out,
                               struct fault *f)
{
    struct jframe_sum previous = mark->previous;
    size_t at = 0;
    while (at < s->scratch.count) {
        struct bytes in = {s->scratch.data + at, s->scratch.count - at};
        struct bytes payload = {NULL, 0};
        struct jframe frame;
        enum status st = jframe_decode(&s->log, mark->offset + at, in, &frame);
        if (st == ST_OK && frame.payload_bytes > in.count - JFRAME_BYTES)
            st = ST_MALFORMED;
        if (st == ST_OK) {
            payload = (struct bytes){in.data + JFRAME_BYTES, frame.payload_bytes};
            if (frame.ordinal != out->first + out->count ||
                !jframe_holds(&s->log, &frame, &previous, payload))
                st = ST_MALFORMED;
        }
        if (st != ST_OK) {
            st = fault_set(f, ST_CORRUPT, "%s is damaged at offset %llu", s->name,
                           (unsigned long long)(mark->offset + at));
            fault_fix(f, "stop the daemon, check the disk, then run minga repair journal");
            return st;
        }
        if (payload.count > 0 && jblock_add(out, payload) != ST_OK)
            return no_memory(s, f);
        previous = frame.sum;
        at += JFRAME_BYTES + payload.count;
    }
    return ST_OK;
}

enum status segment_block(struct segment *s, uint64_t ordinal, struct jblock *out, struct fault *f)
{
    CHECK(ordinal >= s->log.first && ordinal < s->next && s->mark_count > 0);
    size_t low = 0;
    size_t high = s->mark_count; /* the entry wanted is in low .. high - 1 */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->marks[middle].ordinal <= ordinal)
            low = middle;
        else
            high = middle;
    }
    const struct mark *mark = &s->marks[low];
    uint64_t end = low + 1 < s->mark_count ? s->marks[low + 1].offset : s->end;
    jblock_start(out, mark->ordinal);
    enum status st = read_range(s, mark->offset, (size_t)(end - mark->offset), f);
    if (st == ST_OK)
        st = take_frames(s, mark, out, f);
    if (st != ST_OK)
        jblock_start(out, mark->ordinal);
    return st;
}

enum status segment_remove(struct disk *disk, uint32_t generation, struct fault *f)
{
    char name[DISK_NAME_BYTES];
    name_of(name, generation, "");
    enum status st = disk->remove(disk->context, name, f);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
