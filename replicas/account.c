#include "replicas/account.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/currency.h"
#include "replicas/json.h"
#include "replicas/object.h"

/* The text of a member, unescaped, as a C string of at most SCHEMA_NAME_TEXT - 1 bytes. */
static enum status take_text(struct bytes content, const char *name,
                             char out[static SCHEMA_NAME_TEXT], struct fault *f)
{
    struct buf text = {0};
    bool there = schema_entry_text(content, name, &text);
    enum status status = buf_status(&text);
    if (status != ST_OK)
        (void)fault_set(f, status, "no memory to read an entry");
    else if (!there || text.count == 0 || text.count >= SCHEMA_NAME_TEXT)
        status = fault_set(f, ST_BAD_VALUE, "%s: the account needs it, of at most %d bytes", name,
                           SCHEMA_NAME_TEXT - 1);
    if (status == ST_OK) {
        memcpy(out, text.data, text.count);
        out[text.count] = '\0';
    }
    buf_release(&text);
    return status;
}

static enum status take_owner(const struct schema_posting *p, struct bytes content,
                              struct bytes writer, char out[static LABEL_BYTES_MAX + 1],
                              struct fault *f)
{
    char text[SCHEMA_NAME_TEXT];
    struct bytes label = writer;
    if (p->account_field[0] != '\0') {
        enum status status = take_text(content, p->account_field, text, f);
        if (status != ST_OK)
            return status;
        label = bytes_of_text(text);
    }
    if (!label_is_valid(label))
        return fault_set(f, ST_BAD_VALUE, "%s: it is no member's label", p->account_field);
    memcpy(out, label.data, label.count);
    out[label.count] = '\0';
    return ST_OK;
}

static enum status take_line(const struct schema_posting *p, struct bytes content,
                             char out[static SCHEMA_NAME_TEXT], struct fault *f)
{
    if (p->line[0] != '\0') {
        memcpy(out, p->line, SCHEMA_NAME_TEXT);
        return ST_OK;
    }
    enum status status = take_text(content, p->line_field, out, f);
    if (status == ST_OK && !name_is_valid(bytes_of_text(out)))
        return fault_set(f, ST_BAD_VALUE, "%s: \"%s\" is no name of a budget line", p->line_field,
                         out);
    return status;
}

static enum status take_money(const struct schema_posting *p, struct bytes content,
                              struct account_posting *out, struct fault *f)
{
    char currency[SCHEMA_NAME_TEXT];
    enum status status = take_text(content, p->currency_field, currency, f);
    if (status != ST_OK)
        return status;
    if (currency_digits(bytes_of_text(currency)) < 0)
        return fault_set(f, ST_BAD_VALUE, "%s: \"%s\" is no ISO 4217 currency", p->currency_field,
                         currency);
    memcpy(out->currency, currency, sizeof out->currency);
    int64_t amount = 0;
    if (!schema_entry_integer(content, p->amount_field, &amount) || amount <= 0 ||
        amount >= INT64_C(1) << SAFE_INTEGER_BITS)
        return fault_set(f, ST_BAD_VALUE, "%s: an amount is above zero and below 2^53",
                         p->amount_field);
    CHECK(p->sign == 1 || p->sign == -1);
    out->amount = p->sign * amount;
    return ST_OK;
}

static bool same_account(const struct account_posting *a, const struct account_posting *b)
{
    return strcmp(a->owner, b->owner) == 0 && strcmp(a->line, b->line) == 0 &&
           strcmp(a->currency, b->currency) == 0;
}

/* The writer's own entries say so: someone else's account is never spent from. */
static enum status check_writer(const struct schema_type *type, struct bytes content,
                                struct bytes writer, struct fault *f)
{
    char label[SCHEMA_NAME_TEXT];
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        if (!field->is_writer || object_find(content, field->name).data == NULL)
            continue;
        enum status status = take_text(content, field->name, label, f);
        if (status != ST_OK)
            return status;
        if (bytes_equal_text(writer, label))
            continue;
        status = fault_set(f, ST_NOT_ALLOWED, "%s: only %s writes a %s of its own", field->name,
                           label, type->name);
        fault_fix(f, "import each office's own rows, for instance with --where %s=…", field->name);
        return status;
    }
    return ST_OK;
}

static enum status take_posting(const struct schema_posting *p, struct bytes content,
                                struct bytes writer, struct account_posting *out, struct fault *f)
{
    enum status status = take_owner(p, content, writer, out->owner, f);
    if (status == ST_OK)
        status = take_line(p, content, out->line, f);
    return status == ST_OK ? take_money(p, content, out, f) : status;
}

