#include "replicas/op_list.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "proto/mp.h"
#include "replicas/json.h"
#include "replicas/op.h"

enum {
    COPY_BLOCK_BYTES = 8 * KIB, /* copies share blocks of this size */
    OPS_MIN = 8,                /* room of a list at its first operation */
    CHARTER_GROUP_BYTES = 16,   /* what stands around a charter's file, at most */
    BYTES_MAX = OPERATIONS_BYTES_MAX + CHARTERS_BYTES_MAX, /* of a list */
    OPS_MAX = OPERATIONS_BYTES_MAX / 4, /* an operation takes more than four bytes */
    VERB_SET = 0,                       /* inside a record's group, as the bytes have it */
    VERB_ADD = 1,
    VERB_DROP = 2,
};

/* The groups, in canonical order: their numbers on the wire. */
enum group { GROUP_CHARTER, GROUP_ADOPT, GROUP_RECORD, GROUP_ENTRY, GROUP_COUNT };

static const uint32_t group_parts[GROUP_COUNT] = {
    [GROUP_CHARTER] = 3,
    [GROUP_ADOPT] = 2,
    [GROUP_RECORD] = 4,
    [GROUP_ENTRY] = 3,
};

static enum group group_of(const struct op *op)
{
    switch (op->verb) {
    case OP_CHARTER:
        return GROUP_CHARTER;
    case OP_ADOPT:
        return GROUP_ADOPT;
    case OP_ENTRY:
        return GROUP_ENTRY;
    default:
        return GROUP_RECORD;
    }
}

void op_list_release(struct op_list *l)
{
    if (l == NULL)
        return;
    for (uint32_t i = 0; i < l->block_count; i++)
        mem_free(l->blocks[i]);
    mem_free(l->blocks);
    mem_free(l->ops);
    *l = (struct op_list){0};
}

/* Room for one more element; capacities stay far below 2^32, as lists are bounded. */
static enum status grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes_each)
{
    CHECK(count <= *capacity && *capacity < UINT32_MAX / 2);
    if (count < *capacity)
        return ST_OK;
    uint32_t wanted = *capacity > 0 ? *capacity * 2 : OPS_MIN;
    void *grown = mem_resize(*items, wanted * bytes_each);
    if (grown == NULL)
        return ST_NO_MEMORY;
    *items = grown;
    *capacity = wanted;
    return ST_OK;
}

static enum status reserve_op(struct op_list *l)
{
    void *items = l->ops;
    enum status status = grow(&items, l->count, &l->capacity, sizeof *l->ops);
    l->ops = items;
    return status;
}

/* 'count' bytes that live as long as the list. */
static uint8_t *reserve_bytes(struct op_list *l, size_t count)
{
    if (l->block_count == 0 || l->block_bytes - l->block_used < count) {
        void *items = l->blocks;
        enum status status = grow(&items, l->block_count, &l->block_capacity, sizeof *l->blocks);
        l->blocks = items;
        size_t bytes = count > COPY_BLOCK_BYTES ? count : COPY_BLOCK_BYTES;
        void *block = status == ST_OK ? mem_alloc(bytes) : NULL;
        if (block == NULL)
            return NULL;
        l->blocks[l->block_count++] = block;
        l->block_bytes = bytes;
        l->block_used = 0;
    }
    uint8_t *at = (uint8_t *)l->blocks[l->block_count - 1] + l->block_used;
    l->block_used += count;
    return at;
}

static struct bytes copy_to(uint8_t **at, struct bytes from)
{
    if (from.count == 0)
        return (struct bytes){0};
    struct bytes copy = {*at, from.count};
    memcpy(*at, from.data, from.count);
    *at += from.count;
    return copy;
}

enum status op_list_add(struct op_list *l, const struct op *op)
{
    enum status status = reserve_op(l);
    if (status != ST_OK)
        return status;
    uint8_t *at =
        reserve_bytes(l, op->type.count + op->name.count + op->value.count + op->over.count);
    if (at == NULL)
        return ST_NO_MEMORY;
    struct op *copy = &l->ops[l->count++];
    *copy = *op;
    copy->type = copy_to(&at, op->type);
    copy->name = copy_to(&at, op->name);
    copy->value = copy_to(&at, op->value);
    copy->over = copy_to(&at, op->over);
    return ST_OK;
}

void op_list_resolve(struct op_list *l, const struct digest *network)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->ops[i].verb == OP_ENTRY)
            op_entry_id(network, l->ops[i].type, l->ops[i].value, l->ops[i].entry);
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare_groups(const struct op *a, const struct op *b)
{
    enum group group = group_of(a);
    if (group != group_of(b))
        return group < group_of(b) ? -1 : 1;
    if (group == GROUP_CHARTER)
        return (a->version > b->version) - (a->version < b->version);
    if (group == GROUP_ADOPT)
        return oid_compare(&a->commit, &b->commit);
    int order = bytes_compare(a->type, b->type);
    if (order != 0)
        return order;
    return group == GROUP_ENTRY ? memcmp(a->entry, b->entry, ENTRY_ID_BYTES)
                                : memcmp(a->id, b->id, RECORD_ID_BYTES);
}

