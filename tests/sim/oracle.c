#include "tests/sim/oracle.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/tree.h"
#include "tests/sim/blame.h"
#include "tests/sim/ledger.h"
#include "tests/sim/removal.h"
#include "tests/sim/replayed.h"
#include "tests/sim/simstate.h"
#include "tests/sim/work.h"

enum { TEXT_BYTES = 32, CELLS_MAX = 100000 };

/* One value of a field or one change of an element; or the naming of one that is superseded. */
struct cell {
    uint32_t record;
    char name[TEXT_BYTES], element[TEXT_BYTES], value[TEXT_BYTES];
    struct change change;
    bool gone, found;
};

struct cells {
    struct cell *list;
    size_t count, capacity;
};

struct model {
    struct world *w;
    struct replica *replica;
    struct cells held, over, seen; /* seen: record and change alone */
    int64_t balances[WORLD_MEMBERS_MAX][WORK_LINES + 1];
    uint32_t entries;
};

/* ---- agreement ---- */

static bool same_heads(struct replica *a, struct replica *b)
{
    uint32_t a_count, b_count;
    const uint32_t *x = graph_heads(replica_graph(a), &a_count);
    const uint32_t *y = graph_heads(replica_graph(b), &b_count);
    bool same = a_count == b_count;
    for (uint32_t i = 0; same && i < a_count; i++)
        same = oid_equal(&graph_node(replica_graph(a), x[i])->id,
                         &graph_node(replica_graph(b), y[i])->id);
    return same;
}

/* All that 'a' has 'b' has, what does not count too. */
static bool has_all(struct replica *a, struct replica *b)
{
    uint32_t count;
    const uint32_t *tips = graph_tips(replica_graph(a), &count);
    for (uint32_t i = 0; i < count; i++)
        if (graph_find(replica_graph(b), &graph_node(replica_graph(a), tips[i])->id) == GRAPH_NONE)
            return false;
    return true;
}

struct member *oracle_first(struct world *w)
{
    for (uint32_t i = 0; i < w->member_count; i++)
        if (w->members[i].up && removal_in_force(w, &w->members[i]))
            return &w->members[i];
    return NULL;
}

bool oracle_agree(struct world *w)
{
    const struct member *first = oracle_first(w);
    const struct charter *newest = removal_newest(w);
    for (uint32_t i = 0; i < w->member_count; i++) {
        const struct member *m = &w->members[i];
        if (!removal_in_force(w, m))
            continue;
        if (first == NULL || !m->up || m->first != NULL)
            return false;
        const struct charter *its = charter_newest(replica_charters(m->replica));
        if (its->version != newest->version || its->version < w->charter_version ||
            !same_heads(first->replica, m->replica) || !has_all(first->replica, m->replica) ||
            !has_all(m->replica, first->replica))
            return false;
        if (!oid_equal(replica_state(first->replica), replica_state(m->replica)))
            world_fail(w, "%s and %s have the same heads and another state", first->label,
                       m->label);
    }
    return w->member_count == w->member_target;
}

/* ---- the model ---- */

static void keep_text(char out[static TEXT_BYTES], struct bytes text)
{
    CHECK(text.count < TEXT_BYTES);
    memcpy(out, text.data, text.count);
    out[text.count] = '\0';
}

static struct cell *add_cell(struct cells *to, uint32_t record, struct bytes name,
                             const struct change *change)
{
    struct cell *c =
        simstate_grow((void **)&to->list, &to->count, &to->capacity, sizeof *c, CELLS_MAX);
    CHECK(c != NULL);
    c->record = record;
    c->change = *change;
    keep_text(c->name, name);
    return c;
}

static struct cell *find_cell(const struct cells *in, uint32_t record, const char *name,
                              const char *element, const struct change *change)
{
    for (size_t i = 0; i < in->count; i++) {
        struct cell *c = &in->list[i];
        if (c->record == record && change_compare(&c->change, change) == 0 &&
            strcmp(c->name, name) == 0 && strcmp(c->element, element) == 0)
            return c;
    }
    return NULL;
}

static uint32_t record_of(const struct world *w, const uint8_t id[static RECORD_ID_BYTES])
{
    uint8_t known[RECORD_ID_BYTES];
    for (uint32_t i = 0; i < WORK_RECORDS; i++) {
        work_record_id(i, known);
        if (memcmp(id, known, RECORD_ID_BYTES) == 0)
            return i;
    }
    world_fail(w, "a commit is about a record that nobody made");
}

static void model_op(struct model *o, const struct op *op, const struct change *change)
{
    uint32_t record = record_of(o->w, op->id);
    if (find_cell(&o->seen, record, "", "", change) == NULL)
        add_cell(&o->seen, record, BYTES(""), change);
    for (size_t at = 0; at < op->over.count; at += CHANGE_BYTES) {
        struct change named;
        memcpy(named.id, op->over.data + at, CHANGE_BYTES);
        struct cell *c = add_cell(&o->over, record, op->name, &named);
        if (op->verb != OP_SET)
            keep_text(c->element, op->value);
    }
    char name[TEXT_BYTES], element[TEXT_BYTES] = "";
    keep_text(name, op->name);
    if (op->verb == OP_DROP)
        return;
    if (op->verb == OP_ADD)
        keep_text(element, op->value);
    if (find_cell(&o->held, record, name, element, change) != NULL)
        return; /* two commits that do the same on the same past make one change */
    struct cell *c = add_cell(&o->held, record, op->name, change);
    memcpy(c->element, element, sizeof element);
    if (op->verb == OP_SET)
        keep_text(c->value, op->value);
}

