#include <stdio.h>
#include <string.h>

#include "tests/fuzz/mutate.h"

enum { VALUES_MAX = 1024, DEPTH_MAX = 16, NUMBER_TEXT = 24 };

/* A value in the text, and where its element begins: at its key, in an object. */
struct value {
    size_t key, begin, end;
    uint32_t parent, next; /* next: in the same container, VALUES_MAX: none */
};

struct text {
    struct bytes in;
    struct value values[VALUES_MAX];
    uint32_t count;
};

/* Where 'from' .. 'to' of the text stand, this stands instead. */
struct change {
    size_t from, to;
    struct buf put;
};

static size_t skip_string(struct bytes in, size_t at)
{
    for (at++; at < in.count && in.data[at] != '"'; at++)
        at += in.data[at] == '\\' ? 1u : 0u;
    return at < in.count ? at + 1 : in.count;
}

static size_t skip_word(struct bytes in, size_t at)
{
    while (at < in.count && memchr("{}[]\",: \n\t\r", in.data[at], 11) == NULL)
        at++;
    return at;
}

static size_t skip_space(struct bytes in, size_t at)
{
    while (at < in.count && memchr(" \n\t\r,:", in.data[at], 6) != NULL)
        at++;
    return at;
}

/* The values of a text that is JSON, more or less. */
static bool text_read(struct bytes in, struct text *t)
{
    uint32_t open[DEPTH_MAX], last[DEPTH_MAX + 1], depth = 0;
    t->in = in;
    t->count = 0;
    last[0] = VALUES_MAX;
    for (size_t at = skip_space(in, 0); at < in.count; at = skip_space(in, at)) {
        if (in.data[at] == '}' || in.data[at] == ']') {
            if (depth == 0)
                return false;
            t->values[open[--depth]].end = ++at;
            continue;
        }
        if (t->count == VALUES_MAX || depth == DEPTH_MAX)
            return false;
        struct value *v = &t->values[t->count];
        *v = (struct value){at, at, at, depth > 0 ? open[depth - 1] : VALUES_MAX, VALUES_MAX};
        if (in.data[at] == '"' && depth > 0 && in.data[t->values[open[depth - 1]].begin] == '{')
            v->begin = at = skip_space(in, skip_string(in, at));
        if (at >= in.count)
            return false;
        if (last[depth] != VALUES_MAX)
            t->values[last[depth]].next = t->count;
        last[depth] = t->count;
        if (in.data[at] == '{' || in.data[at] == '[') {
            last[depth + 1] = VALUES_MAX;
            open[depth++] = t->count;
            at++;
        } else {
            size_t end = in.data[at] == '"' ? skip_string(in, at) : skip_word(in, at);
            if (end == at)
                return false;
            v->end = at = end;
        }
        t->count++;
    }
    return depth == 0 && t->count > 0;
}

static void put(struct change *ch, const struct text *t, size_t from, size_t to)
{
    buf_add(&ch->put, t->in.data + from, to - from);
}

static void put_word(struct change *ch, struct chance *c)
{
    static const char *const words[] = {
        "null",
        "true",
        "0",
        "-1",
        "9007199254740991",
        "9007199254740992",
        "\"\"",
        "{}",
        "[]",
        "\"2026-02-30\"",
        "\"\\u0000\"",
        "\"\xe2\x80\xae\"",
        "\"=1+1\"",
        "1e2",
        "\"\\ud800\"",
        "\"a\\u001b[2J\"",
    };
    buf_add_text(&ch->put, words[chance_below(c, sizeof words / sizeof *words)]);
}

/* One letter or digit of a string or key by the next or the one before: order and form mostly
 * stay. */
static void put_near(struct change *ch, const struct text *t, size_t from, size_t to,
                     struct chance *c)
{
    size_t first = ch->put.count;
    put(ch, t, from, to);
    if (to - from > 2 && !ch->put.failed) {
        uint8_t *byte = &ch->put.data[first + 1 + chance_below(c, (uint32_t)(to - from - 2))];
        *byte = (uint8_t)(chance_below(c, 2) == 0 ? *byte + 1 : *byte - 1);
    }
}

static void change_leaf(struct change *ch, const struct text *t, const struct value *v,
                        struct chance *c)
{
    char number[NUMBER_TEXT];
    struct bytes old = {t->in.data + v->begin, v->end - v->begin};
    switch (chance_below(c, 4)) {
    case 0:
        put_word(ch, c);
        break;
    case 1:
        put_near(ch, t, v->begin, v->end, c);
        break;
    case 2:
        (void)snprintf(number, sizeof number, "%lld", (long long)chance_number(c));
        if (old.data[0] == '"')
            (void)mutate_plain(old, c, &ch->put);
        else
            buf_add_text(&ch->put, number);
        break;
    default:
        if (old.data[0] == '"' && old.count >= 2) {
            buf_add_byte(&ch->put, '"');
            (void)mutate_plain((struct bytes){old.data + 1, old.count - 2}, c, &ch->put);
            buf_add_byte(&ch->put, '"');
        } else {
            (void)mutate_plain(old, c, &ch->put);
        }
        break;
    }
}

/* The element once more, before itself; in an object under a key near its own. */
static void change_more(struct change *ch, const struct text *t, const struct value *v,
                        struct chance *c)
{
    ch->from = ch->to = v->key;
    if (v->begin > v->key)
        put_near(ch, t, v->key, v->begin - 1, c);
    put(ch, t, v->begin > v->key ? v->begin - 1 : v->begin, v->end);
    if (v->next != VALUES_MAX)
        put(ch, t, v->end, t->values[v->next].key);
    else
        buf_add_byte(&ch->put, ',');
}

static void change_less(struct change *ch, const struct text *t, const struct value *v)
{
    ch->from = v->key;
    ch->to = v->next != VALUES_MAX ? t->values[v->next].key : v->end;
    for (uint32_t i = 0; v->next == VALUES_MAX && i < t->count; i++)
        if (t->values[i].next == (uint32_t)(v - t->values))
            ch->from = t->values[i].end;
}

bool mutate_json(struct bytes in, struct chance *c, struct buf *out)
{
    static struct text t;
    struct change ch = {0};
    if (!text_read(in, &t))
        return false;
    const struct value *v = &t.values[chance_below(c, t.count)];
    const struct value *other = &t.values[chance_below(c, t.count)];
    ch.from = v->begin;
    ch.to = v->end;
    switch (chance_below(c, 6)) {
    case 0:
        change_more(&ch, &t, v, c);
        break;
    case 1:
        change_less(&ch, &t, v);
        break;
    case 2:
        put(&ch, &t, other->begin, other->end);
        break;
    case 3:
        if (v->begin > v->key) {
            ch.from = v->key;
            ch.to = v->begin - 1;
            put_near(&ch, &t, ch.from, ch.to, c);
            break;
        }
        /* fall through */
    default:
        change_leaf(&ch, &t, v, c);
        break;
    }
    buf_add(out, in.data, ch.from);
    buf_add_bytes(out, buf_bytes(&ch.put));
    buf_add(out, in.data + ch.to, in.count - ch.to);
    buf_release(&ch.put);
    return true;
}
