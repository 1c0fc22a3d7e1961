/*
 * replay COUNT: COUNT histories of the executable model, one JSON text a line on standard input.
 * Each commit's operations on the join of its parents' trees have to give the model's tree, byte
 * for byte, and be the difference; the heads' trees, and the counted commits' changed records in
 * any order, have to join to the model's state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/model/model.h"

enum { ORDERS = 3 }; /* in which the state of one history is advanced */

static uint64_t seed = 1;

static uint64_t random_number(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void must(enum status status)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "failed: %s\n", status_text(status));
    abort();
}

/* The record in 'tree' joined with the one in 'text'. */
static void join_file(struct model_tree *tree, const struct model_file *from)
{
    const struct model_file *old = model_tree_find(tree, from->id);
    struct bytes text = buf_bytes(&from->text);
    if (old == NULL || bytes_equal(buf_bytes(&old->text), text)) {
        model_tree_put(tree, from->id, from->entry, text);
        return;
    }
    struct record a, b, ab;
    struct buf joined = {0};
    must(record_parse(buf_bytes(&old->text), &a));
    must(record_parse(text, &b));
    must(record_join(&a, &b, &ab));
    record_encode(&ab, &joined);
    must(buf_status(&joined));
    record_release(&ab);
    record_release(&b);
    record_release(&a);
    model_tree_put(tree, from->id, from->entry, buf_bytes(&joined));
    buf_release(&joined);
}

static void join_tree(struct model_tree *tree, const struct model_tree *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        join_file(tree, &from->files[i]);
}

static void expect_tree(const char *what, uint64_t id, const struct model_tree *ours,
                        const struct model_tree *theirs)
{
    bool same = ours->count == theirs->count;
    for (uint32_t i = 0; same && i < ours->count; i++) {
        same = strcmp(ours->files[i].id, theirs->files[i].id) == 0 &&
               bytes_equal(buf_bytes(&ours->files[i].text), buf_bytes(&theirs->files[i].text));
        if (!same)
            fprintf(stderr, "ours:\n%smodel's:\n%s", buf_text(&ours->files[i].text),
                    buf_text(&theirs->files[i].text));
    }
    if (same)
        return;
    fprintf(stderr, "%s %llu: %u files, the model has %u\n", what, (unsigned long long)id,
            ours->count, theirs->count);
    abort();
}

static void apply_entry(struct model_tree *tree, const struct op *op)
{
    char id[ENTRY_ID_TEXT + 1];
    struct buf text = {0};
    hex_encode(op->entry, ENTRY_ID_BYTES, id);
    struct record r = {.id = bytes_of_text(id), .type = op->type, .entry = op->value};
    record_encode(&r, &text);
    must(buf_status(&text));
    model_tree_put(tree, id, true, buf_bytes(&text));
    buf_release(&text);
}

/* Operations 'i' .. of one record; checks that they are the difference. The index behind them. */
static uint32_t apply_record(struct model_tree *tree, const struct op_list *l, uint32_t i,
                             const struct op_change *by)
{
    char id[RECORD_ID_TEXT + 1];
    uint32_t end = i;
    while (end < l->count && l->ops[end].verb != OP_ENTRY &&
           memcmp(l->ops[end].id, l->ops[i].id, RECORD_ID_BYTES) == 0)
        end++;
    hex_encode(l->ops[i].id, RECORD_ID_BYTES, id);
    const struct model_file *old = model_tree_find(tree, id);
    struct record base = {0}, after;
    if (old != NULL)
        must(record_parse(buf_bytes(&old->text), &base));
    must(op_apply(old != NULL ? &base : NULL, l->ops + i, end - i, by, &after));
    struct op_list back = {0};
    must(op_diff(old != NULL ? &base : NULL, &after, &by->change, &back));
    CHECK(back.count == end - i);
    for (uint32_t k = 0; k < back.count; k++)
        CHECK(back.ops[k].verb == l->ops[i + k].verb &&
              op_list_compare(&back.ops[k], &l->ops[i + k]) == 0 &&
              bytes_equal(back.ops[k].value, l->ops[i + k].value) &&
              bytes_equal(back.ops[k].over, l->ops[i + k].over));
    op_list_release(&back);
    struct buf text = {0};
    record_encode(&after, &text);
    must(buf_status(&text));
    record_release(&after);
    record_release(&base);
    model_tree_put(tree, id, false, buf_bytes(&text));
    buf_release(&text);
    return end;
}

