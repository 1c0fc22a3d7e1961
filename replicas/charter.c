#include "replicas/charter.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/charter_sign.h"
#include "replicas/json.h"

static const char *const role_texts[] = {"office", "auditor", "partner"};

const char *charter_role_text(enum charter_role role)
{
    CHECK((int)role >= CHARTER_OFFICE && role <= CHARTER_PARTNER);
    return role_texts[role];
}

bool charter_role_parse(struct bytes text, enum charter_role *out)
{
    for (int role = CHARTER_OFFICE; role <= CHARTER_PARTNER; role++) {
        if (bytes_equal_text(text, role_texts[role])) {
            *out = (enum charter_role)role;
            return true;
        }
    }
    return false;
}

const struct charter *charter_newest(const struct charter_chain *c)
{
    return c->count == 0 ? NULL : c->versions[c->count - 1];
}

const struct charter *charter_at(const struct charter_chain *c, uint32_t version)
{
    return version >= 1 && version <= c->count ? c->versions[version - 1] : NULL;
}

const struct charter_member *charter_by_label(const struct charter *c, struct bytes label)
{
    for (uint32_t i = 0; i < c->member_count; i++)
        if (bytes_equal_text(label, c->members[i].label))
            return &c->members[i];
    return NULL;
}

const struct charter_member *charter_by_key(const struct charter *c, const struct key *key)
{
    for (uint32_t i = 0; i < c->member_count; i++)
        if (memcmp(&c->members[i].key, key, sizeof *key) == 0)
            return &c->members[i];
    return NULL;
}

const struct charter_retired *charter_retired_key(const struct charter *c, const struct key *key)
{
    for (uint32_t i = 0; i < c->retired_count; i++)
        if (memcmp(&c->retired[i].key, key, sizeof *key) == 0)
            return &c->retired[i];
    return NULL;
}

uint32_t charter_admins(const struct charter *c)
{
    uint32_t admins = 0;
    for (uint32_t i = 0; i < c->member_count; i++)
        admins += c->members[i].admin ? 1 : 0;
    return admins;
}

bool charter_is_admin(const struct charter *c, const struct key *key)
{
    const struct charter_member *member = charter_by_key(c, key);
    return member != NULL && member->admin;
}

/* A member stays as it is or gains; whatever it loses, its key is retired. */
bool charter_loses(const struct charter_member *a, const struct charter_member *b)
{
    bool gains_role = a->role == b->role || a->role == CHARTER_PARTNER;
    return strcmp(a->label, b->label) != 0 || !gains_role || (a->admin && !b->admin) ||
           (a->treasurer && !b->treasurer);
}

uint32_t charter_version_of(struct bytes file)
{
    struct charter *c = NULL;
    uint32_t version = charter_parse(file, &c, NULL) == ST_OK ? c->version : 0;
    charter_file_free(c);
    return version;
}

/* Write 'c' with one signature, its own ballot of round 1: what a single admin may do alone. */
static enum status sign_alone(struct charter *c, const uint8_t secret[static 64], struct buf *out,
                              struct fault *f)
{
    struct charter_signature alone = {.round = 1};
    struct buf body = {0};
    size_t before = out->count;
    memcpy(alone.key.id, secret + KEY_BYTES, KEY_BYTES);
    alone.admin = alone.key;
    charter_file_add_body(c, &body);
    enum status status = buf_status(&body);
    if (status == ST_OK) {
        charter_file_hash(buf_bytes(&body), &c->hash);
        charter_sign(c->version, &c->hash, secret, &alone);
        c->signatures = &alone;
        c->signature_count = 1;
        charter_file_add(c, buf_bytes(&body), out);
        c->signatures = NULL;
        c->signature_count = 0;
        status = buf_status(out);
    }
    if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory for a charter");
    if (status == ST_OK && out->count - before > CHARTER_BYTES_MAX) {
        out->count = before;
        status = fault_set(f, ST_TOO_LARGE, "the charter would be longer than %u bytes",
                           (unsigned)CHARTER_BYTES_MAX);
    }
    buf_release(&body);
    return status;
}

