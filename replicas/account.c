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

/* Whose entry it is, as it says itself: "" where it does not. */
static enum status take_writer(const struct schema_type *type, struct bytes content,
                               char out[static SCHEMA_NAME_TEXT], struct fault *f)
{
    out[0] = '\0';
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        if (field->is_writer && object_find(content, field->name).data != NULL)
            return take_text(content, field->name, out, f);
    }
    return ST_OK;
}

static enum status refuse_reversal(const struct schema_type *type, enum status status,
                                   const char *why, const char *fix, struct fault *f)
{
    (void)fault_set(f, status, "this %s cannot be reversed: %s", type->name, why);
    fault_fix(f, "%s", fix);
    return status;
}

/* Who may reverse: the owner of every account that gives something back, and of one account. */
static enum status check_reverser(const struct schema_type *type, struct bytes by,
                                  const struct account_posting *postings, uint32_t count,
                                  struct fault *f)
{
    bool owns = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct account_posting *p = &postings[i];
        bool own = bytes_equal_text(by, p->owner);
        owns = owns || own;
        if (own || p->amount > 0)
            continue;
        (void)fault_set(f, ST_NOT_ALLOWED,
                        "this %s can be reversed by %s only, whose %s account gives the money back",
                        type->name, p->owner, p->line);
        fault_fix(f, "ask %s to reverse it", p->owner);
        return ST_NOT_ALLOWED;
    }
    if (owns)
        return ST_OK;
    (void)fault_set(f, ST_NOT_ALLOWED, "this %s can be reversed by %s only, whose money it was",
                    type->name, postings[0].owner);
    fault_fix(f, "ask %s to reverse it", postings[0].owner);
    return ST_NOT_ALLOWED;
}

/* What moves no money is taken back by whoever it names as its writer. */
static enum status check_author(const struct schema_type *type, const char *writer, struct bytes by,
                                struct fault *f)
{
    if (writer[0] == '\0')
        return refuse_reversal(type, ST_BAD_VALUE, "it moves no money and names no writer",
                               "write what is right as a new entry", f);
    if (bytes_equal_text(by, writer))
        return ST_OK;
    (void)fault_set(f, ST_NOT_ALLOWED, "this %s can be reversed by %s only, who wrote it",
                    type->name, writer);
    fault_fix(f, "ask %s to reverse it", writer);
    return ST_NOT_ALLOWED;
}

