#include "replicas/courier.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/bundle.h"
#include "replicas/cargo.h"
#include "replicas/consign.h"
#include "replicas/holdings.h"
#include "replicas/json.h"
#include "replicas/parcel.h"
#include "replicas/receipt.h"
#include "replicas/words.h"

enum { REFUSED_SHOWN = 32 }; /* refused commits that a row names; the others are counted */

/* ---- bytes in texts ---- */

void courier_add(struct buf *row, const char *name, struct bytes bytes)
{
    buf_add_format(row, "%s\"%s\":\"", row->count > 1 ? "," : "", name);
    size_t room = sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_ORIGINAL);
    uint8_t *text = buf_reserve(row, room);
    if (text != NULL) {
        sodium_bin2base64((char *)text, room, bytes.data, bytes.count,
                          sodium_base64_VARIANT_ORIGINAL);
        row->count += room - 1;
    }
    buf_add_byte(row, '"');
}

enum status courier_option(const struct verb_call *call, const char *name, struct buf *out,
                           struct fault *f)
{
    struct bytes text = control_option(call->request, name);
    size_t count = 0;
    uint8_t *room = buf_reserve(out, text.count / 4 * 3 + 3);
    if (room == NULL)
        return ST_NO_MEMORY;
    if (sodium_base642bin(room, text.count / 4 * 3 + 3, (const char *)text.data, text.count, NULL,
                          &count, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return fault_set(f, ST_MALFORMED, "\"%s\" is no base64", name);
    out->count += count;
    return ST_OK;
}

/* ---- who sent it ---- */

/* Its label, by the newest version that has the key; false: it never was a member. */
static bool sender_of(struct replica *r, const struct key *key, const char **label_out,
                      const char **standing_out)
{
    const struct charter_chain *chain = replica_charters(r);
    const struct charter_member *member = charter_by_key(charter_newest(chain), key);
    const struct charter_retired *retired = charter_retired_key(charter_newest(chain), key);
    *label_out = member != NULL ? member->label : retired != NULL ? retired->label : "";
    *standing_out = member != NULL ? "member" : retired != NULL ? "removed" : "unknown";
    return member != NULL || retired != NULL;
}

static enum status for_others(const struct verb_call *call, const struct key *recipient,
                              struct fault *f)
{
    const char *label, *standing;
    if (sender_of(call->replica, recipient, &label, &standing))
        fault_set(f, ST_WRONG_KEY, "this is for %s, not for %s", label,
                  replica_label(call->replica));
    else
        fault_set(f, ST_WRONG_KEY, "this is for another office, not for %s",
                  replica_label(call->replica));
    fault_fix(f, "read it there; a new one: minga bundle write FILE --for %s",
              replica_label(call->replica));
    return ST_WRONG_KEY;
}

static enum status check_address(const struct verb_call *call, const struct digest *network,
                                 const struct key *recipient, struct fault *f)
{
    const struct home_identity *self = replica_identity(call->replica);
    if (memcmp(network->id, replica_network(call->replica)->id, DIGEST_BYTES) != 0) {
        fault_set(f, ST_WRONG_NETWORK, "this is of another network");
        fault_fix(f, "nothing of it was read; minga --home DIR chooses another home");
        return ST_WRONG_NETWORK;
    }
    if (memcmp(recipient->id, self->key.id, KEY_BYTES) != 0)
        return for_others(call, recipient, f);
    return ST_OK;
}

static enum status open_bundle(const struct verb_call *call, struct fault *f)
{
    struct bundle_head head;
    struct buf bytes = {0}, row = {0};
    uint8_t key[BUNDLE_KEY_BYTES] = {0};
    char hex[2 * KEY_BYTES + 1];
    const char *label = "", *standing = "";
    enum status st = courier_option(call, "head", &bytes, f);
    if (st == ST_OK && bundle_decode(buf_bytes(&bytes), &head) != ST_OK)
        st = fault_set(f, ST_MALFORMED, "this is no bundle, or its beginning is damaged");
    if (st == ST_OK)
        st = check_address(call, &head.network, &head.recipient, f);
    if (st == ST_OK && bundle_verify(&head) != ST_OK)
        st = fault_set(f, ST_BAD_SIGNATURE, "its beginning is not signed by who it names");
    if (st == ST_OK && bundle_open(&head, replica_identity(call->replica)->secret, key) != ST_OK)
        st = fault_set(f, ST_WRONG_KEY, "it does not open with this office's key");
    if (st == ST_OK) {
        (void)sender_of(call->replica, &head.sender, &label, &standing);
        hex_encode(head.sender.id, KEY_BYTES, hex);
        buf_add_format(&row, "{\"sender\":\"%s\",\"label\":\"%s\",\"standing\":\"%s\"", hex, label,
                       standing);
        courier_add(&row, "key", (struct bytes){key, sizeof key});
        buf_add_byte(&row, '}');
        st = verb_send(call, &row);
    }
    sodium_memzero(key, sizeof key);
    if (row.data != NULL)
        sodium_memzero(row.data, row.count);
    buf_release(&row);
    buf_release(&bytes);
    return st;
}

/* ---- what it brings ---- */

struct taken {
    const struct verb_call *call;
    struct taken_label {
        char label[LABEL_BYTES_MAX + 1];
        uint32_t count;
    } by[PARCEL_ENTRIES_MAX];
    uint32_t by_count;
    uint32_t fresh, known, waiting, quarantined, charters, motions, sealed, unwanted;
    uint32_t refused_count;
    struct buf refused; /* JSON, of the first REFUSED_SHOWN */
};

static void count_commit(struct taken *t, uint32_t node)
{
    const struct graph *g = replica_graph(t->call->replica);
    const struct graph_node *n = graph_node(g, node);
    const char *label = graph_key(g, n->key)->label;
    uint32_t at = 0;
    t->fresh++;
    t->quarantined += n->counted ? 0 : 1;
    while (at < t->by_count && strcmp(t->by[at].label, label) != 0)
        at++;
    if (at == t->by_count)
        memcpy(t->by[t->by_count++].label, label, strlen(label) + 1);
    t->by[at].count++;
}

static void refuse(struct taken *t, const char *what, const uint8_t *id, size_t id_bytes,
                   const char *reason)
{
    char hex[2 * DIGEST_BYTES + 1];
    if (t->refused_count++ >= REFUSED_SHOWN)
        return;
    hex_encode(id, id_bytes, hex);
    buf_add_format(&t->refused, "%s{\"%s\":\"%s\",\"reason\":", t->refused.count > 0 ? "," : "",
                   what, hex);
    json_add_text(&t->refused, bytes_of_text(reason));
    buf_add_byte(&t->refused, '}');
}

static enum status take_items(struct taken *t, const struct parcel *p, struct fault *f)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct replica_verdict v;
        struct fault own = {0};
        enum status st = replica_accept(t->call->replica, p->entries[i], &v, &own);
        if (status_class(st) == STATUS_LOCAL) {
            if (f != NULL)
                *f = own;
            return st;
        }
        if (st == ST_OK)
            count_commit(t, v.node);
        else if (st == ST_EXISTS)
            t->known++;
        else if (st == ST_WAITING)
            t->waiting++;
        else
            refuse(t, "commit", v.id.id, OID_BYTES, own.text[0] ? own.text : status_text(st));
    }
    return ST_OK;
}

