#include "tests/sim/byzantine.h"

#include <stdio.h>

#include "proto/mem.h"
#include "tests/sim/ledger.h"
#include "tests/sim/member.h"
#include "tests/sim/simstate.h"
#include "tests/sim/storage.h"
#include "tests/sim/work.h"
#include "tests/unit/replicas/forge.h"

enum {
    TOKENS = 8,       /* as work.c has them: no two steps use the same */
    FORKS_MORE = 3,   /* beyond those that a key may have */
    LINKS_TOLD = 64,  /* at most, of one liar */
    LIES_MAX = 10000, /* of one seed */
    AMOUNT_MAX = 12000,
    AMOUNT_NEVER = 90000000, /* that no account ever holds */
};

/* A lie of one commit. What is not refused is the liar's own fork. */
struct lie {
    struct digest item;
    bool refused;
    enum world_count count;
};

struct lies {
    struct lie *list;
    size_t count, capacity;
};

struct forged_kind {
    enum forge_lie lie;
    const char *entry; /* its type; NULL: a case's field */
    bool others_name;  /* another office's label instead of ours */
    enum world_count count;
};

static const struct forged_kind forged_kinds[] = {
    {LIE_SIGNATURE, NULL, false, COUNT_FORGED},
    {LIE_SIGNER, NULL, false, COUNT_FORGED},
    {LIE_NONE, NULL, true, COUNT_FORGED},
    {LIE_ROOT, NULL, false, COUNT_FORGED},
    {LIE_DIGEST, NULL, false, COUNT_FORGED},
    {LIE_SEQ, NULL, false, COUNT_MISPLACED},
    {LIE_SEQ_AGAIN, NULL, false, COUNT_MISPLACED},
    {LIE_HEIGHT, NULL, false, COUNT_MISPLACED},
    {LIE_PARENTS, NULL, false, COUNT_MISPLACED},
    {LIE_CHARTER_OLDER, NULL, false, COUNT_MISPLACED},
    {LIE_CHARTER_HASH, NULL, false, COUNT_MISPLACED},
    {LIE_UNKNOWN, NULL, false, COUNT_ORPHAN},
    {LIE_CHARTER_NEWER, NULL, false, COUNT_ORPHAN},
    {LIE_NONE, "grant", false, COUNT_NOT_ALLOWED},
    {LIE_NONE, "allotment", false, COUNT_NOT_ALLOWED},
    {LIE_NONE, "expense", true, COUNT_NOT_ALLOWED},
    {LIE_NONE, "expense", false, COUNT_UNCOVERED},
};

struct member *byzantine_liar(struct world *w)
{
    uint32_t index = 1 + (uint32_t)(w->seed & 1);
    if (index >= w->member_count || !w->members[index].up)
        return NULL;
    return &w->members[index];
}

static void act(struct world *w, storage_act_fn how, const struct step *s)
{
    struct member *m = byzantine_liar(w);
    if (m == NULL || w->member_count < WORLD_MEMBERS_MIN)
        return;
    m->liar = true;
    storage_act(m, how, s);
}

/* ---- what is said ---- */

static struct lies *lies_of(struct world *w)
{
    if (w->lies == NULL)
        w->lies = mem_alloc(sizeof *w->lies);
    CHECK(w->lies != NULL);
    return w->lies;
}

void byzantine_release(struct world *w)
{
    if (w->lies != NULL)
        mem_free(w->lies->list);
    mem_free(w->lies);
}

static void remember(struct world *w, struct bytes item, bool refused, enum world_count count)
{
    struct lies *l = lies_of(w);
    struct lie lie = {.refused = refused, .count = count};
    crypto_generichash(lie.item.id, DIGEST_BYTES, item.data, item.count, NULL, 0);
    for (size_t i = 0; i < l->count; i++)
        if (memcmp(l->list[i].item.id, lie.item.id, DIGEST_BYTES) == 0)
            return;
    struct lie *kept =
        simstate_grow((void **)&l->list, &l->count, &l->capacity, sizeof lie, LIES_MAX);
    CHECK(kept != NULL);
    *kept = lie;
}

void byzantine_note(struct world *w, struct bytes item, enum world_count count)
{
    remember(w, item, true, count);
}

bool byzantine_is_lie(struct member *m, struct bytes item, enum status st)
{
    struct world *w = m->world;
    const struct lies *l = w->lies;
    struct digest hash;
    if (l == NULL)
        return false;
    crypto_generichash(hash.id, DIGEST_BYTES, item.data, item.count, NULL, 0);
    for (size_t i = 0; i < l->count; i++) {
        const struct lie *lie = &l->list[i];
        if (memcmp(lie->item.id, hash.id, DIGEST_BYTES) != 0)
            continue;
        if (lie->refused && (st == ST_OK || st == ST_EXISTS))
            world_fail(w, "%s takes a commit that is a lie", m->label);
        if (!lie->refused && status_class(st) == STATUS_PEER)
            return false;
        w->counts[lie->count] += st != ST_EXISTS;
        return true;
    }
    return false;
}

