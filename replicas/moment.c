#include "replicas/moment.h"

#include "proto/mem.h"
#include "replicas/lookup.h"
#include "replicas/words.h"

/* Join the record of one more tree into 'out'. */
static enum status join_from(struct replica *r, const struct oid *tree, const struct index_id *id,
                             struct record *out, struct fault *f)
{
    struct record next = {0}, both = {0};
    enum status status =
        replica_record(r, tree, bytes_of_text(id->type), bytes_of_text(id->id), &next, f);
    if (status == ST_NOT_FOUND)
        return ST_OK;
    if (status == ST_OK && out->id.count > 0) {
        status = record_join(out, &next, &both);
        if (status == ST_OK) {
            record_release(out);
            *out = both;
        }
        record_release(&next);
    } else if (status == ST_OK) {
        *out = next;
    }
    return status;
}

/*
 * The join of all counted commits up to a moment, with what they build on (it was there by then,
 * whatever its writer's clock said): their heads, then the record of each.
 */
static enum status at_moment(struct replica *r, int64_t moment, const struct index_id *id,
                             struct record *out, struct fault *f)
{
    struct graph *graph = replica_graph(r);
    uint32_t count = graph_count(graph);
    uint8_t *head = mem_alloc(count), *below = mem_alloc(count);
    enum status status = head != NULL && below != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t i = status == ST_OK ? count : 0; i-- > 0;) {
        const struct graph_node *n = graph_node(graph, i);
        head[i] = n->counted && n->time <= moment && !below[i];
        for (uint32_t p = 0; p < n->parent_count && (head[i] || below[i]); p++)
            below[graph_parent(graph, n, p)] = 1;
    }
    for (uint32_t i = 0; i < count && status == ST_OK; i++)
        if (head[i])
            status = join_from(r, &graph_node(graph, i)->tree, id, out, f);
    mem_free(head);
    mem_free(below);
    return status;
}

enum status moment_record(struct replica *r, struct bytes when, const struct index_id *id,
                          struct record *out, struct buf *row, struct fault *f)
{
    bool is_date = when.count > 0 && memchr(when.data, '-', when.count) != NULL, whole_day = false;
    int64_t moment = 0;
    uint32_t node = 0;
    char commit[OID_TEXT + 1] = "", text[WORDS_TIME_BYTES];
    enum status status;
    if (is_date) {
        const int64_t last_second = 24 * 60 * 60 - 1;
        status = words_moment(when, &moment, &whole_day, f);
        moment += whole_day ? last_second : 0;
        if (status == ST_OK)
            status = at_moment(r, moment, id, out, f);
    } else {
        status = lookup_commit(r, when, &node, f);
        if (status == ST_OK) {
            const struct graph_node *n = graph_node(replica_graph(r), node);
            moment = n->time;
            hex_encode(n->id.id, OID_BYTES, commit);
            status = join_from(r, &n->tree, id, out, f);
        }
    }
    if (status != ST_OK)
        return status;
    if (out->id.count == 0)
        return fault_set(f, ST_NOT_FOUND, "%s %.8s was not there yet at %.*s", id->type, id->id,
                         (int)when.count, (const char *)when.data);
    words_time(moment, text);
    buf_add_format(row, "\"at\":{\"commit\":%s%s%s,\"time\":\"%s\"},", is_date ? "" : "\"",
                   is_date ? "null" : commit, is_date ? "" : "\"", text);
    return ST_OK;
}
