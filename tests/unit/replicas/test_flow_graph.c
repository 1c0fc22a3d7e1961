#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/mem.h"
#include "replicas/flow_graph.h"
#include "replicas/indicator.h"

static void nodes_are_made_once(void **state)
{
    (void)state;
    struct flow f = {.nodes = NULL};
    uint32_t a = flow_graph_role(&f, FLOW_OFFICE, "north", "");
    assert_int_equal(flow_graph_role(&f, FLOW_OFFICE, "north", ""), a);
    assert_int_not_equal(flow_graph_role(&f, FLOW_OFFICE, "south", ""), a);
    assert_int_not_equal(flow_graph_role(&f, FLOW_LINE, "north", ""), a);
    assert_int_not_equal(flow_graph_node(&f, FLOW_OFFICE, 0, "north", ""), a);
    assert_int_equal(f.node_count, 4);
    flow_release(&f);
}

static void links_add_up(void **state)
{
    (void)state;
    struct flow f = {.nodes = NULL};
    uint32_t a = flow_graph_role(&f, FLOW_POOL, "", "");
    uint32_t b = flow_graph_role(&f, FLOW_OFFICE, "north", "");
    flow_graph_link(&f, a, b, FLOW_PROVEN, 5);
    flow_graph_link(&f, a, b, FLOW_PROVEN, 7);
    flow_graph_link(&f, a, b, FLOW_UNSPENT, 1);
    flow_graph_link(&f, a, b, FLOW_UNPROVEN, 0);
    flow_graph_link(&f, a, b, FLOW_UNPROVEN, -3);
    assert_int_equal(f.link_count, 2);
    assert_int_equal(f.links[0].amount, 12);
    assert_int_equal(f.nodes[a].out, 13);
    assert_int_equal(f.nodes[b].in, 13);
    flow_release(&f);
}

/* The eleven largest by themselves, the others as one. */
static void small_names_become_one(void **state)
{
    (void)state;
    static char names[20][8];
    struct flow_graph_names n = {.count = 0};
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        flow_graph_weigh(&n, names[i], i + 1);
    }
    int apart = 0;
    for (int i = 0; i < 20; i++)
        apart += strcmp(flow_graph_drawn(&n, names[i]), names[i]) == 0 ? 1 : 0;
    assert_int_equal(apart, FLOW_NAMES_MAX - 1);
    assert_string_equal(flow_graph_drawn(&n, "n19"), "n19");
    assert_string_equal(flow_graph_drawn(&n, "n0"), INDICATOR_OTHERS);
    assert_string_equal(flow_graph_drawn(&n, "never weighed"), INDICATOR_OTHERS);
    for (int i = 0; i < FLOW_GRAPH_NAMES_MAX + 5; i++) { /* no more than there is room for */
        char *name = mem_alloc(16);
        snprintf(name, 16, "more%d", i);
        flow_graph_weigh(&n, name, 1);
        if (n.name[n.count - 1] != name)
            mem_free(name);
    }
    assert_int_equal(n.count, FLOW_GRAPH_NAMES_MAX);
    for (uint32_t i = 20; i < n.count; i++)
        mem_free((char *)(uintptr_t)n.name[i]);
}

static void order_keeps_the_links(void **state)
{
    (void)state;
    struct flow f = {.nodes = NULL};
    uint32_t spent = flow_graph_role(&f, FLOW_EXPENSES, "", "");
    uint32_t line = flow_graph_role(&f, FLOW_LINE, "workshops", "");
    flow_graph_role(&f, FLOW_OFFICE, "idle", ""); /* nothing flows through it */
    uint32_t small = flow_graph_role(&f, FLOW_OFFICE, "small", "");
    uint32_t large = flow_graph_role(&f, FLOW_OFFICE, "large", "");
    flow_graph_link(&f, small, line, FLOW_PROVEN, 1);
    flow_graph_link(&f, large, line, FLOW_PROVEN, 9);
    flow_graph_link(&f, line, spent, FLOW_PROVEN, 10);
    assert_int_equal(flow_graph_order(&f), ST_OK);
    assert_int_equal(f.node_count, 4);
    assert_string_equal(f.nodes[0].name, "large");
    assert_string_equal(f.nodes[1].name, "small");
    assert_int_equal(f.nodes[3].role, FLOW_EXPENSES);
    for (uint32_t l = 0; l < f.link_count; l++)
        assert_true(f.nodes[f.links[l].from].column < f.nodes[f.links[l].to].column);
    assert_int_equal(f.links[0].amount, 9);
    flow_release(&f);
}

static void failure_is_sticky(void **state)
{
    (void)state;
    struct flow f = {.nodes = NULL};
    mem_fail_at(1);
    uint32_t a = flow_graph_role(&f, FLOW_POOL, "", "");
    mem_fail_at(0);
    assert_true(f.failed);
    flow_graph_link(&f, a, a, FLOW_PROVEN, 5);
    flow_graph_role(&f, FLOW_POOL, "", "");
    assert_int_equal(f.node_count, 0);
    assert_int_equal(f.link_count, 0);
    flow_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_made_once),    cmocka_unit_test(links_add_up),
        cmocka_unit_test(small_names_become_one), cmocka_unit_test(order_keeps_the_links),
        cmocka_unit_test(failure_is_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