/* The bytes of an item, as a commit of the liar's; its id. */
static void commit_of(struct member *m, struct bytes bytes, struct op_list *ops, struct item *item,
                      struct oid *id)
{
    struct buf subject = {0}, commit = {0};
    world_must(m->world, item_decode(bytes, item), "decode a lie", NULL);
    op_subject(ops, &subject);
    commit_encode(item, &m->identity.key, buf_bytes(&subject), &commit);
    CHECK(buf_status(&commit) == ST_OK);
    store_hash(STORE_COMMIT, buf_bytes(&commit), id);
    buf_release(&subject);
    buf_release(&commit);
}

/* To every link of the liar's, or where 'only' is not 0, to that one. */
static void tell(struct member *m, struct bytes bytes, const struct item *item,
                 const struct oid *id, link_id except)
{
    struct core_event event = {.kind = CORE_COMMITTED, .link = except, .bytes = bytes};
    event.committed.id = *id;
    event.committed.parents = item->parents;
    event.committed.parent_count = item->parent_count;
    member_step(m, &event);
}

struct plot {
    struct op_list ops;
    struct ledger_entry money;
    struct forge forge;
    bool refused;
    enum world_count count;
    link_id except; /* it is not told to this one; 0: to all */
};

static void carry(struct member *m, struct plot *p)
{
    struct buf bytes = {0}, asked = {0};
    struct item item;
    struct oid id;
    op_list_resolve(&p->ops, &m->world->network);
    world_must(m->world, op_list_encode(&p->ops, &asked), "encode a lie", NULL);
    p->forge.replica = m->replica;
    p->forge.identity = &m->identity;
    if (p->forge.label == NULL)
        p->forge.label = m->label;
    p->forge.ops = &p->ops;
    forge_item(&p->forge, &bytes);
    commit_of(m, buf_bytes(&bytes), &p->ops, &item, &id);
    remember(m->world, buf_bytes(&bytes), p->refused, p->count);
    if (!p->refused)
        ledger_write(m, &id, buf_bytes(&asked), &p->money);
    world_note(m->world, m->index, "lies", (struct bytes){id.id, OID_BYTES});
    tell(m, buf_bytes(&bytes), &item, &id, p->except);
    op_list_release(&p->ops);
    buf_release(&bytes);
    buf_release(&asked);
}

static void add_case(struct member *m, struct op_list *ops, uint32_t token)
{
    struct buf value = {0};
    uint8_t id[RECORD_ID_BYTES];
    work_value(token, &value);
    buf_add_byte(&value, 0);
    work_record_id(world_draw(m->world, WORK_RECORDS), id);
    forge_set(ops, "case", id[0], work_fields[world_draw(m->world, WORK_FIELDS)],
              (const char *)value.data);
    buf_release(&value);
}

static void add_money(struct member *m, struct plot *p, const char *type, const char *office,
                      uint32_t line, long long amount, uint32_t token)
{
    char json[256];
    if (strcmp(type, "grant") == 0)
        snprintf(json, sizeof json, "{\"amount\":%lld,\"currency\":\"CLP\",\"ref\":\"r%u\"}",
                 amount, token);
    else
        snprintf(json, sizeof json,
                 "{\"amount\":%lld,\"currency\":\"CLP\",\"line\":\"%s\",\"office\":\"%s\","
                 "\"ref\":\"r%u\"}",
                 amount, work_lines[line], office, token);
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(json)};
    world_must(m->world, op_list_add(&p->ops, &op), "add an entry", NULL);
}

/* ---- commits that are refused ---- */

static bool is_possible(struct member *m, enum forge_lie lie)
{
    struct graph *g = replica_graph(m->replica);
    uint32_t count;
    const uint32_t *heads = graph_heads(g, &count);
    if (count == 0 || count >= PARENTS_MAX - 1)
        return false;
    if (lie == LIE_PARENTS)
        return graph_node(g, heads[0])->parent_count > 0;
    if (lie == LIE_SEQ_AGAIN)
        return graph_next_seq(g, &m->identity.key, heads, count) > 1;
    if (lie == LIE_CHARTER_OLDER)
        return graph_charter_floor(g, heads, count) > 1;
    return true;
}