enum status charter_found(const char *network, const struct charter_member *founder,
                          struct bytes schema_json, const uint8_t secret[static 64],
                          struct buf *out, struct fault *f)
{
    struct buf canonical = {0};
    struct schema *schema = NULL;
    struct charter_member member = *founder;
    struct charter c = {.version = 1, .members = &member, .member_count = 1};
    struct bytes name = bytes_of_text(network);
    CHECK(memcmp(founder->key.id, secret + KEY_BYTES, KEY_BYTES) == 0);
    if (!charter_file_check_network(name))
        return fault_set(f, ST_BAD_VALUE, "a network's name is 1 to %d bytes of text on one line",
                         NAME_BYTES_MAX);
    if (founder->role != CHARTER_OFFICE || !founder->admin)
        return fault_set(f, ST_BAD_VALUE, "the founder is an office and an admin");
    enum status status = charter_file_check_member(founder, f);
    if (status != ST_OK)
        return status;
    memcpy(c.network, name.data, name.count);
    status = json_canonical(schema_json, &canonical, f);
    if (status == ST_MALFORMED) {
        status = ST_NOT_SCHEMA;
        if (f != NULL)
            f->code = ST_NOT_SCHEMA;
    }
    if (status != ST_OK)
        status = fault_context(f, status, "schema");
    if (status == ST_OK)
        status = schema_parse(buf_bytes(&canonical), &schema, f);
    if (status == ST_OK) {
        c.limits_json = BYTES("{}");
        c.schema_json = buf_bytes(&canonical);
        status = sign_alone(&c, secret, out, f);
    }
    schema_free(schema);
    buf_release(&canonical);
    return status;
}

static enum status may_add(const struct charter *newest, const struct charter_member *member,
                           const struct key *signer, struct fault *f)
{
    const struct charter_member *by = charter_by_key(newest, signer);
    uint32_t admins = charter_admins(newest);
    if (by == NULL || !by->admin)
        return fault_set(f, ST_NOT_ALLOWED, "only an admin adds a member");
    if (admins > 1)
        return fault_set(f, ST_NEEDS_PERSON,
                         "the network has %u admins: a majority of them must sign", admins);
    if (charter_by_label(newest, bytes_of_text(member->label)) != NULL)
        return fault_set(f, ST_EXISTS, "%s is a member already", member->label);
    if (charter_by_key(newest, &member->key) != NULL)
        return fault_set(f, ST_EXISTS, "the key of %s is a member's already", member->label);
    if (charter_retired_key(newest, &member->key) != NULL)
        return fault_set(f, ST_EXISTS, "the key of %s is retired: it needs a new one",
                         member->label);
    if (newest->member_count == MEMBERS_MAX || newest->version == CHARTER_VERSIONS_MAX)
        return fault_set(f, ST_TOO_LARGE, "the network has %u members and %u charter versions",
                         newest->member_count, newest->version);
    return charter_file_check_member(member, f);
}

enum status charter_add_member(const struct charter_chain *chain,
                               const struct charter_member *member, const uint8_t secret[static 64],
                               struct buf *out, struct fault *f)
{
    const struct charter *newest = charter_newest(chain);
    CHECK(newest != NULL);
    struct key signer;
    memcpy(signer.id, secret + KEY_BYTES, KEY_BYTES);
    enum status status = may_add(newest, member, &signer, f);
    if (status != ST_OK)
        return status;
    struct charter next = *newest; /* borrows all but the members */
    next.version = newest->version + 1;
    next.previous = newest->hash;
    next.members = mem_array(newest->member_count + 1, sizeof *next.members);
    if (next.members == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory for a charter");
    uint32_t at = 0;
    while (at < newest->member_count && strcmp(newest->members[at].label, member->label) < 0)
        at++;
    memcpy(next.members, newest->members, at * sizeof *next.members);
    next.members[at] = *member;
    memcpy(next.members + at + 1, newest->members + at,
           (newest->member_count - at) * sizeof *next.members);
    next.member_count++;
    status = sign_alone(&next, secret, out, f);
    mem_free(next.members);
    return status;
}
