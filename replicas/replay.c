#include "replicas/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/currency.h"
#include "replicas/object.h"

/* What one commit posts to one account folder. */
struct posted {
    char folder[TREE_PATH_MAX];
    struct account_posting sample;
    account_sum sum;
    bool debited;
};

struct replay {
    const struct replay_input *in;
    struct replay_output *out;
    struct posted *posted;
    uint32_t posted_count, posted_max;
    struct fault *fault;
};

void replay_release(struct replay_output *o)
{
    if (o == NULL)
        return;
    mem_free(o->changes);
    *o = (struct replay_output){0};
}

void replay_record_path(struct bytes type, struct bytes id_hex, char out[static TREE_PATH_MAX])
{
    CHECK(type.count <= NAME_BYTES_MAX && id_hex.count >= 3 && id_hex.count <= ENTRY_ID_TEXT);
    const char *id = (const char *)id_hex.data;
    snprintf(out, TREE_PATH_MAX, "records/%.*s/%c/%c/%c/%.*s.json", (int)type.count,
             (const char *)type.data, id[0], id[1], id[2], (int)id_hex.count, id);
}

/* One more changed file; its path is filled by the caller. NULL: no memory. */
static struct replay_change *add_change(struct replay_output *o)
{
    if (o->count == o->capacity) {
        uint32_t capacity = o->capacity > 0 ? o->capacity * 2 : 16;
        void *fresh = mem_resize(o->changes, capacity * sizeof *o->changes);
        if (fresh == NULL)
            return NULL;
        o->changes = fresh;
        o->capacity = capacity;
    }
    return &o->changes[o->count++];
}

static enum status replay_file(struct replay *r, const char *path, struct bytes content,
                               const struct oid *near)
{
    struct replay_change *change = add_change(r->out);
    if (change == NULL)
        return ST_NO_MEMORY;
    snprintf(change->path, sizeof change->path, "%s", path);
    return store_write(r->in->store, STORE_BLOB, content, near, &change->blob);
}

/* A file that the base must not have; 'what' it is, for people. */
static enum status replay_fresh_file(struct replay *r, const char *what, const char *path,
                                     struct bytes content)
{
    struct oid there;
    const char *name = strrchr(path, '/') + 1;
    enum status st = tree_find(r->in->store, &r->in->base, path, &there, r->fault);
    if (st == ST_OK)
        return fault_set(r->fault, ST_WRONG_OPERATION, "this %s is recorded already: %.8s", what,
                         name);
    return st == ST_NOT_FOUND ? replay_file(r, path, content, NULL) : st;
}

/* The operations [first, first + count) of one record. */
static enum status replay_record(struct replay *r, const struct op *ops, uint32_t count)
{
    char path[TREE_PATH_MAX], hex[RECORD_ID_TEXT + 1];
    struct record base = {0}, after = {0};
    struct buf text = {0};
    struct oid old = {0};
    struct bytes content;
    hex_encode(ops[0].id, RECORD_ID_BYTES, hex);
    replay_record_path(ops[0].type, bytes_of_text(hex), path);
    enum status st = tree_find(r->in->store, &r->in->base, path, &old, r->fault);
    bool there = st == ST_OK;
    if (there)
        st = store_read(r->in->store, &old, STORE_BLOB, &content, r->fault);
    else if (st == ST_NOT_FOUND)
        st = ST_OK;
    if (st == ST_OK && there) {
        st = record_parse(content, &base);
        if (st != ST_OK && st != ST_NO_MEMORY)
            st = fault_set(r->fault, ST_CORRUPT, "%s is no canonical record", path);
    }
    if (st != ST_OK)
        goto out;
    st = op_apply(there ? &base : NULL, ops, count, &r->in->by, &after);
    if (st != ST_OK) {
        if (st == ST_WRONG_OPERATION)
            fault_set(r->fault, st,
                      "an operation on %.*s %s changes nothing or names what is "
                      "not there",
                      (int)ops[0].type.count, (const char *)ops[0].type.data, hex);
        goto out;
    }
    record_encode(&after, &text);
    st = buf_status(&text);
    if (st == ST_OK && text.count > RECORD_BYTES_MAX)
        st = fault_set(r->fault, ST_TOO_LARGE, "record %s would exceed %u bytes", hex,
                       RECORD_BYTES_MAX);
    if (st == ST_OK)
        st = replay_file(r, path, buf_bytes(&text), there ? &old : NULL);
out:
    record_release(&after);
    record_release(&base);
    buf_release(&text);
    return st;
}

