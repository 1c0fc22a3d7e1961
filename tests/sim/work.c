#include "tests/sim/work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/account.h"
#include "tests/sim/removal.h"
#include "tests/sim/storage.h"
#include "tests/sim/world.h"

const char work_schema[] =
    "{\"types\":{\"allotment\":{\"fields\":{\"amount\":{\"class\":\"open\",\"currency\":"
    "\"currency\","
    "\"kind\":\"amount\",\"required\":true},\"currency\":{\"class\":\"open\",\"kind\":\"currency\","
    "\"required\":true},\"line\":{\"class\":\"open\",\"kind\":\"text\",\"required\":true},"
    "\"office\":{\"class\":\"open\",\"kind\":\"label\",\"required\":true}},\"postings\":["
    "{\"account\":\"writer\",\"line\":\"pool\",\"sign\":-1},{\"account\":{\"field\":\"office\"},"
    "\"line\":{\"field\":\"line\"},\"sign\":1}],\"shape\":\"entry\",\"writers\":[\"treasurer\"]},"
    "\"case\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"text\"},\"b\":{\"class\":\"open\","
    "\"kind\":\"text\"},\"c\":{\"class\":\"open\",\"kind\":\"text\"},\"tags\":{\"class\":\"open\","
    "\"kind\":\"set\"}},\"shape\":\"record\",\"writers\":[\"office\"]},"
    "\"expense\":{\"fields\":{\"amount\":{\"class\":\"open\",\"currency\":\"currency\","
    "\"kind\":\"amount\",\"required\":true},\"currency\":{\"class\":\"open\",\"kind\":\"currency\","
    "\"required\":true},\"line\":{\"class\":\"open\",\"kind\":\"text\",\"required\":true},"
    "\"office\":{\"class\":\"open\",\"is\":\"writer\",\"kind\":\"label\",\"required\":true}},"
    "\"postings\":[{\"account\":\"writer\",\"line\":{\"field\":\"line\"},\"sign\":-1}],"
    "\"shape\":\"entry\",\"writers\":[\"office\"]},"
    "\"grant\":{\"fields\":{\"amount\":{\"class\":\"open\",\"currency\":\"currency\","
    "\"kind\":\"amount\",\"required\":true},\"currency\":{\"class\":\"open\",\"kind\":\"currency\","
    "\"required\":true}},\"postings\":[{\"account\":\"writer\",\"line\":\"pool\",\"sign\":1}],"
    "\"shape\":\"entry\",\"writers\":[\"treasurer\"]}}}";

const char *const work_fields[WORK_FIELDS] = {"a", "b", "c"};
const char *const work_lines[WORK_LINES] = {"visits", "workshops"};

enum {
    GRANT_MAX = 100000,
    ALLOTMENT_MAX = 20000,
    EXPENSE_MAX = 12000,
    OPS_MAX = 5, /* of one write */
    TOKENS = 8,  /* that one write may use */
};

struct draft {
    struct member *m;
    struct op_list ops;
    struct ledger_entry money;
    enum status trouble; /* what a read met */
    uint32_t token;      /* the last value or reference; no two steps have the same */
};

void work_record_id(uint32_t index, uint8_t out[static RECORD_ID_BYTES])
{
    memset(out, (int)(0x11 * (index + 1)), RECORD_ID_BYTES);
}

void work_value(uint32_t token, struct buf *out)
{
    buf_add_format(out, "\"value %u\"", token);
}

uint32_t work_token(struct bytes value_json)
{
    static const char front[] = "\"value ";
    size_t skip = sizeof front - 1;
    if (value_json.count <= skip || memcmp(value_json.data, front, skip) != 0)
        return 0;
    return (uint32_t)strtoul((const char *)value_json.data + skip, NULL, 10);
}

static void add_op(struct draft *d, const struct op *op)
{
    enum status st = op_list_add(&d->ops, op);
    CHECK(st == ST_OK);
}

