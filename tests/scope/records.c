/*
 * records: one record, its field and one element of its set, written by members who may not have
 * heard of each other: what record_join() and op_apply() make of it, byte for byte.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/op.h"
#include "tests/scope/network.h"
#include "tests/scope/scope.h"

/* set: over all that the field holds; older: over what the writer's own last commit left of that;
 * equal: as set, always to one value; add, drop: an element; other: nothing of this record. */
enum letter { SET, OLDER, EQUAL, ADD, DROP, OTHER, LETTER_COUNT };
static const char letters[] = "so=+-.";

static const char element[] = "\"x\"";

struct version {
    struct buf text;      /* canonical; empty: the record is not there */
    struct record record; /* borrows from 'text' */
};

struct writing { /* of one commit */
    struct change change;
    uint64_t height;
    uint32_t over; /* commits that it supersedes */
    char value[8]; /* JSON */
};

struct records {
    const struct history *h;
    struct scope_counts *counts;
    struct version states[HISTORY_SETS]; /* by what was delivered */
    struct version trees[HISTORY_COMMITS_MAX];
    struct writing writings[HISTORY_COMMITS_MAX];
    struct buf joined;
};

static uint32_t bit(uint32_t i)
{
    return UINT32_C(1) << i;
}

static void must(const struct records *r, bool holds, const char *what)
{
    if (!holds)
        scope_fail(r->h, letters, what);
}

/* ---- the model ---- */

static bool writes_field(uint32_t letter)
{
    return letter == SET || letter == OLDER || letter == EQUAL;
}

/* Commits of 'set' whose value (or element) nobody of 'set' superseded. */
static uint32_t alive(const struct records *r, uint32_t set, bool field)
{
    uint32_t there = 0, gone = 0;
    for (uint32_t i = 0; i < r->h->count; i++) {
        uint32_t letter = r->h->commits[i].letter;
        if ((set & bit(i)) == 0 || letter == OTHER || writes_field(letter) != field)
            continue;
        there |= letter != DROP ? bit(i) : 0;
        gone |= r->writings[i].over;
    }
    return there & ~gone;
}

/* What commit 'i' supersedes; false: it is no operation, and nobody could write it. */
static bool draft(struct records *r, uint32_t i)
{
    const struct history_commit *c = &r->h->commits[i];
    struct writing *w = &r->writings[i];
    uint32_t held = alive(r, c->past, c->letter != ADD && c->letter != DROP), own = 0;
    w->over = 0;
    for (uint32_t k = 0; k < i; k++)
        own |= r->h->commits[k].member == c->member ? bit(k) | r->h->commits[k].past : 0;
    switch ((enum letter)c->letter) {
    case SET:
    case EQUAL:
        w->over = held;
        return true;
    case OLDER:
        w->over = held & alive(r, own, true);
        return w->over != held; /* else it is a set */
    case ADD:
        return held == 0;
    case DROP:
        w->over = held;
        return held != 0;
    case OTHER:
        return true;
    case LETTER_COUNT:
        break;
    }
    return false;
}

/* Its change's id says, as that of a real commit, what it is and on top of what. */
static void name(struct records *r, uint32_t i)
{
    const struct history_commit *c = &r->h->commits[i];
    struct writing *w = &r->writings[i];
    uint8_t about[2 + HISTORY_COMMITS_MAX * CHANGE_BYTES] = {(uint8_t)c->member,
                                                             (uint8_t)c->letter};
    size_t used = 2;
    uint32_t heads = history_heads(r->h, c->past), own = 0;
    w->height = 1;
    for (uint32_t k = 0; k < i; k++) {
        own += r->h->commits[k].member == c->member;
        if ((heads & bit(k)) == 0)
            continue;
        memcpy(about + used, r->writings[k].change.id, CHANGE_BYTES);
        used += CHANGE_BYTES;
        if (r->writings[k].height >= w->height)
            w->height = r->writings[k].height + 1;
    }
    crypto_generichash(w->change.id, CHANGE_BYTES, about, used, NULL, 0);
    if (c->letter == EQUAL)
        snprintf(w->value, sizeof w->value, "\"=\"");
    else
        snprintf(w->value, sizeof w->value, "\"%c%u\"", (char)('a' + c->member), own);
}

/* ---- versions ---- */

static struct bytes text_of(const struct version *v)
{
    return buf_bytes(&v->text);
}

static void keep(const struct records *r, struct version *v, struct bytes text)
{
    record_release(&v->record);
    buf_reset(&v->text);
    buf_add_bytes(&v->text, text);
    must(r, buf_status(&v->text) == ST_OK, "out of memory");
    if (text.count > 0)
        must(r, record_parse(text_of(v), &v->record) == ST_OK, "what was encoded does not parse");
}

