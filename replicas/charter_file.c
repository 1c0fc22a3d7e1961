#include "replicas/charter_file.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/charter_sign.h"
#include "replicas/json.h"
#include "replicas/object.h"

bool charter_file_check_network(struct bytes name)
{
    if (name.count == 0 || name.count > NAME_BYTES_MAX || !bytes_are_utf8(name))
        return false;
    for (size_t i = 0; i < name.count; i++)
        if (name.data[i] < ' ' || name.data[i] == 0x7f)
            return false;
    return true;
}

static bool address_is_valid(const char *address)
{
    size_t count = strspn(address, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789.:[]-_%");
    return address[count] == '\0' && count <= ADDRESS_BYTES_MAX;
}

enum status charter_file_check_member(const struct charter_member *m, struct fault *f)
{
    if (!label_is_valid(bytes_of_text(m->label)))
        return fault_set(f, ST_BAD_VALUE,
                         "\"%s\" is no label: a letter, then letters, digits and -, 2 to %d in all",
                         m->label, LABEL_BYTES_MAX);
    if (!address_is_valid(m->address))
        return fault_set(f, ST_BAD_VALUE, "the address of %s is not host:port", m->label);
    if (m->role == CHARTER_PARTNER && m->admin)
        return fault_set(f, ST_BAD_VALUE, "%s is a partner, which cannot be admin", m->label);
    if (m->role != CHARTER_OFFICE && m->treasurer)
        return fault_set(f, ST_BAD_VALUE, "%s is no office, which a treasurer is", m->label);
    return ST_OK;
}

void charter_file_hash(struct bytes body, struct digest *out)
{
    int failed = crypto_generichash(out->id, sizeof out->id, body.data, body.count, NULL, 0);
    CHECK(failed == 0);
}

/* Writing. Every text that stands between quotes here holds nothing to escape, but the network's
 * name, which json_add_text() writes. */

static void add_hex(struct buf *out, const uint8_t *data, size_t count)
{
    char hex[2 * DIGEST_BYTES + 1];
    CHECK(count <= DIGEST_BYTES);
    hex_encode(data, count, hex);
    buf_add_format(out, "\"%s\"", hex);
}

static void add_member(const struct charter_member *m, struct buf *out)
{
    buf_add_text(out, "{\"address\":");
    json_add_text(out, bytes_of_text(m->address));
    buf_add_text(out, ",\"key\":");
    add_hex(out, m->key.id, KEY_BYTES);
    buf_add_format(out, ",\"label\":\"%s\",\"rights\":[%s%s%s],\"role\":\"%s\"}", m->label,
                   m->admin ? "\"admin\"" : "", m->admin && m->treasurer ? "," : "",
                   m->treasurer ? "\"treasurer\"" : "", charter_role_text(m->role));
}

static void add_retired(const struct charter_retired *r, struct buf *out)
{
    buf_add_text(out, "{\"kept\":[");
    for (uint32_t i = 0; i < r->kept_count; i++) {
        buf_add_text(out, i == 0 ? "" : ",");
        add_hex(out, r->kept[i].id, OID_BYTES);
    }
    buf_add_text(out, "],\"key\":");
    add_hex(out, r->key.id, KEY_BYTES);
    buf_add_format(out, ",\"label\":\"%s\"}", r->label);
}

static void add_schema(struct bytes schema_json, struct buf *out)
{
    struct object o;
    struct bytes name, value;
    struct bytes audit = object_find(schema_json, "audit");
    bool first = true;
    buf_add_text(out, "\"schema\":{");
    if (audit.data != NULL) {
        buf_add_text(out, "\"audit\":");
        buf_add_bytes(out, audit);
        buf_add_text(out, ",\n");
    }
    buf_add_text(out, "\"types\":{\n");
    object_begin(&o, object_find(schema_json, "types"));
    while (object_next(&o, &name, &value)) {
        buf_add_text(out, first ? "\"" : ",\n\"");
        buf_add_bytes(out, name);
        buf_add_text(out, "\":");
        buf_add_bytes(out, value);
        first = false;
    }
    CHECK(object_end(&o) == ST_OK);
    buf_add_text(out, "\n}},\n");
}

void charter_file_add_body(const struct charter *c, struct buf *out)
{
    static const struct digest zero;
    buf_add_text(out, "{\n\"limits\":");
    buf_add_bytes(out, c->limits_json);
    buf_add_text(out, ",\n\"members\":[\n");
    for (uint32_t i = 0; i < c->member_count; i++) {
        buf_add_text(out, i == 0 ? "" : ",\n");
        add_member(&c->members[i], out);
    }
    buf_add_text(out, "\n],\n\"network\":");
    json_add_text(out, bytes_of_text(c->network));
    buf_add_text(out, ",\n\"previous\":");
    if (memcmp(&c->previous, &zero, sizeof zero) == 0)
        buf_add_text(out, "\"\"");
    else
        add_hex(out, c->previous.id, DIGEST_BYTES);
    buf_add_text(out, c->retired_count == 0 ? ",\n\"retired\":[" : ",\n\"retired\":[\n");
    for (uint32_t i = 0; i < c->retired_count; i++) {
        buf_add_text(out, i == 0 ? "" : ",\n");
        add_retired(&c->retired[i], out);
    }
    buf_add_text(out, c->retired_count == 0 ? "],\n" : "\n],\n");
    add_schema(c->schema_json, out);
    buf_add_format(out, "\"version\":%u\n}", c->version);
}

static void add_signature(const struct charter_signature *s, struct buf *out)
{
    struct buf armour = {0};
    buf_add_text(out, "{\"ballot\":{\"admin\":");
    add_hex(out, s->admin.id, KEY_BYTES);
    buf_add_text(out, ",\"round\":");
    json_add_integer(out, (int64_t)s->round);
    buf_add_text(out, "},\"key\":");
    add_hex(out, s->key.id, KEY_BYTES);
    buf_add_text(out, ",\"signature\":");
    charter_sign_armour(s, &armour);
    json_add_text(out, buf_bytes(&armour));
    buf_add_text(out, "}");
    out->failed = out->failed || armour.failed;
    buf_release(&armour);
}

void charter_file_add(const struct charter *c, struct bytes body, struct buf *out)
{
    buf_add_text(out, "{\"body\":");
    buf_add_bytes(out, body);
    buf_add_text(out, ",\n\"signatures\":[\n");
    for (uint32_t i = 0; i < c->signature_count; i++) {
        buf_add_text(out, i == 0 ? "" : ",\n");
        add_signature(&c->signatures[i], out);
    }
    buf_add_text(out, "\n]}\n");
}

void charter_file_free(struct charter *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->retired_count; i++)
        mem_free(c->retired[i].kept);
    mem_free(c->members);
    mem_free(c->retired);
    mem_free(c->signatures);
    schema_free(c->schema);
    buf_release(&c->schema_text);
    buf_release(&c->file);
    mem_free(c);
}