/* The record as the member has it; empty where it is not there. */
static void load(struct draft *d, const struct op *op, struct record *out)
{
    char hex[RECORD_ID_TEXT + 1];
    struct fault f = {0};
    hex_encode(op->id, RECORD_ID_BYTES, hex);
    enum status st = replica_record(d->m->replica, NULL, op->type, bytes_of_text(hex), out, &f);
    if (st != ST_NOT_FOUND && !world_bears(d->m, st))
        world_must(d->m->world, st, "read a record", &f);
    d->trouble = st != ST_NOT_FOUND && d->trouble == ST_OK ? st : d->trouble;
}

/* All that the field holds is superseded; now and then only what an older state showed. */
static void add_set(struct draft *d, uint32_t record, uint32_t field)
{
    struct world *w = d->m->world;
    struct op op = {
        .verb = OP_SET, .type = BYTES("case"), .name = bytes_of_text(work_fields[field])};
    struct record held = {0};
    struct buf over = {0}, value = {0};
    work_record_id(record, op.id);
    load(d, &op, &held);
    const struct record_field *f = record_field(&held, op.name);
    bool older = world_chance(w, 1, 12);
    for (uint32_t i = 0; f != NULL && i < f->count; i++)
        if (!older || world_chance(w, 1, 2))
            buf_add(&over, held.values[f->first + i].change.id, CHANGE_BYTES);
    if (world_chance(w, 1, 12))
        buf_add_text(&value, "null");
    else
        work_value(++d->token, &value);
    op.over = buf_bytes(&over);
    op.value = buf_bytes(&value);
    add_op(d, &op);
    buf_release(&over);
    buf_release(&value);
    record_release(&held);
}

static void add_element(struct draft *d, uint32_t record, bool drop)
{
    struct op op = {.verb = drop ? OP_DROP : OP_ADD, .type = BYTES("case"), .name = BYTES("tags")};
    struct record held = {0};
    struct buf over = {0};
    char text[8];
    snprintf(text, sizeof text, "\"t%u\"", world_draw(d->m->world, WORK_ELEMENTS));
    op.value = bytes_of_text(text);
    work_record_id(record, op.id);
    load(d, &op, &held);
    const struct record_set *set = record_set(&held, op.name);
    const struct record_element *e = set != NULL ? record_element(&held, set, op.value) : NULL;
    for (uint32_t i = 0; e != NULL && i < e->count; i++)
        buf_add(&over, held.changes[e->first + i].id, CHANGE_BYTES);
    op.over = buf_bytes(&over);
    if (drop == (e != NULL)) /* what is there is dropped, what is not is added */
        add_op(d, &op);
    buf_release(&over);
    record_release(&held);
}

static void add_entry(struct draft *d, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_entry(struct draft *d, const char *type, const char *format, ...)
{
    char text[256];
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type)};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    op.value = bytes_of_text(text);
    add_op(d, &op);
}

static void add_money(struct draft *d)
{
    struct world *w = d->m->world;
    struct ledger_entry *e = &d->money;
    uint32_t reference = ++d->token;
    *e = (struct ledger_entry){.from = d->m->index, .line = world_draw(w, WORK_LINES)};
    if (d->m->index > 0 || world_chance(w, 1, 4)) {
        e->kind = LEDGER_EXPENSE;
        e->amount = 1 + world_draw(w, EXPENSE_MAX);
        add_entry(d, "expense",
                  "{\"amount\":%lld,\"currency\":\"CLP\",\"line\":\"%s\",\"office\":\"%s\","
                  "\"ref\":\"r%u\"}",
                  (long long)e->amount, work_lines[e->line], d->m->label, reference);
    } else if (world_chance(w, 1, 3)) {
        e->kind = LEDGER_GRANT;
        e->amount = 1 + world_draw(w, GRANT_MAX);
        add_entry(d, "grant", "{\"amount\":%lld,\"currency\":\"CLP\",\"ref\":\"r%u\"}",
                  (long long)e->amount, reference);
    } else {
        e->kind = LEDGER_ALLOTMENT;
        e->amount = 1 + world_draw(w, ALLOTMENT_MAX);
        e->to = world_draw(w, w->member_count);
        add_entry(d, "allotment",
                  "{\"amount\":%lld,\"currency\":\"CLP\",\"line\":\"%s\",\"office\":\"%s\","
                  "\"ref\":\"r%u\"}",
                  (long long)e->amount, work_lines[e->line], w->members[e->to].label, reference);
    }
}

