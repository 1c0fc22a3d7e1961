#include "replicas/keyring_entry.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/record.h"

enum {
    SEALED_BYTES = SEAL_KEY_BYTES + crypto_box_SEALBYTES,
    SEALED_TEXT = (SEALED_BYTES * 4 + 2) / 3, /* base64 without padding */
    KEY_TEXT = 2 * KEY_BYTES,
    COPY_TEXT = 1 + KEY_TEXT + 1 + SEALED_TEXT + 1, /* with its quotes */
    CLASS_KEY_TEXT = 64,                            /* "personal/<40 digits>" and a NUL */
    FAILED_MIN = 8,
};

static const char *class_text(enum schema_class class)
{
    return class == SCHEMA_INTERNAL ? "internal" : "personal";
}

void keyring_entry_reader(const struct digest *network, const struct home_identity *identity,
                          struct keyring_entry_reader *out)
{
    *out = (struct keyring_entry_reader){.network = *network, .self = identity->key};
    int failed = crypto_sign_ed25519_pk_to_curve25519(out->public, identity->key.id);
    failed |= crypto_sign_ed25519_sk_to_curve25519(out->secret, identity->secret);
    if (failed != 0 || sodium_is_zero(identity->secret, sizeof identity->secret))
        sodium_memzero(out->secret, sizeof out->secret);
}

void keyring_entry_record(const struct digest *network, enum schema_class class,
                          const struct seal_id *id, uint8_t out[static RECORD_ID_BYTES])
{
    char hex[SEAL_ID_TEXT + 1], text[CLASS_KEY_TEXT];
    hex_encode(id->id, SEAL_ID_BYTES, hex);
    snprintf(text, sizeof text, "%s/%s", class_text(class), hex);
    op_record_id(network, BYTES("classkey"), bytes_of_text(text), out);
}

/* Whether the record's id was derived from this key id; and of which class. */
static bool names(const struct keyring_entry_reader *reader, const uint8_t *record,
                  const struct seal_id *id, enum schema_class *class_out)
{
    static const enum schema_class classes[] = {SCHEMA_INTERNAL, SCHEMA_PERSONAL};
    uint8_t derived[RECORD_ID_BYTES];
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        keyring_entry_record(&reader->network, classes[i], id, derived);
        if (memcmp(derived, record, RECORD_ID_BYTES) == 0) {
            *class_out = classes[i];
            return true;
        }
    }
    return false;
}