static enum status post(struct replay *r, const struct account_posting *p, const char *entry_hex)
{
    char path[TREE_PATH_MAX], stub[32];
    account_folder(p, path);
    uint32_t i = 0;
    while (i < r->posted_count && strcmp(r->posted[i].folder, path) != 0)
        i++;
    if (i == r->posted_count) {
        CHECK(i < r->posted_max);
        r->posted[i] = (struct posted){.sample = *p};
        memcpy(r->posted[i].folder, path, sizeof path);
        r->posted_count++;
    }
    r->posted[i].sum += p->amount;
    r->posted[i].debited = r->posted[i].debited || p->amount < 0;
    account_stub(p, entry_hex, path);
    int bytes = snprintf(stub, sizeof stub, "%lld\n", (long long)p->amount);
    /* Where the entry is fresh its stubs are: they come and stay together. */
    return replay_file(r, path, (struct bytes){(const uint8_t *)stub, (size_t)bytes}, NULL);
}

/* The entry of this id in the base, whatever its type; *out borrows from the store. */
static enum status find_entry(struct replay *r, const char *hex, const struct schema_type **type,
                              struct record *out)
{
    const struct schema *schema = r->in->charter->schema;
    char path[TREE_PATH_MAX];
    struct oid blob;
    struct bytes text;
    enum status st = ST_NOT_FOUND;
    for (uint32_t i = 0; i < schema->type_count && st == ST_NOT_FOUND; i++) {
        if (!schema->types[i].entry)
            continue;
        *type = &schema->types[i];
        replay_record_path(bytes_of_text((*type)->name), bytes_of_text(hex), path);
        st = tree_find(r->in->store, &r->in->base, path, &blob, r->fault);
    }
    if (st == ST_OK)
        st = store_read(r->in->store, &blob, STORE_BLOB, &text, r->fault);
    if (st == ST_OK) {
        st = record_parse(text, out);
        bool whole = st == ST_OK && out->entry.count > 0 && bytes_equal_text(out->id, hex);
        if (!whole && st != ST_NO_MEMORY)
            st = fault_set(r->fault, ST_CORRUPT, "%s is no canonical entry", path);
    }
    if (st != ST_NOT_FOUND)
        return st;
    fault_set(r->fault, ST_WRONG_OPERATION, "there is no entry %s here to reverse", hex);
    fault_fix(r->fault, "check its id; one that another office wrote has to arrive here first");
    return ST_WRONG_OPERATION;
}

/* What a reversal posts: it says which entry it takes back, which is in the base. */
static enum status reversed(struct replay *r, const struct schema_type *type, const struct op *op,
                            struct account_posting out[SCHEMA_POSTINGS_MAX], uint32_t *count)
{
    const struct schema_type *about = NULL;
    struct record entry = {0};
    char hex[ENTRY_ID_TEXT + 1];
    struct bytes id = object_unquoted(object_find(op->value, type->reverses));
    CHECK(id.count == ENTRY_ID_TEXT); /* rules_check() */
    memcpy(hex, id.data, id.count);
    hex[id.count] = '\0';
    enum status st = find_entry(r, hex, &about, &entry);
    if (st == ST_OK)
        st = account_reversed(about, entry.entry, r->in->by.label, out, count, r->fault);
    record_release(&entry);
    return st;
}

static enum status replay_entry(struct replay *r, const struct op *op)
{
    char path[TREE_PATH_MAX], hex[ENTRY_ID_TEXT + 1];
    struct account_posting postings[SCHEMA_POSTINGS_MAX];
    uint32_t count = 0;
    struct buf text = {0};
    const struct schema_type *type = schema_type(r->in->charter->schema, op->type);
    CHECK(type != NULL); /* rules_check() */
    hex_encode(op->entry, ENTRY_ID_BYTES, hex);
    replay_record_path(op->type, bytes_of_text(hex), path);
    struct record entry = {.id = bytes_of_text(hex), .type = op->type, .entry = op->value};
    record_encode(&entry, &text);
    enum status st = buf_status(&text);
    if (st == ST_OK)
        st = replay_fresh_file(r, type->name, path, buf_bytes(&text));
    if (st == ST_OK)
        st = account_postings(type, op->value, r->in->by.label, postings, &count, r->fault);
    if (st == ST_OK && type->reverses[0] != '\0')
        st = reversed(r, type, op, postings, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++)
        st = post(r, &postings[i], hex);
    buf_release(&text);
    return st;
}

static enum status replay_charter(struct replay *r, const struct op *op)
{
    char path[TREE_PATH_MAX];
    snprintf(path, sizeof path, "charter/%04u.json", op->version);
    return replay_fresh_file(r, "charter", path, op->value);
}

static enum status replay_adopt(struct replay *r, const struct op *op)
{
    char path[TREE_PATH_MAX], hex[OID_TEXT + 1];
    hex_encode(op->commit.id, OID_BYTES, hex);
    snprintf(path, sizeof path, "adopted/%s", hex);
    return replay_fresh_file(r, "adoption", path, (struct bytes){NULL, 0});
}

/* Operations of one record stand together; how many from 'first' on. */
static uint32_t record_run(const struct op_list *ops, uint32_t first)
{
    uint32_t end = first + 1;
    const struct op *op = &ops->ops[first];
    while (end < ops->count && ops->ops[end].verb != OP_ENTRY &&
           memcmp(ops->ops[end].id, op->id, RECORD_ID_BYTES) == 0 &&
           bytes_equal(ops->ops[end].type, op->type))
        end++;
    return end - first;
}

