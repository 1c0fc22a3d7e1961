#include "replicas/roster.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"
#include "replicas/adoption.h"
#include "replicas/assembly.h"
#include "replicas/commit.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/render.h"

void roster_fingerprint(const struct key *key, char out[static ROSTER_FINGERPRINT_BYTES])
{
    static const uint8_t start[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20";
    uint8_t blob[sizeof start - 1 + KEY_BYTES], hash[crypto_hash_sha256_BYTES];
    memcpy(blob, start, sizeof start - 1);
    memcpy(blob + sizeof start - 1, key->id, KEY_BYTES);
    crypto_hash_sha256(hash, blob, sizeof blob);
    int used = snprintf(out, ROSTER_FINGERPRINT_BYTES, "SHA256:");
    CHECK(used > 0);
    sodium_bin2base64(out + used, ROSTER_FINGERPRINT_BYTES - (size_t)used, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static uint64_t last_seq(struct replica *r, const struct key *key)
{
    const struct graph *graph = replica_graph(r);
    uint64_t seq = 0;
    uint32_t count = graph_count(graph);
    for (uint32_t i = 0; i < count; i++) {
        const struct graph_node *n = graph_node(graph, i);
        bool theirs = memcmp(graph_key(graph, n->key)->key.id, key->id, KEY_BYTES) == 0;
        if (theirs && n->counted && n->seq > seq)
            seq = n->seq;
    }
    return seq;
}

/* "role", "rights", "fingerprint", "key", "address" as members of an open object. */
static void add_member_facts(const struct charter_member *m, struct buf *out)
{
    char fingerprint[ROSTER_FINGERPRINT_BYTES];
    struct buf line = {0};
    roster_fingerprint(&m->key, fingerprint);
    commit_key_line(bytes_of_text(m->label), &m->key, &line);
    struct bytes key = buf_bytes(&line);
    while (key.count > 0 && key.data[key.count - 1] == '\n')
        key.count--;
    buf_add_text(out, "\"role\":");
    render_text(out, charter_role_text(m->role));
    buf_add_text(out, ",\"rights\":[");
    buf_add_text(out, m->admin ? "\"admin\"" : "");
    buf_add_text(out, m->admin && m->treasurer ? "," : "");
    buf_add_text(out, m->treasurer ? "\"treasurer\"" : "");
    buf_add_text(out, "],\"fingerprint\":");
    render_text(out, fingerprint);
    buf_add_text(out, ",\"key\":");
    json_add_text(out, key);
    buf_add_text(out, ",\"address\":");
    render_text(out, m->address);
    if (line.failed)
        out->failed = true;
    buf_release(&line);
}

static enum status send_member(const struct verb_call *call, const struct charter_member *m)
{
    struct buf row = {0};
    bool self = strcmp(m->label, replica_label(call->replica)) == 0;
    buf_add_text(&row, "{\"label\":");
    render_text(&row, m->label);
    buf_add_byte(&row, ',');
    add_member_facts(m, &row);
    buf_add_format(&row, ",\"self\":%s,\"seq\":%llu,\"state\":\"member\"}", self ? "true" : "false",
                   (unsigned long long)last_seq(call->replica, &m->key));
    enum status status = verb_send(call, &row);
    buf_release(&row);
    return status;
}

static enum status send_retired(const struct verb_call *call, const struct charter_retired *m,
                                struct fault *f)
{
    struct buf row = {0};
    char fingerprint[ROSTER_FINGERPRINT_BYTES];
    roster_fingerprint(&m->key, fingerprint);
    buf_add_text(&row, "{\"label\":");
    render_text(&row, m->label);
    buf_add_text(&row, ",\"role\":null,\"rights\":[],\"fingerprint\":");
    render_text(&row, fingerprint);
    buf_add_format(&row, ",\"self\":false,\"seq\":%llu,\"state\":\"retired\",\"kept\":%u,",
                   (unsigned long long)last_seq(call->replica, &m->key), m->kept_count);
    enum status status = adoption_add(call->replica, bytes_of_text(m->label), &row, f);
    buf_add_byte(&row, '}');
    if (status == ST_OK)
        status = verb_send(call, &row);
    buf_release(&row);
    return status;
}

static enum status show_member(const struct verb_call *call, struct bytes label, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(call->replica));
    enum status status = lookup_label(call->replica, label, f);
    const struct charter_member *member = charter_by_label(newest, label);
    if (status == ST_OK && member != NULL)
        status = send_member(call, member);
    for (uint32_t i = 0; i < newest->retired_count && status == ST_OK; i++)
        if (bytes_equal_text(label, newest->retired[i].label))
            status = send_retired(call, &newest->retired[i], f);
    return status;
}

enum status roster_member(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    const struct charter *newest = charter_newest(replica_charters(call->replica));
    enum status status = ST_OK;
    if (q->word_count == 0 || (q->word_count == 1 && bytes_equal_text(q->words[0], "list"))) {
        for (uint32_t i = 0; i < newest->member_count && status == ST_OK; i++)
            status = send_member(call, &newest->members[i]);
        return status == ST_OK ? assembly_list(call, f) : status;
    }
    if (q->word_count == 2 && bytes_equal_text(q->words[0], "show"))
        return show_member(call, q->words[1], f);
    if (bytes_equal_text(q->words[0], "adopt"))
        return adoption_verb(call, f);
    if (assembly_knows(q->words[0]))
        return assembly_run(call, f);
    status = fault_set(f, ST_USAGE, "member takes list, or show and a label");
    fault_fix(f, "use: minga member list, or minga member show LABEL");
    return status;
}

enum status roster_whoami(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    const struct charter *newest = charter_newest(replica_charters(r));
    const struct charter_member *self = charter_by_label(newest, bytes_of_text(replica_label(r)));
    struct charter_member fallen = {.key = replica_identity(r)->key};
    if (self == NULL) { /* retired: what is still true of it */
        snprintf(fallen.label, sizeof fallen.label, "%s", replica_label(r));
        self = &fallen;
    }
    char network[2 * DIGEST_BYTES + 1];
    hex_encode(replica_network(r)->id, DIGEST_BYTES, network);
    struct buf row = {0};
    buf_add_text(&row, "{\"network\":");
    render_text(&row, newest->network);
    buf_add_format(&row, ",\"network_id\":\"%s\",\"office\":", network);
    render_text(&row, self->label);
    buf_add_byte(&row, ',');
    add_member_facts(self, &row);
    buf_add_format(&row, ",\"member\":%s}", self != &fallen ? "true" : "false");
    enum status status = verb_send(call, &row);
    buf_release(&row);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}
