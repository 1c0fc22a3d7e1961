#include "tests/sim/simstate.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

uint64_t simstate_draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* One more element of an array that grows; NULL: no memory. */
void *simstate_grow(void **items, size_t *count, size_t *capacity, size_t bytes_each,
                    size_t count_max)
{
    CHECK(*count < count_max);
    if (*count == *capacity) {
        size_t wanted = *capacity > 0 ? *capacity * 2 : 16;
        void *grown = mem_resize(*items, wanted * bytes_each);
        if (grown == NULL)
            return NULL;
        *items = grown;
        *capacity = wanted;
    }
    void *item = (uint8_t *)*items + (*count)++ * bytes_each;
    memset(item, 0, bytes_each);
    return item;
}

void simstate_drop_changes(struct content *c)
{
    for (size_t i = 0; i < c->change_count; i++)
        buf_release(&c->changes[i].data);
    c->change_count = 0;
}

void simstate_free(struct content *c)
{
    if (c == NULL)
        return;
    simstate_drop_changes(c);
    mem_free(c->changes);
    buf_release(&c->durable);
    buf_release(&c->seen);
    mem_free(c);
}

enum status simstate_resize(struct buf *b, uint64_t bytes)
{
    if (bytes > b->count) {
        size_t more = (size_t)bytes - b->count;
        uint8_t *room = buf_reserve(b, more);
        if (room == NULL) {
            b->failed = false;
            return ST_NO_MEMORY;
        }
        memset(room, 0, more);
    }
    b->count = (size_t)bytes;
    return ST_OK;
}

enum status simstate_put(struct buf *b, uint64_t offset, struct bytes data)
{
    if (offset + data.count > b->count && simstate_resize(b, offset + data.count) != ST_OK)
        return ST_NO_MEMORY;
    if (data.count > 0)
        memcpy(b->data + offset, data.data, data.count);
    return ST_OK;
}

enum status simstate_apply(struct buf *b, const struct unsynced *change)
{
    if (change->resizes)
        return simstate_resize(b, change->offset);
    if (change->lost)
        return change->offset + change->data.count > b->count
                   ? simstate_resize(b, change->offset + change->data.count)
                   : ST_OK;
    return simstate_put(b, change->disk_offset, buf_bytes(&change->data));
}

struct name *simstate_find(const struct names *n, const char *text)
{
    for (size_t i = 0; i < n->count; i++) {
        if (strcmp(n->items[i].text, text) == 0)
            return &n->items[i];
    }
    return NULL;
}

enum status simstate_add(struct names *n, const struct name *name)
{
    struct name *there = simstate_find(n, name->text);
    if (there == NULL)
        there = simstate_grow((void **)&n->items, &n->count, &n->capacity, sizeof *n->items,
                              SIMSTATE_NAMES_MAX);
    if (there == NULL)
        return ST_NO_MEMORY;
    *there = *name;
    return ST_OK;
}

static void names_drop(struct names *n, const struct name *name)
{
    struct name *there = simstate_find(n, name->text);
    if (there != NULL && there->content == name->content)
        *there = n->items[--n->count];
}

enum status simstate_rename(struct names *n, const struct renaming *r)
{
    enum status st = r->to.text[0] != '\0' ? simstate_add(n, &r->to) : ST_OK;
    if (st == ST_OK && r->from.text[0] != '\0')
        names_drop(n, &r->from);
    return st;
}

bool simstate_in_folder(const char *name, const char *folder)
{
    size_t count = strlen(folder);
    if (count == 0)
        return strchr(name, '/') == NULL;
    return strncmp(name, folder, count) == 0 && name[count] == '/';
}

struct name simstate_name(const char *text, size_t content, bool folder)
{
    struct name name = {.content = content, .folder = folder};
    CHECK(strlen(text) < sizeof name.text);
    memcpy(name.text, text, strlen(text));
    return name;
}

enum status simstate_copy_names(struct names *to, const struct names *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (simstate_add(to, &from->items[i]) != ST_OK)
            return ST_NO_MEMORY;
    }
    return ST_OK;
}

struct content *simstate_copy(const struct content *from)
{
    struct content *to = mem_alloc(sizeof *to);
    if (to == NULL)
        return NULL;
    buf_add_bytes(&to->durable, buf_bytes(&from->durable));
    buf_add_bytes(&to->seen, buf_bytes(&from->seen));
    bool good = !to->durable.failed && !to->seen.failed;
    for (size_t i = 0; i < from->change_count && good; i++) {
        struct unsynced *slot =
            simstate_grow((void **)&to->changes, &to->change_count, &to->change_capacity,
                          sizeof *slot, SIMSTATE_CHANGES_MAX);
        good = slot != NULL;
        if (!good)
            break;
        *slot = from->changes[i];
        slot->data = (struct buf){0};
        buf_add_bytes(&slot->data, buf_bytes(&from->changes[i].data));
        good = !slot->data.failed;
    }
    if (good)
        return to;
    simstate_free(to);
    return NULL;
}

/* Sectors of a write, each by chance; one of them may be cut anywhere. */
static enum status tear(struct buf *b, const struct unsynced *change, uint64_t *random)
{
    size_t old_count = b->count;
    uint64_t start = change->disk_offset;
    uint64_t end = start + change->data.count;
    if (end > b->count && simstate_draw(random) % 4 > 0) {
        enum status st = simstate_resize(b, end);
        for (size_t i = old_count; i < b->count && st == ST_OK && simstate_draw(random) % 4 == 0;
             i++)
            b->data[i] = (uint8_t)simstate_draw(random);
        if (st != ST_OK)
            return st;
    }
    for (uint64_t at = start; at < end;) {
        uint64_t next = (at / SIMSTATE_SECTOR_BYTES + 1) * SIMSTATE_SECTOR_BYTES;
        size_t count = (size_t)((next < end ? next : end) - at);
        size_t kept = simstate_draw(random) % 2   ? count
                      : simstate_draw(random) % 8 ? 0
                                                  : simstate_draw(random) % count;
        struct bytes part = {change->data.data + (at - start), kept};
        if (kept > 0 && simstate_put(b, at, part) != ST_OK)
            return ST_NO_MEMORY;
        at += count;
    }
    return ST_OK;
}

bool simstate_keeps(enum simdisk_loss loss, uint64_t *random)
{
    return loss == SIMDISK_KEEP_ALL ||
           (loss != SIMDISK_KEEP_NOTHING && simstate_draw(random) % 2 == 0);
}

enum status simstate_crash(struct content *c, enum simdisk_loss loss, uint64_t *random)
{
    enum status st = ST_OK;
    for (size_t i = 0; i < c->change_count && st == ST_OK; i++) {
        const struct unsynced *change = &c->changes[i];
        if (loss == SIMDISK_TEAR && !change->resizes && !change->lost)
            st = tear(&c->durable, change, random);
        else if (simstate_keeps(loss, random))
            st = simstate_apply(&c->durable, change);
    }
    simstate_drop_changes(c);
    c->handles = 0;
    buf_reset(&c->seen);
    buf_add_bytes(&c->seen, buf_bytes(&c->durable));
    return st == ST_OK ? buf_status(&c->seen) : st;
}