static void model_money(struct model *o, const struct ledger_entry *e)
{
    if (e->kind == LEDGER_NONE)
        return;
    o->entries++;
    if (e->kind == LEDGER_GRANT) {
        o->balances[e->from][WORK_LINES] += e->amount;
    } else if (e->kind == LEDGER_ALLOTMENT) {
        o->balances[e->from][WORK_LINES] -= e->amount;
        o->balances[e->to][e->line] += e->amount;
    } else {
        o->balances[e->from][e->line] -= e->amount;
    }
}

/* What the commit does is what was asked for; charters aside, which travel with whoever
 * is next, and adoptions. */
static const struct ledger_commit *check_asked(struct model *o, const struct oid *id,
                                               struct op_list *ops)
{
    const struct ledger_commit *c = ledger_find(o->w, id);
    struct op_list data = {0};
    struct buf bytes = {0};
    struct digest hash;
    char hex[OID_TEXT + 1];
    for (uint32_t i = 0; i < ops->count; i++)
        if (ops->ops[i].verb != OP_CHARTER && ops->ops[i].verb != OP_ADOPT)
            world_must(o->w, op_list_add(&data, &ops->ops[i]), "copy", NULL);
    op_list_resolve(&data, &o->w->network);
    world_must(o->w, op_list_encode(&data, &bytes), "encode", NULL);
    crypto_generichash(hash.id, DIGEST_BYTES, bytes.data, bytes.count, NULL, 0);
    hex_encode(id->id, OID_BYTES, hex);
    if (c == NULL)
        world_fail(o->w, "nobody has made commit %s", hex);
    if (c->written ? memcmp(hash.id, c->ops.id, DIGEST_BYTES) != 0 : data.count > 0)
        world_fail(o->w, "commit %s does what nobody asked for", hex);
    op_list_release(&data);
    buf_release(&bytes);
    return c;
}

static void model_commit(struct model *o, uint32_t node)
{
    struct buf frame = {0};
    struct item item;
    struct op_list ops;
    struct fault f = {0};
    world_must(o->w, replica_item(o->replica, node, &frame, &item, &f), "read an item", &f);
    world_must(o->w, op_list_decode(item.operations, &o->w->network, &ops), "decode", NULL);
    const struct graph_node *n = graph_node(replica_graph(o->replica), node);
    const struct ledger_commit *c = check_asked(o, &n->id, &ops);
    if (n->counted)
        model_money(o, &c->money);
    struct change change = change_of_digest(&item.digest);
    for (uint32_t i = 0; n->counted && i < ops.count; i++)
        if (ops.ops[i].verb == OP_SET || ops.ops[i].verb == OP_ADD || ops.ops[i].verb == OP_DROP)
            model_op(o, &ops.ops[i], &change);
    op_list_release(&ops);
    buf_release(&frame);
}

static void model_all(struct model *o)
{
    for (uint32_t i = 0; i < graph_count(replica_graph(o->replica)); i++)
        model_commit(o, i);
    for (size_t i = 0; i < o->over.count; i++) {
        const struct cell *v = &o->over.list[i];
        struct cell *c = find_cell(&o->held, v->record, v->name, v->element, &v->change);
        if (c == NULL)
            world_fail(o->w, "a commit supersedes what never was");
        c->gone = true;
    }
}

/* ---- records ---- */

static void check_value(struct model *o, uint32_t record, struct bytes name, struct bytes element,
                        const struct change *change, struct bytes value)
{
    char names[TEXT_BYTES], elements[TEXT_BYTES];
    keep_text(names, name);
    keep_text(elements, element);
    struct cell *c = find_cell(&o->held, record, names, elements, change);
    if (c == NULL || (value.data != NULL && !bytes_equal_text(value, c->value)))
        world_fail(o->w, "record %u: %s holds what nobody wrote", record, names);
    if (c->gone)
        world_fail(o->w, "record %u: %s holds what was superseded", record, names);
    c->found = true;
}

static void check_fields(struct model *o, uint32_t record, const struct record *r)
{
    for (uint32_t i = 0; i < r->field_count; i++) {
        const struct record_field *f = &r->fields[i];
        for (uint32_t k = 0; k < f->count; k++) {
            const struct record_value *v = &r->values[f->first + k];
            check_value(o, record, f->name, BYTES(""), &v->change, v->json);
        }
        o->w->counts[COUNT_CONFLICT] += record_conflicts(r, f);
    }
    for (uint32_t i = 0; i < r->set_count; i++)
        for (uint32_t e = 0; e < r->sets[i].count; e++) {
            const struct record_element *element = &r->elements[r->sets[i].first + e];
            for (uint32_t k = 0; k < element->count; k++)
                check_value(o, record, r->sets[i].name, element->text,
                            &r->changes[element->first + k], (struct bytes){NULL, 0});
        }
}

