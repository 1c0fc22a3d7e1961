#include <string.h>

#include "proto/mp.h"
#include "tests/fuzz/mutate.h"

enum { NODES_MAX = 1024, LEVELS_MAX = 3 };

/* One element; what an array or map holds stands behind it, up to 'end'. */
struct node {
    enum mp_kind kind;
    uint64_t number; /* of an integer; the elements of an array; the pairs of a map */
    struct bytes data;
    uint32_t end, parent, index;
    bool negative, yes;
};

struct document {
    struct node nodes[NODES_MAX];
    uint32_t count;
};

/* What stands in place of nodes at .. end: nodes from .. to; 'parent' has 'more' elements. */
struct splice {
    uint32_t at, end, from, to, parent;
    int more;
};

static void read_integer(struct mp_reader *r, struct node *n)
{
    struct mp_reader ahead = *r;
    n->number = mp_read_uint(&ahead, UINT64_MAX);
    n->negative = ahead.status != ST_OK;
    if (n->negative)
        n->number = (uint64_t)mp_read_int(r);
    else
        *r = ahead;
}

static void read_node(struct mp_reader *r, struct node *n)
{
    switch (n->kind) {
    case MP_BOOL:
        n->yes = mp_read_bool(r);
        break;
    case MP_INTEGER:
        read_integer(r, n);
        break;
    case MP_TEXT:
        n->data = mp_read_text(r, SIZE_MAX);
        break;
    case MP_BINARY:
        n->data = mp_read_binary(r, SIZE_MAX);
        break;
    case MP_ARRAY:
        n->number = mp_read_array(r, 0, UINT32_MAX);
        break;
    case MP_MAP:
        n->number = mp_read_map(r, UINT32_MAX / 2);
        break;
    case MP_NIL:
    case MP_NONE:
        mp_read_nil(r);
        break;
    }
}

static bool document_read(struct bytes in, struct document *d)
{
    struct mp_reader r;
    uint32_t open[MESSAGE_DEPTH_MAX + 1], left[MESSAGE_DEPTH_MAX + 1];
    uint32_t depth = 0;
    mp_read(&r, in);
    d->count = 0;
    do {
        if (d->count == NODES_MAX)
            return false;
        struct node *n = &d->nodes[d->count];
        *n = (struct node){.kind = mp_peek(&r), .end = d->count + 1, .parent = NODES_MAX};
        read_node(&r, n);
        if (r.status != ST_OK)
            return false;
        if (depth > 0) {
            const struct node *parent = &d->nodes[open[depth - 1]];
            uint64_t elements = parent->kind == MP_MAP ? 2 * parent->number : parent->number;
            n->parent = open[depth - 1];
            n->index = (uint32_t)elements - left[depth - 1]--;
        }
        d->count++;
        if ((n->kind == MP_ARRAY || n->kind == MP_MAP) && n->number > 0) {
            left[depth] = (uint32_t)(n->kind == MP_MAP ? 2 * n->number : n->number);
            open[depth++] = d->count - 1;
        }
        while (depth > 0 && left[depth - 1] == 0)
            d->nodes[open[--depth]].end = d->count;
    } while (depth > 0);
    return mp_end(&r) == ST_OK;
}

static void write_node(const struct node *n, int more, struct buf *out)
{
    uint64_t number = n->number + (uint64_t)(int64_t)more;
    switch (n->kind) {
    case MP_BOOL:
        mp_write_bool(out, n->yes);
        break;
    case MP_INTEGER:
        if (n->negative)
            mp_write_int(out, (int64_t)n->number);
        else
            mp_write_uint(out, n->number);
        break;
    case MP_TEXT:
        mp_write_text(out, n->data);
        break;
    case MP_BINARY:
        mp_write_binary(out, n->data);
        break;
    case MP_ARRAY:
        mp_write_array(out, (uint32_t)number);
        break;
    case MP_MAP:
        mp_write_map(out, (uint32_t)number);
        break;
    case MP_NIL:
    case MP_NONE:
        mp_write_nil(out);
        break;
    }
}

static void document_write(const struct document *d, const struct splice *s, struct buf *out)
{
    uint32_t i = 0;
    while (i < d->count) {
        if (i == s->at) {
            for (uint32_t k = s->from; k < s->to; k++)
                write_node(&d->nodes[k], 0, out);
            if (s->end > i) {
                i = s->end;
                continue;
            }
        }
        write_node(&d->nodes[i], i == s->parent ? s->more : 0, out);
        i++;
    }
}