/* The commit's operations, by way of their canonical bytes, on 'tree'. */
static void apply_commit(const struct model *m, uint32_t index, struct model_tree *tree)
{
    struct op_list ops, decoded;
    struct buf wire = {0};
    struct op_change by = model_name_simply(NULL, m, index);
    model_ops(m, index, model_name_simply, NULL, &ops);
    must(op_list_encode(&ops, &wire));
    must(op_list_decode(buf_bytes(&wire), &m->network, &decoded));
    CHECK(decoded.count == ops.count);
    for (uint32_t i = 0; i < decoded.count;) {
        if (decoded.ops[i].verb == OP_ENTRY)
            apply_entry(tree, &decoded.ops[i++]);
        else
            i = apply_record(tree, &decoded, i, &by);
    }
    op_list_release(&decoded);
    op_list_release(&ops);
    buf_release(&wire);
}

/* The state, from the records that each counted commit changed, in a random order. */
static void advance(const struct model *m, const struct model_tree *trees,
                    const struct model_tree *bases, const struct model_tree *state)
{
    struct model_tree advanced = {0};
    uint32_t *order = mem_array(m->commit_count, sizeof *order);
    CHECK(order != NULL);
    for (uint32_t i = 0; i < m->commit_count; i++) {
        uint32_t k = (uint32_t)(random_number() % (i + 1));
        order[i] = order[k];
        order[k] = i;
    }
    for (uint32_t i = 0; i < m->commit_count; i++) {
        const struct model_tree *tree = &trees[order[i]], *base = &bases[order[i]];
        for (uint32_t k = 0; m->commits[order[i]].counted && k < tree->count; k++) {
            const struct model_file *old = model_tree_find(base, tree->files[k].id);
            if (old == NULL || !bytes_equal(buf_bytes(&old->text), buf_bytes(&tree->files[k].text)))
                join_file(&advanced, &tree->files[k]);
        }
    }
    expect_tree("the state advanced, of a history whose first commit is", m->commits[0].id,
                &advanced, state);
    model_tree_release(&advanced);
    mem_free(order);
}

static void replay(const struct model *m)
{
    struct model_tree *trees = mem_array(m->commit_count, sizeof *trees);
    struct model_tree *bases = mem_array(m->commit_count, sizeof *bases);
    struct model_tree state = {0}, theirs;
    CHECK(trees != NULL && bases != NULL);
    for (uint32_t i = 0; i < m->commit_count; i++) {
        const struct model_commit *c = &m->commits[i];
        for (uint32_t k = 0; k < c->parent_count; k++)
            join_tree(&bases[i], &trees[c->parents[k]]);
        join_tree(&trees[i], &bases[i]);
        apply_commit(m, i, &trees[i]);
        model_tree(m, c->tree, model_name_simply, NULL, &theirs);
        expect_tree("commit", c->id, &trees[i], &theirs);
        model_tree_release(&theirs);
    }
    for (uint32_t i = 0; i < m->head_count; i++)
        join_tree(&state, &trees[m->heads[i]]);
    model_tree(m, m->state, model_name_simply, NULL, &theirs);
    expect_tree("the state of a history whose first commit is", m->commits[0].id, &state, &theirs);
    for (unsigned i = 0; i < ORDERS; i++)
        advance(m, trees, bases, &theirs);
    model_tree_release(&theirs);
    model_tree_release(&state);
    for (uint32_t i = 0; i < m->commit_count; i++) {
        model_tree_release(&trees[i]);
        model_tree_release(&bases[i]);
    }
    mem_free(trees);
    mem_free(bases);
}

int main(int argc, char **argv)
{
    unsigned long wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long done = 0, commits = 0, records = 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    struct digest network = {{0}};
    if (wanted == 0) {
        fprintf(stderr, "usage: replay COUNT <histories, one a line>\n");
        return 2;
    }
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        struct model m;
        network.id[0] = (uint8_t)done;
        model_load(&m, (struct bytes){(const uint8_t *)line, (size_t)bytes}, &network);
        replay(&m);
        done++;
        commits += m.commit_count;
        records += json_object_size(m.state);
        model_release(&m);
    }
    free(line);
    printf("%lu histories, %lu commits, %lu records and entries at their ends: all as the model "
           "has them\n",
           done, commits, records);
    if (done != wanted)
        fprintf(stderr, "%lu histories were to come\n", wanted);
    return done == wanted ? 0 : 1;
}