enum status account_postings(const struct schema_type *type, struct bytes content,
                             struct bytes writer, struct account_posting out[SCHEMA_POSTINGS_MAX],
                             uint32_t *count_out, struct fault *f)
{
    CHECK(type->entry && type->posting_count <= SCHEMA_POSTINGS_MAX);
    *count_out = 0;
    enum status status = check_writer(type, content, writer, f);
    for (uint32_t i = 0; status == ST_OK && i < type->posting_count; i++) {
        out[i] = (struct account_posting){0};
        status = take_posting(&type->postings[i], content, writer, &out[i], f);
        /* An account has one stub for an entry, so one entry posts there once: an exchange within
         * one currency would make money. */
        for (uint32_t j = 0; status == ST_OK && j < i; j++)
            if (same_account(&out[i], &out[j]))
                status = fault_set(f, ST_BAD_VALUE, "the %s posts twice to %s's %s in %s",
                                   type->name, out[i].owner, out[i].line, out[i].currency);
    }
    if (status == ST_OK)
        *count_out = type->posting_count;
    return status;
}

void account_folder(const struct account_posting *p, char out[static TREE_PATH_MAX])
{
    int used = snprintf(out, TREE_PATH_MAX, "accounts/%s/%s.%s", p->owner, p->line, p->currency);
    CHECK(used > 0 && used < TREE_PATH_MAX);
}

void account_stub(const struct account_posting *p, const char *entry_id_hex,
                  char out[static TREE_PATH_MAX])
{
    CHECK(strlen(entry_id_hex) == ENTRY_ID_TEXT);
    int used =
        snprintf(out, TREE_PATH_MAX, "accounts/%s/%s.%s/%c/%c/%c/%s", p->owner, p->line,
                 p->currency, entry_id_hex[0], entry_id_hex[1], entry_id_hex[2], entry_id_hex);
    CHECK(used > 0 && used < TREE_PATH_MAX);
}

enum { SET_COUNT = 2048, SET_WAYS = 4, STUB_BYTES_MAX = 20 };

struct known {
    struct oid folder; /* zero: free */
    int64_t sum;
};

/* A cache of sets: an id's first bytes choose the set, the oldest of the set gives way. */
struct account_memo {
    struct known known[SET_COUNT][SET_WAYS];
    uint8_t oldest[SET_COUNT];
};

enum status account_memo_create(struct account_memo **out)
{
    *out = mem_alloc(sizeof **out);
    return *out != NULL ? ST_OK : ST_NO_MEMORY;
}

void account_memo_free(struct account_memo *m)
{
    mem_free(m);
}

static uint32_t set_of(const struct oid *folder)
{
    return (uint32_t)(folder->id[0] << 8 | folder->id[1]) % SET_COUNT;
}

static const struct known *find(const struct account_memo *m, const struct oid *folder)
{
    const struct known *set = m->known[set_of(folder)];
    for (int way = 0; way < SET_WAYS; way++)
        if (oid_equal(&set[way].folder, folder))
            return &set[way];
    return NULL;
}

void account_learn(struct account_memo *m, const struct oid *folder, int64_t sum)
{
    if (oid_is_zero(folder))
        return;
    const struct known *there = find(m, folder);
    if (there != NULL) {
        CHECK(there->sum == sum);
        return;
    }
    uint32_t set = set_of(folder);
    m->known[set][m->oldest[set]] = (struct known){*folder, sum};
    m->oldest[set] = (uint8_t)((m->oldest[set] + 1) % SET_WAYS);
}

/* Wide, so that the order in which debits and credits come decides nothing. */
__extension__ typedef __int128 wide_sum;

struct sum {
    struct store *store;
    wide_sum total;
    struct fault *fault;
};

static enum status add_stub(void *user, const char *path, const struct oid *blob)
{
    struct sum *sum = user;
    struct bytes data = {NULL, 0};
    int64_t amount = 0;
    enum status status = store_read(sum->store, blob, STORE_BLOB, &data, sum->fault);
    if (status != ST_OK)
        return status;
    bool whole =
        data.count > 1 && data.count <= STUB_BYTES_MAX && data.data[data.count - 1] == '\n';
    if (!whole || json_take_integer((struct bytes){data.data, data.count - 1}, &amount) != ST_OK)
        return fault_set(sum->fault, ST_CORRUPT, "account stub %s is no signed integer", path);
    sum->total += amount;
    return ST_OK;
}

enum status account_balance(struct account_memo *m, struct store *s, const struct oid *folder,
                            int64_t *out, struct fault *f)
{
    *out = 0;
    if (oid_is_zero(folder))
        return ST_OK;
    const struct known *there = find(m, folder);
    if (there != NULL) {
        *out = there->sum;
        return ST_OK;
    }
    struct sum sum = {.store = s, .fault = f};
    enum status status = tree_walk(s, folder, "", add_stub, &sum, f);
    if (status != ST_OK)
        return status;
    if (sum.total > INT64_MAX || sum.total < INT64_MIN)
        return fault_set(f, ST_TOO_LARGE, "an account's sum is beyond 2^63");
    *out = (int64_t)sum.total;
    account_learn(m, folder, *out);
    return ST_OK;
}
