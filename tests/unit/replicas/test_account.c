#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/mem.h"
#include "replicas/account.h"
#include "replicas/import.h"

#define EXCHANGE(from, to)                                                                         \
    "{\"date\":\"2009-07-03\",\"from_amount\":20000000,\"from_currency\":\"" from                  \
    "\",\"ref\":\"r\",\"to_amount\":108000000,\"to_currency\":\"" to "\"}"
#define SPENT(amount, office)                                                                      \
    "{\"amount\":" amount ",\"currency\":\"CLP\",\"date\":\"2009-09-14\",\"enterprise\":"          \
    "\"0123456789abcdef01234567\",\"office\":\"" office "\",\"ref\":\"D01\"}"

static struct schema *schema;

static int open_schema(void **state)
{
    (void)state;
    schema = programme_schema();
    return 0;
}

static int close_schema(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

/* "owner line CUR amount; …" */
static const char *posts(const char *type, const char *content, const char *writer)
{
    static char text[1024];
    struct account_posting out[SCHEMA_POSTINGS_MAX];
    uint32_t count = 9;
    struct fault f = {0};
    size_t used = 0;
    enum status status =
        account_postings(schema_type(schema, bytes_of_text(type)), bytes_of_text(content),
                         bytes_of_text(writer), out, &count, &f);
    if (status != ST_OK) {
        assert_int_equal(count, 0);
        snprintf(text, sizeof text, "!%s %s", status_word(status), f.text);
        return text;
    }
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s %s %lld; ", out[i].owner,
                                 out[i].line, out[i].currency, (long long)out[i].amount);
    return text;
}

static void every_type_posts_as_the_table_says(void **state)
{
    (void)state;
    assert_string_equal(posts("grant",
                              "{\"amount\":20000000,\"currency\":\"USD\",\"date\":\"2009-07-01\","
                              "\"ref\":\"r\"}",
                              "santiago"),
                        "santiago pool USD 20000000; ");
    assert_string_equal(posts("exchange", EXCHANGE("USD", "CLP"), "santiago"),
                        "santiago pool USD -20000000; santiago pool CLP 108000000; ");
    assert_string_equal(posts("allotment",
                              "{\"amount\":7,\"budget_line\":\"reserve\",\"currency\":\"CLP\","
                              "\"office\":\"iquique\",\"ref\":\"r\"}",
                              "santiago"),
                        "santiago pool CLP -7; iquique reserve CLP 7; ");
    assert_string_equal(posts("disbursement", SPENT("150000", "iquique"), "iquique"),
                        "iquique enterprises CLP -150000; ");
    assert_string_equal(posts("expense",
                              "{\"amount\":5,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
                              "\"date\":\"2009-09-22\",\"office\":\"iquique\",\"ref\":\"X1\"}",
                              "iquique"),
                        "iquique workshops CLP -5; ");
    assert_string_equal(posts("purchase", SPENT("5", "iquique"), "iquique"), "");
    assert_non_null(strstr(posts("purchase", SPENT("5", "iquique"), "santiago"), "!not-allowed"));
}

static void what_cannot_be_posted(void **state)
{
    (void)state;
    assert_non_null(strstr(posts("disbursement", SPENT("1", "iquique"), "santiago"),
                           "!not-allowed office: only iquique"));
    assert_non_null(
        strstr(posts("disbursement", SPENT("0", "iquique"), "iquique"), "!bad-value amount: "));
    assert_non_null(
        strstr(posts("disbursement", SPENT("-1", "iquique"), "iquique"), "!bad-value amount: "));
    assert_non_null(
        strstr(posts("disbursement", SPENT("\"1\"", "iquique"), "iquique"), "!bad-value amount: "));
    assert_non_null(strstr(posts("exchange", EXCHANGE("CLP", "CLP"), "santiago"),
                           "posts twice to santiago's pool in CLP"));
    assert_non_null(
        strstr(posts("exchange", EXCHANGE("CLP", "ZZZ"), "santiago"), "!bad-value to_currency"));
    assert_non_null(strstr(posts("grant", "{}", "santiago"), "!bad-value currency"));
}

static const char *takes_back(const char *type, const char *content, const char *by)
{
    static char text[1024];
    struct account_posting out[SCHEMA_POSTINGS_MAX];
    uint32_t count = 9;
    struct fault f = {0};
    size_t used = 0;
    enum status status =
        account_reversed(schema_type(schema, bytes_of_text(type)), bytes_of_text(content),
                         bytes_of_text(by), out, &count, &f);
    assert_int_equal(f.code, status);
    text[0] = '\0';
    if (status != ST_OK) {
        assert_int_equal(count, 0);
        snprintf(text, sizeof text, "!%s %s", status_word(status), f.text);
    }
    for (uint32_t i = 0; status == ST_OK && i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s %s %lld; ", out[i].owner,
                                 out[i].line, out[i].currency, (long long)out[i].amount);
    return text;
}