static enum status take_charters(struct taken *t, const struct parcel *p, struct fault *f)
{
    struct replica *r = t->call->replica;
    uint32_t before = replica_charters(r)->count;
    struct fault own = {0};
    bool grown;
    enum status st = replica_offer_charters(r, p->entries, p->count, &grown, &own);
    t->charters += replica_charters(r)->count - before;
    if (st == ST_OK && grown) /* after a restore: where no link is, a bundle has to do */
        st = replica_heard_peer(r, &own);
    if (st == ST_OK)
        return st;
    if (status_class(st) == STATUS_LOCAL) {
        if (f != NULL)
            *f = own;
        return st;
    }
    t->waiting += st == ST_WAITING ? 1 : 0;
    if (st != ST_WAITING)
        refuse(t, "charter", NULL, 0, own.text[0] != '\0' ? own.text : status_text(st));
    return ST_OK;
}

static enum status take_motions(struct taken *t, const struct parcel *p, struct fault *f)
{
    bool grown = false;
    uint32_t count = p->count < PROPOSALS_MAX ? p->count : PROPOSALS_MAX;
    uint32_t before = replica_charters(t->call->replica)->count;
    enum status st = replica_offer_motions(t->call->replica, p->entries, count, &grown, f);
    t->motions += grown ? count : 0;
    t->charters += replica_charters(t->call->replica)->count - before;
    return st;
}

static void refuse_item(void *user, const struct digest *name, const char *reason)
{
    refuse(user, "item", name->id, DIGEST_BYTES, reason);
}

