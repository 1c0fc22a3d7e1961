#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/charter.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/charter_sign.h"

void charter_chain_release(struct charter_chain *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->count; i++)
        charter_file_free(c->versions[i]);
    mem_free(c->versions);
    *c = (struct charter_chain){0};
}

void charter_chain_drop(struct charter_chain *c)
{
    CHECK(c->count > 0);
    charter_file_free(c->versions[--c->count]);
}

/* A majority of the admins of 'by', under one ballot that one of them owns, every one verified. */
static enum status check_signatures(const struct charter *by, const struct charter *next,
                                    struct fault *f)
{
    for (uint32_t i = 0; i < next->signature_count; i++) {
        const struct charter_signature *s = &next->signatures[i];
        if (s->round != next->signatures[0].round ||
            memcmp(&s->admin, &next->signatures[0].admin, sizeof s->admin) != 0)
            return fault_set(f, ST_BAD_SIGNATURE, "charter %u: its signatures name two ballots",
                             next->version);
        if (!charter_is_admin(by, &s->key) || !charter_is_admin(by, &s->admin))
            return fault_set(f, ST_BAD_SIGNATURE, "charter %u: a signature is no admin's",
                             next->version);
        enum status status = charter_sign_verify(next->version, &next->hash, s);
        if (status != ST_OK)
            return fault_set(f, status, "charter %u: a signature does not verify", next->version);
    }
    if (2 * next->signature_count <= charter_admins(by))
        return fault_set(f, ST_BAD_SIGNATURE, "charter %u: signed by %u of %u admins: no majority",
                         next->version, next->signature_count, charter_admins(by));
    return ST_OK;
}

static enum status check_first(const struct charter *c, const struct digest *expected,
                               struct fault *f)
{
    static const struct digest zero;
    if (expected != NULL && memcmp(expected, &c->hash, sizeof c->hash) != 0)
        return fault_set(f, ST_WRONG_NETWORK, "charter 1 is another network's");
    if (c->member_count != 1 || c->retired_count != 0 || c->members[0].role != CHARTER_OFFICE ||
        memcmp(&c->previous, &zero, sizeof zero) != 0)
        return fault_set(f, ST_WRONG_CHARTER, "charter 1: it is one founder's, and the first");
    return check_signatures(c, c, f);
}

static bool same_retired(const struct charter_retired *a, const struct charter_retired *b)
{
    return strcmp(a->label, b->label) == 0 && a->kept_count == b->kept_count &&
           (a->kept_count == 0 || memcmp(a->kept, b->kept, a->kept_count * sizeof a->kept[0]) == 0);
}

static enum status check_members(const struct charter *before, const struct charter *next,
                                 struct fault *f)
{
    for (uint32_t i = 0; i < before->member_count; i++) {
        const struct charter_member *a = &before->members[i];
        const struct charter_member *b = charter_by_key(next, &a->key);
        if (b != NULL && charter_loses(a, b))
            return fault_set(f, ST_WRONG_CHARTER,
                             "charter %u: %s loses something, and its key is not retired",
                             next->version, a->label);
        if (b == NULL && charter_retired_key(next, &a->key) == NULL)
            return fault_set(f, ST_WRONG_CHARTER, "charter %u: the key of %s is gone, not retired",
                             next->version, a->label);
    }
    return ST_OK;
}

static enum status check_retired(const struct charter *before, const struct charter *next,
                                 struct fault *f)
{
    for (uint32_t i = 0; i < before->retired_count; i++) {
        const struct charter_retired *a = &before->retired[i];
        const struct charter_retired *b = charter_retired_key(next, &a->key);
        if (b == NULL || !same_retired(a, b))
            return fault_set(f, ST_WRONG_CHARTER,
                             "charter %u: a retired key of %s is gone or changed", next->version,
                             a->label);
    }
    for (uint32_t i = 0; i < next->retired_count; i++) {
        const struct charter_retired *b = &next->retired[i];
        if (charter_retired_key(before, &b->key) != NULL)
            continue;
        const struct charter_member *member = charter_by_key(before, &b->key);
        if (member == NULL || strcmp(member->label, b->label) != 0)
            return fault_set(f, ST_WRONG_CHARTER, "charter %u: it retires a key that %s never had",
                             next->version, b->label);
    }
    return ST_OK;
}

