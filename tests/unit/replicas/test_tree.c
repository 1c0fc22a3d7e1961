#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/tree.h"
#include "tests/unit/replicas/judge.h"

enum { PATHS = 400, CACHE_BYTES = 1 << 20 };

/* A flat picture of a tree: the oracle of everything here. blob 0: not there. */
struct picture {
    uint32_t blob[PATHS];
};

static struct backing memory;
static struct store *store;
static char paths[PATHS][TREE_PATH_MAX];
static uint64_t state = 88172645463325252ull;

static uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % below;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Paths as the program has them, and some whose order git and bytes could disagree about. */
static void make_paths(void)
{
    static const char *const odd[] = {"a",     "a-b/x", "a.b",       "a0/x",
                                      "ab",    "b-/x",  "b.c/x",     "b/y",
                                      "b/z/1", "b0",    "records/a", "c/d/e/f/g/h/i/j"};
    size_t count = sizeof odd / sizeof *odd;
    for (size_t i = 0; i < PATHS; i++) {
        if (i < count) {
            snprintf(paths[i], sizeof paths[i], "%s", odd[i]);
            continue;
        }
        unsigned id = (unsigned)i * 2654435761u;
        snprintf(paths[i], sizeof paths[i], "records/%s/%x/%x/%x/%08x%016zx.json",
                 i % 3 == 0 ? "visit" : "enterprise", id >> 28, id >> 24 & 3, id >> 20 & 1, id, i);
    }
    qsort(paths, PATHS, sizeof *paths, compare_paths);
}

static int set_up(void **unused)
{
    (void)unused;
    make_paths();
    return backing_memory_open(&memory) == ST_OK &&
                   store_open(&memory, CACHE_BYTES, &store) == ST_OK
               ? 0
               : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    store_close(store);
    return 0;
}

static struct oid blob_of(uint32_t n)
{
    struct oid id = {{0}};
    id.id[0] = (uint8_t)(n > 0 ? 0xab : 0);
    memcpy(id.id + 4, &n, sizeof n);
    return id;
}

