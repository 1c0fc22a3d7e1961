#include "proto/outbox.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"

enum {
    OUTBOX_SPARE = 64,       /* effects that one round of work of a link stays below */
    OUTBOX_LINE_BYTES = 512, /* of a log line */
};

struct outbox_block {
    struct outbox_block *next;
    uint8_t data[];
};

enum status outbox_init(struct outbox *o)
{
    *o = (struct outbox){.list = mem_array(EFFECTS_MAX, sizeof(struct core_effect))};
    return o->list != NULL ? ST_OK : ST_NO_MEMORY;
}

void outbox_reset(struct outbox *o)
{
    while (o->blocks != NULL) {
        struct outbox_block *next = o->blocks->next;
        mem_free(o->blocks);
        o->blocks = next;
    }
    o->count = 0;
}

void outbox_release(struct outbox *o)
{
    if (o == NULL)
        return;
    outbox_reset(o);
    mem_free(o->list);
    *o = (struct outbox){0};
}

bool outbox_is_tight(const struct outbox *o)
{
    return o->count + OUTBOX_SPARE > EFFECTS_MAX;
}

struct core_effect *outbox_add(struct outbox *o, enum core_effect_kind kind, link_id link)
{
    CHECK(o->count < EFFECTS_MAX);
    struct core_effect *effect = &o->list[o->count++];
    *effect = (struct core_effect){.kind = kind, .link = link};
    return effect;
}

static void *take_block(struct outbox *o, size_t count)
{
    size_t bytes;
    if (__builtin_add_overflow(count, sizeof(struct outbox_block) + 1, &bytes))
        return NULL;
    struct outbox_block *block = mem_alloc(bytes);
    if (block == NULL)
        return NULL;
    block->next = o->blocks;
    o->blocks = block;
    return block->data;
}

void *outbox_keep(struct outbox *o, const void *data, size_t count)
{
    uint8_t *copy = take_block(o, count);
    if (copy != NULL && count > 0)
        memcpy(copy, data, count);
    return copy;
}

enum status outbox_keep_items(struct outbox *o, const struct bytes *items, uint32_t count,
                              const struct bytes **out)
{
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += items[i].count;
    struct bytes *list = take_block(o, count * sizeof(items[0]));
    uint8_t *data = take_block(o, total);
    if (list == NULL || data == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        list[i] = (struct bytes){data, items[i].count};
        if (items[i].count > 0)
            memcpy(data, items[i].data, items[i].count);
        data += items[i].count;
    }
    *out = list;
    return ST_OK;
}

void outbox_log(struct outbox *o, int level, const char *format, ...)
{
    char line[OUTBOX_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length < 0 || o->count + OUTBOX_SPARE / 2 > EFFECTS_MAX)
        return;
    const char *copy = outbox_keep(o, line, strlen(line) + 1);
    if (copy == NULL)
        return;
    struct core_effect *effect = outbox_add(o, FX_LOG, 0);
    effect->level = level;
    effect->text = copy;
}