static void a_reversal_is_the_opposite_and_for_one_to_write(void **state)
{
    (void)state;
    static const char pass[] =
        "{\"amount\":7,\"budget_line\":\"workshops\",\"currency\":\"CLP\",\"date\":"
        "\"2009-09-22\",\"office\":\"iquique\",\"ref\":\"r\",\"to\":\"arica\",\"to_line\":"
        "\"pool\"}";
    assert_string_equal(takes_back("disbursement", SPENT("150000", "iquique"), "iquique"),
                        "iquique enterprises CLP 150000; ");
    assert_string_equal(takes_back("pass", pass, "arica"),
                        "iquique workshops CLP 7; arica pool CLP -7; ");
    assert_non_null(strstr(takes_back("pass", pass, "iquique"), "!not-allowed"));
    assert_non_null(strstr(takes_back("pass", pass, "santiago"), "!not-allowed"));
    assert_non_null(
        strstr(takes_back("disbursement", SPENT("1", "iquique"), "santiago"), "!not-allowed"));
    assert_string_equal(takes_back("purchase", SPENT("5", "iquique"), "iquique"), "");
    assert_non_null(strstr(takes_back("purchase", SPENT("5", "iquique"), "arica"),
                           "!not-allowed this purchase can be reversed by iquique only"));
    assert_non_null(strstr(takes_back("reversal", "{}", "iquique"), "it is itself one"));
    assert_non_null(strstr(takes_back("pass", "{\"office\":\"iquique\"}", "iquique"),
                           "!corrupt the pass to reverse is not as its type has it"));
}

static void paths(void **state)
{
    (void)state;
    struct account_posting p = {"alto-hospicio", "enterprises", "CLP", -7};
    char path[TREE_PATH_MAX];
    account_folder(&p, path);
    assert_string_equal(path, "accounts/alto-hospicio/enterprises.CLP");
    account_stub(&p, "0123456789abcdef0123456789abcdef01234567", path);
    assert_string_equal(path, "accounts/alto-hospicio/enterprises.CLP/0/1/2/"
                              "0123456789abcdef0123456789abcdef01234567");
}

static struct store *open_store(void)
{
    struct backing backing;
    struct store *store = NULL;
    assert_int_equal(backing_memory_open(&backing), ST_OK);
    assert_int_equal(store_open(&backing, 1 << 20, &store), ST_OK);
    return store;
}

/* A folder with one stub for each of these texts. */
static struct oid folder_of(struct store *s, const char *const *stubs, size_t count)
{
    enum { STUBS_MAX = 2200 };
    static struct tree_change changes[STUBS_MAX];
    static char paths_of[STUBS_MAX][96];
    struct oid root = {0};
    assert_true(count <= STUBS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct oid blob;
        assert_int_equal(store_write(s, STORE_BLOB, bytes_of_text(stubs[i]), NULL, &blob), ST_OK);
        snprintf(paths_of[i], sizeof paths_of[i],
                 "%04zu/0/0/%04zu000000000000000000000000000000000000", i, i);
        changes[i] = (struct tree_change){paths_of[i], blob};
    }
    assert_int_equal(tree_edit(s, &root, changes, count, &root, NULL), ST_OK);
    return root;
}

static void balances_are_sums_and_remembered(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct account_memo *memo = NULL;
    struct fault f = {0};
    int64_t sum = 1;
    const char *const stubs[] = {"100\n", "-30\n", "5\n"};
    struct oid zero = {0}, folder = folder_of(s, stubs, 3), unknown = {{9}};
    assert_int_equal(account_memo_create(&memo), ST_OK);
    assert_int_equal(account_balance(memo, s, &zero, &sum, &f), ST_OK);
    assert_int_equal(sum, 0);
    assert_int_equal(account_balance(memo, s, &folder, &sum, &f), ST_OK);
    assert_int_equal(sum, 75);
    assert_int_not_equal(account_balance(memo, s, &unknown, &sum, &f), ST_OK);
    account_learn(memo, &unknown, 12);
    assert_int_equal(account_balance(memo, s, &unknown, &sum, &f), ST_OK);
    assert_int_equal(sum, 12);
    /* The memory is bounded: what gave way is summed again. */
    for (uint32_t i = 1; i < 100; i++) {
        struct oid other = folder;
        memcpy(other.id + 4, &i, sizeof i);
        account_learn(memo, &other, i);
    }
    assert_int_equal(account_balance(memo, s, &folder, &sum, &f), ST_OK);
    assert_int_equal(sum, 75);
    account_memo_free(memo);
    store_close(s);
}

/* From folder to folder, with stubs that come, go and change: what is followed by difference is
 * what is summed from nothing, whatever stands between. */
