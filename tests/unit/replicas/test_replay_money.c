/*
 * No overspending by construction, rule by rule, under the shipped schema: who may debit what, what
 * covers it, what counts once, what a reversal may take back, and what is left after a fork.
 */
#include "tests/unit/replicas/replay_kit.h"

#include "replicas/merge.h"

#define GRANT(holder, amount, ref)                                                                 \
    "{\"amount\":" amount ",\"currency\":\"CLP\",\"date\":\"2009-07-01\",\"holder\":\"" holder     \
    "\",\"ref\":\"" ref "\"}"
#define ALLOT(office, amount, ref)                                                                 \
    "{\"amount\":" amount ",\"budget_line\":\"workshops\",\"currency\":\"CLP\","                   \
    "\"holder\":\"santiago\",\"office\":\"" office "\",\"ref\":\"" ref "\"}"
#define EXPENSE(office, amount, ref)                                                               \
    "{\"amount\":" amount ",\"budget_line\":\"workshops\",\"currency\":\"CLP\","                   \
    "\"date\":\"2009-09-22\",\"office\":\"" office "\",\"ref\":\"" ref "\"}"
#define PASS(office, to, to_line, amount, ref)                                                     \
    "{\"amount\":" amount ",\"budget_line\":\"workshops\",\"currency\":\"CLP\","                   \
    "\"date\":\"2009-09-22\",\"office\":\"" office "\",\"ref\":\"" ref "\",\"to\":\"" to           \
    "\",\"to_line\":\"" to_line "\"}"
#define PURCHASE                                                                                   \
    "{\"amount\":5,\"currency\":\"CLP\",\"date\":\"2009-09-22\",\"enterprise\":"                   \
    "\"3fa900000000000000000000\",\"office\":\"iquique\",\"ref\":\"P1\"}"
#define POOL "accounts/santiago/pool.CLP"
#define IQUIQUE "accounts/iquique/workshops.CLP"
#define ARICA "accounts/arica/workshops.CLP"

static struct fault f;
static uint8_t changes;

static enum status try_one(const char *label, const struct oid *base, const char *type,
                           const char *content, struct oid *out)
{
    struct op_list ops = {0};
    f = (struct fault){.code = ST_OK};
    add_entry(&ops, type, content);
    return replay_by(label, base, ++changes, &ops, out, &f);
}

/* One entry by one label onto *tree. */
static void write_one(const char *label, struct oid *tree, const char *type, const char *content)
{
    if (try_one(label, tree, type, content, tree) != ST_OK)
        fail_msg("%s %s: %s", type, content, f.text);
}

static void refused(const char *label, const struct oid *tree, const char *type,
                    const char *content, enum status expected, const char *text)
{
    struct oid out = {{0}};
    enum status st = try_one(label, tree, type, content, &out);
    if (st != expected || f.code != expected || strstr(f.text, text) == NULL)
        fail_msg("%s %s: %s: %s", type, content, status_word(st), f.text);
    assert_true(oid_is_zero(&out));
}

static void id_of(const char *type, const char *content, char hex[static ENTRY_ID_TEXT + 1])
{
    uint8_t id[ENTRY_ID_BYTES];
    op_entry_id(&network, bytes_of_text(type), bytes_of_text(content), id);
    hex_encode(id, sizeof id, hex);
}

/* The content of a reversal of that entry. */
static const char *reversal(const char *office, const char *type, const char *content)
{
    static char text[256];
    char hex[ENTRY_ID_TEXT + 1];
    id_of(type, content, hex);
    snprintf(text, sizeof text, "{\"entry\":\"%s\",\"office\":\"%s\",\"ref\":\"%s\"}", hex, office,
             hex);
    return text;
}