static enum status take_sealed(struct taken *t, const struct parcel *p, struct fault *f)
{
    struct cargo_kept kept = {.user = t, .refuse = refuse_item};
    enum status st = cargo_keep(t->call->replica, p, &kept, f);
    t->sealed += kept.fresh;
    t->unwanted += kept.unwanted;
    return st;
}

/* What the sender holds is as good as a receipt; what it waits for only a receipt says. */
static enum status take_heads(const struct verb_call *call, const struct parcel *p,
                              const struct key *sender, struct fault *f)
{
    struct holdings has = {0};
    enum status st = holdings_load(call->replica, HOLDINGS_HAS, sender, &has, f);
    if (st == ST_OK) {
        buf_reset(&has.heads);
        buf_add_bytes(&has.heads, p->heads);
        has.charter = p->charter;
        st = buf_status(&has.heads);
    }
    if (st == ST_OK)
        st = holdings_keep(call->replica, HOLDINGS_HAS, sender, &has, f);
    holdings_release(&has);
    return st;
}

static enum status send_taken(const struct taken *t)
{
    struct buf row = {0};
    buf_add_text(&row, "{\"commits\":{");
    for (uint32_t i = 0; i < t->by_count; i++)
        buf_add_format(&row, "%s\"%s\":%u", i > 0 ? "," : "", t->by[i].label, t->by[i].count);
    buf_add_format(&row,
                   "},\"new\":%u,\"known\":%u,\"waiting\":%u,\"quarantined\":%u,\"charters\":%u,"
                   "\"motions\":%u,\"sealed\":%u,\"unwanted\":%u,\"refused_count\":%u,"
                   "\"refused\":[",
                   t->fresh, t->known, t->waiting, t->quarantined, t->charters, t->motions,
                   t->sealed, t->unwanted, t->refused_count);
    buf_add_bytes(&row, buf_bytes(&t->refused));
    buf_add_text(&row, "]}");
    enum status st = buf_status(&t->refused);
    if (st == ST_OK)
        st = verb_send(t->call, &row);
    buf_release(&row);
    return st;
}

static enum status take_parcel(struct taken *t, const struct parcel *p, const struct key *sender,
                               struct fault *f)
{
    const char *label, *standing;
    if (p->kind == PARCEL_CHARTERS) /* they prove themselves, and may prove the sender */
        return take_charters(t, p, f);
    if (!sender_of(t->call->replica, sender, &label, &standing)) {
        fault_set(f, ST_NOT_MEMBER, "it was written by a key that is and was no member's");
        fault_fix(f, "nothing of it was taken; ask who gave it to you");
        return ST_NOT_MEMBER;
    }
    switch (p->kind) {
    case PARCEL_MOTIONS:
        return take_motions(t, p, f);
    case PARCEL_ITEMS:
        return take_items(t, p, f);
    case PARCEL_HEADS:
        return take_heads(t->call, p, sender, f);
    case PARCEL_SEALED:
        return take_sealed(t, p, f);
    case PARCEL_CHARTERS:
        break;
    }
    return ST_OK;
}

static enum status sender_option(const struct verb_call *call, struct key *out, struct fault *f)
{
    return hex_decode(control_option(call->request, "sender"), out->id, KEY_BYTES) == ST_OK
               ? ST_OK
               : fault_set(f, ST_USAGE, "\"sender\" has to be a key in hex");
}

static enum status take(const struct verb_call *call, struct fault *f)
{
    struct key sender;
    struct buf chunk = {0};
    struct taken *t = mem_alloc(sizeof *t);
    struct parcel *p = mem_alloc(sizeof *p);
    enum status st = t != NULL && p != NULL ? sender_option(call, &sender, f) : ST_NO_MEMORY;
    if (st == ST_OK)
        st = courier_option(call, "chunk", &chunk, f);
    if (st == ST_OK && parcel_decode(buf_bytes(&chunk), p) != ST_OK)
        st = fault_set(f, ST_MALFORMED, "it holds bytes that are no part of a bundle");
    if (st == ST_OK) {
        t->call = call;
        st = take_parcel(t, p, &sender, f);
    }
    if (st == ST_OK)
        st = send_taken(t);
    if (t != NULL)
        buf_release(&t->refused);
    buf_release(&chunk);
    mem_free(p);
    mem_free(t);
    return st;
}

/* ---- receipts ---- */