/* A copy's two parts; false: no copy. */
static bool parse_copy(struct bytes text, struct key *member, uint8_t sealed[static SEALED_BYTES])
{
    size_t count = 0;
    if (text.count != COPY_TEXT || text.data[1 + KEY_TEXT] != ' ' ||
        hex_decode((struct bytes){text.data + 1, KEY_TEXT}, member->id, KEY_BYTES) != ST_OK)
        return false;
    const char *base64 = (const char *)text.data + 1 + KEY_TEXT + 1;
    return sodium_base642bin(sealed, SEALED_BYTES, base64, SEALED_TEXT, NULL, &count, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           count == SEALED_BYTES;
}

enum status keyring_entry_copy(const struct seal_key *key, const struct key *member,
                               struct buf *out)
{
    uint8_t to[crypto_box_PUBLICKEYBYTES], sealed[SEALED_BYTES];
    char hex[KEY_TEXT + 1], base64[SEALED_TEXT + 1];
    if (crypto_sign_ed25519_pk_to_curve25519(to, member->id) != 0 ||
        crypto_box_seal(sealed, key->key, SEAL_KEY_BYTES, to) != 0)
        return ST_BAD_VALUE;
    hex_encode(member->id, KEY_BYTES, hex);
    sodium_bin2base64(base64, sizeof base64, sealed, sizeof sealed,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_add_format(out, "\"%s %s\"", hex, base64);
    return buf_status(out);
}

static void hash_copy(struct bytes text, uint8_t out[static KEYRING_ENTRY_MEMO_BYTES])
{
    int failed = crypto_generichash(out, KEYRING_ENTRY_MEMO_BYTES, text.data, text.count, NULL, 0);
    CHECK(failed == 0);
}

static int compare_memos(const void *a, const void *b)
{
    return memcmp(a, b, KEYRING_ENTRY_MEMO_BYTES);
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, KEY_BYTES);
}

static enum status add_failed(struct keyring_entry *e, const uint8_t *memo)
{
    if (e->failed_count == e->failed_capacity) {
        uint32_t capacity = e->failed_capacity == 0 ? FAILED_MIN : 2 * e->failed_capacity;
        void *more = mem_resize(e->failed, (size_t)capacity * KEYRING_ENTRY_MEMO_BYTES);
        if (more == NULL)
            return ST_NO_MEMORY;
        e->failed = more;
        e->failed_capacity = capacity;
    }
    memcpy(e->failed[e->failed_count], memo, KEYRING_ENTRY_MEMO_BYTES);
    e->failed_count++;
    return ST_OK;
}

/* Whether a copy for us opens to the key that the record is named after. */
static bool open_copy(const struct keyring_entry_reader *reader, const uint8_t *record,
                      const uint8_t sealed[static SEALED_BYTES], struct keyring_entry_key *out)
{
    struct keyring_entry_key found = {.class = SCHEMA_OPEN};
    memcpy(found.record, record, RECORD_ID_BYTES);
    bool opened = crypto_box_seal_open(found.key.key, sealed, SEALED_BYTES, reader->public,
                                       reader->secret) == 0;
    if (opened) {
        seal_key_id(&found.key, &found.id);
        opened = names(reader, record, &found.id, &found.class);
    }
    if (opened)
        *out = found;
    sodium_memzero(&found, sizeof found);
    return opened;
}

bool keyring_entry_open(const struct keyring_entry_reader *reader, const uint8_t *record,
                        struct bytes text, struct keyring_entry_key *key_out)
{
    struct key member;
    uint8_t sealed[SEALED_BYTES];
    return parse_copy(text, &member, sealed) &&
           memcmp(member.id, reader->self.id, KEY_BYTES) == 0 &&
           open_copy(reader, record, sealed, key_out);
}

static enum status add_drop(struct keyring_entry *e, const struct record *r,
                            const struct record_element *element)
{
    struct op op = {.verb = OP_DROP,
                    .type = BYTES("classkey"),
                    .name = BYTES("copies"),
                    .value = element->text,
                    .over = {r->changes[element->first].id, (size_t)element->count * CHANGE_BYTES}};
    memcpy(op.id, e->record, RECORD_ID_BYTES);
    return e->drops.count < KEYRING_ENTRY_DROPS_MAX ? op_list_add(&e->drops, &op) : ST_OK;
}

static bool failed_before(const struct keyring_entry *before, const uint8_t *memo)
{
    return before != NULL && before->failed_count > 0 &&
           bsearch(memo, before->failed, before->failed_count, KEYRING_ENTRY_MEMO_BYTES,
                   compare_memos) != NULL;
}

/* What a copy for us is worth: opened, or remembered as one that does not open. */
static enum status try_copy(const struct keyring_entry_reader *reader, const struct record *r,
                            const struct record_element *element,
                            const uint8_t sealed[static SEALED_BYTES],
                            const struct keyring_entry *before, struct keyring_entry *e,
                            struct keyring_entry_key *key_out, bool *opened_out)
{
    uint8_t memo[KEYRING_ENTRY_MEMO_BYTES];
    hash_copy(element->text, memo);
    if (!failed_before(before, memo) && open_copy(reader, e->record, sealed, key_out)) {
        *opened_out = true;
        return ST_OK;
    }
    enum status status = add_failed(e, memo);
    /* Without the secret none opens, and nothing is known of any. */
    if (status == ST_OK && !sodium_is_zero(reader->secret, sizeof reader->secret))
        status = add_drop(e, r, element);
    return status;
}

/* The set's copies: whose there are, and the first for us that opens. */
static enum status read_copies(const struct keyring_entry_reader *reader, const struct record *r,
                               const struct keyring_entry *before, bool held,
                               struct keyring_entry *e, struct keyring_entry_key *key_out,
                               bool *opened_out)
{
    const struct record_set *set = record_set(r, BYTES("copies"));
    uint32_t count = 0;
    if (set == NULL)
        return ST_OK;
    e->copies = mem_array(set->count, sizeof *e->copies);
    if (e->copies == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < set->count; i++) {
        uint8_t sealed[SEALED_BYTES];
        const struct record_element *element = &r->elements[set->first + i];
        struct key *member = &e->copies[count];
        if (!parse_copy(element->text, member, sealed))
            continue;
        if (!held && !*opened_out && memcmp(member->id, reader->self.id, KEY_BYTES) == 0) {
            enum status status =
                try_copy(reader, r, element, sealed, before, e, key_out, opened_out);
            if (status != ST_OK)
                return status;
        }
        count++;
    }
    qsort(e->copies, count, sizeof *e->copies, compare_keys);
    for (uint32_t i = 0; i < count; i++)
        if (e->copy_count == 0 || compare_keys(&e->copies[e->copy_count - 1], &e->copies[i]) != 0)
            e->copies[e->copy_count++] = e->copies[i];
    if (e->failed_count > 0)
        qsort(e->failed, e->failed_count, sizeof *e->failed, compare_memos);
    return ST_OK;
}

/* The value of a field as it reads; {NULL, 0}: none. */
static struct bytes value_of(const struct record *r, struct bytes name)
{
    const struct record_field *field = record_field(r, name);
    return field != NULL ? record_reads(r, field)->json : (struct bytes){NULL, 0};
}

/* What the fields say, for a record whose key we cannot open: they count when its id agrees. */
static void read_named(const struct keyring_entry_reader *reader, const struct record *r,
                       struct keyring_entry *e)
{
    struct bytes key = value_of(r, BYTES("key"));
    e->named =
        key.count == SEAL_ID_TEXT + 2 &&
        hex_decode((struct bytes){key.data + 1, SEAL_ID_TEXT}, e->id.id, SEAL_ID_BYTES) == ST_OK &&
        names(reader, e->record, &e->id, &e->class);
}

/* Who made it: nobody who comes later can have a lower height, for the id tells nobody before. */
static void read_creator(const struct record *r, struct keyring_entry *e)
{
    const struct record_seen *first = NULL;
    for (uint32_t i = 0; i < r->seen_count; i++) {
        const struct record_seen *s = &r->seen[i];
        int label = first != NULL ? bytes_compare(s->label, first->label) : 0;
        if (first == NULL || s->height < first->height ||
            (s->height == first->height &&
             (label < 0 || (label == 0 && change_compare(&s->change, &first->change) < 0))))
            first = s;
    }
    CHECK(first != NULL && first->label.count <= LABEL_BYTES_MAX);
    memcpy(e->creator, first->label.data, first->label.count);
}

static enum status fill(const struct keyring_entry_reader *reader, const struct record *r,
                        const struct keyring_entry_key *held, const struct keyring_entry *before,
                        struct keyring_entry *e, struct keyring_entry_key *key_out,
                        bool *opened_out)
{
    int64_t epoch = 0;
    enum status status = read_copies(reader, r, before, held != NULL, e, key_out, opened_out);
    if (status != ST_OK)
        return status;
    const struct keyring_entry_key *known = *opened_out ? key_out : held;
    if (known != NULL) {
        e->named = true;
        e->class = known->class;
        e->id = known->id;
    } else {
        read_named(reader, r, e);
    }
    struct bytes value = value_of(r, BYTES("epoch"));
    if (value.count > 0 && json_take_integer(value, &epoch) == ST_OK && epoch > 0)
        e->epoch = (uint64_t)epoch;
    read_creator(r, e);
    return ST_OK;
}

enum status keyring_entry_read(const struct keyring_entry_reader *reader, struct bytes file,
                               const struct keyring_entry_key *held,
                               const struct keyring_entry *before, struct keyring_entry **out,
                               struct keyring_entry_key *key_out, bool *opened_out, struct fault *f)
{
    struct record r = {.id = {NULL, 0}};
    struct keyring_entry *e = mem_alloc(sizeof *e);
    enum status status = e != NULL ? record_parse(file, &r) : ST_NO_MEMORY;
    *opened_out = false;
    if (status == ST_OK &&
        (r.entry.data != NULL || hex_decode(r.id, e->record, RECORD_ID_BYTES) != ST_OK))
        status = ST_MALFORMED;
    if (status == ST_OK)
        status = fill(reader, &r, held, before, e, key_out, opened_out);
    record_release(&r);
    if (status == ST_OK) {
        *out = e;
        return ST_OK;
    }
    keyring_entry_free(e);
    if (*opened_out)
        sodium_memzero(key_out, sizeof *key_out);
    *opened_out = false;
    return status == ST_NO_MEMORY ? fault_set(f, status, "out of memory")
                                  : fault_set(f, ST_CORRUPT, "a classkey record is damaged");
}

void keyring_entry_free(struct keyring_entry *e)
{
    if (e == NULL)
        return;
    mem_free(e->copies);
    mem_free(e->failed);
    op_list_release(&e->drops);
    mem_free(e);
}

bool keyring_entry_has(const struct keyring_entry *e, const struct key *key)
{
    return e->copy_count > 0 &&
           bsearch(key, e->copies, e->copy_count, sizeof *e->copies, compare_keys) != NULL;
}