static enum status replay_all(struct replay *r)
{
    const struct op_list *ops = r->in->ops;
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < ops->count;) {
        uint32_t taken = 1;
        switch (ops->ops[i].verb) {
        case OP_CHARTER:
            st = replay_charter(r, &ops->ops[i]);
            break;
        case OP_ADOPT:
            st = replay_adopt(r, &ops->ops[i]);
            break;
        case OP_ENTRY:
            st = replay_entry(r, &ops->ops[i]);
            break;
        case OP_SET:
        case OP_ADD:
        case OP_DROP:
            taken = record_run(ops, i);
            st = replay_record(r, &ops->ops[i], taken);
            break;
        }
        i += taken;
    }
    return st;
}

/* The sum of an account in the base; its folder may not be there yet. */
static enum status sum_before(struct replay *r, const char *folder, account_sum *out)
{
    struct oid tree = {0};
    enum status st = tree_find_tree(r->in->store, &r->in->base, folder, &tree, r->fault);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    return account_follow(r->in->memo, r->in->store, folder, &tree, out, r->fault);
}

static void add_amount(account_sum amount, const char *currency, struct buf *out)
{
    int64_t shown = amount > INT64_MAX   ? INT64_MAX
                    : amount < INT64_MIN ? INT64_MIN
                                         : (int64_t)amount;
    currency_amount(shown, currency, out);
}

static enum status overdrawn(struct replay *r, const struct posted *p, account_sum before)
{
    struct buf held = {0}, wanted = {0};
    const struct account_posting *a = &p->sample;
    add_amount(before, a->currency, &held);
    add_amount(-p->sum, a->currency, &wanted);
    SOMETIMES("an account does not cover a debit");
    (void)fault_set(r->fault, ST_OVERDRAWN,
                    "the account %s of %s holds %s %s, which does not cover %s", a->line, a->owner,
                    buf_text(&held), a->currency, buf_text(&wanted));
    fault_fix(r->fault, "%s",
              before < 0 ? "it was spent twice: ask the auditor, then for an allotment"
              : strcmp(a->line, "pool") == 0
                  ? "register the grant or the exchange first, or check the amount"
                  : "ask the treasurer for an allotment, or check the amount");
    buf_release(&held);
    buf_release(&wanted);
    return ST_OVERDRAWN;
}

/* Of what one commit posts to an account only the sum counts. A debit is covered by the commit's
 * own base; a credit never fails for what others did, but that it makes an account that nobody
 * could count. */
static enum status check_debits(struct replay *r)
{
    for (uint32_t i = 0; i < r->posted_count; i++) {
        const struct posted *p = &r->posted[i];
        struct oid tree;
        account_sum before;
        enum status st = sum_before(r, p->folder, &before);
        if (st != ST_OK)
            return st;
        account_sum after = before + p->sum;
        if (p->debited && after < 0)
            return overdrawn(r, p, before);
        if (p->sum > 0 && after > INT64_MAX)
            return fault_set(r->fault, ST_BAD_VALUE, "the balance of %s is too large", p->folder);
        st = tree_find_tree(r->in->store, &r->out->tree, p->folder, &tree, r->fault);
        if (st != ST_OK)
            return st;
        account_learn(r->in->memo, &tree, after);
    }
    return ST_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct replay_change *)a)->path, ((const struct replay_change *)b)->path);
}

static enum status edit_tree(struct replay *r)
{
    struct replay_output *o = r->out;
    if (o->count == 0) {
        o->tree = r->in->base;
        if (oid_is_zero(&o->tree))
            tree_empty(&o->tree);
        return ST_OK;
    }
    qsort(o->changes, o->count, sizeof *o->changes, by_path);
    struct tree_change *edits = mem_array(o->count, sizeof *edits);
    if (edits == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < o->count; i++)
        edits[i] = (struct tree_change){o->changes[i].path, o->changes[i].blob};
    enum status st = tree_edit(r->in->store, &r->in->base, edits, o->count, &o->tree, r->fault);
    mem_free(edits);
    return st;
}

enum status replay_run(const struct replay_input *in, struct replay_output *out, struct fault *f)
{
    struct replay r = {.in = in, .out = out, .fault = f};
    *out = (struct replay_output){0};
    for (uint32_t i = 0; i < in->ops->count; i++)
        r.posted_max += in->ops->ops[i].verb == OP_ENTRY ? SCHEMA_POSTINGS_MAX : 0;
    if (r.posted_max > 0) {
        r.posted = mem_array(r.posted_max, sizeof *r.posted);
        if (r.posted == NULL)
            return ST_NO_MEMORY;
    }
    enum status st = replay_all(&r);
    if (st == ST_OK)
        st = edit_tree(&r);
    if (st == ST_OK)
        st = check_debits(&r);
    mem_free(r.posted);
    if (st != ST_OK)
        replay_release(out);
    return st;
}