static void following_is_summing(void **state)
{
    (void)state;
    enum { STUBS = 40, ROUNDS = 60 };
    static const char *const texts[] = {"100\n", "-30\n", "5\n", "-9007199254740991\n"};
    static const char *const paths[] = {"accounts/a/pool.CLP", "accounts/b/pool.CLP"};
    struct store *s = open_store();
    struct account_memo *memo = NULL, *fresh = NULL;
    struct fault f = {0};
    const char *stubs[STUBS];
    uint32_t random = 1;
    assert_int_equal(account_memo_create(&memo), ST_OK);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < STUBS; i++) {
            random = random * 1664525 + 1013904223;
            stubs[i] = texts[random >> 24 & 3];
        }
        struct oid folder = folder_of(s, stubs, 1 + (random >> 16) % STUBS);
        account_sum sum = 0;
        int64_t wanted = 0;
        assert_int_equal(account_memo_create(&fresh), ST_OK);
        assert_int_equal(account_balance(fresh, s, &folder, &wanted, &f), ST_OK);
        account_memo_free(fresh);
        assert_int_equal(account_follow(memo, s, paths[random >> 12 & 1], &folder, &sum, &f),
                         ST_OK);
        assert_true(sum == wanted);
    }
    account_sum sum = 7;
    struct oid zero = {0}, unknown = {{9}};
    assert_int_equal(account_follow(memo, s, paths[0], &zero, &sum, &f), ST_OK);
    assert_true(sum == 0);
    assert_int_not_equal(account_follow(memo, s, paths[0], &unknown, &sum, &f), ST_OK);
    stubs[0] = "x\n";
    struct oid bad = folder_of(s, stubs, 3);
    assert_int_equal(account_follow(memo, s, paths[0], &bad, &sum, &f), ST_CORRUPT);
    account_memo_free(memo);
    store_close(s);
}

/* A commit that was refused takes the trees with it that it stood on: what comes behind it is
 * reckoned all the same. */
static void what_was_discarded_is_no_start(void **state)
{
    (void)state;
    static const char path[] = "accounts/iquique/workshops.CLP";
    const char *first[] = {"5\n", "7\n"}, *second[] = {"5\n", "8\n"};
    struct store *s = open_store();
    struct account_memo *memo = NULL;
    struct fault f = {0};
    account_sum sum = 0;
    assert_int_equal(account_memo_create(&memo), ST_OK);
    size_t mark = store_mark(s);
    struct oid folder = folder_of(s, first, 2);
    assert_int_equal(account_follow(memo, s, path, &folder, &sum, &f), ST_OK);
    assert_true(sum == 12);
    store_discard_since(s, mark);
    store_tidy(s);
    folder = folder_of(s, second, 2);
    if (account_follow(memo, s, path, &folder, &sum, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_true(sum == 13);
    account_memo_free(memo);
    store_close(s);
}

/* Whoever remembers the sum and whoever adds it up from nothing must judge alike: no order of the
 * stubs is too much on the way to a sum that is not. */
static void a_sum_may_go_far_on_the_way(void **state)
{
    (void)state;
    enum { EACH = 1100 }; /* that many of the greatest amount are beyond 2^63 */
    static const char *stubs[2 * EACH];
    struct store *s = open_store();
    struct account_memo *memo = NULL;
    struct fault f = {0};
    int64_t sum = 1;
    for (int i = 0; i < 2 * EACH; i++)
        stubs[i] = i < EACH ? "9007199254740991\n" : "-9007199254740991\n";
    assert_int_equal(account_memo_create(&memo), ST_OK);
    struct oid folder = folder_of(s, stubs, 2 * EACH);
    assert_int_equal(account_balance(memo, s, &folder, &sum, &f), ST_OK);
    assert_int_equal(sum, 0);
    folder = folder_of(s, stubs, EACH);
    assert_int_equal(account_balance(memo, s, &folder, &sum, &f), ST_TOO_LARGE);
    account_memo_free(memo);
    store_close(s);
}

static void a_stub_is_one_canonical_integer(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "\n",
                                      "1",
                                      "01\n",
                                      "1 \n",
                                      "1\n\n",
                                      "-0\n",
                                      "1.5\n",
                                      "9007199254740992\n",
                                      "99999999999999999999\n",
                                      "x\n"};
    struct store *s = open_store();
    struct account_memo *memo = NULL;
    assert_int_equal(account_memo_create(&memo), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oid folder = folder_of(s, &bad[i], 1);
        struct fault f = {0};
        int64_t sum = 1;
        assert_int_equal(account_balance(memo, s, &folder, &sum, &f), ST_CORRUPT);
        assert_int_equal(sum, 0);
    }
    account_memo_free(memo);
    store_close(s);
}

static void no_memory_is_no_bad_value(void **state)
{
    (void)state;
    const struct schema_type *type = schema_type(schema, BYTES("disbursement"));
    struct account_posting out[SCHEMA_POSTINGS_MAX];
    enum status status = ST_NO_MEMORY;
    uint32_t count = 0;
    uint64_t n = 1;
    for (; n < 100 && status == ST_NO_MEMORY; n++) {
        mem_fail_at(n);
        status = account_postings(type, BYTES(SPENT("1", "iquique")), BYTES("iquique"), out, &count,
                                  NULL);
        assert_true(status == (mem_failed() ? ST_NO_MEMORY : ST_OK));
    }
    mem_fail_at(1);
    struct account_memo *memo = NULL;
    assert_int_equal(account_memo_create(&memo), ST_NO_MEMORY);
    mem_fail_at(0);
    assert_true(n > 2);
}

/* The programme's own money: nothing is overdrawn, and every line ends where it should. */
struct ledger {
    struct account_posting accounts[64];
    uint32_t count;
    const struct schema_type *type;
};

static enum status book(void *user, const struct import_row *row)
{
    struct ledger *l = user;
    struct account_posting out[SCHEMA_POSTINGS_MAX];
    struct buf office = {0};
    struct fault f = {0};
    uint32_t count = 0;
    bool own = schema_field(l->type, BYTES("office")) != NULL &&
               schema_field(l->type, BYTES("office"))->is_writer;
    if (own)
        assert_true(schema_entry_text(row->content, "office", &office));
    if (account_postings(l->type, row->content, own ? buf_bytes(&office) : BYTES("santiago"), out,
                         &count, &f) != ST_OK)
        fail_msg("%s", f.text);
    buf_release(&office);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0;
        while (at < l->count && (strcmp(l->accounts[at].owner, out[i].owner) != 0 ||
                                 strcmp(l->accounts[at].line, out[i].line) != 0 ||
                                 strcmp(l->accounts[at].currency, out[i].currency) != 0))
            at++;
        if (at == l->count)
            l->accounts[l->count++] = out[i];
        else
            l->accounts[at].amount += out[i].amount;
        assert_true(l->accounts[at].amount >= 0);
    }
    return ST_OK;
}

