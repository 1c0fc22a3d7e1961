#include "tests/unit/replicas/book_kit.h"
#include "tests/unit/replicas/reach_book.h"

#include "proto/mem.h"
#include "replicas/flow.h"
#include "replicas/indicator.h"

static const struct flow_node *node(const struct flow *f, enum flow_role role, const char *name)
{
    for (uint32_t i = 0; i < f->node_count; i++)
        if (f->nodes[i].role == role && strcmp(f->nodes[i].name, name) == 0)
            return &f->nodes[i];
    return NULL;
}

static int64_t through(const struct flow *f, enum flow_role role, const char *name)
{
    const struct flow_node *n = node(f, role, name);
    return n == NULL ? 0 : n->in > n->out ? n->in : n->out;
}

/* What flows in flows out, of each proof behind the pool; every link goes to the right. */
static void check_conserved(const struct flow *f)
{
    for (uint32_t i = 0; i < f->node_count; i++) {
        const struct flow_node *n = &f->nodes[i];
        int64_t in[FLOW_PROOFS] = {0}, out[FLOW_PROOFS] = {0}, ins = 0, outs = 0;
        assert_true(i == 0 || f->nodes[i - 1].column <= n->column);
        for (uint32_t l = 0; l < f->link_count; l++) {
            const struct flow_link *x = &f->links[l];
            assert_true(x->amount > 0);
            assert_true(f->nodes[x->from].column < f->nodes[x->to].column);
            if (x->to == i)
                in[x->proof] += x->amount;
            if (x->from == i)
                out[x->proof] += x->amount;
        }
        for (int p = 0; p < FLOW_PROOFS; p++) {
            ins += in[p];
            outs += out[p];
            if (n->column > 2 && ins > 0 && outs > 0)
                assert_int_equal(in[p], out[p]);
        }
        assert_int_equal(ins, n->in);
        assert_int_equal(outs, n->out);
        assert_true(ins > 0 || outs > 0);
        assert_true(ins == outs || ins == 0 || outs == 0);
        assert_true(ins > 0 || n->role == FLOW_FUNDER || n->role == FLOW_EARLIER ||
                    n->role == FLOW_OVERDRAWN);
    }
}

static struct flow read_flow(const struct book *b, const char *currency)
{
    struct flow f;
    assert_int_equal(flow_read(b, currency, &f), ST_OK);
    check_conserved(&f);
    return f;
}

static void the_reference_programme(void **state)
{
    (void)state;
    static struct office o[BOOK_OFFICES];
    book_whole_programme(o);
    struct book *b = book_of(&o[2]);
    char currencies[FLOW_CURRENCIES_MAX][4];
    assert_int_equal(flow_currencies(b, currencies), 1);
    assert_string_equal(currencies[0], "CLP");
    struct flow f = read_flow(b, "CLP");
    const struct flow_node *funder = node(&f, FLOW_FUNDER, "FOSIS");
    assert_int_equal(funder->out, 108000000);
    assert_int_equal(funder->given, 20000000);
    assert_string_equal(funder->currency, "USD");
    assert_int_equal(through(&f, FLOW_POOL, ""), 108000000);
    assert_int_equal(through(&f, FLOW_DISBURSED, ""), 12750002);
    assert_int_equal(through(&f, FLOW_BOUGHT_RECEIPT, ""), 12750002);
    assert_int_equal(through(&f, FLOW_HANDED_OVER, ""), 12750002);
    assert_int_equal(through(&f, FLOW_UNALLOTTED, ""), 0);
    assert_int_equal(through(&f, FLOW_EXPENSES, ""), 78300000);
    assert_int_equal(through(&f, FLOW_LEFT, ""), 108000000 - 78300000 - 12750002);
    assert_null(node(&f, FLOW_OVERDRAWN, ""));
    flow_release(&f);
    book_free(b);
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        office_close(&o[i]);
}

static void what_has_no_receipt_is_apart(void **state)
{
    (void)state;
    struct sample s = {0};
    reach_fill(&s);
    struct flow f = read_flow(&s.b, "CLP");
    assert_int_equal(through(&f, FLOW_BOUGHT_RECEIPT, ""), 15000);
    assert_int_equal(through(&f, FLOW_BOUGHT_BARE, ""), 5000);
    assert_int_equal(through(&f, FLOW_UNBOUGHT, ""), 10000);
    assert_int_equal(through(&f, FLOW_SPENT_RECEIPT, ""), 8000);
    assert_int_equal(through(&f, FLOW_SPENT_BARE, ""), 2000);
    assert_int_equal(through(&f, FLOW_HANDED_OVER, ""), 20000);
    assert_int_equal(through(&f, FLOW_LEFT, ""), 40000);
    assert_int_equal(through(&f, FLOW_UNALLOTTED, ""), 20000);
    assert_int_equal(through(&f, FLOW_OFFICE, "south"), 30000);
    flow_release(&f);
    f = read_flow(&s.b, "USD");
    assert_int_equal(through(&f, FLOW_EXCHANGED, "CLP"), 200000);
    flow_release(&f);
    f = read_flow(&s.b, "EUR");
    assert_int_equal(f.node_count, 0);
    flow_release(&f);
    reach_release(&s);
}