int op_list_compare(const struct op *a, const struct op *b)
{
    int order = compare_groups(a, b);
    if (order != 0 || group_of(a) != GROUP_RECORD)
        return order;
    bool a_sets = a->verb == OP_SET, b_sets = b->verb == OP_SET;
    if (a_sets != b_sets)
        return a_sets ? -1 : 1;
    order = bytes_compare(a->name, b->name);
    return order != 0 || a_sets ? order : json_compare_text(a->value, b->value);
}

static int compare_for_sort(const void *a, const void *b)
{
    return op_list_compare(a, b);
}

static void sort(struct op_list *l)
{
    uint32_t i = 1;
    while (i < l->count && op_list_compare(&l->ops[i - 1], &l->ops[i]) < 0)
        i++;
    if (i < l->count)
        qsort(l->ops, l->count, sizeof *l->ops, compare_for_sort);
}

/* Whether operation 'i' begins a group. */
static bool begins(const struct op_list *l, uint32_t i)
{
    return i == 0 || compare_groups(&l->ops[i - 1], &l->ops[i]) != 0;
}

uint32_t op_list_count_records(const struct op_list *l)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++)
        count += group_of(&l->ops[i]) >= GROUP_RECORD && begins(l, i);
    return count;
}

/* The limits of a list in canonical order that takes 'bytes' bytes. Charter versions are counted by
 * themselves: one may be larger than everything else together. */
static enum status check_limits(const struct op_list *l, size_t bytes)
{
    uint32_t adoptions = 0;
    size_t charters = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        const struct op *op = &l->ops[i];
        adoptions += op->verb == OP_ADOPT;
        if (op->verb == OP_CHARTER)
            charters += op->value.count;
        else if (op->value.count > VALUE_BYTES_MAX)
            return ST_TOO_LARGE;
    }
    CHECK(charters <= bytes);
    bool fits = charters <= CHARTERS_BYTES_MAX && bytes - charters <= OPERATIONS_BYTES_MAX &&
                adoptions <= PARENTS_MAX && op_list_count_records(l) <= COMMIT_RECORDS_MAX;
    return fits ? ST_OK : ST_TOO_LARGE;
}

/* ---- encoding ------------------------------------------------------------------------------ */

static void add_record_op(struct buf *out, const struct op *op)
{
    mp_write_array(out, 4);
    mp_write_uint(out, op->verb == OP_SET ? VERB_SET : op->verb == OP_ADD ? VERB_ADD : VERB_DROP);
    mp_write_text(out, op->name);
    mp_write_text(out, op->value);
    mp_write_binary(out, op->over);
}

/* The group that begins at operation 'i'; the index behind it. */
static uint32_t add_group(struct buf *out, const struct op_list *l, uint32_t i)
{
    const struct op *op = &l->ops[i];
    enum group group = group_of(op);
    uint32_t end = i + 1;
    mp_write_array(out, group_parts[group]);
    mp_write_uint(out, group);
    switch (group) {
    case GROUP_CHARTER:
        mp_write_uint(out, op->version);
        mp_write_binary(out, op->value);
        break;
    case GROUP_ADOPT:
        mp_write_binary(out, (struct bytes){op->commit.id, OID_BYTES});
        break;
    case GROUP_ENTRY:
        mp_write_text(out, op->type);
        mp_write_text(out, op->value);
        break;
    default:
        while (end < l->count && !begins(l, end))
            end++;
        mp_write_text(out, op->type);
        mp_write_binary(out, (struct bytes){op->id, RECORD_ID_BYTES});
        mp_write_array(out, end - i);
        for (uint32_t k = i; k < end; k++)
            add_record_op(out, &l->ops[k]);
    }
    return end;
}

enum status op_list_encode(struct op_list *l, struct buf *out)
{
    sort(l);
    uint32_t groups = l->count > 0;
    for (uint32_t i = 1; i < l->count; i++) {
        if (op_list_compare(&l->ops[i - 1], &l->ops[i]) == 0)
            return ST_WRONG_OPERATION;
        groups += begins(l, i);
    }
    size_t before = out->count;
    mp_write_array(out, groups);
    for (uint32_t i = 0; i < l->count;)
        i = add_group(out, l, i);
    enum status status = buf_status(out);
    if (status == ST_OK)
        status = check_limits(l, out->count - before);
    if (status != ST_OK)
        out->count = before;
    return status;
}

bool op_list_is_empty(struct bytes in)
{
    return in.count <= 1; /* one byte says how many groups there are; a group takes more */
}

