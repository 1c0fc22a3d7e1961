#include "replicas/journal.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/feed.h"
#include "replicas/feedwriter.h"
#include "replicas/jfolder.h"
#include "replicas/jscan.h"
#include "replicas/segment.h"

/*
 * Feeds merge geometrically, so that a small checkpoint every few seconds leaves a handful of
 * files: a feed joins the new one unless it is larger than all behind it together, or full.
 */
enum { FEED_FULL_BYTES = 32 * MIB };

struct journal {
    struct disk *disk;
    struct digest network;
    struct feed **feeds;
    size_t feed_count, feed_capacity;
    struct segment *open;
    struct feed_reader *reader;
    struct jblock cache; /* what was read last */
};

static enum status no_memory(struct fault *f)
{
    return fault_set(f, ST_NO_MEMORY, "journal: out of memory");
}

static struct feed *last_feed(const struct journal *j)
{
    return j->feed_count > 0 ? j->feeds[j->feed_count - 1] : NULL;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    for (size_t i = 0; i < j->feed_count; i++)
        feed_free(j->feeds[i]);
    mem_free(j->feeds);
    segment_free(j->open);
    feed_reader_free(j->reader);
    jblock_release(&j->cache);
    mem_free(j);
}

/* A segment behind the last feed, its name durable. */
static enum status start_segment(struct journal *j, struct fault *f)
{
    struct jframe_log log = jfolder_next(last_feed(j), &j->network);
    enum status st = segment_create(j->disk, &log, &j->open, f);
    return st == ST_OK ? segment_publish(j->open, f) : st;
}

static enum status make_new(struct journal *j, struct fault *f)
{
    enum status st = j->disk->make_folder(j->disk->context, "journal", f);
    if (st == ST_OK)
        st = j->disk->sync_folder(j->disk->context, "", f);
    return st == ST_OK ? start_segment(j, f) : st;
}

static enum status recover(struct journal *j, struct jfolder *l, struct fault *f)
{
    struct jframe_log log;
    uint32_t generation = 0;
    bool exists = false;
    enum status st = jfolder_open(j->disk, l, &j->network, NULL, f);
    if (st == ST_OK)
        st = jfolder_log(l, &generation, &exists, f);
    if (st != ST_OK)
        return st;
    /* Where a process died, a name may be seen that is not durable yet. */
    st = j->disk->sync_folder(j->disk->context, "journal", f);
    if (st != ST_OK)
        return st;
    const struct feed *last = l->feed_count > 0 ? l->feeds[l->feed_count - 1] : NULL;
    if (exists) {
        st = segment_open(j->disk, generation, &j->network, &j->open, &log, f);
        if (st == ST_OK)
            st = jfolder_follows(last, &log, f);
    }
    if (st != ST_OK)
        return st;
    size_t count = l->feed_count;
    if (!exists) {
        SOMETIMES("a crash left a feed without the next segment");
        log = jfolder_next(last, &j->network);
        st = segment_create(j->disk, &log, &j->open, f);
        if (st == ST_OK)
            st = segment_publish(j->open, f);
    }
    if (st == ST_OK)
        st = jfolder_clean(j->disk, l, f);
    if (st != ST_OK)
        return st;
    j->feeds = l->feeds;
    j->feed_count = count;
    j->feed_capacity = l->name_count;
    l->feeds = NULL;
    l->feed_count = 0;
    return ST_OK;
}

enum status journal_open(struct disk *disk, const struct digest *network, bool found,
                         struct journal **out, struct fault *f)
{
    CHECK(disk != NULL && network != NULL && out != NULL);
    struct jfolder l = {0};
    struct journal *j = mem_alloc(sizeof *j);
    if (j == NULL)
        return no_memory(f);
    j->disk = disk;
    j->network = *network;
    enum status st = feed_reader_new(&j->reader) == ST_OK ? ST_OK : no_memory(f);
    if (st == ST_OK)
        st = jfolder_list(disk, &l, f);
    if (st != ST_OK)
        goto out;
    if (l.log_count > 0 || l.name_count > 0)
        st = recover(j, &l, f);
    else if (found)
        st = make_new(j, f);
    else
        st = fault_set(f, ST_NOT_FOUND, "there is no journal here");
out:
    jfolder_release(&l);
    if (st == ST_OK) {
        *out = j;
        j = NULL;
    }
    journal_close(j);
    return st;
}