/* More spent than was there, more passed on than was there, an exchange of what nobody granted. */
static void overdrawn(void **state)
{
    (void)state;
    struct sample s = {0};
    sample_exchange(&s, "X", "north", "", sample_money(10, "USD"), sample_money(1000, "CLP"));
    sample_allot(&s, "A", "north", "north", "workshops", 1500, "CLP");
    reach_expense(&s, "north", "workshops", 1600, "f 1");
    reach_expense(&s, "north", "workshops", 300, "");
    uint32_t p = sample_entry(&s, BOOK_PASS, "", "south", "workshops", "");
    s.b.entries[p].to = sample_text(&s, "east");
    s.b.entries[p].to_line = sample_text(&s, "workshops");
    s.b.entries[p].money = sample_money(70, "CLP");
    sample_close(&s);
    struct flow f = read_flow(&s.b, "CLP");
    assert_int_equal(through(&f, FLOW_POOL, ""), 1570);
    assert_int_equal(through(&f, FLOW_SPENT_RECEIPT, ""), 1600);
    assert_int_equal(through(&f, FLOW_SPENT_BARE, ""), 300);
    assert_int_equal(through(&f, FLOW_OFFICE, "east"), 70);
    flow_release(&f);
    reach_release(&s);
}

/* Two funders, in two currencies, and an exchange of an exchange. */
static void several_sources(void **state)
{
    (void)state;
    struct sample s = {0};
    static const struct {
        const char *who, *currency;
        int64_t amount;
    } grants[] = {{"A", "USD", 100}, {"B", "USD", 200}, {"B", "CLP", 5000}, {"C", "EUR", 10}};
    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
        uint32_t g = sample_grant(&s, "", "north", "", grants[i].amount, grants[i].currency);
        s.b.entries[g].what = sample_text(&s, grants[i].who);
    }
    sample_exchange(&s, "", "north", "", sample_money(10, "EUR"), sample_money(11, "USD"));
    sample_exchange(&s, "", "north", "", sample_money(311, "USD"), sample_money(100000, "CLP"));
    sample_close(&s);
    struct flow f = read_flow(&s.b, "CLP");
    assert_int_equal(through(&f, FLOW_POOL, ""), 105000);
    assert_int_equal(through(&f, FLOW_UNALLOTTED, ""), 105000);
    assert_int_equal(through(&f, FLOW_FUNDER, "A"), 32154); /* 100000 x 100 / 311 */
    assert_int_equal(node(&f, FLOW_FUNDER, "A")->given, 100);
    assert_int_equal(node(&f, FLOW_EARLIER, "EUR")->given, 11);
    flow_release(&f);
    reach_release(&s);
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static void fill_by_chance(struct sample *s, uint32_t seed, uint32_t offices, int64_t unit)
{
    static const char *const lines[] = {"enterprises", "workshops", "community"};
    char office[32];
    sample_grant(s, "", "north", "", 1000 * unit, "CLP");
    for (uint32_t i = 0; i < 3 * offices; i++) {
        snprintf(office, sizeof office, "office-%u", i % offices);
        const char *line = lines[next(&seed) % 3];
        sample_allot(s, "", "north", office, line, (1 + next(&seed) % 9) * unit, "CLP");
        reach_expense(s, office, line, (1 + next(&seed) % 5) * unit,
                      next(&seed) % 2 == 0 ? "f" : "");
        uint32_t e = reach_enterprise(s, office, "idea", "");
        sample_pay(s, "", office, e, "", (1 + next(&seed) % 4) * unit, "CLP");
        for (uint32_t n = next(&seed) % 4; n > 0; n--)
            reach_purchase(s, e, (1 + next(&seed) % 3) * unit, next(&seed) % 2 == 0 ? "b" : "",
                           next(&seed) % 2 == 0 ? "2009-12-01" : "");
    }
    sample_close(s);
}

static void by_chance(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct sample s = {0};
        fill_by_chance(&s, seed, 1 + seed % 5, 1 + seed);
        struct flow f = read_flow(&s.b, "CLP");
        assert_true(f.node_count > 6);
        flow_release(&f);
        reach_release(&s);
    }
}

static void sixty_offices(void **state)
{
    (void)state;
    struct sample s = {0};
    fill_by_chance(&s, 7, 60, 1000);
    struct flow f = read_flow(&s.b, "CLP");
    uint32_t offices = 0;
    for (uint32_t i = 0; i < f.node_count; i++)
        offices += f.nodes[i].role == FLOW_OFFICE ? 1 : 0;
    assert_int_equal(offices, FLOW_NAMES_MAX);
    assert_non_null(node(&f, FLOW_OFFICE, INDICATOR_OTHERS));
    flow_release(&f);
    reach_release(&s);
}

static void huge_sums(void **state)
{
    (void)state;
    struct sample s = {0};
    fill_by_chance(&s, 3, 2, INT64_MAX / 4000);
    struct flow f = read_flow(&s.b, "CLP");
    assert_true(f.nodes[0].out > INT64_MAX / 5);
    flow_release(&f);
    reach_release(&s);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct sample s = {0};
    char currencies[FLOW_CURRENCIES_MAX][4];
    sample_close(&s);
    assert_int_equal(flow_currencies(&s.b, currencies), 0);
    struct flow f = read_flow(&s.b, "CLP");
    assert_int_equal(f.node_count, 0);
    assert_int_equal(f.link_count, 0);
    flow_release(&f);
    reach_release(&s);
}

static void survives_a_failed_allocation(void **state)
{
    (void)state;
    struct sample s = {0};
    reach_fill(&s);
    uint64_t n = 1;
    for (;; n++) {
        struct flow f;
        mem_fail_at(n);
        enum status st = flow_read(&s.b, "CLP", &f);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        flow_release(&f);
        if (!failed)
            break;
    }
    assert_true(n > 4);
    reach_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_programme),
        cmocka_unit_test(what_has_no_receipt_is_apart),
        cmocka_unit_test(overdrawn),
        cmocka_unit_test(several_sources),
        cmocka_unit_test(by_chance),
        cmocka_unit_test(sixty_offices),
        cmocka_unit_test(huge_sums),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
