#include "replicas/provenance.h"

#include <string.h>

#include "replicas/commit.h"
#include "replicas/json.h"
#include "replicas/render.h"
#include "replicas/roster.h"

enum status provenance_begin(struct provenance *p, struct replica *r)
{
    *p = (struct provenance){.replica = r};
    settled_begin(&p->settled, r);
    return bracket_begin(r, &p->brackets);
}

void provenance_end(struct provenance *p)
{
    bracket_end(p->brackets);
    p->brackets = NULL;
}

void provenance_facts(const struct provenance *p, uint32_t node, struct bytes author,
                      struct buf *out)
{
    const struct graph *g = replica_graph(p->replica);
    const struct graph_node *n = graph_node(g, node);
    char commit[OID_TEXT + 1], change[CHANGE_TEXT + 1], when[WORDS_TIME_BYTES];
    struct change made = change_of_digest(&n->digest);
    hex_encode(n->id.id, OID_BYTES, commit);
    base32_encode(made.id, CHANGE_BYTES, change);
    words_time(n->time, when);
    buf_add_format(out, "\"commit\":\"%s\",\"change\":\"%s\",\"office\":", commit, change);
    render_text(out, graph_key(g, n->key)->label);
    buf_add_text(out, ",\"author\":");
    json_add_text(out, author);
    buf_add_format(out, ",\"time\":\"%s\",\"seq\":%llu,\"height\":%llu,\"counted\":%s", when,
                   (unsigned long long)n->seq, (unsigned long long)n->height,
                   n->counted ? "true" : "false");
}

static void add_time(struct buf *out, bool known, int64_t seconds)
{
    char when[WORDS_TIME_BYTES];
    words_time(seconds, when);
    if (known)
        render_text(out, when);
    else
        buf_add_text(out, "null");
}

void provenance_standing(const struct provenance *p, uint32_t node, struct buf *out)
{
    struct bracket bracket;
    uint32_t by = settled_by(&p->settled, node), of = p->settled.offices;
    bracket_of(p->brackets, node, &bracket);
    buf_add_format(out,
                   ",\"settled\":{\"by\":%u,\"of\":%u,\"enough\":%s,\"k\":%u,\"n\":%u},"
                   "\"not_before\":",
                   by, of, settled_enough(&p->settled, by) ? "true" : "false", by, of);
    add_time(out, bracket.has_before, bracket.not_before);
    buf_add_text(out, ",\"not_after\":");
    add_time(out, bracket.has_after, bracket.not_after);
    buf_add_format(out, ",\"back_dated\":%s", bracket.back_dated ? "true" : "false");
}

static const char *key_state(struct replica *r, const struct key *key)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    if (charter_retired_key(newest, key) != NULL)
        return "retired";
    if (graph_frozen(replica_graph(r), key))
        return "frozen";
    return charter_by_key(newest, key) != NULL ? "in force" : "unknown";
}

enum status provenance_add(const struct provenance *p, uint32_t node, struct buf *out,
                           struct fault *f)
{
    const struct graph *g = replica_graph(p->replica);
    const struct graph_node *n = graph_node(g, node);
    const struct key *key = &graph_key(g, n->key)->key;
    struct bytes data, subject;
    struct item item;
    struct key signer;
    char fingerprint[ROSTER_FINGERPRINT_BYTES];
    enum status status = store_read(replica_store(p->replica), &n->id, STORE_COMMIT, &data, f);
    if (status == ST_OK)
        status = commit_parse(data, &item, &signer, &subject);
    if (status == ST_NO_MEMORY || status == ST_IO)
        return status;
    if (status != ST_OK)
        return fault_set(f, ST_CORRUPT, "the commit of node %u is missing or damaged", node);
    bool good =
        memcmp(signer.id, key->id, KEY_BYTES) == 0 && commit_verify(&item, key, subject) == ST_OK;
    roster_fingerprint(key, fingerprint);
    buf_add_byte(out, '{');
    provenance_facts(p, node, item.author, out);
    buf_add_format(out, ",\"signature\":\"%s\",\"key\":{\"fingerprint\":", good ? "good" : "bad");
    render_text(out, fingerprint);
    buf_add_format(out, ",\"state\":\"%s\"}", key_state(p->replica, key));
    provenance_standing(p, node, out);
    buf_add_byte(out, '}');
    return buf_status(out);
}