enum status account_reversed(const struct schema_type *type, struct bytes content, struct bytes by,
                             struct account_posting out[SCHEMA_POSTINGS_MAX], uint32_t *count_out,
                             struct fault *f)
{
    char writer[SCHEMA_NAME_TEXT];
    uint32_t count = 0;
    *count_out = 0;
    if (type->reverses[0] != '\0')
        return refuse_reversal(type, ST_BAD_VALUE, "it is itself one",
                               "write what is right as a new entry", f);
    enum status status = take_writer(type, content, writer, f);
    if (status == ST_OK && type->posting_count == 0)
        return check_author(type, writer, by, f);
    if (status == ST_OK)
        status = account_postings(type, content, bytes_of_text(writer), out, &count, f);
    if (status == ST_BAD_VALUE || status == ST_NOT_ALLOWED)
        return fault_set(f, ST_CORRUPT, "the %s to reverse is not as its type has it", type->name);
    for (uint32_t i = 0; i < count; i++)
        out[i].amount = -out[i].amount;
    if (status == ST_OK)
        status = check_reverser(type, by, out, count, f);
    if (status == ST_OK)
        *count_out = count;
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

enum { SET_COUNT = 2048, SET_WAYS = 4, ACCOUNTS_MAX = 1024, STUB_BYTES_MAX = 20 };

struct known {
    struct oid folder; /* zero: free */
    account_sum sum;
};

/* A cache of sets: an id's first bytes choose the set, the oldest of the set gives way. 'last' is
 * only where a difference starts from: any folder would do, its own account's is the nearest. */
struct account_memo {
    struct known known[SET_COUNT][SET_WAYS];
    uint8_t oldest[SET_COUNT];
    struct known last[ACCOUNTS_MAX]; /* by the hash of the account's path */
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

void account_learn(struct account_memo *m, const struct oid *folder, account_sum sum)
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

struct sum {
    struct store *store;
    account_sum total;
    struct fault *fault;
};

static enum status read_stub(const struct sum *sum, const char *path, const struct oid *blob,
                             int64_t *out)
{
    struct bytes data = {NULL, 0};
    enum status status = store_read(sum->store, blob, STORE_BLOB, &data, sum->fault);
    if (status != ST_OK)
        return status;
    bool whole =
        data.count > 1 && data.count <= STUB_BYTES_MAX && data.data[data.count - 1] == '\n';
    if (!whole || json_take_integer((struct bytes){data.data, data.count - 1}, out) != ST_OK)
        return fault_set(sum->fault, ST_CORRUPT, "account stub %s is no signed integer", path);
    return ST_OK;
}

static enum status add_stub(void *user, const char *path, const struct oid *blob)
{
    struct sum *sum = user;
    int64_t amount = 0;
    enum status status = read_stub(sum, path, blob, &amount);
    sum->total += amount;
    return status;
}

/* A stub that the one folder has and the other has not, or has otherwise. */
static enum status add_difference(void *user, const char *path, const struct oid *a,
                                  const struct oid *b)
{
    struct sum *sum = user;
    int64_t before = 0, after = 0;
    enum status status = ST_OK;
    if (!oid_is_zero(a))
        status = read_stub(sum, path, a, &before);
    if (status == ST_OK && !oid_is_zero(b))
        status = read_stub(sum, path, b, &after);
    sum->total += (account_sum)after - before;
    return status;
}

/* The sum of a folder; 'from': one whose sum is known, or zero. */
static enum status sum_from(struct account_memo *m, struct store *s, const struct known *from,
                            const struct oid *folder, account_sum *out, struct fault *f)
{
    const struct known *there = oid_is_zero(folder) ? NULL : find(m, folder);
    struct sum sum = {.store = s, .fault = f};
    enum status status = ST_OK;
    if (there != NULL) {
        sum.total = there->sum;
    } else if (!oid_is_zero(folder) && oid_is_zero(&from->folder)) {
        status = tree_walk(s, folder, "", add_stub, &sum, f);
    } else if (!oid_is_zero(folder)) {
        sum.total = from->sum;
        status = tree_diff(s, &from->folder, folder, add_difference, &sum, f);
    }
    if (status != ST_OK)
        return status;
    account_learn(m, folder, sum.total);
    *out = sum.total;
    return ST_OK;
}

enum status account_balance(struct account_memo *m, struct store *s, const struct oid *folder,
                            int64_t *out, struct fault *f)
{
    static const struct known nothing;
    account_sum sum = 0;
    *out = 0;
    enum status status = sum_from(m, s, &nothing, folder, &sum, f);
    if (status == ST_OK && (sum > INT64_MAX || sum < INT64_MIN))
        return fault_set(f, ST_TOO_LARGE, "an account's sum is beyond 2^63");
    if (status == ST_OK)
        *out = (int64_t)sum;
    return status;
}

/* FNV-1a */
static uint32_t hash_of(const char *path)
{
    uint32_t hash = 2166136261U;
    for (; *path != '\0'; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619U;
    return hash;
}

enum status account_follow(struct account_memo *m, struct store *s, const char *path,
                           const struct oid *folder, account_sum *out, struct fault *f)
{
    struct known *last = &m->last[hash_of(path) % ACCOUNTS_MAX];
    *out = 0;
    if (!oid_is_zero(&last->folder) && !store_has(s, &last->folder))
        *last = (struct known){.sum = 0}; /* discarded, with the commit that stood on it */
    enum status status = sum_from(m, s, last, folder, out, f);
    if (status == ST_OK && !oid_is_zero(folder))
        *last = (struct known){*folder, *out};
    return status;
}