static struct oid edit(const struct oid *root, const struct tree_change *changes, size_t count)
{
    struct oid out;
    struct fault f = {.text = ""};
    enum status st = tree_edit(store, root, changes, count, &out, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
    return out;
}

static struct oid tree_of(const struct picture *p)
{
    struct tree_change changes[PATHS];
    size_t count = 0;
    for (size_t i = 0; i < PATHS; i++)
        if (p->blob[i] != 0)
            changes[count++] = (struct tree_change){paths[i], blob_of(p->blob[i])};
    struct oid none = {{0}};
    return edit(&none, changes, count);
}

static void assert_same(const struct oid *a, const struct oid *b)
{
    char hex[2][OID_TEXT + 1];
    hex_encode(a->id, OID_BYTES, hex[0]);
    hex_encode(b->id, OID_BYTES, hex[1]);
    assert_string_equal(hex[0], hex[1]);
}

static struct picture random_picture(uint32_t percent)
{
    struct picture p;
    for (size_t i = 0; i < PATHS; i++)
        p.blob[i] = next(100) < percent ? 1 + next(1000) : 0;
    return p;
}

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

static void edits_lead_where_a_new_tree_leads(void **unused)
{
    (void)unused;
    struct picture p = random_picture(50);
    struct oid root = tree_of(&p);
    for (int round = 0; round < 300; round++) {
        struct tree_change changes[PATHS];
        size_t count = 0;
        uint32_t percent = round % 10 == 0 ? 100 : next(10);
        for (size_t i = 0; i < PATHS; i++) {
            if (next(100) >= percent)
                continue;
            p.blob[i] = next(2) == 0 ? 0 : 1 + next(1000);
            changes[count++] = (struct tree_change){paths[i], blob_of(p.blob[i])};
        }
        root = edit(&root, changes, count);
        struct oid fresh = tree_of(&p);
        assert_same(&root, &fresh);
    }
}

static void removing_everything_gives_the_empty_tree(void **unused)
{
    (void)unused;
    struct picture p = random_picture(50), nothing = {{0}};
    struct tree_change changes[PATHS];
    for (size_t i = 0; i < PATHS; i++)
        changes[i] = (struct tree_change){.path = paths[i]};
    struct oid root = tree_of(&p), empty;
    tree_empty(&empty);
    root = edit(&root, changes, PATHS);
    assert_same(&root, &empty);
    assert_true(store_has(store, &empty));
    root = edit(&root, changes, PATHS);
    assert_same(&root, &empty);
    root = tree_of(&nothing);
    assert_same(&root, &empty);
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

struct walk {
    struct picture p;
    char last[TREE_PATH_MAX];
    size_t seen, stop_at;
};

static size_t index_of(const char *path)
{
    const char(*at)[TREE_PATH_MAX] = bsearch(path, paths, PATHS, sizeof *paths, compare_paths);
    assert_non_null(at);
    return (size_t)(at - (const char(*)[TREE_PATH_MAX])paths);
}

static enum status walked(void *user, const char *path, const struct oid *blob)
{
    struct walk *w = user;
    assert_true(strcmp(w->last, path) < 0);
    snprintf(w->last, sizeof w->last, "%s", path);
    memcpy(&w->p.blob[index_of(path)], blob->id + 4, sizeof(uint32_t));
    store_tidy(store);
    return ++w->seen == w->stop_at ? ST_NOTHING : ST_OK;
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

struct difference {
    struct picture a, b;
    char last[TREE_PATH_MAX];
};

static enum status differs(void *user, const char *path, const struct oid *a, const struct oid *b)
{
    struct difference *d = user;
    size_t i = index_of(path);
    assert_true(strcmp(d->last, path) < 0);
    snprintf(d->last, sizeof d->last, "%s", path);
    memcpy(&d->a.blob[i], a->id + 4, sizeof(uint32_t));
    memcpy(&d->b.blob[i], b->id + 4, sizeof(uint32_t));
    store_tidy(store);
    return ST_OK;
}

static void diff_gives_exactly_what_differs(void **unused)
{
    (void)unused;
    for (int round = 0; round < 100; round++) {
        struct picture a = random_picture(next(101)), b = a;
        for (uint32_t n = next(40); n > 0; n--)
            b.blob[next(PATHS)] = next(3);
        if (round % 10 == 0)
            b = random_picture(next(101));
        struct oid root_a = tree_of(&a), root_b = tree_of(&b);
        struct difference d = {.last = ""};
        struct fault f;
        assert_int_equal(tree_diff(store, &root_a, &root_b, differs, &d, &f), ST_OK);
        for (size_t i = 0; i < PATHS; i++) {
            bool same = a.blob[i] == b.blob[i];
            assert_int_equal(d.a.blob[i], same ? 0 : a.blob[i]);
            assert_int_equal(d.b.blob[i], same ? 0 : b.blob[i]);
        }
    }
}

static enum status greater(void *user, const char *path, const struct oid *a, const struct oid *b,
                           struct oid *joined_out)
{
    size_t *calls = user;
    index_of(path);
    assert_false(oid_equal(a, b));
    assert_false(oid_is_zero(a) || oid_is_zero(b));
    *joined_out = oid_compare(a, b) > 0 ? *a : *b;
    (*calls)++;
    store_tidy(store);
    return ST_OK;
}

static void join_is_the_union(void **unused)
{
    (void)unused;
    for (int round = 0; round < 100; round++) {
        struct picture a = random_picture(next(101)), b = a, both = a;
        for (uint32_t n = next(40); n > 0; n--)
            b.blob[next(PATHS)] = 1 + next(1000);
        if (round % 10 == 0)
            b = random_picture(next(101));
        size_t clashes = 0, calls = 0;
        for (size_t i = 0; i < PATHS; i++) {
            struct oid x = blob_of(a.blob[i]), y = blob_of(b.blob[i]);
            both.blob[i] = oid_compare(&x, &y) > 0 ? a.blob[i] : b.blob[i];
            clashes += a.blob[i] != 0 && b.blob[i] != 0 && a.blob[i] != b.blob[i];
        }
        struct oid root_a = tree_of(&a), root_b = tree_of(&b), expected = tree_of(&both), out;
        struct fault f;
        assert_int_equal(tree_join(store, &root_a, &root_b, greater, &calls, &out, &f), ST_OK);
        assert_same(&out, &expected);
        assert_int_equal(calls, clashes);
        assert_int_equal(tree_join(store, &root_b, &root_a, greater, &calls, &out, &f), ST_OK);
        assert_same(&out, &expected);
    }
}

static void join_with_nothing_is_the_other(void **unused)
{
    (void)unused;
    struct picture p = random_picture(50);
    struct oid root = tree_of(&p), none = {{0}}, empty, out;
    struct fault f;
    tree_empty(&empty);
    assert_int_equal(tree_join(store, &root, &none, greater, NULL, &out, &f), ST_OK);
    assert_same(&out, &root);
    assert_int_equal(tree_join(store, &empty, &root, greater, NULL, &out, &f), ST_OK);
    assert_same(&out, &root);
    assert_int_equal(tree_join(store, &root, &root, greater, NULL, &out, &f), ST_OK);
    assert_same(&out, &root);
}

static void file_and_folder_of_one_name_are_refused(void **unused)
{
    (void)unused;
    struct oid none = {{0}}, a, b, out;
    struct fault f;
    struct tree_change file[] = {{"x/a", blob_of(1)}, {"x/a-b", blob_of(2)}};
    struct tree_change folder[] = {{"x/a/y", blob_of(3)}};
    a = edit(&none, file, 2);
    b = edit(&none, folder, 1);
    size_t calls = 0;
    assert_int_equal(tree_edit(store, &a, folder, 1, &out, &f), ST_MALFORMED);
    assert_int_equal(tree_edit(store, &b, file, 1, &out, &f), ST_MALFORMED);
    assert_int_equal(tree_join(store, &a, &b, greater, &calls, &out, &f), ST_MALFORMED);
    struct tree_change replace[] = {{"x/a", {{0}}}, {"x/a-b", {{0}}}, {"x/a/y", blob_of(3)}};
    a = edit(&a, replace, 3);
    assert_same(&a, &b);
}

static void bad_paths_are_refused(void **unused)
{
    (void)unused;
    static const char *const bad[] = {"a//b", "/a",     "a/", "../a", "a/.",   ".git/x",
                                      "a b",  "a\tb/c", "x~", "",     "a/b\\c"};
    struct oid none = {{0}}, out;
    struct fault f;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tree_change change = {bad[i], blob_of(1)};
        assert_int_equal(tree_edit(store, &none, &change, 1, &out, &f), ST_MALFORMED);
    }
    struct tree_change deep = {"1/2/3/4/5/6/7/8/9", blob_of(1)};
    assert_int_equal(tree_edit(store, &none, &deep, 1, &out, &f), ST_TOO_LARGE);
    char long_path[TREE_PATH_MAX + 2];
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    struct tree_change lengthy = {long_path, blob_of(1)};
    assert_int_equal(tree_edit(store, &none, &lengthy, 1, &out, &f), ST_TOO_LARGE);
}

static void rewritten_trees_name_what_they_replaced(void **unused)
{
    (void)unused;
    struct picture p = random_picture(90);
    struct oid root = tree_of(&p), visits, out;
    struct fault f;
    assert_int_equal(tree_find_tree(store, &root, "records/visit", &visits, &f), ST_OK);
    size_t mark = store_mark(store);
    struct tree_change change = {paths[PATHS - 1], blob_of(123456)};
    out = edit(&root, &change, 1);
    assert_int_equal(store_mark(store), mark + 6); /* root, records, visit and three digits */
    out = edit(&root, &change, 1);
    assert_int_equal(store_mark(store), mark + 6);
    assert_false(oid_equal(&root, &out));
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
        cmocka_unit_test(edits_lead_where_a_new_tree_leads),
        cmocka_unit_test(removing_everything_gives_the_empty_tree),
        cmocka_unit_test(find_sees_files_and_folders),
        cmocka_unit_test(walk_gives_every_file_in_order),
        cmocka_unit_test(diff_gives_exactly_what_differs),
        cmocka_unit_test(join_is_the_union),
        cmocka_unit_test(join_with_nothing_is_the_other),
        cmocka_unit_test(file_and_folder_of_one_name_are_refused),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(rewritten_trees_name_what_they_replaced),
        cmocka_unit_test(missing_or_foreign_trees_are_corrupt),
        cmocka_unit_test(a_tree_that_is_too_deep_ends_a_walk),
        cmocka_unit_test(check_takes_canonical_trees_only),
        cmocka_unit_test(every_prefix_and_every_flipped_byte_is_read_safely),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