/* The record of that number is there if anybody wrote to it, with exactly what is held. */
static bool check_record(struct model *o, uint32_t record)
{
    uint8_t id[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1];
    struct record r = {0};
    struct fault f = {0};
    uint32_t seen = 0;
    work_record_id(record, id);
    hex_encode(id, RECORD_ID_BYTES, hex);
    enum status st = replica_record(o->replica, NULL, BYTES("case"), bytes_of_text(hex), &r, &f);
    for (size_t i = 0; i < o->seen.count; i++)
        if (o->seen.list[i].record == record) {
            seen++;
            if (st == ST_OK && record_seen(&r, &o->seen.list[i].change) == NULL)
                world_fail(o->w, "record %u: a write is lost", record);
        }
    if (st == ST_NOT_FOUND && seen == 0)
        return false;
    world_must(o->w, st, "read a record", &f);
    if (r.seen_count != seen)
        world_fail(o->w, "record %u has seen %u changes of %u", record, r.seen_count, seen);
    check_fields(o, record, &r);
    record_release(&r);
    return true;
}

static enum status count_file(void *user, const char *path, const struct oid *blob)
{
    (void)path;
    (void)blob;
    ++*(uint32_t *)user;
    return ST_OK;
}

static void check_records(struct model *o)
{
    uint32_t there = 0, files = 0;
    struct fault f = {0};
    for (uint32_t i = 0; i < WORK_RECORDS; i++)
        there += check_record(o, i);
    for (size_t i = 0; i < o->held.count; i++) {
        const struct cell *c = &o->held.list[i];
        if (!c->gone && !c->found)
            world_fail(o->w, "record %u: a value of %s is lost", c->record, c->name);
    }
    enum status st = tree_walk(replica_store(o->replica), replica_state(o->replica), "records",
                               count_file, &files, &f);
    if (st != ST_NOT_FOUND)
        world_must(o->w, st, "walk the records", &f);
    if (files != there + o->entries)
        world_fail(o->w, "%u records and entries, %u were written", files, there + o->entries);
}

/* ---- accounts ---- */

static bool has_forked(const struct model *o, uint32_t member)
{
    struct graph *g = replica_graph(o->replica);
    for (uint32_t k = 0; k < graph_key_count(g); k++)
        if (strcmp(graph_key(g, k)->label, o->w->members[member].label) == 0)
            return graph_forked(g, k);
    return false;
}

static void check_accounts(struct model *o)
{
    for (uint32_t m = 0; m < o->w->member_count; m++)
        for (uint32_t line = 0; line <= WORK_LINES; line++) {
            const char *name = line < WORK_LINES ? work_lines[line] : "pool";
            const char *label = o->w->members[m].label;
            int64_t sum = 0;
            world_must(o->w, work_balance(o->w, o->replica, m, line, &sum), "count", NULL);
            if (sum != o->balances[m][line])
                world_fail(o->w, "%s of %s holds %lld, by the entries %lld", name, label,
                           (long long)sum, (long long)o->balances[m][line]);
            if (sum < 0 && !has_forked(o, m))
                world_fail(o->w, "%s of %s is below zero without a fork", name, label);
        }
}

/* ---- judgement ---- */

/* What a member in force holds all of them have. What only removed members hold may be gone. */
static void check_ledger(struct world *w)
{
    uint32_t in_force = 0;
    for (uint32_t m = 0; m < w->member_count; m++)
        in_force |= removal_in_force(w, &w->members[m]) ? UINT32_C(1) << m : 0;
    for (uint32_t i = 0; i < ledger_count(w); i++) {
        const struct ledger_commit *c = ledger_at(w, i);
        bool gone = (c->holders & in_force) == 0 && c->holders != 0;
        w->counts[COUNT_GONE] += gone && c->acknowledged;
        for (uint32_t m = 0; c->acknowledged && !c->excused && !gone && m < w->member_count; m++) {
            if ((in_force >> m & 1) == 0 ||
                graph_find(replica_graph(w->members[m].replica), &c->id) != GRAPH_NONE)
                continue;
            char hex[OID_TEXT + 1];
            hex_encode(c->id.id, OID_BYTES, hex);
            world_fail(w, "%s lacks the acknowledged commit %s", w->members[m].label, hex);
        }
    }
}

void oracle_judge(struct world *w)
{
    struct member *m = &w->members[world_draw(w, w->member_count)];
    struct model o = {.w = w, .replica = (removal_in_force(w, m) ? m : oracle_first(w))->replica};
    check_ledger(w);
    blame_judge(w);
    removal_judge(w);
    model_all(&o);
    check_records(&o);
    check_accounts(&o);
    replayed_judge(w, o.replica);
    mem_free(o.held.list);
    mem_free(o.over.list);
    mem_free(o.seen.list);
}
