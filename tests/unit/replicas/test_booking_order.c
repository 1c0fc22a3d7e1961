#include "tests/unit/replicas/book_kit.h"

#include "proto/mem.h"
#include "replicas/account.h"
#include "replicas/tree.h"

enum { TIMES = 1025, TIMES_EACH = 41 };

static struct replica_commit write_ops(struct office *o, struct op_list *ops)
{
    struct replica_commit commit;
    if (replica_write(o->replica, ops, BYTES("ana <ana@example.org>"), &commit, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    op_list_release(ops);
    return commit;
}

static void add_set(struct op_list *ops, const char *type, uint8_t id, const char *name,
                    const char *json)
{
    struct op op = {.verb = OP_SET,
                    .type = bytes_of_text(type),
                    .name = bytes_of_text(name),
                    .value = bytes_of_text(json)};
    op.id[0] = id;
    assert_int_equal(op_list_add(ops, &op), ST_OK);
}

static uint32_t find(const struct book *b, const char *id_hex)
{
    uint8_t id[ENTRY_ID_BYTES];
    assert_int_equal(hex_decode(bytes_of_text(id_hex), id, sizeof id), ST_OK);
    return book_find(b, id);
}

static void entries_come_by_day_kind_and_id(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    struct book *b = book_of(&o);
    for (uint32_t i = 1; i < b->entry_count; i++) {
        const struct book_entry *x = &b->entries[i - 1], *y = &b->entries[i];
        assert_true(
            x->day < y->day ||
            (x->day == y->day && (x->kind < y->kind ||
                                  (x->kind == y->kind && memcmp(x->id, y->id, sizeof x->id) < 0))));
    }
    for (uint32_t i = 1; i < b->posting_count; i++)
        assert_true(b->postings[i - 1].account < b->postings[i].account ||
                    b->postings[i - 1].entry < b->postings[i].entry);
    book_free(b);
    office_close(&o);
}

static void what_names_another_is_found_both_ways(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    struct book *b = book_of(&o);
    uint32_t purchase = find(b, ids.purchase), expense = find(b, ids.expense);
    uint32_t transfer = book_about(b, purchase, BOOK_TRANSFER, BOOK_NONE);
    uint32_t reversal = book_about(b, expense, BOOK_REVERSAL, BOOK_NONE);
    assert_int_equal(b->entries[transfer].about, purchase);
    assert_int_equal(book_about(b, purchase, BOOK_TRANSFER, transfer), BOOK_NONE);
    assert_int_equal(book_about(b, purchase, BOOK_REVERSAL, BOOK_NONE), BOOK_NONE);
    assert_int_equal(b->entries[expense].reversed_by, reversal);
    assert_int_equal(b->entries[purchase].reversed_by, BOOK_NONE);
    assert_int_equal(book_of_enterprise(b, 0, BOOK_PURCHASE, BOOK_NONE), purchase);
    assert_int_equal(book_of_enterprise(b, 0, BOOK_PURCHASE, purchase), BOOK_NONE);
    assert_int_equal(book_of_enterprise(b, 0, BOOK_EXPENSE, BOOK_NONE), BOOK_NONE);
    book_free(b);
    office_close(&o);
}

/* The sums of the book are the balances that replay reckons with. */
static void accounts_agree_with_the_stubs(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    struct account_memo *memo = NULL;
    book_small(&o, &ids);
    struct book *b = book_of(&o);
    assert_int_equal(account_memo_create(&memo), ST_OK);
    assert_true(b->account_count >= 5);
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        struct account_posting p = {.amount = 1};
        char path[TREE_PATH_MAX];
        struct oid folder;
        int64_t balance = 0, posted = 0;
        snprintf(p.owner, sizeof p.owner, "%s", book_text(b, a->owner));
        snprintf(p.line, sizeof p.line, "%s", book_text(b, a->line));
        memcpy(p.currency, a->currency, sizeof p.currency);
        account_folder(&p, path);
        struct store *store = replica_store(o.replica);
        assert_int_equal(tree_find_tree(store, replica_state(o.replica), path, &folder, &o.fault),
                         ST_OK);
        assert_int_equal(account_balance(memo, store, &folder, &balance, &o.fault), ST_OK);
        assert_int_equal(a->credited - a->debited, balance);
        for (uint32_t k = 0; k < b->posting_count; k++)
            posted += b->postings[k].account == i ? b->postings[k].amount : 0;
        assert_int_equal(posted, balance);
    }
    office_run(&o, ST_OK, "fund", "balance", NULL); /* and what people are told */
    assert_int_equal(office_rows(&o), b->account_count);
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        assert_string_equal(office_text(&o, i, "office"), book_text(b, a->owner));
        assert_string_equal(office_text(&o, i, "line"), book_text(b, a->line));
        assert_string_equal(office_text(&o, i, "currency"), a->currency);
        assert_int_equal(office_number(&o, i, "balance"), a->credited - a->debited);
    }
    account_memo_free(memo);
    book_free(b);
    office_close(&o);
}