/* The canonical text of the join of two versions, as merge_trees() has it: a file that one side
 * lacks is the other's. Lent until the next join. */
static struct bytes join(struct records *r, const struct version *a, const struct version *b)
{
    struct record joined;
    if (a->text.count == 0 || b->text.count == 0)
        return text_of(a->text.count == 0 ? b : a);
    must(r, record_join(&a->record, &b->record, &joined) == ST_OK, "a join fails");
    buf_reset(&r->joined);
    record_encode(&joined, &r->joined);
    must(r, buf_status(&r->joined) == ST_OK, "out of memory");
    record_release(&joined);
    return buf_bytes(&r->joined);
}

/* The join of 'a' and 'b' is the state of all. */
static void join_is_state(struct records *r, const struct version *a, const struct version *b,
                          const char *what)
{
    must(r, bytes_equal(join(r, a, b), text_of(&r->states[bit(r->h->count) - 1])), what);
}

/* ---- one commit more ---- */

static struct op op_of(const struct records *r, uint32_t i, uint8_t over[static CHANGE_BYTES])
{
    const struct writing *w = &r->writings[i];
    uint32_t letter = r->h->commits[i].letter, used = 0;
    struct op op = {.verb = letter == ADD    ? OP_ADD
                            : letter == DROP ? OP_DROP
                                             : OP_SET,
                    .type = BYTES("case"),
                    .name = writes_field(letter) ? BYTES("a") : BYTES("tags")};
    memset(op.id, 0x5a, sizeof op.id);
    op.value = writes_field(letter) ? bytes_of_text(w->value) : bytes_of_text(element);
    for (uint32_t k = 0; k < i; k++) {
        uint32_t at = used;
        if ((w->over & bit(k)) == 0)
            continue;
        const uint8_t *id = r->writings[k].change.id;
        for (; at > 0 && memcmp(over + (at - 1) * CHANGE_BYTES, id, CHANGE_BYTES) > 0; at--)
            memcpy(over + at * CHANGE_BYTES, over + (at - 1) * CHANGE_BYTES, CHANGE_BYTES);
        memcpy(over + at * CHANGE_BYTES, id, CHANGE_BYTES);
        used++;
    }
    op.over = (struct bytes){over, (size_t)used * CHANGE_BYTES};
    return op;
}

static void apply(struct records *r, uint32_t i)
{
    const struct history_commit *c = &r->h->commits[i];
    const struct version *before = &r->states[c->past];
    if (c->letter == OTHER) {
        keep(r, &r->trees[i], text_of(before));
        return;
    }
    uint8_t over[HISTORY_COMMITS_MAX * CHANGE_BYTES];
    struct op op = op_of(r, i, over);
    struct op_change by = {r->writings[i].change, r->writings[i].height,
                           bytes_of_text(network_labels[c->member])};
    const struct record *base = before->text.count > 0 ? &before->record : NULL;
    struct op_list back = {0};
    struct record after;
    must(r, op_apply(base, &op, 1, &by, &after) == ST_OK, "an operation is refused");
    must(r,
         op_diff(base, &after, &by.change, &back) == ST_OK && back.count == 1 &&
             back.ops[0].verb == op.verb && bytes_equal(back.ops[0].value, op.value) &&
             bytes_equal(back.ops[0].over, op.over),
         "the difference is not the operation");
    op_list_release(&back);
    buf_reset(&r->joined);
    record_encode(&after, &r->joined);
    keep(r, &r->trees[i], buf_bytes(&r->joined));
    record_release(&after);
    r->counts->refusals++;
    must(r, op_apply(&r->trees[i].record, &op, 1, &by, &after) == ST_WRONG_OPERATION,
         "an operation is applied twice");
}

/* What members have who were delivered commit 'i' last. */
static void deliver(struct records *r, uint32_t i)
{
    const struct history *h = r->h;
    uint32_t past = h->commits[i].past;
    for (uint32_t k = 0; k < h->delivered_count[i]; k++) {
        uint32_t set = h->delivered[k];
        if ((set & past) == past)
            keep(r, &r->states[set | bit(i)], join(r, &r->states[set], &r->trees[i]));
    }
}

/* ---- judgement ---- */

static void judge_orders(struct records *r, uint32_t all)
{
    uint32_t heads = history_heads(r->h, all), count = r->h->count;
    for (uint32_t i = 0; i < count; i++) {
        r->counts->deliveries++;
        join_is_state(r, &r->states[all], &r->trees[i], "a repetition changes the state");
        if ((heads & bit(i)) == 0 || all == bit(i))
            continue;
        r->counts->deliveries++;
        join_is_state(r, &r->states[all & ~bit(i)], &r->trees[i],
                      "the order of arrival makes another state");
    }
}