static enum status book_programme(void *user, const struct schema_type *type,
                                  const struct import_row *row)
{
    struct ledger *l = user;
    l->type = type;
    return type->entry ? book(user, row) : ST_OK;
}

static enum status no_reject(void *user, uint64_t line, struct bytes raw, const char *why)
{
    (void)user;
    (void)line;
    (void)raw;
    fail_msg("%s", why);
    return ST_OK;
}

static void the_programme_is_never_overdrawn(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"allotment", "allotments"}, {"disbursement", "disbursements"}, {"expense", "expenses"}};
    static const struct digest network = {{1}};
    struct ledger ledger = {0};
    struct fault f = {0};
    struct buf json = programme_file(SHARED_DIR "/data/programme/programme.json");
    assert_int_equal(import_programme(schema, &network, BYTES("santiago"), buf_bytes(&json),
                                      book_programme, &ledger, &f),
                     ST_OK);
    buf_release(&json);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        struct import_totals totals;
        snprintf(path, sizeof path, SHARED_DIR "/data/programme/%s.csv", files[i][1]);
        struct buf csv = programme_file(path);
        ledger.type = schema_type(schema, bytes_of_text(files[i][0]));
        struct import_options o = {.schema = schema,
                                   .type = ledger.type,
                                   .network = &network,
                                   .writer = BYTES("santiago")};
        struct import_sink sink = {&ledger, book, no_reject, NULL, NULL};
        assert_int_equal(import_csv(&o, buf_bytes(&csv), &sink, &totals, &f), ST_OK);
        buf_release(&csv);
    }
    assert_int_equal(ledger.count, 18);
    for (uint32_t i = 0; i < ledger.count; i++)
        if (strcmp(ledger.accounts[i].line, "pool") == 0)
            assert_int_equal(ledger.accounts[i].amount, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_posts_as_the_table_says),
        cmocka_unit_test(what_cannot_be_posted),
        cmocka_unit_test(a_reversal_is_the_opposite_and_for_one_to_write),
        cmocka_unit_test(paths),
        cmocka_unit_test(balances_are_sums_and_remembered),
        cmocka_unit_test(following_is_summing),
        cmocka_unit_test(what_was_discarded_is_no_start),
        cmocka_unit_test(a_sum_may_go_far_on_the_way),
        cmocka_unit_test(a_stub_is_one_canonical_integer),
        cmocka_unit_test(no_memory_is_no_bad_value),
        cmocka_unit_test(the_programme_is_never_overdrawn),
    };
    return cmocka_run_group_tests(tests, open_schema, close_schema);
}
