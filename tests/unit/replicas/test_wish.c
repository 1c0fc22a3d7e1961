#include "tests/unit/replicas/admins.h"

static struct wish wish_for(enum wish_kind kind, const char *label)
{
    struct wish w = {.kind = kind};
    snprintf(w.member.label, sizeof w.member.label, "%s", label);
    return w;
}

static void its_bytes_are_exact(void **state)
{
    (void)state;
    struct wish w = wish_for(WISH_CHANGE, "iquique"), back;
    struct buf raw = {0}, again = {0};
    w.what = WISH_RIGHTS | WISH_ADDRESS;
    w.member.treasurer = true;
    snprintf(w.member.address, sizeof w.member.address, "127.0.0.1:9");
    buf_add_text(&w.schema, "{}");
    wish_encode(&w, &raw);
    assert_int_equal(wish_decode(buf_bytes(&raw), &back), ST_OK);
    wish_encode(&back, &again);
    assert_true(bytes_equal(buf_bytes(&raw), buf_bytes(&again)));
    wish_release(&back);
    for (size_t cut = 0; cut < raw.count; cut++)
        assert_int_not_equal(wish_decode((struct bytes){raw.data, cut}, &back), ST_OK);
    for (size_t i = 0; i < raw.count; i++) {
        raw.data[i] ^= 0x81;
        if (wish_decode(buf_bytes(&raw), &back) == ST_OK) { /* another wish, spelt as it must be */
            buf_reset(&again);
            wish_encode(&back, &again);
            assert_true(bytes_equal(buf_bytes(&raw), buf_bytes(&again)));
        }
        wish_release(&back);
        raw.data[i] ^= 0x81;
    }
    wish_release(&w);
    buf_release(&raw);
    buf_release(&again);
}

static enum status body(struct admins *a, const struct wish *w)
{
    struct buf out = {0};
    enum status st = wish_body(a->of[0].replica, w, &out, &a->f);
    buf_release(&out);
    return st;
}

static void what_it_refuses(void **state)
{
    (void)state;
    struct admins *a = admins_start(2); /* arica, iquique; santiago is no admin */
    struct wish w = wish_for(WISH_REMOVE, "lima");
    assert_int_equal(body(a, &w), ST_NOT_FOUND);
    w = wish_for(WISH_CHANGE, "santiago");
    w.what = WISH_RIGHTS;
    assert_int_equal(body(a, &w), ST_NOTHING);
    w.member.admin = true;
    assert_int_equal(body(a, &w), ST_OK);
    w.what = WISH_RIGHTS | WISH_ROLE;
    w.member.role = CHARTER_PARTNER; /* a partner as admin */
    assert_int_equal(body(a, &w), ST_BAD_VALUE);
    w.what = WISH_ADDRESS;
    snprintf(w.member.address, sizeof w.member.address, "no address");
    assert_int_equal(body(a, &w), ST_BAD_VALUE);
    w = wish_for(WISH_ADD, "iquique");
    assert_int_equal(body(a, &w), ST_EXISTS);
    w.member.key = a->of[1].identity.key;
    assert_int_equal(body(a, &w), ST_NOTHING);
    w = wish_for(WISH_ADD, "lima");
    w.member.key = a->of[1].identity.key;
    assert_int_equal(body(a, &w), ST_EXISTS);
    w = wish_for(WISH_ROTATE, "iquique");
    w.member.key = a->of[0].identity.key;
    assert_int_equal(body(a, &w), ST_EXISTS);
    w = wish_for(WISH_SCHEMA, "");
    buf_add_text(&w.schema, "{\"types\":{}}");
    assert_int_not_equal(body(a, &w), ST_OK); /* it would shrink */
    buf_reset(&w.schema);
    buf_add_text(&w.schema, members_schema);
    assert_int_equal(body(a, &w), ST_NOTHING);
    wish_release(&w);
    admins_stop(a);
}

/* A removal keeps the key's counted heads, and only those. */
static void keeps_the_heads(void **state)
{
    (void)state;
    struct admins *a = admins_start(1);
    struct one *iquique = &a->of[1];
    struct op_list ops = {0};
    struct replica_commit first, second;
    case_set(iquique->replica, 1, "a", "\"x\"", &ops);
    assert_int_equal(replica_write(iquique->replica, &ops, members_author, &first, &a->f), ST_OK);
    op_list_release(&ops);
    case_set(iquique->replica, 2, "a", "\"y\"", &ops);
    assert_int_equal(replica_write(iquique->replica, &ops, members_author, &second, &a->f), ST_OK);
    op_list_release(&ops);
    assert_int_equal(replica_sync(iquique->replica, &a->f), ST_OK);
    for (int i = 0; i < 2; i++) {
        struct replica_verdict v;
        struct buf frame = {0};
        struct item item;
        assert_int_equal(replica_item(iquique->replica, (uint32_t)i, &frame, &item, &a->f), ST_OK);
        buf_drop_front(&frame, OID_BYTES);
        assert_int_equal(replica_accept(a->of[0].replica, buf_bytes(&frame), &v, &a->f), ST_OK);
        buf_release(&frame);
    }
    assert_int_equal(admins_remove(a, &a->of[0], "iquique"), ST_OK);
    const struct charter *newest = charter_newest(replica_charters(a->of[0].replica));
    assert_int_equal(newest->retired_count, 1);
    assert_int_equal(newest->retired[0].kept_count, 1);
    assert_true(oid_equal(&newest->retired[0].kept[0], &second.id));
    assert_true(graph_node(replica_graph(a->of[0].replica), 0)->counted);
    admins_stop(a);
}

static void no_memory(void **state)
{
    (void)state;
    struct admins *a = admins_start(2);
    struct wish w = wish_for(WISH_REMOVE, "santiago");
    for (uint64_t n = 1;; n++) {
        mem_fail_at(n);
        enum status st = body(a, &w);
        bool failed = mem_failed();
        mem_fail_at(0);
        if (!failed)
            break;
        assert_int_equal(st, ST_NO_MEMORY);
    }
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_bytes_are_exact),
        cmocka_unit_test(what_it_refuses),
        cmocka_unit_test(keeps_the_heads),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
