#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/auditing.h"

enum { DAY_S = 24 * 3600 };

static int compare(const void *left, const void *right)
{
    const struct audit_office *a = left, *b = right;
    return strcmp(a->label, b->label);
}

static struct audit_office *find(struct audit_result *a, const char *label)
{
    for (uint32_t i = 0; i < a->office_count; i++)
        if (strcmp(a->offices[i].label, label) == 0)
            return &a->offices[i];
    return NULL;
}

static struct audit_office *add(struct audit_result *a, const char *label)
{
    struct audit_office *o = find(a, label);
    if (o != NULL)
        return o;
    o = &a->offices[a->office_count++];
    snprintf(o->label, sizeof o->label, "%s", label);
    return o;
}

/* Members in force, and labels that wrote and are none any more. */
static enum status gather_labels(struct replica *r, struct audit_result *a)
{
    const struct charter_chain *chain = replica_charters(r);
    const struct graph *g = replica_graph(r);
    uint32_t members = chain->count > 0 ? charter_newest(chain)->member_count : 0;
    a->offices = mem_array((size_t)members + graph_key_count(g), sizeof *a->offices);
    if (a->offices == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < members; i++) {
        const struct charter_member *m = &charter_newest(chain)->members[i];
        struct audit_office *o = add(a, m->label);
        o->member = true;
        o->role = m->role;
    }
    for (uint32_t k = 0; k < graph_key_count(g); k++)
        add(a, graph_key(g, k)->label);
    qsort(a->offices, a->office_count, sizeof *a->offices, compare);
    return ST_OK;
}

/* The newest commit of a label that counts: the highest, of two the greater id. */
static void see_node(struct audit_office *o, const struct graph_node *n, uint64_t *height)
{
    o->commits++;
    if (!n->counted) {
        o->waiting++;
        return;
    }
    if (n->height < *height || (n->height == *height && oid_compare(&n->id, &o->head) <= 0))
        return;
    *height = n->height;
    o->head = n->id;
    o->seq = n->seq;
    o->time = n->time;
}

/* Numbers below a key's greatest that no commit here has. */
static uint32_t gaps_of(const struct graph *g, uint32_t key, bool *seen)
{
    uint32_t nodes = graph_count(g), found = 0;
    uint64_t greatest = 0;
    memset(seen, 0, (size_t)nodes + 1);
    for (uint32_t i = 0; i < nodes; i++) {
        const struct graph_node *n = graph_node(g, i);
        if (n->key != key)
            continue;
        CHECK(n->seq >= 1 && n->seq <= nodes);
        greatest = n->seq > greatest ? n->seq : greatest;
        found += seen[n->seq] ? 0 : 1;
        seen[n->seq] = true;
    }
    return (uint32_t)greatest - found;
}

static enum status gather_nodes(const struct graph *g, struct audit_result *a)
{
    uint32_t keys = graph_key_count(g);
    bool *seen = mem_array((size_t)graph_count(g) + 1, sizeof *seen);
    uint64_t *heights = mem_array(a->office_count, sizeof *heights);
    struct audit_office **of = mem_array(keys, sizeof(struct audit_office *));
    enum status st = seen != NULL && heights != NULL && of != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t k = 0; st == ST_OK && k < keys; k++) {
        of[k] = find(a, graph_key(g, k)->label);
        of[k]->gaps += gaps_of(g, k, seen);
    }
    for (uint32_t i = 0; st == ST_OK && i < graph_count(g); i++) {
        const struct graph_node *n = graph_node(g, i);
        see_node(of[n->key], n, &heights[of[n->key] - a->offices]);
    }
    mem_free(seen);
    mem_free(heights);
    mem_free(of);
    return st;
}

static void mark_silent(struct audit_result *a)
{
    int64_t newest = 0;
    for (uint32_t i = 0; i < a->office_count; i++)
        newest = a->offices[i].time > newest ? a->offices[i].time : newest;
    for (uint32_t i = 0; i < a->office_count; i++) {
        struct audit_office *o = &a->offices[i];
        o->silent = o->member && o->role != CHARTER_PARTNER &&
                    o->time < newest - (int64_t)AUDIT_SILENT_DAYS * DAY_S;
    }
}

static int compare_oids(const void *left, const void *right)
{
    return oid_compare(left, right);
}

static enum status gather_heads(struct graph *g, struct audit_result *a)
{
    uint32_t count;
    const uint32_t *heads = graph_heads(g, &count);
    a->heads = mem_array(count, sizeof *a->heads);
    if (a->heads == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        a->heads[a->head_count++] = graph_node(g, heads[i])->id;
    qsort(a->heads, a->head_count, sizeof *a->heads, compare_oids);
    return ST_OK;
}

enum status audit_offices_gather(struct replica *r, struct audit_result *a)
{
    enum status st = gather_labels(r, a);
    if (st == ST_OK)
        st = gather_nodes(replica_graph(r), a);
    if (st == ST_OK)
        st = gather_heads(replica_graph(r), a);
    if (st == ST_OK)
        mark_silent(a);
    return st;
}

bool audit_offices_closed(const struct audit_result *a, int32_t last_day)
{
    uint32_t offices = 0, after = 0;
    for (uint32_t i = 0; i < a->office_count; i++) {
        const struct audit_office *o = &a->offices[i];
        if (!o->member || o->role != CHARTER_OFFICE)
            continue;
        offices++;
        after += o->time >= ((int64_t)last_day + 1) * DAY_S;
    }
    return after >= 2 || (offices == 1 && after == 1);
}
