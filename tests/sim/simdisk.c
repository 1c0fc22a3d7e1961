#include "tests/sim/simdisk.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/simstate.h"

struct simdisk {
    struct content *contents[SIMSTATE_FILES_MAX];
    size_t content_count;
    struct names durable, seen;
    struct renaming *renamings;
    size_t renaming_count, renaming_capacity;
    uint64_t epoch, limit, random, cut;
    bool off;
    uint64_t armed[SIMDISK_FAULT_COUNT];
    void (*watch)(void *user);
    void *watch_user;
    struct simdisk_counts counts;
};

struct disk_file {
    size_t content;
    uint64_t epoch;
};

static enum status failed(struct fault *f, enum status code, const char *what)
{
    return fault_set(f, code, "%s: %s on the simulated disk", what, status_text(code));
}

static void boundary(struct simdisk *d, uint64_t *counter)
{
    (*counter)++;
    if (d->watch != NULL)
        d->watch(d->watch_user);
    if (d->cut > 0 && --d->cut == 0) {
        d->off = true;
        d->epoch++; /* open files fail */
    }
}

static bool strikes(struct simdisk *d, enum simdisk_fault fault)
{
    if (d->armed[fault] == 0 || --d->armed[fault] > 0)
        return false;
    d->counts.faults[fault]++;
    return true;
}

static enum status rename_seen(struct simdisk *d, const struct name *from, const struct name *to)
{
    struct renaming *r =
        simstate_grow((void **)&d->renamings, &d->renaming_count, &d->renaming_capacity,
                      sizeof *d->renamings, SIMSTATE_CHANGES_MAX);
    if (r == NULL)
        return ST_NO_MEMORY;
    if (from != NULL)
        r->from = *from;
    if (to != NULL)
        r->to = *to;
    struct renaming done = *r;
    enum status st = simstate_rename(&d->seen, &done);
    if (st != ST_OK)
        d->renaming_count--;
    return st;
}

/* What neither a name nor an open file leads to any more. */
static void collect(struct simdisk *d)
{
    for (size_t i = 0; i < d->content_count; i++) {
        bool used = d->contents[i] == NULL || d->contents[i]->handles > 0;
        for (size_t k = 0; k < d->durable.count && !used; k++)
            used = !d->durable.items[k].folder && d->durable.items[k].content == i;
        for (size_t k = 0; k < d->seen.count && !used; k++)
            used = !d->seen.items[k].folder && d->seen.items[k].content == i;
        for (size_t k = 0; k < d->renaming_count && !used; k++)
            used = d->renamings[k].to.content == i || d->renamings[k].from.content == i;
        if (!used) {
            simstate_free(d->contents[i]);
            d->contents[i] = NULL;
        }
    }
}

static enum status new_content(struct simdisk *d, size_t *index_out)
{
    size_t index = 1; /* 0 stands for none */
    while (index < d->content_count && d->contents[index] != NULL)
        index++;
    CHECK(index < SIMSTATE_FILES_MAX);
    d->contents[index] = mem_alloc(sizeof *d->contents[index]);
    if (d->contents[index] == NULL)
        return ST_NO_MEMORY;
    if (index >= d->content_count)
        d->content_count = index + 1;
    *index_out = index;
    return ST_OK;
}

/* The table. */

static struct content *content_of(struct simdisk *d, const struct disk_file *file)
{
    return file->epoch == d->epoch ? d->contents[file->content] : NULL;
}

