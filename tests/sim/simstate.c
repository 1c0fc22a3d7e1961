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
    buf_release(&c->durable.head);
    buf_release(&c->seen.head);
    mem_free(c);
}

bool simstate_is_zero(struct bytes data)
{
    return data.count == 0 ||
           (data.data[0] == 0 && memcmp(data.data, data.data + 1, data.count - 1) == 0);
}

enum status simstate_resize(struct image *to, uint64_t bytes)
{
    if (to->head.count > bytes)
        to->head.count = (size_t)bytes;
    to->bytes = bytes;
    return ST_OK;
}

/* The first 'bytes' of it stand in 'head'. */
static enum status spell(struct image *all, uint64_t bytes)
{
    CHECK(bytes <= all->bytes);
    if (bytes <= all->head.count)
        return ST_OK;
    size_t more = (size_t)bytes - all->head.count;
    uint8_t *room = buf_reserve(&all->head, more);
    if (room == NULL) {
        all->head.failed = false;
        return ST_NO_MEMORY;
    }
    memset(room, 0, more);
    all->head.count += more;
    return ST_OK;
}

enum status simstate_spell(struct image *all)
{
    return spell(all, all->bytes);
}

void simstate_read(const struct image *from, uint64_t offset, void *out, size_t count)
{
    size_t there = offset < from->head.count ? from->head.count - (size_t)offset : 0;
    size_t copied = there < count ? there : count;
    CHECK(offset + count <= from->bytes);
    if (copied > 0)
        memcpy(out, from->head.data + offset, copied);
    if (copied < count)
        memset((uint8_t *)out + copied, 0, count - copied);
}

/* 'data' NULL: zeros. */
static enum status put(struct image *to, uint64_t offset, const uint8_t *data, size_t count)
{
    uint64_t end = offset + count;
    if (end > to->bytes)
        to->bytes = end;
    if (data == NULL) {
        if (offset < to->head.count)
            memset(to->head.data + offset, 0,
                   (size_t)(end < to->head.count ? end : to->head.count) - (size_t)offset);
        return ST_OK;
    }
    if (spell(to, end) != ST_OK)
        return ST_NO_MEMORY;
    if (count > 0)
        memcpy(to->head.data + offset, data, count);
    return ST_OK;
}

enum status simstate_apply(struct image *to, const struct unsynced *change)
{
    uint64_t end = change->offset + change->count;
    if (change->resizes)
        return simstate_resize(to, change->offset);
    if (change->lost)
        return end > to->bytes ? simstate_resize(to, end) : ST_OK;
    return put(to, change->disk_offset, change->data.data, change->count);
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

static enum status copy_image(struct image *to, const struct image *from)
{
    buf_reset(&to->head);
    buf_add_bytes(&to->head, buf_bytes(&from->head));
    to->bytes = from->bytes;
    return buf_status(&to->head);
}

struct content *simstate_copy(const struct content *from)
{
    struct content *to = mem_alloc(sizeof *to);
    if (to == NULL)
        return NULL;
    bool good = copy_image(&to->durable, &from->durable) == ST_OK &&
                copy_image(&to->seen, &from->seen) == ST_OK;
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
static enum status tear(struct image *to, const struct unsynced *change, uint64_t *random)
{
    uint64_t start = change->disk_offset;
    uint64_t end = start + change->count;
    enum status st = ST_OK;
    if (end > to->bytes && simstate_draw(random) % 4 > 0) {
        uint64_t old_bytes = to->bytes;
        st = simstate_resize(to, end);
        for (uint64_t i = old_bytes; i < end && st == ST_OK && simstate_draw(random) % 4 == 0;
             i++) {
            uint8_t junk = (uint8_t)simstate_draw(random);
            st = put(to, i, &junk, 1);
        }
    }
    for (uint64_t at = start; at < end && st == ST_OK;) {
        uint64_t next = (at / SIMSTATE_SECTOR_BYTES + 1) * SIMSTATE_SECTOR_BYTES;
        size_t count = (size_t)((next < end ? next : end) - at);
        size_t kept = simstate_draw(random) % 2   ? count
                      : simstate_draw(random) % 8 ? 0
                                                  : simstate_draw(random) % count;
        const uint8_t *data = change->data.data;
        if (kept > 0)
            st = put(to, at, data != NULL ? data + (at - start) : NULL, kept);
        at += count;
    }
    return st;
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
    return st == ST_OK ? copy_image(&c->seen, &c->durable) : st;
}
