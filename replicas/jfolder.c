#include "replicas/jfolder.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/segment.h"

enum { GENERATION_DIGITS = 8, GENERATIONS_FIRST = 16 };

/* "00000012.feed" and ".feed" give 12; another form gives 0. */
static uint32_t generation_of(const char *name, const char *ending)
{
    uint32_t generation = 0;
    if (strlen(name) != GENERATION_DIGITS + strlen(ending) ||
        strcmp(name + GENERATION_DIGITS, ending) != 0)
        return 0;
    for (unsigned i = 0; i < GENERATION_DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9')
            return 0;
        generation = generation * 10 + (uint32_t)(name[i] - '0');
    }
    return generation;
}

static enum status add_generation(uint32_t **list, size_t *count, size_t *capacity,
                                  uint32_t generation)
{
    if (*count == *capacity) {
        size_t wanted = *capacity > 0 ? *capacity * 2 : GENERATIONS_FIRST;
        uint32_t *grown = mem_resize(*list, wanted * sizeof *grown);
        if (grown == NULL)
            return ST_NO_MEMORY;
        *list = grown;
        *capacity = wanted;
    }
    (*list)[(*count)++] = generation;
    return ST_OK;
}

static enum status see_name(void *user, const char *name)
{
    struct jfolder *l = user;
    uint32_t generation = generation_of(name, ".log");
    if (generation > 0)
        return add_generation(&l->logs, &l->log_count, &l->log_capacity, generation);
    generation = generation_of(name, ".feed");
    if (generation > 0)
        return add_generation(&l->names, &l->name_count, &l->name_capacity, generation);
    return ST_OK;
}

static enum status no_memory(struct fault *f)
{
    return fault_set(f, ST_NO_MEMORY, "journal: out of memory");
}

enum status jfolder_list(struct disk *disk, struct jfolder *out, struct fault *f)
{
    *out = (struct jfolder){0};
    enum status st = disk->list(disk->context, "journal", see_name, out, f);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    if (st != ST_OK)
        jfolder_release(out);
    return st == ST_NO_MEMORY ? no_memory(f) : st;
}

void jfolder_release(struct jfolder *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->feed_count; i++)
        feed_free(l->feeds[i]);
    mem_free(l->feeds);
    mem_free(l->logs);
    mem_free(l->names);
    *l = (struct jfolder){0};
}

struct jframe_log jfolder_next(const struct feed *last, const struct digest *network)
{
    struct jframe_log log = {.generation = 1, .network = *network};
    if (last != NULL) {
        log.generation = feed_head(last)->generation + 1;
        log.first = feed_head(last)->first + feed_tail(last)->items;
        log.previous = feed_tail(last)->last;
    }
    return log;
}

static bool is_next(const struct feed *last, const struct digest *network, uint32_t generation,
                    uint64_t first, const struct jframe_sum *previous)
{
    struct jframe_log next = jfolder_next(last, network);
    return next.generation == generation && next.first == first &&
           memcmp(&next.previous, previous, sizeof *previous) == 0;
}

static enum status misses(struct fault *f, uint32_t generation, const char *ending)
{
    enum status st =
        fault_set(f, ST_CORRUPT, "journal/%08u.%s is missing, or is not the one that was there",
                  (unsigned)generation, ending);
    fault_fix(f, "put the file back from a backup, or run minga repair journal");
    return st;
}

enum status jfolder_follows(const struct feed *last, const struct jframe_log *log, struct fault *f)
{
    if (is_next(last, &log->network, log->generation, log->first, &log->previous))
        return ST_OK;
    return misses(f, last != NULL ? feed_head(last)->generation : log->generation,
                  last != NULL ? "feed" : "log");
}

/* Whether each feed continues the one before it, from the first generation on. */
static enum status check_chain(const struct jfolder *l, const struct digest *network,
                               struct fault *f)
{
    for (size_t i = 0; i < l->feed_count; i++) {
        const struct feedpart_head *head = feed_head(l->feeds[i]);
        const struct feed *last = i > 0 ? l->feeds[i - 1] : NULL;
        if (!is_next(last, network, head->generation_first, head->first, &head->previous))
            return misses(f, head->generation_first - 1, "feed");
    }
    return ST_OK;
}

