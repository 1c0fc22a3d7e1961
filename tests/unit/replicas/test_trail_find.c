#include "tests/unit/replicas/book_kit.h"

#include "replicas/trail.h"

static struct office o;
static struct book_ids ids;
static struct book *b;
static char document[25];

static int make_office(void **state)
{
    (void)state;
    book_small(&o, &ids);
    struct op_list ops = {0};
    struct replica_commit commit;
    char about[64];
    struct op op = {.verb = OP_SET,
                    .type = BYTES("document"),
                    .name = BYTES("record"),
                    .id = {0xab, 0xcd, 0xef, 0x01}};
    snprintf(about, sizeof about, "\"%s\"", ids.purchase);
    op.value = bytes_of_text(about);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    struct op stray = op;
    stray.id[0] = 0xac;
    stray.value = BYTES("\"nothing\"");
    assert_int_equal(op_list_add(&ops, &stray), ST_OK);
    assert_int_equal(
        replica_write(o.replica, &ops, BYTES("ana <ana@example.org>"), &commit, &o.fault), ST_OK);
    op_list_release(&ops);
    hex_encode(op.id, RECORD_ID_BYTES, document);
    b = book_of(&o);
    return 0;
}

static int close_office(void **state)
{
    (void)state;
    book_free(b);
    office_close(&o);
    return 0;
}

static void expect(const char *text, enum trail_thing thing, enum book_kind kind)
{
    enum trail_thing found = TRAIL_GAP;
    uint32_t index = BOOK_NONE;
    memset(&o.fault, 0, sizeof o.fault);
    if (trail_find(o.replica, b, bytes_of_text(text), &found, &index, &o.fault) != ST_OK)
        fail_msg("%s: %s", text, o.fault.text);
    assert_int_equal(found, thing);
    if (thing == TRAIL_ENTRY)
        assert_int_equal(b->entries[index].kind, kind);
}

static void expect_fault(const char *text, enum status status, const char *sentence)
{
    enum trail_thing found;
    uint32_t index;
    memset(&o.fault, 0, sizeof o.fault);
    assert_int_equal(trail_find(o.replica, b, bytes_of_text(text), &found, &index, &o.fault),
                     status);
    if (strstr(o.fault.text, sentence) == NULL || o.fault.fix[0] == '\0')
        fail_msg("%s: %s (%s)", text, o.fault.text, o.fault.fix);
}

static void numbers_and_beginnings_of_ids_are_found(void **state)
{
    (void)state;
    char cut[9];
    expect("D1", TRAIL_ENTRY, BOOK_DISBURSEMENT);
    expect("d1", TRAIL_ENTRY, BOOK_DISBURSEMENT);
    expect("E1", TRAIL_ENTERPRISE, 0);
    expect("H1", TRAIL_HOUSEHOLD, 0);
    expect("V1", TRAIL_VISIT, 0);
    expect("S1", TRAIL_SESSION, 0);
    expect("I1", TRAIL_INCOME, 0);
    expect("C1", TRAIL_CONTACT, 0);
    expect("Card", TRAIL_PROGRAMME, 0);
    expect(ids.purchase, TRAIL_ENTRY, BOOK_PURCHASE);
    snprintf(cut, sizeof cut, "%.8s", ids.purchase);
    expect(cut, TRAIL_ENTRY, BOOK_PURCHASE);
    snprintf(cut, sizeof cut, "%.8s", ids.enterprise);
    expect(cut, TRAIL_ENTERPRISE, 0);
    /* A reversal's number is what it takes back: the digits mean that. */
    expect(ids.expense, TRAIL_ENTRY, BOOK_EXPENSE);
}

static void a_file_stands_for_what_it_is_attached_to(void **state)
{
    (void)state;
    char stray[25];
    expect(document, TRAIL_ENTRY, BOOK_PURCHASE);
    snprintf(stray, sizeof stray, "ac%s", document + 2);
    expect(stray, TRAIL_DOCUMENT, 0); /* attached to nothing that is known */
    office_run(&o, ST_OK, "trail", stray, NULL);
    assert_string_equal(office_text(&o, 0, "type"), "document");
    assert_string_equal(office_text(&o, 0, "commit.signature"), "good");
    assert_string_equal(office_text(&o, 1, "why"), "no-money");
}

static void what_is_not_one_thing_is_said(void **state)
{
    (void)state;
    expect_fault("boleta 1", ST_AMBIGUOUS, "'boleta 1' is more than one: ");
    assert_non_null(strstr(o.fault.text, "purchase P1 of santiago ("));
    assert_non_null(strstr(o.fault.text, "expense N1 of santiago ("));
    expect_fault("boleta 2", ST_NOT_FOUND, "called 'boleta 2'");
    expect_fault("ffffffff", ST_NOT_FOUND, "there is no record 'ffffffff' here");
    expect_fault("", ST_NOT_FOUND, "called ''");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_beginnings_of_ids_are_found),
        cmocka_unit_test(a_file_stands_for_what_it_is_attached_to),
        cmocka_unit_test(what_is_not_one_thing_is_said),
    };
    return cmocka_run_group_tests(tests, make_office, close_office);
}