enum status charter_chain_check_body(const struct charter *before, const struct charter *next,
                                     struct fault *f)
{
    if (next->version != before->version + 1)
        return fault_set(f, ST_WRONG_CHARTER, "charter %u: it does not follow charter %u",
                         next->version, before->version);
    if (memcmp(&next->previous, &before->hash, sizeof before->hash) != 0)
        return fault_set(f, ST_WRONG_CHARTER, "charter %u: it does not follow our charter %u",
                         next->version, before->version);
    if (strcmp(before->network, next->network) != 0)
        return fault_set(f, ST_WRONG_CHARTER, "charter %u: it renames the network", next->version);
    enum status status = check_retired(before, next, f);
    if (status == ST_OK)
        status = check_members(before, next, f);
    if (status != ST_OK)
        return status;
    status = schema_grows(before->schema, next->schema, f);
    if (status != ST_OK) {
        if (f != NULL)
            f->code = ST_WRONG_CHARTER;
        return fault_context(f, ST_WRONG_CHARTER, "charter %u", next->version);
    }
    return ST_OK;
}

enum status charter_chain_check_next(const struct charter *before, const struct charter *next,
                                     struct fault *f)
{
    enum status status = charter_chain_check_body(before, next, f);
    return status == ST_OK ? check_signatures(before, next, f) : status;
}

static enum status append(struct charter_chain *c, struct charter *next)
{
    struct charter **versions = mem_resize(c->versions, (c->count + 1) * sizeof *versions);
    if (versions == NULL)
        return ST_NO_MEMORY;
    c->versions = versions;
    c->versions[c->count++] = next;
    if (c->count == 1)
        c->network = next->hash;
    return ST_OK;
}

/* Of two sets of signatures under one body the smaller file stands, everywhere alike. Of 'there'
 * only these change: whoever holds its members or its schema goes on holding them. */
static enum status take_smaller(const struct charter_chain *c, struct charter *there,
                                struct charter *next, bool *replaced_out, struct fault *f)
{
    if (bytes_compare(buf_bytes(&next->file), buf_bytes(&there->file)) < 0) {
        const struct charter *by = there->version == 1 ? there : charter_at(c, there->version - 1);
        enum status status = check_signatures(by, next, f);
        if (status != ST_OK)
            return status;
        struct charter before = *there;
        there->signatures = next->signatures;
        there->signature_count = next->signature_count;
        there->file = next->file;
        there->limits_json = next->limits_json;
        next->signatures = before.signatures;
        next->signature_count = before.signature_count;
        next->file = before.file;
        *replaced_out = true;
        return ST_OK;
    }
    return fault_set(f, ST_EXISTS, "charter %u is there already", next->version);
}

/* The version whose file has these very bytes: peers and commits tell what is known again and
 * again, and to compare costs much less than to read. 0: none. */
static uint32_t find_file(const struct charter_chain *c, struct bytes file)
{
    for (uint32_t i = c->count; i > 0; i--)
        if (bytes_equal(buf_bytes(&c->versions[i - 1]->file), file))
            return i;
    return 0;
}

static enum status add(struct charter_chain *c, struct bytes file, const struct digest *expected,
                       bool *replaced_out, struct fault *f)
{
    struct charter *next = NULL;
    uint32_t known = find_file(c, file);
    *replaced_out = false;
    if (known > 0)
        return fault_set(f, ST_EXISTS, "charter %u is there already", known);
    enum status status = charter_parse(file, &next, f);
    if (status != ST_OK)
        return status;
    struct charter *there = next->version <= c->count ? c->versions[next->version - 1] : NULL;
    if (there != NULL)
        status = memcmp(&there->hash, &next->hash, sizeof there->hash) == 0
                     ? take_smaller(c, there, next, replaced_out, f)
                     : fault_set(f, ST_WRONG_CHARTER, "charter %u is not the one we have",
                                 next->version);
    else if (next->version != c->count + 1)
        status = fault_set(f, ST_WAITING, "charter %u is there before charter %u", next->version,
                           c->count + 1);
    else if (c->count == 0)
        status = check_first(next, expected, f);
    else
        status = charter_chain_check_next(charter_newest(c), next, f);
    if (status == ST_OK && !*replaced_out)
        status = append(c, next);
    if (status == ST_OK && !*replaced_out)
        next = NULL;
    else if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory for a charter");
    charter_file_free(next);
    return status;
}

enum status charter_chain_add(struct charter_chain *c, struct bytes file,
                              const struct digest *expected, struct fault *f)
{
    bool replaced;
    enum status status = add(c, file, expected, &replaced, f);
    return status == ST_OK && replaced ? fault_set(f, ST_EXISTS, "charter is there already")
                                       : status;
}

enum status charter_chain_renew(struct charter_chain *c, struct bytes file, bool *replaced_out,
                                struct fault *f)
{
    return add(c, file, &c->network, replaced_out, f);
}