static void judge_meetings(struct records *r, uint32_t all)
{
    const struct history *h = r->h;
    uint32_t count = h->delivered_count[h->count];
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t k = i + 1; k < count; k++) {
            uint32_t a = h->delivered[i], b = h->delivered[k];
            if ((a | b) != all || a == all || b == all)
                continue;
            r->counts->meetings += 2;
            join_is_state(r, &r->states[a], &r->states[b], "two who meet have another state");
            join_is_state(r, &r->states[b], &r->states[a], "who begins to join makes a difference");
        }
}

static uint32_t commit_of(const struct records *r, const struct change *change)
{
    uint32_t i = 0;
    while (i < r->h->count && change_compare(&r->writings[i].change, change) != 0)
        i++;
    must(r, i < r->h->count, "there is a change that nobody made");
    return i;
}

/* Everyone reads the value of the greatest height; then label; then change. */
static void judge_reading(struct records *r, const struct record *state,
                          const struct record_field *f, uint32_t due)
{
    uint32_t greatest = HISTORY_COMMITS_MAX;
    bool differ = false;
    for (uint32_t i = 0; i < r->h->count; i++) {
        if ((due & bit(i)) == 0)
            continue;
        const struct writing *w = &r->writings[i], *g = &r->writings[greatest];
        bool first = greatest == HISTORY_COMMITS_MAX;
        differ = differ || (!first && strcmp(w->value, g->value) != 0);
        if (first || w->height > g->height ||
            (w->height == g->height && r->h->commits[i].member > r->h->commits[greatest].member))
            greatest = i;
    }
    const struct change *shown = &record_reads(state, f)->change;
    must(r, commit_of(r, shown) == greatest, "another value is read than the greatest");
    must(r, record_conflicts(state, f) == differ, "a conflict is hidden, or there is none");
}

static void judge_promise(struct records *r, uint32_t all)
{
    const struct record *state = &r->states[all].record;
    const struct record_field *f = record_field(state, BYTES("a"));
    const struct record_set *s = record_set(state, BYTES("tags"));
    const struct record_element *e =
        s != NULL ? record_element(state, s, bytes_of_text(element)) : NULL;
    uint32_t values = 0, changes = 0, seen = 0, touched = 0, due = alive(r, all, true);
    for (uint32_t i = 0; i < r->h->count; i++)
        touched |= r->h->commits[i].letter != OTHER ? bit(i) : 0;
    for (uint32_t i = 0; f != NULL && i < f->count; i++) {
        const struct record_value *v = &state->values[f->first + i];
        uint32_t commit = commit_of(r, &v->change);
        must(r, bytes_equal_text(v->json, r->writings[commit].value), "a value that nobody wrote");
        values |= bit(commit);
    }
    for (uint32_t i = 0; e != NULL && i < e->count; i++)
        changes |= bit(commit_of(r, &state->changes[e->first + i]));
    for (uint32_t i = 0; i < state->seen_count; i++) {
        uint32_t commit = commit_of(r, &state->seen[i].change);
        must(r,
             state->seen[i].height == r->writings[commit].height &&
                 bytes_equal_text(state->seen[i].label,
                                  network_labels[r->h->commits[commit].member]),
             "a change has another height or label");
        seen |= bit(commit);
    }
    must(r, (due & ~values) == 0, "a value is lost that nobody superseded who had it");
    must(r, (values & ~due) == 0, "a value is back that was superseded");
    must(r, changes == alive(r, all, false), "an element is lost, or back");
    must(r, seen == touched, "a record has not seen who wrote it, or another");
    if (f != NULL)
        judge_reading(r, state, f, due);
}

static void release(struct records *r)
{
    for (uint32_t i = 0; i < HISTORY_SETS; i++) {
        record_release(&r->states[i].record);
        buf_release(&r->states[i].text);
    }
    for (uint32_t i = 0; i < HISTORY_COMMITS_MAX; i++) {
        record_release(&r->trees[i].record);
        buf_release(&r->trees[i].text);
    }
    buf_release(&r->joined);
}

void records_walk(const struct scope_options *o, struct scope_counts *counts)
{
    static struct records r;
    struct history_walk walk;
    uint64_t pairs = 0;
    bool extend = true;
    r = (struct records){.h = &walk.h, .counts = counts};
    history_begin(&walk, o->commits, LETTER_COUNT, true);
    while (history_next(&walk, extend)) {
        uint32_t last = walk.h.count - 1, all = bit(walk.h.count) - 1;
        extend = draft(&r, last) && scope_mine(o, &pairs, &walk.h);
        if (!extend)
            continue;
        name(&r, last);
        apply(&r, last);
        deliver(&r, last);
        judge_orders(&r, all);
        judge_meetings(&r, all);
        judge_promise(&r, all);
        counts->histories++;
        counts->systems += history_systems(&walk.h);
    }
    release(&r);
}