static enum status sim_open(void *context, const char *name, bool create, struct disk_file **out,
                            struct fault *f)
{
    struct simdisk *d = context;
    const struct name *there = simstate_find(&d->seen, name);
    if (d->off)
        return failed(f, ST_IO, name);
    if (there == NULL && !create)
        return failed(f, ST_NOT_FOUND, name);
    if (create && strikes(d, SIMDISK_FAIL_NAME))
        return failed(f, ST_IO, name);
    if (create && strikes(d, SIMDISK_FULL))
        return failed(f, ST_DISK_FULL, name);
    struct disk_file *file = mem_alloc(sizeof *file);
    if (file == NULL)
        return failed(f, ST_NO_MEMORY, name);
    file->epoch = d->epoch;
    if (there != NULL) {
        file->content = there->content;
    } else {
        enum status st = new_content(d, &file->content);
        struct name made = simstate_name(name, file->content, false);
        if (st == ST_OK)
            st = rename_seen(d, NULL, &made);
        if (st != ST_OK) {
            mem_free(file);
            return failed(f, st, name);
        }
    }
    d->contents[file->content]->handles++;
    *out = file;
    if (there == NULL)
        boundary(d, &d->counts.names);
    return ST_OK;
}

static void sim_close(void *context, struct disk_file *file)
{
    struct simdisk *d = context;
    if (file == NULL)
        return;
    struct content *c = content_of(d, file);
    if (c != NULL)
        c->handles--;
    mem_free(file);
}

static enum status sim_size(void *context, struct disk_file *file, uint64_t *bytes_out,
                            struct fault *f)
{
    const struct content *c = content_of(context, file);
    if (c == NULL)
        return failed(f, ST_IO, "size");
    *bytes_out = c->seen.bytes;
    return ST_OK;
}

static enum status sim_read(void *context, struct disk_file *file, uint64_t offset, void *out,
                            size_t count, struct fault *f)
{
    const struct content *c = content_of(context, file);
    if (c == NULL || strikes(context, SIMDISK_FAIL_READ))
        return failed(f, ST_IO, "read");
    if (offset > c->seen.bytes || count > c->seen.bytes - offset)
        return failed(f, ST_CORRUPT, "read");
    simstate_read(&c->seen, offset, out, count);
    return ST_OK;
}

static uint64_t content_bytes(const struct simdisk *d)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < d->content_count; i++)
        bytes += d->contents[i] != NULL ? d->contents[i]->seen.bytes : 0;
    return bytes;
}

static enum status change_content(struct simdisk *d, struct disk_file *file, struct unsynced *made,
                                  struct fault *f)
{
    struct content *c = content_of(d, file);
    if (c == NULL || strikes(d, SIMDISK_FAIL_WRITE))
        return failed(f, ST_IO, "write");
    uint64_t end = made->resizes ? made->offset : made->offset + made->count;
    if (end > c->seen.bytes) {
        uint64_t more = end - c->seen.bytes;
        if (d->limit > 0 && content_bytes(d) + more > d->limit) {
            d->counts.faults[SIMDISK_FULL]++;
            return failed(f, ST_DISK_FULL, "write");
        }
    }
    if (!(made->resizes && end <= c->seen.bytes) && strikes(d, SIMDISK_FULL))
        return failed(f, ST_DISK_FULL, "write");
    if (!made->resizes) {
        made->disk_offset = made->offset;
        made->lost = strikes(d, SIMDISK_LOSE_WRITE);
        if (strikes(d, SIMDISK_MISDIRECT)) {
            uint64_t by = SIMSTATE_SECTOR_BYTES * (1 + simstate_draw(&d->random) % 8);
            made->disk_offset = made->offset >= by && simstate_draw(&d->random) % 2
                                    ? made->offset - by
                                    : made->offset + by;
        }
    }
    struct unsynced *slot =
        simstate_grow((void **)&c->changes, &c->change_count, &c->change_capacity,
                      sizeof *c->changes, SIMSTATE_CHANGES_MAX);
    if (slot == NULL)
        return failed(f, ST_NO_MEMORY, "write");
    *slot = *made;
    struct unsynced as_seen = *made;
    as_seen.disk_offset = made->offset;
    as_seen.lost = false;
    enum status st = simstate_apply(&c->seen, &as_seen);
    if (st != ST_OK) {
        c->change_count--;
        return failed(f, st, "write");
    }
    made->data = (struct buf){0}; /* it is the slot's now */
    boundary(d, &d->counts.writes);
    return ST_OK;
}

