#include "tests/unit/replicas/judge.h"
#include "tests/unit/replicas/tree_fixture.h"

static void tree_is_the_one_that_git_writes(void **unused)
{
    (void)unused;
    struct judge j;
    assert_int_equal(judge_open(&j), 0);
    assert_int_equal(judge_run(&j, "git init -q ."), 0);
    for (int round = 0; round < 8; round++) {
        struct picture p = random_picture((uint32_t)(20 * round));
        struct buf lines = {0};
        for (size_t i = 0; i < PATHS; i++) {
            if (p.blob[i] == 0)
                continue;
            struct oid blob = blob_of(p.blob[i]);
            char hex[OID_TEXT + 1];
            hex_encode(blob.id, OID_BYTES, hex);
            buf_add_format(&lines, "100644 %s\t%s\n", hex, paths[i]);
        }
        assert_int_equal(judge_write(&j, "lines", lines.data, lines.count), 0);
        buf_release(&lines);
        assert_int_equal(judge_run(&j, "rm -f .git/index && git update-index --add --index-info "
                                       "< lines && git write-tree --missing-ok"),
                         0);
        struct oid ours = tree_of(&p), theirs;
        assert_int_equal(hex_decode(bytes_of_text(j.output), theirs.id, OID_BYTES), ST_OK);
        assert_same(&ours, &theirs);
    }
    judge_close(&j);
}

static void find_sees_files_and_folders(void **unused)
{
    (void)unused;
    struct picture p = random_picture(60);
    struct oid root = tree_of(&p), out;
    struct fault f;
    for (size_t i = 0; i < PATHS; i++) {
        enum status st = tree_find(store, &root, paths[i], &out, &f);
        assert_int_equal(st, p.blob[i] != 0 ? ST_OK : ST_NOT_FOUND);
        struct oid blob = blob_of(p.blob[i]);
        if (st == ST_OK)
            assert_same(&out, &blob);
        assert_int_equal(tree_find_tree(store, &root, paths[i], &out, &f), ST_NOT_FOUND);
    }
    assert_int_equal(tree_find(store, &root, "records", &out, &f), ST_NOT_FOUND);
    assert_int_equal(tree_find(store, &root, "records//a", &out, &f), ST_NOT_FOUND);
    assert_int_equal(tree_find(store, &root, "nowhere/a", &out, &f), ST_NOT_FOUND);
    assert_int_equal(tree_find_tree(store, &root, "records/visit", &out, &f), ST_OK);
    assert_int_equal(tree_find_tree(store, &root, "", &out, &f), ST_OK);
    assert_same(&out, &root);
}

static void walk_gives_every_file_in_order(void **unused)
{
    (void)unused;
    struct picture p = random_picture(60);
    struct oid root = tree_of(&p);
    struct walk w = {.seen = 0}, below = {.seen = 0}, none = {.seen = 0}, cut = {.stop_at = 3};
    struct fault f;
    assert_int_equal(tree_walk(store, &root, "", walked, &w, &f), ST_OK);
    assert_memory_equal(&w.p, &p, sizeof p);
    assert_int_equal(tree_walk(store, &root, "records/visit", walked, &below, &f), ST_OK);
    for (size_t i = 0; i < PATHS; i++) {
        bool inside = strncmp(paths[i], "records/visit/", 14) == 0;
        assert_int_equal(below.p.blob[i], inside ? p.blob[i] : 0);
    }
    assert_int_equal(tree_walk(store, &root, "records/none", walked, &none, &f), ST_OK);
    assert_int_equal(none.seen, 0);
    assert_int_equal(tree_walk(store, &root, "", walked, &cut, &f), ST_NOTHING);
    assert_int_equal(cut.seen, 3);
}

static void missing_or_foreign_trees_are_corrupt(void **unused)
{
    (void)unused;
    struct oid nowhere = {{7}}, odd, holder, out;
    struct fault f;
    struct buf data = {0};
    assert_int_equal(tree_find(store, &nowhere, "a", &out, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, "0700000000"));
    buf_add(&data, "100755 a\0aaaaabbbbbcccccddddd", 29);
    assert_int_equal(store_write(store, STORE_TREE, buf_bytes(&data), NULL, &odd), ST_OK);
    buf_reset(&data);
    buf_add(&data, "40000 x\0", 8);
    buf_add(&data, odd.id, OID_BYTES);
    assert_int_equal(store_write(store, STORE_TREE, buf_bytes(&data), NULL, &holder), ST_OK);
    buf_release(&data);
    struct tree_change change = {"x/b", blob_of(1)};
    struct oid none = {{0}};
    struct oid other = edit(&none, &change, 1);
    struct walk w = {.seen = 0};
    struct difference d = {.last = ""};
    size_t calls = 0;
    assert_int_equal(tree_find(store, &holder, "x/a", &out, &f), ST_CORRUPT);
    assert_int_equal(tree_walk(store, &holder, "", walked, &w, &f), ST_CORRUPT);
    assert_int_equal(tree_edit(store, &holder, &change, 1, &out, &f), ST_CORRUPT);
    assert_int_equal(tree_diff(store, &holder, &other, differs, &d, &f), ST_CORRUPT);
    assert_int_equal(tree_join(store, &other, &holder, greater, &calls, &out, &f), ST_CORRUPT);
}

static void a_tree_that_is_too_deep_ends_a_walk(void **unused)
{
    (void)unused;
    struct oid id = blob_of(1);
    struct fault f;
    struct buf data = {0};
    for (int depth = 0; depth < TREE_DEPTH_MAX + 2; depth++) {
        buf_reset(&data);
        buf_add_text(&data, depth == 0 ? "100644 a" : "40000 a");
        buf_add_byte(&data, 0);
        buf_add(&data, id.id, OID_BYTES);
        assert_int_equal(store_write(store, STORE_TREE, buf_bytes(&data), NULL, &id), ST_OK);
    }
    buf_release(&data);
    struct walk w = {.seen = 0};
    struct difference d = {.last = ""};
    struct oid none = {{0}};
    assert_int_equal(tree_walk(store, &id, "", walked, &w, &f), ST_CORRUPT);
    assert_int_equal(tree_diff(store, &id, &none, differs, &d, &f), ST_CORRUPT);
}