/* The block with 'ordinal', one of those that exist, into 'out'; on error 'out' is empty. */
static enum status load(struct journal *j, uint64_t ordinal, struct jblock *out, struct fault *f)
{
    if (jblock_holds(out, ordinal))
        return ST_OK;
    if (ordinal >= segment_view(j->open).first)
        return segment_block(j->open, ordinal, out, f);
    size_t low = 0;
    size_t high = j->feed_count; /* the feed wanted is in low .. high - 1 */
    CHECK(high > 0);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (feed_head(j->feeds[middle])->first <= ordinal)
            low = middle;
        else
            high = middle;
    }
    return feed_block(j->feeds[low], j->reader, ordinal, out, f);
}

enum status journal_each(struct journal *j, uint64_t first, journal_each_fn each, void *user,
                         struct fault *f)
{
    /* A block of its own: 'each' may read or append. */
    struct jblock block = {0};
    enum status st = ST_OK;
    for (uint64_t i = first; i < segment_view(j->open).next && st == ST_OK; i++) {
        st = load(j, i, &block, f);
        if (st == ST_OK)
            st = each(user, i, jblock_item(&block, i));
    }
    jblock_release(&block);
    return st;
}

enum status journal_read(struct journal *j, uint64_t ordinal, struct buf *out, struct fault *f)
{
    if (ordinal >= segment_view(j->open).next)
        return fault_set(f, ST_NOT_FOUND, "the journal has no item %llu",
                         (unsigned long long)ordinal);
    enum status st = load(j, ordinal, &j->cache, f);
    if (st != ST_OK)
        return st;
    buf_add_bytes(out, jblock_item(&j->cache, ordinal));
    return buf_status(out) == ST_OK ? ST_OK : no_memory(f);
}

enum status journal_append(struct journal *j, struct bytes payload, uint64_t *ordinal_out,
                           struct fault *f)
{
    uint64_t ordinal = segment_view(j->open).next;
    enum status st = segment_append(j->open, payload, f);
    if (st == ST_OK)
        *ordinal_out = ordinal;
    return st;
}

enum status journal_sync(struct journal *j, struct fault *f)
{
    return segment_sync(j->open, f);
}

enum status journal_idle(struct journal *j, struct fault *f)
{
    return segment_idle(j->open, f);
}

/* How many of the feeds, from the end, go into the new one. */
static size_t count_merged(const struct journal *j, uint64_t bytes)
{
    size_t count = 0;
    while (count < j->feed_count) {
        uint64_t more = feed_tail(j->feeds[j->feed_count - 1 - count])->raw_bytes;
        if (more > bytes || more + bytes > FEED_FULL_BYTES)
            break;
        bytes += more;
        count++;
    }
    return count;
}

struct writing {
    struct feedwriter *writer;
    struct fault *fault;
};

static enum status write_item(void *user, uint64_t ordinal, struct bytes payload)
{
    struct writing *w = user;
    (void)ordinal;
    return feedwriter_add(w->writer, payload, w->fault);
}

/* The temporary file of the new feed, of the last 'merged' feeds and the open segment; opened. */
static enum status write_feed(struct journal *j, size_t merged, struct feed **out, struct fault *f)
{
    struct segment_view view = segment_view(j->open);
    struct feed *before = j->feed_count > merged ? j->feeds[j->feed_count - merged - 1] : NULL;
    struct jframe_log next = jfolder_next(before, &j->network);
    struct feedpart_head head = {
        .generation_first = next.generation,
        .generation = view.generation,
        .first = next.first,
        .network = j->network,
        .previous = next.previous,
    };
    struct writing w = {NULL, f};
    enum status st = feedwriter_new(j->disk, &head, &w.writer, f);
    if (st != ST_OK)
        return st;
    st = journal_each(j, head.first, write_item, &w, f);
    if (st == ST_OK)
        st = feedwriter_finish(w.writer, &view.last, f);
    feedwriter_free(w.writer);
    return st == ST_OK ? feed_open(j->disk, view.generation, false, &j->network, out, f) : st;
}

static enum status reserve_feed(struct journal *j, struct fault *f)
{
    if (j->feed_count < j->feed_capacity)
        return ST_OK;
    size_t capacity = j->feed_capacity > 0 ? j->feed_capacity * 2 : 8;
    struct feed **feeds = mem_resize(j->feeds, capacity * sizeof *feeds);
    if (feeds == NULL)
        return no_memory(f);
    j->feeds = feeds;
    j->feed_capacity = capacity;
    return ST_OK;
}