static enum status sim_write(void *context, struct disk_file *file, uint64_t offset,
                             const void *data, size_t count, struct fault *f)
{
    struct unsynced change = {.offset = offset, .count = count};
    if (!simstate_is_zero((struct bytes){data, count}))
        buf_add(&change.data, data, count);
    enum status st = buf_status(&change.data) == ST_OK ? change_content(context, file, &change, f)
                                                       : failed(f, ST_NO_MEMORY, "write");
    buf_release(&change.data);
    return st;
}

static enum status sim_truncate(void *context, struct disk_file *file, uint64_t bytes,
                                struct fault *f)
{
    struct unsynced change = {.offset = bytes, .resizes = true};
    return change_content(context, file, &change, f);
}

static enum status sim_allocate(void *context, struct disk_file *file, uint64_t bytes,
                                struct fault *f)
{
    uint64_t there = 0;
    enum status st = sim_size(context, file, &there, f);
    return st == ST_OK && bytes > there ? sim_truncate(context, file, bytes, f) : st;
}

static enum status sim_sync(void *context, struct disk_file *file, struct fault *f)
{
    struct simdisk *d = context;
    struct content *c = content_of(d, file);
    if (c == NULL || strikes(d, SIMDISK_FAIL_SYNC))
        return failed(f, ST_IO, "sync");
    for (size_t i = 0; i < c->change_count; i++) {
        if (simstate_apply(&c->durable, &c->changes[i]) != ST_OK)
            return failed(f, ST_NO_MEMORY, "sync");
    }
    simstate_drop_changes(c);
    boundary(d, &d->counts.syncs);
    return ST_OK;
}

static enum status sim_rename(void *context, const char *from, const char *to, struct fault *f)
{
    struct simdisk *d = context;
    const struct name *there = simstate_find(&d->seen, from);
    if (d->off)
        return failed(f, ST_IO, from);
    if (strikes(d, SIMDISK_FAIL_NAME))
        return failed(f, ST_IO, from);
    if (there == NULL)
        return failed(f, ST_NOT_FOUND, from);
    struct name old = *there;
    struct name new = simstate_name(to, there->content, false);
    if (rename_seen(d, &old, &new) != ST_OK)
        return failed(f, ST_NO_MEMORY, from);
    boundary(d, &d->counts.names);
    return ST_OK;
}

static enum status sim_remove(void *context, const char *name, struct fault *f)
{
    struct simdisk *d = context;
    const struct name *there = simstate_find(&d->seen, name);
    if (d->off)
        return failed(f, ST_IO, name);
    if (strikes(d, SIMDISK_FAIL_NAME))
        return failed(f, ST_IO, name);
    if (there == NULL)
        return failed(f, ST_NOT_FOUND, name);
    struct name old = *there;
    if (rename_seen(d, &old, NULL) != ST_OK)
        return failed(f, ST_NO_MEMORY, name);
    boundary(d, &d->counts.names);
    return ST_OK;
}

static enum status sim_make_folder(void *context, const char *name, struct fault *f)
{
    struct simdisk *d = context;
    if (d->off)
        return failed(f, ST_IO, name);
    if (simstate_find(&d->seen, name) != NULL)
        return ST_OK;
    if (strikes(d, SIMDISK_FAIL_NAME))
        return failed(f, ST_IO, name);
    struct name made = simstate_name(name, 0, true);
    if (rename_seen(d, NULL, &made) != ST_OK)
        return failed(f, ST_NO_MEMORY, name);
    boundary(d, &d->counts.names);
    return ST_OK;
}