/* The element (in a map the pair) around 'at' once more, or gone. */
static struct splice choose_count(const struct document *d, uint32_t at, bool once_more)
{
    const struct node *n = &d->nodes[at];
    struct splice none = {UINT32_MAX, 0, 0, 0, NODES_MAX, 0};
    if (n->parent == NODES_MAX)
        return none;
    uint32_t begin = at, end = n->end;
    if (d->nodes[n->parent].kind == MP_MAP) {
        if (n->index % 2 == 1)
            return none;
        end = d->nodes[end].end;
    }
    if (once_more)
        return (struct splice){begin, begin, begin, end, n->parent, 1};
    return (struct splice){begin, end, 0, 0, n->parent, -1};
}

static void change_leaf(struct node *n, struct chance *c, struct buf *room)
{
    static const enum mp_kind kinds[] = {MP_NIL, MP_BOOL, MP_INTEGER, MP_TEXT, MP_BINARY};
    if (chance_below(c, 12) == 0 && n->end > 0) {
        n->kind = kinds[chance_below(c, sizeof kinds / sizeof *kinds)];
        return;
    }
    if (n->kind == MP_INTEGER) {
        uint32_t way = chance_below(c, 4);
        n->number = way == 0 ? n->number + 1 : way == 1 ? n->number - 1 : chance_number(c);
        n->negative = n->negative && (int64_t)n->number < 0;
    } else if (n->kind == MP_BOOL) {
        n->yes = !n->yes;
    } else if (n->kind == MP_TEXT || n->kind == MP_BINARY) {
        bool json = n->data.count > 0 && memchr("{[\"", n->data.data[0], 3) != NULL;
        if (!json || chance_below(c, 4) == 0 || !mutate_json(n->data, c, room)) {
            buf_reset(room);
            (void)mutate_plain(n->data, c, room);
        }
        if (n->kind == MP_BINARY && !json && chance_below(c, 2) == 0)
            room->count = n->data.count < room->count ? n->data.count : room->count;
        n->data = buf_bytes(room);
    }
}

static void change_document(struct document *d, struct chance *c, struct buf *out)
{
    struct splice s = {UINT32_MAX, 0, 0, 0, NODES_MAX, 0};
    struct buf room = {0};
    uint32_t at = chance_below(c, d->count), from = chance_below(c, d->count);
    switch (chance_below(c, 6)) {
    case 0:
        s = choose_count(d, at, true);
        break;
    case 1:
        s = choose_count(d, at, false);
        break;
    case 2: /* another in its place */
        s = (struct splice){at, d->nodes[at].end, from, d->nodes[from].end, NODES_MAX, 0};
        break;
    default:
        for (uint32_t i = 0; i < 8 && d->nodes[at].end != at + 1; i++)
            at = chance_below(c, d->count);
        if (d->nodes[at].end == at + 1)
            change_leaf(&d->nodes[at], c, &room);
        break;
    }
    document_write(d, &s, out);
    buf_release(&room);
}

/* A binary that holds a document itself; its node, or NODES_MAX. */
static uint32_t choose_inner(const struct document *d, struct chance *c, struct document *inner)
{
    for (uint32_t tries = 0; tries < 4; tries++) {
        uint32_t at = chance_below(c, d->count);
        const struct node *n = &d->nodes[at];
        if (n->kind == MP_BINARY && n->data.count > 1 && document_read(n->data, inner))
            return at;
    }
    return NODES_MAX;
}

bool mutate_msgpack(struct bytes in, struct chance *c, struct buf *out)
{
    static struct document levels[LEVELS_MAX];
    uint32_t chosen[LEVELS_MAX], depth = 0;
    static const struct splice as_is = {UINT32_MAX, 0, 0, 0, NODES_MAX, 0};
    struct buf made[LEVELS_MAX] = {{0}};
    if (!document_read(in, &levels[0]))
        return false;
    while (depth + 1 < LEVELS_MAX && chance_below(c, 2) == 0) {
        chosen[depth] = choose_inner(&levels[depth], c, &levels[depth + 1]);
        if (chosen[depth] == NODES_MAX)
            break;
        depth++;
    }
    change_document(&levels[depth], c, &made[depth]);
    while (depth-- > 0) {
        levels[depth].nodes[chosen[depth]].data = buf_bytes(&made[depth + 1]);
        document_write(&levels[depth], &as_is, &made[depth]);
    }
    buf_add_bytes(out, buf_bytes(&made[0]));
    for (uint32_t i = 0; i < LEVELS_MAX; i++)
        buf_release(&made[i]);
    return true;
}
