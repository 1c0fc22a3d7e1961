#include "proto/item.h"

#include "proto/check.h"
#include "proto/mp.h"

enum { ITEM_ELEMENTS = 13 };

#define SAFE_INTEGER_MAX ((UINT64_C(1) << SAFE_INTEGER_BITS) - 1)

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

bool ident_is_valid(struct bytes ident)
{
    if (ident.count > IDENT_BYTES_MAX || has_control(ident) || !bytes_are_utf8(ident))
        return false;
    size_t open = 0;
    while (open < ident.count && ident.data[open] != '<')
        open++;
    /* A name of at least one character, then the space, then the mail in its brackets. */
    if (open < 2 || ident.count - open < 2 || ident.data[ident.count - 1] != '>')
        return false;
    if (ident.data[0] == ' ' || ident.data[open - 1] != ' ' || ident.data[open - 2] == ' ')
        return false;
    for (size_t i = 0; i < ident.count - 1; i++)
        if (ident.data[i] == '>' || (ident.data[i] == '<' && i != open))
            return false;
    return true;
}

static bool is_counter(uint64_t n)
{
    return n >= 1 && n <= SAFE_INTEGER_MAX;
}

static bool is_time(int64_t seconds)
{
    return seconds >= 0 && seconds <= ITEM_TIME_MAX;
}

/* The forms that the bytes alone do not settle; one rule for both directions. */
static enum status item_check(const struct item *item)
{
    if (item->parent_count > PARENTS_MAX ||
        item->operations.count > OPERATIONS_BYTES_MAX + CHARTERS_BYTES_MAX)
        return ST_TOO_LARGE;
    if (!label_is_valid(item->label) || !ident_is_valid(item->author))
        return ST_MALFORMED;
    if (!is_counter(item->seq) || !is_counter(item->height))
        return ST_MALFORMED;
    if (item->charter_version < 1 || item->charter_version > CHARTER_VERSIONS_MAX)
        return ST_MALFORMED;
    if (!is_time(item->author_time) || !is_time(item->commit_time))
        return ST_MALFORMED;
    for (uint32_t i = 1; i < item->parent_count; i++)
        if (oid_compare(&item->parents[i - 1], &item->parents[i]) >= 0)
            return ST_NOT_CANONICAL;
    return ST_OK;
}

void item_encode(const struct item *item, struct buf *out)
{
    CHECK(item_check(item) == ST_OK);
    mp_write_array(out, ITEM_ELEMENTS);
    mp_write_text(out, item->label);
    mp_write_uint(out, item->seq);
    mp_write_uint(out, item->height);
    mp_write_uint(out, item->charter_version);
    mp_write_binary(out, (struct bytes){item->charter_hash.id, DIGEST_BYTES});
    mp_write_binary(out, (struct bytes){item->tree.id, OID_BYTES});
    mp_write_array(out, item->parent_count);
    for (uint32_t i = 0; i < item->parent_count; i++)
        mp_write_binary(out, (struct bytes){item->parents[i].id, OID_BYTES});
    mp_write_text(out, item->author);
    mp_write_int(out, item->author_time);
    mp_write_int(out, item->commit_time);
    mp_write_binary(out, (struct bytes){item->digest.id, DIGEST_BYTES});
    mp_write_binary(out, (struct bytes){item->signature, SIGNATURE_BYTES});
    mp_write_binary(out, item->operations);
}

enum status item_decode(struct bytes in, struct item *out)
{
    if (in.count > ITEM_BYTES_MAX)
        return ST_TOO_LARGE;
    struct mp_reader r;
    mp_read(&r, in);
    mp_read_array(&r, ITEM_ELEMENTS, ITEM_ELEMENTS);
    out->label = mp_read_text(&r, LABEL_BYTES_MAX);
    out->seq = mp_read_uint(&r, SAFE_INTEGER_MAX);
    out->height = mp_read_uint(&r, SAFE_INTEGER_MAX);
    out->charter_version = (uint32_t)mp_read_uint(&r, CHARTER_VERSIONS_MAX);
    mp_read_fixed(&r, out->charter_hash.id, DIGEST_BYTES);
    mp_read_fixed(&r, out->tree.id, OID_BYTES);
    out->parent_count = mp_read_array(&r, 0, PARENTS_MAX);
    for (uint32_t i = 0; i < out->parent_count; i++)
        mp_read_fixed(&r, out->parents[i].id, OID_BYTES);
    out->author = mp_read_text(&r, IDENT_BYTES_MAX);
    out->author_time = (int64_t)mp_read_uint(&r, ITEM_TIME_MAX);
    out->commit_time = (int64_t)mp_read_uint(&r, ITEM_TIME_MAX);
    mp_read_fixed(&r, out->digest.id, DIGEST_BYTES);
    mp_read_fixed(&r, out->signature, SIGNATURE_BYTES);
    out->operations = mp_read_binary(&r, OPERATIONS_BYTES_MAX + CHARTERS_BYTES_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : item_check(out);
}