static enum status forge(struct member *m, const struct step *s)
{
    static struct home_identity stranger;
    const uint8_t seed[crypto_sign_SEEDBYTES] = {7};
    struct world *w = m->world;
    const struct forged_kind *k =
        &forged_kinds[world_draw(w, sizeof forged_kinds / sizeof *forged_kinds)];
    const struct member *other = &w->members[0];
    struct plot p = {.refused = true, .count = k->count};
    if (!is_possible(m, k->lie))
        return ST_OK;
    crypto_sign_seed_keypair(stranger.key.id, stranger.secret, seed);
    p.forge = (struct forge){.lie = k->lie, .other = &stranger};
    if (k->entry == NULL) {
        add_case(m, &p.ops, s->number * TOKENS);
        p.forge.label = k->others_name ? other->label : NULL;
    } else {
        add_money(m, &p, k->entry, k->others_name ? other->label : m->label, 0,
                  k->count == COUNT_UNCOVERED ? AMOUNT_NEVER : 1, s->number * TOKENS);
    }
    carry(m, &p);
    return ST_OK;
}

void byzantine_forge(struct world *w, const struct step *s)
{
    act(w, forge, s);
}

/* ---- commits that are taken, and make a fork ---- */

/* Something small: a field, or, where the account covers it, money that is spent twice. */
static void fill(struct member *m, struct plot *p, uint32_t token)
{
    struct world *w = m->world;
    uint32_t line = world_draw(w, WORK_LINES);
    int64_t held = 0;
    if (work_balance(w, m->replica, m->index, line, &held) != ST_OK || held <= 0 ||
        p->forge.parents != NULL || world_chance(w, 1, 2)) {
        add_case(m, &p->ops, token);
        return;
    }
    int64_t amount = held < AMOUNT_MAX ? held : AMOUNT_MAX;
    p->money = (struct ledger_entry){
        .kind = LEDGER_EXPENSE, .from = m->index, .line = line, .amount = amount};
    add_money(m, p, "expense", m->label, line, amount, token);
}

static uint32_t list_links(const struct world *w, const struct member *m, link_id *out)
{
    uint32_t count = 0;
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        const struct pipe *p = &w->pipes[i];
        for (int side = 0; side < 2 && p->used && !p->connecting; side++)
            if (p->ends[side].member == m->index && !p->ends[side].closed && count < LINKS_TOLD)
                out[count++] = p->ends[side].link;
    }
    return count;
}

static enum status equivocate(struct member *m, const struct step *s)
{
    link_id links[LINKS_TOLD];
    uint32_t count = list_links(m->world, m, links);
    if (!is_possible(m, LIE_NONE) || count < 2)
        return ST_OK;
    for (uint32_t i = 0; i < 2; i++) {
        struct plot p = {.count = COUNT_EQUIVOCATION, .except = links[i]};
        fill(m, &p, s->number * TOKENS + i);
        carry(m, &p);
    }
    return ST_OK;
}

void byzantine_equivocate(struct world *w, const struct step *s)
{
    act(w, equivocate, s);
}

/* Whether nobody may write on this commit, by that charter, who does not adopt it. */
static bool is_retired(const struct charter *c, const struct graph *g, uint32_t node)
{
    const struct graph_node *n = graph_node(g, node);
    const struct charter_retired *retired = charter_retired_key(c, &graph_key(g, n->key)->key);
    bool kept = false;
    for (uint32_t i = 0; retired != NULL && i < retired->kept_count; i++)
        kept = kept || oid_equal(&retired->kept[i], &n->id);
    return retired != NULL && !kept;
}

static enum status old_past(struct member *m, const struct step *s)
{
    struct world *w = m->world;
    struct graph *g = replica_graph(m->replica);
    struct plot p = {.count = COUNT_OLD_PAST};
    if (graph_count(g) == 0)
        return ST_OK;
    uint32_t parent = world_draw(w, graph_count(g)), version = 1;
    const struct charter_chain *chain = replica_charters(m->replica);
    while (charter_by_key(charter_at(chain, version), &m->identity.key) == NULL)
        version++;
    uint32_t floor = graph_charter_floor(g, &parent, 1), last = version;
    while (last < chain->count &&
           charter_by_key(charter_at(chain, last + 1), &m->identity.key) != NULL)
        last++;
    version = version > floor ? version : floor;
    if (version > last)
        return ST_OK; /* it was removed before that */
    version += world_draw(w, last - version + 1);
    p.refused = is_retired(charter_at(chain, version), g, parent);
    p.forge = (struct forge){.parents = &parent, .parent_count = 1, .charter_version = version};
    fill(m, &p, s->number * TOKENS);
    carry(m, &p);
    return ST_OK;
}

void byzantine_old_past(struct world *w, const struct step *s)
{
    act(w, old_past, s);
}

static enum status freeze(struct member *m, const struct step *s)
{
    if (!is_possible(m, LIE_NONE))
        return ST_OK;
    for (uint32_t i = 0; i < GRAPH_FORKS_MAX + FORKS_MORE; i++) {
        struct plot p = {.count = COUNT_FORK_FLOOD};
        add_case(m, &p.ops, s->number * TOKENS + (i + 1) * PLAN_STEPS_MAX * TOKENS);
        carry(m, &p);
    }
    return ST_OK;
}

void byzantine_freeze(struct world *w, const struct step *s)
{
    act(w, freeze, s);
}
