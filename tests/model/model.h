/*
 * model: the histories that the executable model exports (model.py --export SEED), in terms
 * of records, operations and changes: an oracle for whatever replays them.
 *
 * The model's names become: key "A" the label "office-a"; record "r0" the record of type "case"
 * that op_record_id() gives that key; an entry the entry of type "note" with that content and the
 * ref "model". A change is named by the commit that makes it; what that commit's change is called
 * is the caller's to say (model_name_fn), so that a test may use the ids of real commits.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <jansson.h>

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/op.h"

enum { MODEL_LABEL_BYTES = 16 };

struct model_commit {
    uint64_t id; /* the model's number for it */
    uint64_t seq, height;
    char label[MODEL_LABEL_BYTES];
    uint32_t parents[PARENTS_MAX]; /* indexes of commits */
    uint32_t parent_count;
    uint32_t adopts[PARENTS_MAX]; /* indexes of commits */
    uint32_t adopt_count;
    uint32_t charter; /* the model's version that it names, from 0 */
    bool counted;
    const json_t *ops, *tree;
};

struct model {
    json_t *root;
    struct model_commit *commits; /* in a causal order */
    uint32_t commit_count;
    uint32_t heads[PARENTS_MAX]; /* indexes; more than PARENTS_MAX heads are an error */
    uint32_t head_count;
    const json_t *state;
    const json_t *charter; /* versions: {"force": [key…], "retired": {key: [commit…]}} */
    struct digest network;
};

/* What the change of commit 'index' is called: its id, its height and its label. */
typedef struct op_change (*model_name_fn)(void *user, const struct model *m, uint32_t index);

/* model_name_simply(): ids that are hashes of the model's names. For tests without real commits. */
struct op_change model_name_simply(void *user, const struct model *m, uint32_t index);

/* One file of a tree: the canonical bytes of a record or an entry. */
struct model_file {
    char id[ENTRY_ID_TEXT + 1]; /* hex */
    bool entry;
    struct buf text;
};

struct model_tree {
    struct model_file *files; /* ascending by id */
    uint32_t count;
};

void model_tree_release(struct model_tree *t);

/* model_tree_find(): the file of a record or entry; NULL: not there. */
const struct model_file *model_tree_find(const struct model_tree *t, const char *id);

/* model_tree_put(): set the file under 'id' to a copy of 'text'. Aborts without memory. */
void model_tree_put(struct model_tree *t, const char *id, bool entry, struct bytes text);

/* model_load(): one history as JSON text. Aborts on anything that the model would not export. */
void model_load(struct model *m, struct bytes text, const struct digest *network);
void model_release(struct model *m);

/* model_index(): which commit has this number of the model; commit_count: none that is here. */
uint32_t model_index(const struct model *m, uint64_t id);

/* model_ops(): the operations of commit 'index', in canonical order, entries resolved. */
void model_ops(const struct model *m, uint32_t index, model_name_fn name, void *user,
               struct op_list *out);

/* model_tree(): a tree as the model has it ('tree' of a commit, or 'state' of the model). */
void model_tree(const struct model *m, const json_t *tree, model_name_fn name, void *user,
                struct model_tree *out);

#endif