static void check_takes_canonical_trees_only(void **unused)
{
    (void)unused;
    static const uint8_t id[OID_BYTES] = "abcdefghijklmnopqrst";
    static const struct {
        const char *entries[4]; /* "mode name" */
        enum status expected;
    } cases[] = {
        {{"100644 a", "40000 b"}, ST_OK},
        {{"100644 a", "100644 a-", "40000 aa", "40000 ab"}, ST_OK},
        {{"40000 a-", "40000 a", "40000 a0"}, ST_OK},
        {{"40000 a", "40000 a-"}, ST_NOT_CANONICAL},
        {{"100644 b", "100644 a"}, ST_NOT_CANONICAL},
        {{"100644 a", "100644 a"}, ST_NOT_CANONICAL},
        {{"100644 a", "40000 a"}, ST_MALFORMED},
        {{"100644 a", "100644 a-b", "40000 a"}, ST_MALFORMED},
        {{"100644 a", "40000 a-b", "100644 a-c", "40000 a"}, ST_MALFORMED},
        {{"100644 a-b", "100644 a-c", "40000 a-b"}, ST_NOT_CANONICAL},
        {{"040000 a"}, ST_MALFORMED},
        {{"100755 a"}, ST_MALFORMED},
        {{"120000 a"}, ST_MALFORMED},
        {{"160000 a"}, ST_MALFORMED},
        {{"100644  a"}, ST_MALFORMED},
        {{"100644 "}, ST_MALFORMED},
        {{"100644 .."}, ST_MALFORMED},
        {{"40000 .git"}, ST_MALFORMED},
        {{"100644 a/b"}, ST_MALFORMED},
        {{"100644 \xc3\xa1"}, ST_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf data = {0};
        for (size_t k = 0; k < 4 && cases[i].entries[k] != NULL; k++) {
            buf_add(&data, cases[i].entries[k], strlen(cases[i].entries[k]) + 1);
            buf_add(&data, id, OID_BYTES);
        }
        assert_int_equal(tree_check(buf_bytes(&data)), cases[i].expected);
        buf_release(&data);
    }
    assert_int_equal(tree_check(BYTES("")), ST_OK);
    /* git's fsck refuses an entry that names no object. */
    assert_int_equal(tree_check(BYTES("100644 a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")),
                     ST_MALFORMED);
}

static void every_prefix_and_every_flipped_byte_is_read_safely(void **unused)
{
    (void)unused;
    struct picture p = random_picture(90);
    struct oid root = tree_of(&p);
    struct bytes whole;
    struct fault f;
    assert_int_equal(store_read(store, &root, STORE_TREE, &whole, &f), ST_OK);
    uint8_t *copy = mem_copy(whole.data, whole.count);
    size_t count = whole.count, good = 0;
    assert_int_equal(tree_check((struct bytes){copy, count}), ST_OK);
    for (size_t cut = 1; cut < count; cut++) {
        /* An exact block, so that the sanitizer sees a read behind it. */
        uint8_t *prefix = mem_copy(copy, cut);
        good += tree_check((struct bytes){prefix, cut}) == ST_OK;
        mem_free(prefix);
    }
    size_t entries = 0;
    for (size_t i = 0; i + OID_BYTES < count; i += OID_BYTES + 1) {
        i += strlen((char *)copy + i);
        entries++;
    }
    assert_int_equal(good, entries - 1); /* only the whole entries */
    for (size_t i = 0; i < count; i++)
        for (int bit = 0; bit < 8; bit++) {
            copy[i] ^= (uint8_t)(1 << bit);
            enum status st = tree_check((struct bytes){copy, count});
            assert_true(st == ST_OK || st == ST_MALFORMED || st == ST_NOT_CANONICAL);
            copy[i] ^= (uint8_t)(1 << bit);
        }
    mem_free(copy);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    struct picture a = random_picture(5), b = random_picture(5);
    struct oid root_a = tree_of(&a), root_b = tree_of(&b), none = {{0}};
    struct tree_change changes[PATHS];
    size_t count = 0;
    for (size_t i = 0; i < PATHS; i += 40)
        changes[count++] = (struct tree_change){paths[i], blob_of(900000 + (uint32_t)i)};
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct oid out;
        struct walk w = {.seen = 0};
        struct difference d = {.last = ""};
        size_t calls = 0, mark = store_mark(store);
        mem_fail_at(n);
        enum status st = tree_edit(store, &root_a, changes, count, &out, NULL);
        if (st == ST_OK)
            st = tree_join(store, &out, &root_b, greater, &calls, &out, NULL);
        if (st == ST_OK)
            st = tree_diff(store, &out, &none, differs, &d, NULL);
        if (st == ST_OK)
            st = tree_walk(store, &out, "", walked, &w, NULL);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        store_discard_since(store, mark);
        assert_true(n < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_is_the_one_that_git_writes),
        cmocka_unit_test(find_sees_files_and_folders),
        cmocka_unit_test(walk_gives_every_file_in_order),
        cmocka_unit_test(missing_or_foreign_trees_are_corrupt),
        cmocka_unit_test(a_tree_that_is_too_deep_ends_a_walk),
        cmocka_unit_test(check_takes_canonical_trees_only),
        cmocka_unit_test(every_prefix_and_every_flipped_byte_is_read_safely),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