/* ---- decoding ------------------------------------------------------------------------------ */

/* Canonical JSON that begins with 'first' ('\0': any). */
static struct bytes read_json(struct mp_reader *r, char first)
{
    struct bytes text = mp_read_text(r, VALUE_BYTES_MAX);
    if (r->status != ST_OK)
        return text;
    enum status status = json_check(text);
    if (status == ST_OK && first != '\0' && text.data[0] != (uint8_t)first)
        status = ST_MALFORMED;
    if (status != ST_OK)
        mp_fail(r, status);
    return text;
}

static struct bytes read_name(struct mp_reader *r)
{
    struct bytes name = mp_read_text(r, NAME_BYTES_MAX);
    if (r->status == ST_OK && !name_is_valid(name))
        mp_fail(r, ST_MALFORMED);
    return name;
}

static struct bytes read_over(struct mp_reader *r)
{
    struct bytes over = mp_read_binary(r, OPERATIONS_BYTES_MAX);
    if (over.count % CHANGE_BYTES != 0)
        mp_fail(r, ST_MALFORMED);
    for (size_t i = CHANGE_BYTES; i < over.count && r->status == ST_OK; i += CHANGE_BYTES)
        if (memcmp(over.data + i - CHANGE_BYTES, over.data + i, CHANGE_BYTES) >= 0)
            mp_fail(r, ST_NOT_CANONICAL);
    return over;
}

/* The next operation goes behind the last one, 'opens' a group or goes on with it. */
static void append(struct mp_reader *r, struct op_list *l, const struct op *op, bool opens)
{
    if (r->status != ST_OK)
        return;
    const struct op *last = l->count > 0 ? &l->ops[l->count - 1] : NULL;
    if (last != NULL && (opens ? compare_groups(last, op) : op_list_compare(last, op)) >= 0) {
        mp_fail(r, ST_NOT_CANONICAL);
        return;
    }
    enum status status = reserve_op(l);
    if (status != ST_OK)
        mp_fail(r, status);
    else
        l->ops[l->count++] = *op;
}

static void read_record(struct mp_reader *r, struct op_list *l)
{
    struct op op = {.type = read_name(r)};
    mp_read_fixed(r, op.id, RECORD_ID_BYTES);
    uint32_t count = mp_read_array(r, 1, OPS_MAX);
    for (uint32_t i = 0; i < count && r->status == ST_OK; i++) {
        (void)mp_read_array(r, 4, 4);
        uint64_t verb = mp_read_uint(r, VERB_DROP);
        op.verb = verb == VERB_SET ? OP_SET : verb == VERB_ADD ? OP_ADD : OP_DROP;
        op.name = read_name(r);
        op.value = read_json(r, op.verb == OP_SET ? '\0' : '"');
        op.over = read_over(r);
        append(r, l, &op, i == 0);
    }
}

static void read_group(struct mp_reader *r, const struct digest *network, struct op_list *l)
{
    uint32_t parts = mp_read_array(r, 2, 4);
    uint64_t group = mp_read_uint(r, GROUP_COUNT - 1);
    if (r->status == ST_OK && parts != group_parts[group])
        mp_fail(r, ST_MALFORMED);
    if (r->status != ST_OK)
        return;
    struct op op = {0};
    switch (group) {
    case GROUP_CHARTER:
        op.verb = OP_CHARTER;
        op.version = (uint32_t)mp_read_uint(r, CHARTER_VERSIONS_MAX);
        op.value = mp_read_binary(r, CHARTER_BYTES_MAX);
        if (r->status == ST_OK && op.version == 0)
            mp_fail(r, ST_MALFORMED);
        break;
    case GROUP_ADOPT:
        op.verb = OP_ADOPT;
        mp_read_fixed(r, op.commit.id, OID_BYTES);
        break;
    case GROUP_ENTRY:
        op.verb = OP_ENTRY;
        op.type = read_name(r);
        op.value = read_json(r, '{');
        if (r->status == ST_OK)
            op_entry_id(network, op.type, op.value, op.entry);
        break;
    default:
        read_record(r, l);
        return;
    }
    append(r, l, &op, true);
}

enum status op_list_decode(struct bytes in, const struct digest *network, struct op_list *out)
{
    *out = (struct op_list){0};
    if (in.count > OPERATIONS_BYTES_MAX + CHARTERS_BYTES_MAX)
        return ST_TOO_LARGE;
    struct mp_reader r;
    mp_read(&r, in);
    uint32_t groups = mp_read_array(&r, 0, OPS_MAX);
    for (uint32_t i = 0; i < groups && r.status == ST_OK; i++)
        read_group(&r, network, out);
    enum status status = mp_end(&r);
    if (status == ST_OK)
        status = check_limits(out, in.count);
    if (status != ST_OK)
        op_list_release(out);
    return status;
}