static void files_are_counted_at_what_they_are_about(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    struct op_list ops = {0};
    char about[64];
    book_small(&o, &ids);
    struct book *b = book_of(&o);
    snprintf(about, sizeof about, "\"%s\"", ids.purchase);
    add_set(&ops, "document", 1, "media", "\"image/jpeg\"");
    add_set(&ops, "document", 1, "bytes", "77");
    add_set(&ops, "document", 1, "record", about);
    add_set(&ops, "attachment", 2, "record", about);
    add_set(&ops, "document", 3, "record", "\"nothing\"");
    write_ops(&o, &ops);
    assert_int_equal(book_follow(o.replica, &b, &o.fault), ST_OK);
    assert_int_equal(b->document_count, 3);
    assert_int_equal(b->entries[find(b, ids.purchase)].documents, 2);
    assert_int_equal(b->entries[find(b, ids.expense)].documents, 0);
    for (uint32_t i = 0; i < b->document_count; i++) {
        const struct book_document *d = &b->documents[i];
        assert_int_equal(d->about_bytes, d->id[0] == 3 ? 0 : ENTRY_ID_BYTES);
        assert_int_equal(d->internal, d->id[0] != 2);
        if (d->id[0] == 1) {
            assert_int_equal(d->bytes, 77);
            assert_string_equal(book_text(b, d->media), "image/jpeg");
        }
    }
    book_free(b);
    office_close(&o);
}

static void add_entry(struct op_list *ops, const char *type, const char *content)
{
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(content)};
    assert_int_equal(op_list_add(ops, &op), ST_OK);
}

/* Money that goes to and fro: no balance is large, but all that went through an account is. */
static void a_sum_that_no_number_holds_hides_no_balance(void **state)
{
    (void)state;
    struct office o;
    struct book *b;
    struct op_list ops = {0};
    char content[300];
    office_found(&o, "santiago");
    add_entry(&ops, "grant",
              "{\"amount\":9007199254740991,\"currency\":\"CLP\",\"date\":\"2009-07-01\","
              "\"holder\":\"santiago\",\"ref\":\"G\"}");
    write_ops(&o, &ops);
    for (unsigned i = 0; i < TIMES; i++) {
        snprintf(content, sizeof content,
                 "{\"amount\":9007199254740991,\"budget_line\":\"workshops\",\"currency\":"
                 "\"CLP\",\"holder\":\"santiago\",\"office\":\"santiago\",\"ref\":\"A%u\"}",
                 i);
        add_entry(&ops, "allotment", content);
        snprintf(content, sizeof content,
                 "{\"amount\":9007199254740991,\"budget_line\":\"workshops\",\"currency\":"
                 "\"CLP\",\"date\":\"2009-08-01\",\"office\":\"santiago\",\"ref\":\"T%u\","
                 "\"to\":\"santiago\",\"to_line\":\"pool\"}",
                 i);
        add_entry(&ops, "pass", content);
        if (i % TIMES_EACH == TIMES_EACH - 1)
            write_ops(&o, &ops);
    }
    b = book_of(&o);
    assert_int_equal(b->account_count, 2);
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        bool pool = strcmp(book_text(b, a->line), "pool") == 0;
        assert_int_equal(a->credited, INT64_MAX);
        assert_int_equal(a->credited - a->debited, pool ? 9007199254740991 : 0);
    }
    book_free(b);
    office_close(&o);
}

static void it_survives_a_lack_of_memory(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    unsigned failures = 0;
    book_small(&o, &ids);
    for (uint64_t n = 1;; n++) {
        struct book *b = NULL;
        replica_rest(o.replica);
        mem_fail_at(n);
        enum status status = book_read(o.replica, &b, &o.fault);
        bool failed = mem_failed();
        mem_fail_at(0);
        if (status != ST_OK)
            assert_null(b);
        assert_true(status == ST_OK || (failed && status == ST_NO_MEMORY));
        failures += status != ST_OK;
        book_free(b);
        if (!failed)
            break;
    }
    assert_true(failures > 20);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_by_day_kind_and_id),
        cmocka_unit_test(what_names_another_is_found_both_ways),
        cmocka_unit_test(accounts_agree_with_the_stubs),
        cmocka_unit_test(files_are_counted_at_what_they_are_about),
        cmocka_unit_test(a_sum_that_no_number_holds_hides_no_balance),
        cmocka_unit_test(it_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