static enum status sim_sync_folder(void *context, const char *name, struct fault *f)
{
    struct simdisk *d = context;
    size_t kept = 0;
    if (d->off)
        return failed(f, ST_IO, name);
    if (strikes(d, SIMDISK_FAIL_SYNC))
        return failed(f, ST_IO, name);
    if (name[0] != '\0' && simstate_find(&d->seen, name) == NULL)
        return failed(f, ST_NOT_FOUND, name);
    for (size_t i = 0; i < d->renaming_count; i++) {
        const struct renaming *r = &d->renamings[i];
        if (!simstate_in_folder(r->to.text[0] != '\0' ? r->to.text : r->from.text, name))
            d->renamings[kept++] = *r;
        else if (simstate_rename(&d->durable, r) != ST_OK)
            return failed(f, ST_NO_MEMORY, name);
    }
    d->renaming_count = kept;
    collect(d);
    boundary(d, &d->counts.folder_syncs);
    return ST_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static enum status sim_list(void *context, const char *folder,
                            enum status (*each)(void *user, const char *name), void *user,
                            struct fault *f)
{
    struct simdisk *d = context;
    size_t skip = folder[0] != '\0' ? strlen(folder) + 1 : 0;
    if (d->off)
        return failed(f, ST_IO, folder);
    if (skip > 0 && simstate_find(&d->seen, folder) == NULL)
        return failed(f, ST_NOT_FOUND, folder);
    struct names copy = {.items = mem_array(d->seen.count, sizeof *copy.items)};
    if (copy.items == NULL)
        return failed(f, ST_NO_MEMORY, folder);
    for (size_t i = 0; i < d->seen.count; i++) {
        if (simstate_in_folder(d->seen.items[i].text, folder))
            copy.items[copy.count++] = d->seen.items[i];
    }
    qsort(copy.items, copy.count, sizeof *copy.items, compare_names);
    enum status st = ST_OK;
    for (size_t i = 0; i < copy.count && st == ST_OK; i++)
        st = each(user, copy.items[i].text + skip);
    mem_free(copy.items);
    return st;
}

struct disk simdisk_table(struct simdisk *d)
{
    return (struct disk){
        .context = d,
        .open = sim_open,
        .close = sim_close,
        .size = sim_size,
        .read = sim_read,
        .write = sim_write,
        .allocate = sim_allocate,
        .truncate = sim_truncate,
        .sync = sim_sync,
        .rename = sim_rename,
        .remove = sim_remove,
        .make_folder = sim_make_folder,
        .sync_folder = sim_sync_folder,
        .list = sim_list,
    };
}

/* Crashes, snapshots, damage. */

static void forget(struct simdisk *d)
{
    for (size_t i = 0; i < d->content_count; i++)
        simstate_free(d->contents[i]);
    memset(d->contents, 0, sizeof d->contents);
    d->content_count = 0;
    mem_free(d->durable.items);
    mem_free(d->seen.items);
    mem_free(d->renamings);
    d->durable = d->seen = (struct names){0};
    d->renamings = NULL;
    d->renaming_count = d->renaming_capacity = 0;
}

struct simdisk *simdisk_new(void)
{
    return mem_alloc(sizeof(struct simdisk));
}

void simdisk_free(struct simdisk *d)
{
    if (d == NULL)
        return;
    forget(d);
    mem_free(d);
}

enum status simdisk_restore(struct simdisk *d, const struct simdisk *from)
{
    CHECK(d != from);
    forget(d);
    d->epoch++;
    d->off = false;
    d->cut = 0;
    d->content_count = from->content_count;
    for (size_t i = 0; i < from->content_count; i++) {
        if (from->contents[i] == NULL)
            continue;
        d->contents[i] = simstate_copy(from->contents[i]);
        if (d->contents[i] == NULL)
            return ST_NO_MEMORY;
    }
    enum status st = simstate_copy_names(&d->durable, &from->durable);
    if (st == ST_OK)
        st = simstate_copy_names(&d->seen, &from->seen);
    for (size_t i = 0; i < from->renaming_count && st == ST_OK; i++) {
        struct renaming *r = simstate_grow((void **)&d->renamings, &d->renaming_count,
                                           &d->renaming_capacity, sizeof *r, SIMSTATE_CHANGES_MAX);
        if (r == NULL)
            return ST_NO_MEMORY;
        *r = from->renamings[i];
    }
    return st;
}

struct simdisk *simdisk_clone(const struct simdisk *from)
{
    struct simdisk *d = simdisk_new();
    if (d == NULL)
        return NULL;
    d->random = from->random;
    if (simdisk_restore(d, from) == ST_OK)
        return d;
    simdisk_free(d);
    return NULL;
}

enum status simdisk_crash(struct simdisk *d, enum simdisk_loss loss, uint64_t seed)
{
    CHECK(loss < SIMDISK_LOSS_COUNT);
    enum status st = ST_OK;
    d->epoch++;
    d->off = false;
    d->cut = 0;
    d->counts.crashes[loss]++;
    for (size_t i = 0; i < d->content_count && st == ST_OK; i++) {
        if (d->contents[i] != NULL)
            st = simstate_crash(d->contents[i], loss, &seed);
    }
    for (size_t i = 0; i < d->renaming_count && st == ST_OK; i++) {
        if (simstate_keeps(loss, &seed))
            st = simstate_rename(&d->durable, &d->renamings[i]);
    }
    d->renaming_count = 0;
    d->seen.count = 0;
    if (st == ST_OK)
        st = simstate_copy_names(&d->seen, &d->durable);
    if (st == ST_OK)
        collect(d);
    return st;
}

void simdisk_watch(struct simdisk *d, void (*each)(void *user), void *user)
{
    d->watch = each;
    d->watch_user = user;
}

void simdisk_cut(struct simdisk *d, uint64_t n)
{
    d->cut = n;
}

bool simdisk_is_off(const struct simdisk *d)
{
    return d->off;
}

bool simdisk_pass(struct simdisk *d)
{
    if (d->off)
        return false;
    boundary(d, &d->counts.others);
    return true;
}

void simdisk_arm(struct simdisk *d, enum simdisk_fault fault, uint64_t n)
{
    CHECK(fault < SIMDISK_FAULT_COUNT);
    d->armed[fault] = n;
}

uint64_t simdisk_bytes(const struct simdisk *d)
{
    return content_bytes(d);
}

void simdisk_limit(struct simdisk *d, uint64_t bytes)
{
    d->limit = bytes;
}

struct bytes simdisk_content(const struct simdisk *d, const char *name)
{
    const struct name *there = simstate_find(&d->seen, name);
    if (there == NULL || there->folder)
        return (struct bytes){NULL, 0};
    struct image *seen = &d->contents[there->content]->seen;
    CHECK(simstate_spell(seen) == ST_OK);
    return buf_bytes(&seen->head);
}

bool simdisk_flip(struct simdisk *d, const char *name, uint64_t offset, uint8_t bits)
{
    const struct name *there = simstate_find(&d->seen, name);
    if (there == NULL || there->folder)
        return false;
    struct content *c = d->contents[there->content];
    if (offset >= c->seen.bytes)
        return false;
    CHECK(simstate_spell(&c->seen) == ST_OK && simstate_spell(&c->durable) == ST_OK);
    c->seen.head.data[offset] ^= bits;
    if (offset < c->durable.bytes)
        c->durable.head.data[offset] ^= bits;
    d->counts.flips++;
    return true;
}

bool simdisk_rot(struct simdisk *d, uint64_t seed)
{
    size_t first = d->seen.count > 0 ? (size_t)(simstate_draw(&seed) % d->seen.count) : 0;
    for (size_t i = 0; i < d->seen.count; i++) {
        const struct name *name = &d->seen.items[(first + i) % d->seen.count];
        size_t bytes = simdisk_content(d, name->text).count;
        if (bytes > 0)
            return simdisk_flip(d, name->text, simstate_draw(&seed) % bytes,
                                (uint8_t)(1u << simstate_draw(&seed) % 8));
    }
    return false;
}

const struct simdisk_counts *simdisk_counts(const struct simdisk *d)
{
    return &d->counts;
}
