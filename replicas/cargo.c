#include "replicas/cargo.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/courier.h"
#include "replicas/custody.h"
#include "replicas/follow.h"
#include "replicas/holdings.h"
#include "replicas/receipt.h"
#include "replicas/words.h"

enum { BYTES_DEFAULT = 512 * KIB };

/* ---- what is held of some records ---- */

struct place { /* of an item in the order in which they go: by record, by kind, by name */
    uint32_t record;
    uint32_t rank;
    struct digest name;
};

struct listing {
    struct place *list;
    uint32_t count, capacity;
    uint32_t record;
    bool leads; /* only what leads to others: all but the chunks of files */
};

/* Salts and lists first: what they lead to is asked for once they are there. */
static uint32_t rank_of(enum vault_kind kind)
{
    static const uint32_t ranks[] = {[VAULT_SALT] = 0,
                                     [VAULT_LIST] = 1,
                                     [VAULT_VALUE] = 2,
                                     [VAULT_CHUNK] = 3,
                                     [VAULT_DISCLOSURE] = 4};
    return ranks[kind];
}

static enum status note(void *user, const struct vault_facts *facts)
{
    struct listing *l = user;
    if (l->leads && facts->kind == VAULT_CHUNK)
        return ST_OK;
    if (l->count == l->capacity) {
        uint32_t capacity = l->capacity > 0 ? 2 * l->capacity : 64;
        void *grown = mem_resize(l->list, capacity * sizeof *l->list);
        if (grown == NULL)
            return ST_NO_MEMORY;
        l->list = grown;
        l->capacity = capacity;
    }
    l->list[l->count++] = (struct place){l->record, rank_of(facts->kind), facts->name};
    return ST_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->record != y->record)
        return x->record < y->record ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return memcmp(x->name.id, y->name.id, DIGEST_BYTES);
}

/* The next line "type id" of the option. */
static bool next_record(struct bytes *lines, struct bytes *type, struct bytes *id)
{
    const uint8_t *end = lines->count > 0 ? memchr(lines->data, '\n', lines->count) : NULL;
    if (end == NULL)
        return false;
    const uint8_t *space = memchr(lines->data, ' ', (size_t)(end - lines->data));
    if (space == NULL)
        return false;
    *type = (struct bytes){lines->data, (size_t)(space - lines->data)};
    *id = (struct bytes){space + 1, (size_t)(end - space - 1)};
    *lines = (struct bytes){end + 1, lines->count - (size_t)(end + 1 - lines->data)};
    return true;
}

static enum status list_items(const struct verb_call *call, struct listing *l, struct fault *f)
{
    struct vault *vault = replica_vault(call->replica);
    struct bytes lines = control_option(call->request, "records"), type, id;
    enum status st = ST_OK;
    while (vault != NULL && st == ST_OK && next_record(&lines, &type, &id)) {
        if (l->record == CARGO_RECORDS_MAX || !name_is_valid(type) || id.count != RECORD_ID_TEXT)
            return fault_set(f, ST_USAGE, "\"records\" has to be a few lines \"type id\"");
        st = vault_each(vault, type, id, note, l, f);
        l->record++;
    }
    if (st == ST_OK && l->count > 0)
        qsort(l->list, l->count, sizeof *l->list, by_place);
    return st;
}

/* ---- one chunk of them ---- */

struct load {
    struct parcel parcel;
    struct buf items[PARCEL_ENTRIES_MAX];
    size_t bytes;
};

static void load_free(struct load *l)
{
    for (uint32_t i = 0; l != NULL && i < PARCEL_ENTRIES_MAX; i++)
        buf_release(&l->items[i]);
    mem_free(l);
}

/* One item, where 'to' may have it; *full_out where it has to wait for the next chunk. */
static enum status add_item(struct replica *r, const struct key *to, const struct digest *name,
                            size_t bytes_max, struct load *l, bool *full_out, struct fault *f)
{
    *full_out = l->parcel.count == PARCEL_ENTRIES_MAX;
    if (*full_out)
        return ST_OK;
    struct buf *item = &l->items[l->parcel.count];
    enum status st = custody_give(r, to, name, item, f);
    if (st != ST_OK || item->count == 0)
        return st == ST_NOT_FOUND ? ST_OK : st;
    *full_out = l->parcel.count > 0 && l->bytes + item->count > bytes_max;
    if (!*full_out)
        *full_out = !parcel_add(&l->parcel, name, buf_bytes(item));
    if (*full_out)
        buf_reset(item);
    else
        l->bytes += item->count;
    return ST_OK;
}

static enum status send(const struct verb_call *call, const struct load *l, uint64_t next,
                        bool more)
{
    struct buf row = {0}, chunk = {0};
    if (l->parcel.count > 0)
        parcel_encode(&l->parcel, &chunk);
    enum status st = buf_status(&chunk);
    buf_add_format(&row, "{\"count\":%u,\"next\":%llu,\"more\":%s", l->parcel.count,
                   (unsigned long long)next, more ? "true" : "false");
    courier_add(&row, "chunk", buf_bytes(&chunk));
    buf_add_byte(&row, '}');
    if (st == ST_OK)
        st = verb_send(call, &row);
    buf_release(&chunk);
    buf_release(&row);
    return st;
}

struct asked {
    struct key to;
    uint64_t after, bytes;
};