static void fill(struct draft *d)
{
    struct world *w = d->m->world;
    uint32_t dice = world_draw(w, 100), record = world_draw(w, WORK_RECORDS);
    if (dice < 45) {
        add_set(d, record, world_draw(w, WORK_FIELDS));
    } else if (dice < 65) {
        add_element(d, record, false);
    } else if (dice < 72) {
        add_element(d, record, true);
    } else if (dice < 92) {
        add_money(d);
    } else {
        uint32_t count = 2 + world_draw(w, OPS_MAX - 1);
        for (uint32_t i = 0; i < count; i++)
            add_set(d, (record + i) % WORK_RECORDS, world_draw(w, WORK_FIELDS));
    }
}

enum status work_balance(const struct world *w, struct replica *r, uint32_t member, uint32_t line,
                         int64_t *out)
{
    struct account_posting p = {.currency = "CLP"};
    struct account_memo *memo = NULL;
    char folder[TREE_PATH_MAX];
    struct oid tree = {0};
    struct fault f = {0};
    memcpy(p.owner, w->members[member].label, sizeof p.owner);
    snprintf(p.line, sizeof p.line, "%s", line < WORK_LINES ? work_lines[line] : "pool");
    account_folder(&p, folder);
    enum status st = tree_find_tree(replica_store(r), replica_state(r), folder, &tree, &f);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    world_must(w, account_memo_create(&memo), "count", NULL);
    st = account_balance(memo, replica_store(r), &tree, out, &f);
    account_memo_free(memo);
    return st;
}

/* Refused is what the account does not cover, and nothing else. */
static void check_overdrawn(const struct draft *d, int64_t before, enum status st)
{
    struct member *m = d->m;
    const struct ledger_entry *e = &d->money;
    bool debits = e->kind == LEDGER_EXPENSE || e->kind == LEDGER_ALLOTMENT;
    if (simdisk_is_off(m->disk) || (st != ST_OK && st != ST_OVERDRAWN))
        return;
    if ((st == ST_OVERDRAWN) != (debits && before < e->amount))
        world_fail(m->world, "%s spends %lld of %lld: %s", m->label, (long long)e->amount,
                   (long long)before, status_word(st));
    m->world->counts[COUNT_OVERDRAWN] += st == ST_OVERDRAWN;
}

void work_admit(struct world *w, const struct step *s)
{
    (void)s;
    w->member_target++;
    w->admit_ms = w->now_ms;
}

void work_step(struct world *w, const struct step *s)
{
    if (w->members[s->who].up)
        storage_act(&w->members[s->who], work_write, s);
}

enum status work_write(struct member *m, const struct step *s)
{
    struct world *w = m->world;
    struct draft d = {.m = m, .token = s->number * TOKENS};
    struct buf ops = {0}, author = {0};
    struct replica_commit commit;
    struct fault f = {0};
    if (removal_is_silenced(m))
        return ST_OK;
    fill(&d);
    int64_t before = 0;
    enum status st = d.trouble;
    if (st == ST_OK)
        st = work_balance(w, m->replica, m->index,
                          d.money.kind == LEDGER_EXPENSE ? d.money.line : WORK_LINES, &before);
    if (st != ST_OK) {
        if (!world_bears(m, st))
            world_fail(w, "%s cannot read: %s", m->label, status_word(st));
        op_list_release(&d.ops);
        return st;
    }
    op_list_resolve(&d.ops, &w->network);
    world_must(w, op_list_encode(&d.ops, &ops), "encode operations", NULL);
    buf_add_format(&author, "ana <ana@%s>", m->label);
    st = replica_write(m->replica, &d.ops, buf_bytes(&author), &commit, &f);
    if (st == ST_OK) {
        ledger_write(m, &commit.id, buf_bytes(&ops), &d.money);
        w->counts[COUNT_WRITE]++;
    }
    check_overdrawn(&d, before, st);
    if (st == ST_OVERDRAWN)
        st = ST_OK;
    else if (!world_bears(m, st))
        world_fail(w, "%s cannot write: %s: %s", m->label, status_word(st), f.text);
    op_list_release(&d.ops);
    buf_release(&ops);
    buf_release(&author);
    return st;
}