static void reverse(struct jfolder *l)
{
    for (size_t i = 0; i < l->feed_count / 2; i++) {
        struct feed *other = l->feeds[l->feed_count - 1 - i];
        l->feeds[l->feed_count - 1 - i] = l->feeds[i];
        l->feeds[i] = other;
    }
}

static enum status tell(struct jfolder_report *report, enum status st, const struct fault *f)
{
    if (report == NULL || (st != ST_CORRUPT && st != ST_WRONG_NETWORK))
        return st;
    report->each(report->user, f->text);
    report->any = true;
    return ST_OK;
}

enum status jfolder_open(struct disk *disk, struct jfolder *l, const struct digest *network,
                         struct jfolder_report *report, struct fault *f)
{
    struct fault own;
    if (f == NULL)
        f = &own;
    CHECK(l->feeds == NULL && l->feed_count == 0);
    l->feeds = mem_array(l->name_count, sizeof(struct feed *));
    if (l->feeds == NULL)
        return no_memory(f);
    bool whole = true;
    /* From the newest on, so that what a merged feed holds is known before it would be opened. */
    uint32_t held_from = UINT32_MAX;
    for (size_t i = l->name_count; i > 0; i--) {
        struct feed *feed = NULL;
        if (l->names[i - 1] >= held_from)
            continue;
        enum status st = feed_open(disk, l->names[i - 1], true, network, &feed, f);
        whole = whole && st == ST_OK;
        st = tell(report, st, f);
        if (st != ST_OK)
            return st;
        if (feed == NULL)
            continue;
        held_from = feed_head(feed)->generation_first;
        l->feeds[l->feed_count++] = feed;
    }
    reverse(l);
    /* Behind a feed that cannot be opened, the chain is known to be broken. */
    enum status st = whole ? tell(report, check_chain(l, network, f), f) : ST_OK;
    if (st == ST_OK && report != NULL && report->any)
        st = ST_CORRUPT;
    return st;
}

enum status jfolder_log(const struct jfolder *l, uint32_t *generation_out, bool *exists_out,
                        struct fault *f)
{
    uint32_t last = l->feed_count > 0 ? feed_head(l->feeds[l->feed_count - 1])->generation : 0;
    size_t newer = 0;
    bool closed_one = false; /* the log that the last feed was made of */
    for (size_t i = 0; i < l->log_count; i++) {
        newer += l->logs[i] > last;
        closed_one = closed_one || l->logs[i] == last;
    }
    if (newer > 1)
        return misses(f, last + 1, "feed");
    *generation_out = last + 1;
    *exists_out = newer == 1;
    if (newer == 1 ? l->logs[l->log_count - 1] != last + 1 : !closed_one)
        return misses(f, last + 1, "log");
    return ST_OK;
}

static enum status remove_temporary(void *user, const char *name)
{
    struct disk *disk = user;
    char path[DISK_NAME_BYTES];
    size_t count = strlen(name);
    if (count < 4 || strcmp(name + count - 4, ".tmp") != 0)
        return ST_OK;
    int used = snprintf(path, sizeof path, "journal/%s", name);
    if (used < 0 || (size_t)used >= sizeof path)
        return ST_OK;
    SOMETIMES("a temporary file of the journal is swept");
    return disk->remove(disk->context, path, NULL);
}

enum status jfolder_clean(struct disk *disk, const struct jfolder *l, struct fault *f)
{
    uint32_t last = l->feed_count > 0 ? feed_head(l->feeds[l->feed_count - 1])->generation : 0;
    size_t kept = 0;
    enum status st = disk->list(disk->context, "journal", remove_temporary, disk, f);
    for (size_t i = 0; i < l->name_count && st == ST_OK; i++) {
        if (kept < l->feed_count && feed_head(l->feeds[kept])->generation == l->names[i])
            kept++;
        else {
            SOMETIMES("a feed that another one holds is swept");
            st = feed_remove(disk, l->names[i], f);
        }
    }
    for (size_t i = 0; i < l->log_count && l->logs[i] <= last && st == ST_OK; i++)
        st = segment_remove(disk, l->logs[i], f);
    if (st == ST_OK)
        st = disk->sync_folder(disk->context, "journal", f);
    return st == ST_NO_MEMORY ? no_memory(f) : st;
}
