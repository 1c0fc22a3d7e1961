#include "tests/funds/canary.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/account.h"
#include "replicas/inspection.h"
#include "replicas/ledger.h"

static const char *broken = "";
static bool cheats;

void canary_cheat(bool on)
{
    cheats = on;
}

static bool is_uncovered(void)
{
    return cheats || strcmp(broken, "cover") == 0;
}

bool canary_choose(const char *name)
{
    static const char *const names[] = {"cover", "owner", "rule", "unit"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            broken = names[i];
    return broken[0] != '\0';
}

/* ---- cover: accounts seem to hold more than they do, so any debit is covered ---- */

enum status __real_account_follow(struct account_memo *m, struct store *s, const char *path,
                                  const struct oid *folder, account_sum *out, struct fault *f);
enum status __wrap_account_follow(struct account_memo *m, struct store *s, const char *path,
                                  const struct oid *folder, account_sum *out, struct fault *f);
void __real_account_learn(struct account_memo *m, const struct oid *folder, account_sum sum);
void __wrap_account_learn(struct account_memo *m, const struct oid *folder, account_sum sum);

enum status __wrap_account_follow(struct account_memo *m, struct store *s, const char *path,
                                  const struct oid *folder, account_sum *out, struct fault *f)
{
    enum status st = __real_account_follow(m, s, path, folder, out, f);
    if (st == ST_OK && is_uncovered())
        *out += INT64_C(1) << 50;
    return st;
}

void __wrap_account_learn(struct account_memo *m, const struct oid *folder, account_sum sum)
{
    if (!is_uncovered())
        __real_account_learn(m, folder, sum);
}

/* ---- owner: whose account it is, is taken from the entry instead of its writer ---- */

enum status __real_account_postings(const struct schema_type *type, struct bytes content,
                                    struct bytes writer,
                                    struct account_posting out[SCHEMA_POSTINGS_MAX],
                                    uint32_t *count_out, struct fault *f);
enum status __wrap_account_postings(const struct schema_type *type, struct bytes content,
                                    struct bytes writer,
                                    struct account_posting out[SCHEMA_POSTINGS_MAX],
                                    uint32_t *count_out, struct fault *f);

enum status __wrap_account_postings(const struct schema_type *type, struct bytes content,
                                    struct bytes writer,
                                    struct account_posting out[SCHEMA_POSTINGS_MAX],
                                    uint32_t *count_out, struct fault *f)
{
    struct buf owner = {0};
    for (uint32_t i = 0; i < type->field_count && strcmp(broken, "owner") == 0; i++)
        if (type->fields[i].is_writer && schema_entry_text(content, type->fields[i].name, &owner))
            writer = buf_bytes(&owner);
    enum status st = __real_account_postings(type, content, writer, out, count_out, f);
    buf_release(&owner);
    return st;
}

/* ---- rule: one rule of the audit finds nothing ---- */

enum status __real_inspect_papers_kept(struct inspection *in);
enum status __wrap_inspect_papers_kept(struct inspection *in);

enum status __wrap_inspect_papers_kept(struct inspection *in)
{
    return strcmp(broken, "rule") == 0 ? ST_OK : __real_inspect_papers_kept(in);
}

/* ---- unit: a journal that is sound in itself, one unit off ---- */

enum status __real_ledger_write(const struct book *b, struct buf *out);
enum status __wrap_ledger_write(const struct book *b, struct buf *out);

enum status __wrap_ledger_write(const struct book *b, struct buf *out)
{
    if (strcmp(broken, "unit") != 0 || b->posting_count == 0)
        return __real_ledger_write(b, out);
    struct book off = *b;
    off.postings = mem_copy(b->postings, b->posting_count * sizeof *b->postings);
    off.accounts = mem_copy(b->accounts, b->account_count * sizeof *b->accounts);
    CHECK(off.postings != NULL && off.accounts != NULL);
    struct book_account *account = &off.accounts[off.postings[0].account];
    int64_t more = off.postings[0].amount > 0 ? 1 : -1;
    off.postings[0].amount += more;
    account->credited += more > 0 ? 1 : 0;
    account->debited += more < 0 ? 1 : 0;
    enum status st = __real_ledger_write(&off, out);
    mem_free(off.postings);
    mem_free(off.accounts);
    return st;
}