static struct oid merged(const struct oid *a, const struct oid *b)
{
    struct oid out, other;
    if (merge_trees(store, a, b, &out, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_int_equal(merge_trees(store, b, a, &other, &f), ST_OK);
    assert_memory_equal(out.id, other.id, OID_BYTES);
    return out;
}

/* A grant of 100 to santiago, of which iquique and arica have 40 each. */
static struct oid begun(void)
{
    struct oid tree;
    tree_empty(&tree);
    write_one("santiago", &tree, "grant", GRANT("santiago", "100", "g"));
    write_one("santiago", &tree, "allotment", ALLOT("iquique", "40", "a"));
    write_one("santiago", &tree, "allotment", ALLOT("arica", "40", "b"));
    return tree;
}

struct stubs {
    const char *hex;
    char owners[256];
    uint32_t count;
};

static enum status see_stub(void *user, const char *path, const struct oid *blob)
{
    struct stubs *s = user;
    const char *id = strrchr(path, '/');
    (void)blob;
    if (id == NULL || strcmp(id + 1, s->hex) != 0)
        return ST_OK;
    s->count++;
    size_t used = strlen(s->owners), owner = strcspn(path, "/");
    snprintf(s->owners + used, sizeof s->owners - used, "%.*s ", (int)owner, path);
    return ST_OK;
}

/* Whose accounts an entry has stubs in. */
static struct stubs stubs_of(const struct oid *tree, const char *hex)
{
    struct stubs s = {.hex = hex};
    struct oid accounts;
    assert_int_equal(tree_find_tree(store, tree, "accounts", &accounts, &f), ST_OK);
    assert_int_equal(tree_walk(store, &accounts, "", see_stub, &s, &f), ST_OK);
    return s;
}

static void an_account_is_debited_by_its_owner_alone(void **state)
{
    (void)state;
    struct oid tree = begun();
    refused("arica", &tree, "expense", EXPENSE("iquique", "1", "x"), ST_NOT_ALLOWED,
            "only iquique writes");
    refused("arica", &tree, "pass", PASS("iquique", "arica", "workshops", "1", "x"), ST_NOT_ALLOWED,
            "only iquique writes");
    refused("iquique", &tree, "allotment", ALLOT("iquique", "1", "x"), ST_NOT_ALLOWED,
            "only santiago writes");
    refused("iquique", &tree, "grant", GRANT("santiago", "1", "x"), ST_NOT_ALLOWED,
            "only santiago writes");
    /* Whatever they write, what they debit is named after them. */
    write_one("iquique", &tree, "expense", EXPENSE("iquique", "15", "x"));
    write_one("iquique", &tree, "pass", PASS("iquique", "arica", "workshops", "5", "y"));
    write_one("iquique", &tree, "pass", PASS("iquique", "santiago", "pool", "20", "z"));
    assert_int_equal(balance_of(&tree, IQUIQUE), 0);
    assert_int_equal(balance_of(&tree, ARICA), 45);
    assert_int_equal(balance_of(&tree, POOL), 40);
}

static void a_debit_is_covered_by_its_own_base(void **state)
{
    (void)state;
    struct oid tree = begun(), more;
    refused("iquique", &tree, "expense", EXPENSE("iquique", "41", "x"), ST_OVERDRAWN,
            "the account workshops of iquique holds 40 CLP, which does not cover 41");
    assert_non_null(strstr(f.fix, "allotment"));
    refused("santiago", &tree, "allotment", ALLOT("santiago", "21", "x"), ST_OVERDRAWN,
            "the account pool of santiago holds 20 CLP");
    assert_non_null(strstr(f.fix, "register the grant"));
    refused("arica", &tree, "pass", PASS("arica", "iquique", "workshops", "41", "x"), ST_OVERDRAWN,
            "arica holds 40");
    /* What stands on another branch covers nothing here. */
    more = tree;
    write_one("santiago", &more, "allotment", ALLOT("iquique", "20", "c"));
    refused("iquique", &tree, "expense", EXPENSE("iquique", "60", "x"), ST_OVERDRAWN, "holds 40");
    write_one("iquique", &more, "expense", EXPENSE("iquique", "60", "x"));
    assert_int_equal(balance_of(&more, IQUIQUE), 0);
}

/* Shows that neither side of a cut exceeds its own, and that the join is never below zero. */
static void two_offices_that_are_cut_off_spend_their_own(void **state)
{
    (void)state;
    struct oid base = begun(), north = base, south = base, both;
    write_one("iquique", &north, "expense", EXPENSE("iquique", "40", "n"));
    write_one("arica", &south, "expense", EXPENSE("arica", "40", "s"));
    refused("iquique", &north, "expense", EXPENSE("iquique", "1", "n2"), ST_OVERDRAWN, "holds 0");
    refused("arica", &south, "expense", EXPENSE("arica", "1", "s2"), ST_OVERDRAWN, "holds 0");
    write_one("santiago", &south, "allotment", ALLOT("iquique", "20", "c"));
    both = merged(&north, &south);
    assert_int_equal(balance_of(&both, IQUIQUE), 20);
    assert_int_equal(balance_of(&both, ARICA), 0);
    assert_int_equal(balance_of(&both, POOL), 0);
}

static void one_entry_on_two_branches_counts_once(void **state)
{
    (void)state;
    struct oid base = begun(), a = base, b = base, both;
    char hex[ENTRY_ID_TEXT + 1];
    write_one("iquique", &a, "expense", EXPENSE("iquique", "30", "x"));
    write_one("iquique", &b, "expense", EXPENSE("iquique", "30", "x"));
    both = merged(&a, &b);
    assert_int_equal(balance_of(&both, IQUIQUE), 10);
    id_of("expense", EXPENSE("iquique", "30", "x"), hex);
    assert_int_equal(stubs_of(&both, hex).count, 1);
    refused("iquique", &both, "expense", EXPENSE("iquique", "30", "x"), ST_WRONG_OPERATION,
            "this expense is recorded already");
}

/* Two treasurers take in the same file while they are cut off: the grant is each one's own, so two
 * entries, each in one pool, and a rule of the audit has two grants of one number to look at. */
static void two_treasurers_who_take_in_one_grant(void **state)
{
    (void)state;
    struct oid a, b, both;
    char first[ENTRY_ID_TEXT + 1], second[ENTRY_ID_TEXT + 1];
    tree_empty(&a);
    b = a;
    write_one("santiago", &a, "grant", GRANT("santiago", "100", "g"));
    write_one("arica", &b, "grant", GRANT("arica", "100", "g"));
    both = merged(&a, &b);
    id_of("grant", GRANT("santiago", "100", "g"), first);
    id_of("grant", GRANT("arica", "100", "g"), second);
    assert_string_equal(stubs_of(&both, first).owners, "santiago ");
    assert_string_equal(stubs_of(&both, second).owners, "arica ");
    assert_int_equal(balance_of(&both, POOL), 100);
    assert_int_equal(balance_of(&both, "accounts/arica/pool.CLP"), 100);
    /* Each can be taken back by the one who holds it; then the money is there once. */
    refused("santiago", &both, "reversal",
            reversal("santiago", "grant", GRANT("arica", "100", "g")), ST_NOT_ALLOWED,
            "can be reversed by arica only");
    write_one("arica", &both, "reversal", reversal("arica", "grant", GRANT("arica", "100", "g")));
    assert_int_equal(balance_of(&both, "accounts/arica/pool.CLP"), 0);
}

/* In a schema of old whose grant does not say whose it is, one entry posts for each who writes it
 * on a branch of its own: why such a schema can have no reversals. */
static void a_grant_that_is_nobodys(void **state)
{
    (void)state;
    static const char old[] =
        "{\"types\":{\"grant\":{\"fields\":{\"amount\":{\"class\":\"open\",\"currency\":"
        "\"currency\",\"kind\":\"amount\",\"required\":true},\"currency\":{\"class\":\"open\","
        "\"kind\":\"currency\",\"required\":true}},\"postings\":[{\"account\":\"writer\",\"line\":"
        "\"pool\",\"sign\":1}],\"shape\":\"entry\",\"writers\":[\"treasurer\"]}}}";
    static const char grant[] = "{\"amount\":100,\"currency\":\"CLP\",\"ref\":\"g\"}";
    struct schema *kept = charter.schema;
    struct oid a, b, both;
    char hex[ENTRY_ID_TEXT + 1];
    assert_int_equal(schema_parse(BYTES(old), &charter.schema, &f), ST_OK);
    tree_empty(&a);
    b = a;
    write_one("santiago", &a, "grant", grant);
    write_one("arica", &b, "grant", grant);
    both = merged(&a, &b);
    id_of("grant", grant, hex);
    assert_string_equal(stubs_of(&both, hex).owners, "arica santiago ");
    schema_free(charter.schema);
    charter.schema = kept;
}

/* The one way to overspend: an owner who writes two branches of its own. It is seen when they
 * join, and it stops there. */
static void a_forked_owner(void **state)
{
    (void)state;
    struct oid base = begun(), a = base, b = base, both;
    write_one("iquique", &a, "expense", EXPENSE("iquique", "40", "a1"));
    write_one("iquique", &b, "expense", EXPENSE("iquique", "25", "b1"));
    both = merged(&a, &b);
    assert_int_equal(balance_of(&both, IQUIQUE), -25);
    refused("iquique", &both, "expense", EXPENSE("iquique", "1", "c"), ST_OVERDRAWN,
            "holds -25 CLP, which does not cover 1");
    assert_non_null(strstr(f.fix, "spent twice"));
    refused("iquique", &both, "pass", PASS("iquique", "arica", "workshops", "1", "d"), ST_OVERDRAWN,
            "-25");
    /* Its other accounts and everybody else's go on; credits are still possible. */
    write_one("arica", &both, "pass", PASS("arica", "iquique", "workshops", "15", "p"));
    assert_int_equal(balance_of(&both, IQUIQUE), -10);
    refused("iquique", &both, "expense", EXPENSE("iquique", "1", "c"), ST_OVERDRAWN, "holds -10");
    write_one("iquique", &both, "reversal",
              reversal("iquique", "expense", EXPENSE("iquique", "25", "b1")));
    assert_int_equal(balance_of(&both, IQUIQUE), 15);
    write_one("iquique", &both, "expense", EXPENSE("iquique", "15", "c"));
    assert_int_equal(balance_of(&both, IQUIQUE), 0);
}

/* A debit in one commit with a credit that does not lift the account above zero. */
static void a_credit_does_not_carry_a_debit_below_zero(void **state)
{
    (void)state;
    struct oid base = begun(), a = base, b = base, both, out;
    struct op_list ops = {0};
    write_one("iquique", &a, "expense", EXPENSE("iquique", "40", "a1"));
    write_one("iquique", &b, "expense", EXPENSE("iquique", "39", "b1"));
    both = merged(&a, &b);
    add_entry(&ops, "reversal", reversal("iquique", "expense", EXPENSE("iquique", "39", "b1")));
    add_entry(&ops, "expense", EXPENSE("iquique", "1", "c"));
    assert_int_equal(replay_by("iquique", &both, ++changes, &ops, &out, &f), ST_OVERDRAWN);
    add_entry(&ops, "reversal", reversal("iquique", "expense", EXPENSE("iquique", "40", "a1")));
    add_entry(&ops, "expense", EXPENSE("iquique", "1", "c"));
    assert_int_equal(replay_by("iquique", &both, ++changes, &ops, &out, &f), ST_OK);
    assert_int_equal(balance_of(&out, IQUIQUE), 0);
}

/* A treasurer who forks to credit more than 64 bits hold does not lock the owner out. */
static void an_account_beyond_all_bounds_can_be_spent_from(void **state)
{
    (void)state;
    struct oid sides[3], tree;
    account_sum sum;
    struct oid folder;
    char grant[256];
    for (int side = 0; side < 3; side++) {
        tree_empty(&sides[side]);
        for (int i = 0; i < 2; i++) {
            struct op_list ops = {0};
            for (int k = 0; k < 250; k++) {
                snprintf(grant, sizeof grant, GRANT("santiago", "9007199254740991", "%d-%d-%d"),
                         side, i, k);
                add_entry(&ops, "grant", grant);
            }
            assert_int_equal(replay_by("santiago", &sides[side], ++changes, &ops, &sides[side], &f),
                             ST_OK);
        }
    }
    tree = merged(&sides[0], &sides[1]);
    tree = merged(&tree, &sides[2]);
    assert_int_equal(tree_find_tree(store, &tree, POOL, &folder, &f), ST_OK);
    assert_int_equal(account_follow(memo, store, POOL, &folder, &sum, &f), ST_OK);
    assert_true(sum == (account_sum)9007199254740991 * 1500);
    write_one("santiago", &tree, "allotment", ALLOT("iquique", "40", "a"));
    assert_int_equal(balance_of(&tree, IQUIQUE), 40);
    refused("santiago", &tree, "grant", GRANT("santiago", "1", "one more"), ST_BAD_VALUE,
            "too large");
}

/* ---- Reversals ---- */

#define EXCHANGE                                                                                   \
    "{\"date\":\"2009-07-03\",\"from_amount\":20,\"from_currency\":\"CLP\",\"holder\":"            \
    "\"santiago\",\"ref\":\"e\",\"to_amount\":3,\"to_currency\":\"USD\"}"

static void a_reversal_posts_the_opposite(void **state)
{
    (void)state;
    struct oid tree = begun();
    write_one("iquique", &tree, "expense", EXPENSE("iquique", "30", "x"));
    write_one("iquique", &tree, "reversal",
              reversal("iquique", "expense", EXPENSE("iquique", "30", "x")));
    assert_int_equal(balance_of(&tree, IQUIQUE), 40);
    write_one("iquique", &tree, "pass", PASS("iquique", "arica", "workshops", "40", "p"));
    write_one("arica", &tree, "reversal",
              reversal("arica", "pass", PASS("iquique", "arica", "workshops", "40", "p")));
    assert_int_equal(balance_of(&tree, IQUIQUE), 40);
    assert_int_equal(balance_of(&tree, ARICA), 40);
    write_one("iquique", &tree, "reversal",
              reversal("iquique", "allotment", ALLOT("iquique", "40", "a")));
    assert_int_equal(balance_of(&tree, IQUIQUE), 0);
    assert_int_equal(balance_of(&tree, POOL), 60);
    write_one("santiago", &tree, "exchange", EXCHANGE);
    assert_int_equal(balance_of(&tree, POOL), 40);
    assert_int_equal(balance_of(&tree, "accounts/santiago/pool.USD"), 3);
    write_one("santiago", &tree, "reversal", reversal("santiago", "exchange", EXCHANGE));
    assert_int_equal(balance_of(&tree, POOL), 60);
    assert_int_equal(balance_of(&tree, "accounts/santiago/pool.USD"), 0);
}

static void who_may_reverse(void **state)
{
    (void)state;
    struct oid tree = begun();
    write_one("iquique", &tree, "expense", EXPENSE("iquique", "30", "x"));
    /* The receiver gives a credit back, not the one who gave it. */
    refused("santiago", &tree, "reversal",
            reversal("santiago", "allotment", ALLOT("iquique", "40", "a")), ST_NOT_ALLOWED,
            "can be reversed by iquique only, whose workshops account");
    assert_non_null(strstr(f.fix, "ask iquique"));
    refused("arica", &tree, "reversal", reversal("arica", "expense", EXPENSE("iquique", "30", "x")),
            ST_NOT_ALLOWED, "can be reversed by iquique only, whose money it was");
    /* Nor in another's name. */
    refused("arica", &tree, "reversal",
            reversal("iquique", "expense", EXPENSE("iquique", "30", "x")), ST_NOT_ALLOWED,
            "only iquique writes");
    /* What was spent since cannot be given back. */
    refused("iquique", &tree, "reversal",
            reversal("iquique", "allotment", ALLOT("iquique", "40", "a")), ST_OVERDRAWN,
            "holds 10 CLP, which does not cover 40");
    refused("santiago", &tree, "reversal",
            reversal("santiago", "grant", GRANT("santiago", "100", "g")), ST_OVERDRAWN,
            "holds 20 CLP");
}

static void what_cannot_be_reversed(void **state)
{
    (void)state;
    struct oid tree = begun(), other;
    char text[256], hex[ENTRY_ID_TEXT + 1];
    refused("iquique", &tree, "reversal",
            reversal("iquique", "expense", EXPENSE("iquique", "30", "x")), ST_WRONG_OPERATION,
            "there is no entry ");
    assert_non_null(strstr(f.fix, "arrive here first"));
    /* Not even one that the same commit writes. */
    struct op_list ops = {0};
    add_entry(&ops, "expense", EXPENSE("iquique", "30", "x"));
    add_entry(&ops, "reversal", reversal("iquique", "expense", EXPENSE("iquique", "30", "x")));
    assert_int_equal(replay_by("iquique", &tree, ++changes, &ops, &other, &f), ST_WRONG_OPERATION);
    write_one("iquique", &tree, "purchase", PURCHASE);
    refused("santiago", &tree, "reversal", reversal("santiago", "purchase", PURCHASE),
            ST_NOT_ALLOWED, "this purchase can be reversed by iquique only, who wrote it");
    snprintf(text, sizeof text, "%s", reversal("iquique", "purchase", PURCHASE));
    write_one("iquique", &tree, "reversal", text);
    write_one("iquique", &tree, "expense", EXPENSE("iquique", "30", "x"));
    snprintf(text, sizeof text, "%s",
             reversal("iquique", "expense", EXPENSE("iquique", "30", "x")));
    write_one("iquique", &tree, "reversal", text);
    refused("iquique", &tree, "reversal", text, ST_WRONG_OPERATION,
            "this reversal is recorded already");
    id_of("reversal", text, hex);
    refused("iquique", &tree, "reversal", reversal("iquique", "reversal", text), ST_BAD_VALUE,
            "this reversal cannot be reversed: it is itself one");
}

/* Twice on two branches is once: its id follows from what it reverses. */
static void one_reversal_on_two_branches_counts_once(void **state)
{
    (void)state;
    struct oid tree = begun(), a, b;
    write_one("iquique", &tree, "expense", EXPENSE("iquique", "30", "x"));
    a = b = tree;
    write_one("iquique", &a, "reversal",
              reversal("iquique", "expense", EXPENSE("iquique", "30", "x")));
    write_one("iquique", &b, "expense", EXPENSE("iquique", "5", "y"));
    write_one("iquique", &b, "reversal",
              reversal("iquique", "expense", EXPENSE("iquique", "30", "x")));
    tree = merged(&a, &b);
    assert_int_equal(balance_of(&tree, IQUIQUE), 35);
}

/* The entry's file in the base with one byte changed: refused, or read as what it then says; never
 * more than one entry's postings. */
static void a_base_that_is_damaged(void **state)
{
    (void)state;
    struct oid tree = begun(), blob, damaged, out;
    char hex[ENTRY_ID_TEXT + 1], path[TREE_PATH_MAX];
    struct bytes text;
    struct buf copy = {0};
    uint32_t corrupt = 0;
    id_of("allotment", ALLOT("iquique", "40", "a"), hex);
    replay_record_path(BYTES("allotment"), bytes_of_text(hex), path);
    assert_int_equal(tree_find(store, &tree, path, &blob, &f), ST_OK);
    assert_int_equal(store_read(store, &blob, STORE_BLOB, &text, &f), ST_OK);
    buf_add_bytes(&copy, text);
    for (size_t i = 0; i < 2 * copy.count; i++) {
        bool cut = i >= copy.count; /* first every byte flipped, then every prefix */
        struct bytes bytes = buf_bytes(&copy);
        struct op_list ops = {0};
        if (cut)
            bytes.count = i - copy.count;
        else
            copy.data[i] ^= 1;
        assert_int_equal(store_write(store, STORE_BLOB, bytes, NULL, &blob), ST_OK);
        struct tree_change change = {path, blob};
        assert_int_equal(tree_edit(store, &tree, &change, 1, &damaged, &f), ST_OK);
        add_entry(&ops, "reversal", reversal("iquique", "allotment", ALLOT("iquique", "40", "a")));
        enum status st = replay_by("iquique", &damaged, 200, &ops, &out, &f);
        corrupt += st == ST_CORRUPT;
        if (cut)
            assert_int_equal(st, ST_CORRUPT);
        else
            copy.data[i] ^= 1;
        assert_true(st == ST_OK || st == ST_CORRUPT || st == ST_NOT_ALLOWED || st == ST_OVERDRAWN);
    }
    assert_true(corrupt > copy.count * 3 / 2);
    buf_release(&copy);
}

static void no_memory_to_reverse(void **state)
{
    (void)state;
    struct oid tree = begun(), wanted = {{0}}, out;
    bool done = false;
    uint64_t failures = 0;
    write_one("iquique", &tree, "expense", EXPENSE("iquique", "30", "x"));
    for (uint64_t n = 0; !done; n++) {
        struct op_list ops = {0};
        struct buf sorted = {0};
        size_t mark = store_mark(store);
        add_entry(&ops, "reversal", reversal("iquique", "expense", EXPENSE("iquique", "30", "x")));
        assert_int_equal(op_list_encode(&ops, &sorted), ST_OK);
        struct replay_output output;
        struct replay_input in = {.store = store,
                                  .memo = memo,
                                  .charter = &charter,
                                  .base = tree,
                                  .by = {{{77}}, 77, BYTES("iquique")},
                                  .ops = &ops};
        mem_fail_at(n);
        enum status st = replay_run(&in, &output, &f);
        done = n > 0 && !mem_failed();
        mem_fail_at(0);
        failures += st != ST_OK;
        assert_true(st == ST_OK || st == ST_NO_MEMORY);
        out = output.tree;
        if (n == 0)
            wanted = out;
        if (st == ST_OK)
            assert_memory_equal(out.id, wanted.id, OID_BYTES);
        replay_release(&output);
        op_list_release(&ops);
        buf_release(&sorted);
        store_discard_since(store, mark);
        store_tidy(store);
    }
    assert_true(failures > 10);
    assert_int_equal(balance_of(&tree, IQUIQUE), 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, replay_set_up, replay_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_is_debited_by_its_owner_alone),
        TEST(a_debit_is_covered_by_its_own_base),
        TEST(two_offices_that_are_cut_off_spend_their_own),
        TEST(one_entry_on_two_branches_counts_once),
        TEST(two_treasurers_who_take_in_one_grant),
        TEST(a_grant_that_is_nobodys),
        TEST(a_forked_owner),
        TEST(a_credit_does_not_carry_a_debit_below_zero),
        TEST(an_account_beyond_all_bounds_can_be_spent_from),
        TEST(a_reversal_posts_the_opposite),
        TEST(who_may_reverse),
        TEST(what_cannot_be_reversed),
        TEST(one_reversal_on_two_branches_counts_once),
        TEST(a_base_that_is_damaged),
        TEST(no_memory_to_reverse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