static enum status make_receipt(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    struct bundle_head head;
    struct buf bytes = {0}, heads = {0}, wants = {0}, file = {0}, row = {0};
    enum status st = courier_option(call, "head", &bytes, f);
    if (st == ST_OK && bundle_decode(buf_bytes(&bytes), &head) != ST_OK)
        st = fault_set(f, ST_MALFORMED, "this is no head of a bundle");
    if (st == ST_OK)
        st = check_address(call, &head.network, &head.recipient, f);
    if (st == ST_OK)
        st = holdings_tips(r, &heads);
    if (st == ST_OK)
        st = cargo_wishes(r, &head.sender, &wants, f);
    if (st == ST_OK) {
        struct receipt receipt = {.network = head.network,
                                  .from = replica_identity(r)->key,
                                  .to = head.sender,
                                  .part = head.part,
                                  .seconds = (int64_t)time(NULL),
                                  .charter = charter_newest(replica_charters(r))->version,
                                  .heads = buf_bytes(&heads),
                                  .wants = buf_bytes(&wants)};
        memcpy(receipt.bundle, head.id, BUNDLE_ID_BYTES);
        st = receipt_write(&receipt, replica_identity(r)->secret, &file);
    }
    if (st == ST_OK) {
        buf_add_byte(&row, '{');
        courier_add(&row, "receipt", buf_bytes(&file));
        buf_add_byte(&row, '}');
        st = verb_send(call, &row);
    }
    buf_release(&bytes);
    buf_release(&heads);
    buf_release(&wants);
    buf_release(&file);
    buf_release(&row);
    return st;
}

static enum status check_receipt(const struct verb_call *call, struct bytes file,
                                 struct receipt *out, const char **label_out, struct fault *f)
{
    const char *standing;
    enum status st = receipt_read(file, out);
    if (st == ST_BAD_SIGNATURE)
        return fault_set(f, st, "the receipt is not signed by who it names");
    if (st != ST_OK && st != ST_NO_MEMORY)
        return fault_set(f, st, "the receipt is damaged, or none");
    if (st == ST_OK)
        st = check_address(call, &out->network, &out->to, f);
    if (st == ST_OK && !sender_of(call->replica, &out->from, label_out, &standing))
        st = fault_set(f, ST_NOT_MEMBER, "the receipt is by a key that is and was no member's");
    return st;
}

static enum status returned(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    struct receipt receipt;
    struct holdings has = {0};
    struct buf file = {0}, row = {0};
    const char *label = "";
    uint32_t unknown = 0;
    enum status st = courier_option(call, "receipt", &file, f);
    if (st == ST_OK)
        st = check_receipt(call, buf_bytes(&file), &receipt, &label, f);
    if (st == ST_OK) {
        has.charter = receipt.charter;
        buf_add_bytes(&has.heads, receipt.heads);
        buf_add_bytes(&has.wants, receipt.wants);
        for (size_t at = 0; at < receipt.heads.count; at += OID_BYTES) {
            struct oid id;
            memcpy(id.id, receipt.heads.data + at, OID_BYTES);
            unknown += graph_find(replica_graph(r), &id) == GRAPH_NONE ? 1 : 0;
        }
        st = buf_status(&has.heads);
        if (st == ST_OK)
            st = buf_status(&has.wants);
    }
    if (st == ST_OK)
        st = holdings_keep(r, HOLDINGS_HAS, &receipt.from, &has, f);
    if (st == ST_OK) {
        buf_add_format(&row, "{\"label\":\"%s\",\"heads\":%u,\"unknown\":%u,\"wants\":%u}", label,
                       (unsigned)(receipt.heads.count / OID_BYTES), unknown,
                       (unsigned)(receipt.wants.count / DIGEST_BYTES));
        st = verb_send(call, &row);
    }
    holdings_release(&has);
    buf_release(&file);
    buf_release(&row);
    return st;
}

static const struct word {
    const char *name;
    enum status (*run)(const struct verb_call *call, struct fault *f);
} WORDS[] = {
    {"charters", consign_charters}, {"given", consign_given},     {"heads", consign_heads},
    {"history", consign_history},   {"motions", consign_motions}, {"open", open_bundle},
    {"plan", consign_plan},         {"receipt", make_receipt},    {"returned", returned},
    {"sealed", cargo_sealed},       {"sign", consign_sign},       {"take", take},
    {"wanted", cargo_wanted},
};

enum status courier_run(const struct verb_call *call, struct fault *f)
{
    for (size_t i = 0; call->request->word_count == 1 && i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (bytes_equal_text(call->request->words[0], WORDS[i].name))
            return WORDS[i].run(call, f);
    return fault_set(f, ST_USAGE, "bundle write FILE --for LABEL, or bundle read FILE");
}