static enum status read_asked(const struct verb_call *call, struct asked *out, struct fault *f)
{
    const struct control_request *q = call->request;
    *out = (struct asked){.bytes = BYTES_DEFAULT};
    if (hex_decode(control_option(q, "to"), out->to.id, KEY_BYTES) != ST_OK)
        return fault_set(f, ST_USAGE, "\"to\" has to be a key in hex");
    enum status st = ST_OK;
    if (control_has(q, "after"))
        st = words_count(control_option(q, "after"), "after", &out->after, f);
    if (st == ST_OK && control_has(q, "bytes"))
        st = words_count(control_option(q, "bytes"), "bytes", &out->bytes, f);
    return st;
}

/* The items of names[after …] that may go; 'stride' bytes lie between two names. */
static enum status send_names(const struct verb_call *call, const struct asked *a,
                              const uint8_t *names, size_t stride, uint64_t count, struct fault *f)
{
    struct load *l = mem_alloc(sizeof *l);
    bool full = false;
    uint64_t at = a->after;
    enum status st = l != NULL ? ST_OK : ST_NO_MEMORY;
    if (st == ST_OK)
        l->parcel.kind = PARCEL_SEALED;
    while (st == ST_OK && at < count) {
        struct digest name;
        memcpy(name.id, names + at * stride, DIGEST_BYTES);
        st = add_item(call->replica, &a->to, &name, (size_t)a->bytes, l, &full, f);
        if (full)
            break;
        at++;
    }
    if (st == ST_OK)
        st = send(call, l, at, full);
    load_free(l);
    return st;
}

enum status cargo_sealed(const struct verb_call *call, struct fault *f)
{
    struct asked a;
    struct listing l = {.leads = control_has(call->request, "leads")};
    enum status st = read_asked(call, &a, f);
    if (st == ST_OK)
        st = list_items(call, &l, f);
    if (st == ST_OK)
        st = send_names(call, &a, l.count > 0 ? l.list[0].name.id : NULL, sizeof *l.list, l.count,
                        f);
    mem_free(l.list);
    return st;
}

enum status cargo_wanted(const struct verb_call *call, struct fault *f)
{
    struct asked a;
    struct holdings has = {0};
    enum status st = read_asked(call, &a, f);
    if (st == ST_OK)
        st = holdings_load(call->replica, HOLDINGS_HAS, &a.to, &has, f);
    if (st == ST_OK)
        st = send_names(call, &a, has.wants.data, DIGEST_BYTES, has.wants.count / DIGEST_BYTES, f);
    holdings_release(&has);
    return st;
}

/* ---- what comes ---- */

enum status cargo_wishes(struct replica *r, const struct key *from, struct buf *out,
                         struct fault *f)
{
    static const enum custody_lane lanes[] = {CUSTODY_VALUES, CUSTODY_FILES};
    static const struct digest start;
    uint32_t left = RECEIPT_WANTS_MAX, count = 0;
    bool more;
    struct digest *names = mem_array(left, sizeof *names);
    enum status st = names != NULL ? ST_OK : ST_NO_MEMORY;
    for (unsigned i = 0; i < 2 && st == ST_OK && left > 0; i++) {
        st = custody_wishes(r, lanes[i], from, &start, left, names, &count, &more, f);
        for (uint32_t k = 0; st == ST_OK && k < count; k++)
            buf_add(out, names[k].id, DIGEST_BYTES);
        left -= st == ST_OK ? count : 0;
    }
    mem_free(names);
    return st == ST_OK ? buf_status(out) : st;
}

/* One item. *left_out: nobody wants it, so far. */
static enum status keep_one(struct replica *r, const struct digest *name, struct bytes item,
                            struct cargo_kept *kept, bool *left_out, struct fault *f)
{
    struct fault own = {0};
    bool held = false;
    *left_out = false;
    enum status st = custody_keep(r, name, item, &own);
    if (st == ST_NOT_FOUND && replica_vault(r) != NULL) {
        enum status asked = vault_has(replica_vault(r), name, &held, &own);
        st = asked == ST_OK ? st : asked;
    }
    if (st == ST_NOT_FOUND)
        *left_out = !held;
    kept->fresh += st == ST_OK ? 1 : 0;
    kept->held += held ? 1 : 0;
    if (status_class(st) == STATUS_LOCAL)
        return fault_set(f, st, "%s", own.text[0] != '\0' ? own.text : status_text(st));
    if (st != ST_OK && st != ST_NOT_FOUND)
        kept->refuse(kept->user, name, own.text[0] != '\0' ? own.text : status_text(st));
    return ST_OK;
}

/* What the items that are here name is wanted now, and not only at the next quiet moment. */
static enum status follow(struct replica *r, struct fault *f)
{
    struct tending now = {.replica = r};
    enum status st;
    do {
        now.next_ms = UINT64_MAX;
        st = follow_step(&now, f);
    } while (st == ST_OK && now.next_ms != UINT64_MAX);
    return st;
}

enum status cargo_keep(struct replica *r, const struct parcel *p, struct cargo_kept *kept,
                       struct fault *f)
{
    bool left[PARCEL_ENTRIES_MAX];
    uint32_t before, left_count = 0;
    CHECK(p->kind == PARCEL_SEALED);
    for (uint32_t i = 0; i < p->count; i++)
        left[i] = true;
    for (unsigned round = 0;; round++) { /* each but the first keeps something, or is the last */
        enum status st = ST_OK;
        before = kept->fresh;
        left_count = 0;
        for (uint32_t i = 0; st == ST_OK && i < p->count; i++) {
            if (left[i])
                st = keep_one(r, &p->names[i], p->entries[i], kept, &left[i], f);
            left_count += left[i] ? 1 : 0;
        }
        bool again = left_count > 0 && (round == 0 || kept->fresh > before);
        if (st == ST_OK && again)
            st = follow(r, f);
        if (st != ST_OK || !again) {
            kept->unwanted += left_count;
            return st;
        }
    }
}
