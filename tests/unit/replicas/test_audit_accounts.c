/*
 * Accounts against entries: a book of a state is sound; a posting that is changed, left out or made
 * up in it is named.
 */
#include "proto/mem.h"
#include "replicas/auditing.h"
#include "tests/unit/replicas/audit_kit.h"

static struct office o;
static struct book *book;

static int set_up(void **state)
{
    (void)state;
    office_found(&o, "santiago");
    book_import(&o, "programme", "programme.json", NULL);
    office_run(&o, ST_OK, "add", "allotment", "holder=santiago", "office=santiago",
               "budget_line=workshops", "currency=CLP", "amount=1000", NULL);
    office_run(&o, ST_OK, "add", "pass", "office=santiago", "budget_line=workshops", "to=santiago",
               "to_line=administration", "currency=CLP", "amount=10", "date=2009-09-01", NULL);
    audit_spend(&o, "santiago", "100", "boleta 1");
    char id[ENTRY_ID_TEXT + 1], entry[64], ref[64];
    office_id(&o, id);
    snprintf(entry, sizeof entry, "entry=%s", id);
    snprintf(ref, sizeof ref, "ref=%s", id);
    office_run(&o, ST_OK, "add", "reversal", "office=santiago", entry, ref, NULL);
    book = book_of(&o);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    book_free(book);
    office_close(&o);
    return 0;
}

/* How many differences are told; the first of them has these words. */
static uint32_t check(const char *words)
{
    struct audit_result *a = mem_alloc(sizeof *a);
    struct fault f = {0};
    assert_non_null(a);
    a->verified.ok = true;
    assert_int_equal(audit_accounts_check(o.replica, book, a, &f), ST_OK);
    uint32_t count = a->verified.finding_count;
    assert_int_equal(a->verified.ok, count == 0);
    if (count > 0 && strstr(a->verified.findings[0].text, words) == NULL)
        fail_msg("%s", a->verified.findings[0].text);
    audit_free(a);
    return count;
}

static void test_sound(void **state)
{
    (void)state;
    assert_true(book->posting_count >= 9);
    assert_int_equal(check(""), 0);
}

static void test_every_posting_changed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < book->posting_count; i++) {
        book->postings[i].amount++;
        assert_int_equal(check("the account santiago/"), 2);
        book->postings[i].amount--;
    }
    assert_int_equal(check(""), 0);
}

static void test_one_posting_left_out(void **state)
{
    (void)state;
    book->posting_count--;
    assert_int_equal(check("lacks the posting"), 1);
    book->posting_count++;
}

static void test_one_posting_of_another_account(void **state)
{
    (void)state;
    uint32_t own = book->postings[0].account;
    book->postings[0].account = book->account_count - 1;
    assert_int_equal(check("the account santiago/"), 2);
    book->postings[0].account = own;
}

static void test_an_account_left_out(void **state)
{
    (void)state;
    uint32_t postings = book->posting_count;
    book->account_count--;
    while (book->postings[book->posting_count - 1].account == book->account_count)
        book->posting_count--;
    assert_true(check("is missing") > 0);
    book->account_count++;
    book->posting_count = postings;
}

/* A type of a network's own that posts and is reversed: the book has no kind for it. */
static void test_reversed_of_a_type_of_its_own(void **state)
{
    (void)state;
    static const char before[] = "\"pass\":{\"fields\"";
    static const char own[] =
        "\"loan\":{\"fields\":{\"amount\":{\"class\":\"open\",\"currency\":\"currency\",\"kind\":"
        "\"amount\",\"required\":true},\"currency\":{\"class\":\"open\",\"kind\":\"currency\","
        "\"required\":true},\"office\":{\"class\":\"open\",\"is\":\"writer\",\"kind\":\"label\","
        "\"required\":true}},\"postings\":[{\"account\":\"writer\",\"line\":\"pool\",\"sign\":1}],"
        "\"shape\":\"entry\",\"writers\":[\"office\"]},";
    struct office other;
    struct digest network;
    struct buf given = programme_schema_json(), schema = {0};
    const char *text = buf_text(&given), *at = strstr(text, before);
    assert_non_null(at);
    buf_add(&schema, text, (size_t)(at - text));
    buf_add_text(&schema, own);
    buf_add_text(&schema, at);
    office_folder(&other);
    if (replica_found(other.home, "reference", "santiago", "127.0.0.1:7717", buf_bytes(&schema),
                      &network, &other.fault) != ST_OK)
        fail_msg("%s", other.fault.text);
    office_open(&other);
    char id[ENTRY_ID_TEXT + 1], entry[64];
    office_run(&other, ST_OK, "add", "loan", "office=santiago", "currency=CLP", "amount=500", NULL);
    office_id(&other, id);
    snprintf(entry, sizeof entry, "entry=%s", id);
    office_run(&other, ST_OK, "add", "reversal", "office=santiago", entry, NULL);
    struct audit_result *a = audit_of(&other);
    audit_expect_clean(a);
    audit_free(a);
    office_close(&other);
    buf_release(&given);
    buf_release(&schema);
}

static void test_without_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct audit_result *a = mem_alloc(sizeof *a);
        struct fault f = {0};
        a->verified.ok = true;
        mem_fail_at(n);
        enum status st = audit_accounts_check(o.replica, book, a, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_true(a->verified.ok);
        audit_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_every_posting_changed),
        cmocka_unit_test(test_one_posting_left_out),
        cmocka_unit_test(test_one_posting_of_another_account),
        cmocka_unit_test(test_an_account_left_out),
        cmocka_unit_test(test_reversed_of_a_type_of_its_own),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