/* The names on the disk no longer need what the new feed holds. */
static enum status retire(struct journal *j, size_t merged, struct feed *feed, struct segment *next,
                          struct fault *f)
{
    enum status st = segment_remove(j->disk, segment_view(j->open).generation, f);
    for (size_t i = 0; i < merged; i++) {
        SOMETIMES("a feed is merged into the next");
        struct feed *old = j->feeds[--j->feed_count];
        uint32_t generation = feed_head(old)->generation;
        feed_free(old);
        if (st == ST_OK)
            st = feed_remove(j->disk, generation, f);
    }
    segment_free(j->open);
    j->open = next;
    j->feeds[j->feed_count++] = feed;
    jblock_start(&j->cache, 0);
    return st == ST_OK ? j->disk->sync_folder(j->disk->context, "journal", f) : st;
}

enum status journal_roll(struct journal *j, struct fault *f)
{
    struct segment_view view = segment_view(j->open);
    if (view.next == view.first)
        return ST_OK;
    size_t merged = count_merged(j, view.bytes);
    struct feed *feed = NULL;
    struct segment *next = NULL;
    enum status st = segment_sync(j->open, f);
    if (st == ST_OK)
        st = reserve_feed(j, f);
    if (st == ST_OK)
        st = write_feed(j, merged, &feed, f);
    if (st == ST_OK) {
        struct jframe_log log = jfolder_next(feed, &j->network);
        st = segment_create(j->disk, &log, &next, f);
    }
    if (st == ST_OK) {
        /* From here on a crash finds the feed in the segment's place, so the segment must not
         * grow again, whatever fails now. */
        st = feed_publish(feed, f);
        if (st == ST_OK)
            st = segment_publish(next, f);
        if (st != ST_OK) {
            SOMETIMES("a segment refuses to grow, for its feed may be there");
            segment_refuse(j->open);
        }
    }
    if (st == ST_OK)
        return retire(j, merged, feed, next, f);
    feed_free(feed);
    segment_free(next);
    return st;
}

void journal_stats(const struct journal *j, struct journal_stats *out)
{
    struct segment_view view = segment_view(j->open);
    *out = (struct journal_stats){
        .items = view.next,
        .open_first = view.first,
        .open_bytes = view.bytes,
        .generation = view.generation,
    };
    for (size_t i = 0; i < j->feed_count; i++)
        out->feed_bytes += feed_bytes(j->feeds[i]);
}

/* The open segment, or what stands in its place, for journal_damage(). */
static enum status check_log(struct disk *disk, const struct jfolder *l,
                             const struct digest *network, struct fault *f)
{
    char name[DISK_NAME_BYTES];
    uint32_t generation = 0;
    bool exists = false;
    struct disk_file *file = NULL;
    struct jscan scan;
    enum status st = jfolder_log(l, &generation, &exists, f);
    if (st != ST_OK || !exists)
        return st;
    snprintf(name, sizeof name, "journal/%08u.log", (unsigned)generation);
    st = disk->open(disk->context, name, false, &file, f);
    if (st != ST_OK)
        return st;
    st = jscan_run(disk, file, name, network, NULL, NULL, &scan, f);
    if (st == ST_OK)
        st = jfolder_follows(l->feed_count > 0 ? l->feeds[l->feed_count - 1] : NULL, &scan.log, f);
    disk->close(disk->context, file);
    return st;
}

enum status journal_damage(struct disk *disk, const struct digest *network,
                           void (*each)(void *user, const char *text), void *user, struct fault *f)
{
    CHECK(disk != NULL && network != NULL && each != NULL);
    struct fault own = {0};
    struct jfolder l = {0};
    struct jfolder_report report = {.each = each, .user = user};
    struct feed_reader *reader = NULL;
    if (f == NULL)
        f = &own;
    enum status st = feed_reader_new(&reader) == ST_OK ? ST_OK : no_memory(f);
    if (st == ST_OK)
        st = jfolder_list(disk, &l, f);
    if (st == ST_OK && l.log_count == 0 && l.name_count == 0)
        st = fault_set(f, ST_NOT_FOUND, "there is no journal here");
    if (st != ST_OK)
        goto out;
    st = jfolder_open(disk, &l, network, &report, f);
    for (size_t i = 0; i < l.feed_count && (st == ST_OK || st == ST_CORRUPT); i++) {
        enum status checked = feed_check(l.feeds[i], reader, each, user, f);
        if (checked != ST_OK)
            st = checked;
    }
    if (st == ST_OK || (st == ST_CORRUPT && !report.any)) {
        enum status checked = check_log(disk, &l, network, f);
        if (checked == ST_CORRUPT)
            each(user, f->text);
        if (checked != ST_OK)
            st = checked;
    }
out:
    jfolder_release(&l);
    feed_reader_free(reader);
    return st;
}
