/*
 * Trees of files: listed in order without what is no file of a home, made, removed whole.
 */
#include "tests/unit/replicas/homes.h"

#include <sys/stat.h>
#include <unistd.h>

#include "replicas/folder.h"

static char root[64];
static struct fault f;

static int begin(void **state)
{
    (void)state;
    memcpy(root, "/tmp/minga-test-XXXXXX", 23);
    assert_non_null(mkdtemp(root));
    return 0;
}

static int end(void **state)
{
    (void)state;
    homes_remove(root);
    return 0;
}

static void put(const char *name)
{
    char path[160];
    assert_int_equal(folder_make_for(root, name, &f), ST_OK);
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static bool not_beta(const char *name)
{
    return strcmp(name, "beta") != 0;
}

static void lists_in_order(void **state)
{
    static const char *const expected[] = {"alfa", "journal/00000001.feed",
                                           "repo.git/refs/heads/main", "zeta"};
    struct folder_names names;
    char link_path[160];
    (void)state;
    put("zeta");
    put("beta");
    put("journal/00000001.feed");
    put("repo.git/refs/heads/main");
    put("repo.git/hooks/post-update"); /* no file of a home */
    put("Alfa");
    put("alfa");
    snprintf(link_path, sizeof link_path, "%s/gamma", root);
    assert_int_equal(symlink("/etc/passwd", link_path), 0);
    assert_int_equal(folder_list(root, not_beta, &names, &f), ST_OK);
    assert_int_equal(names.count, sizeof expected / sizeof expected[0]);
    for (uint32_t i = 0; i < names.count; i++)
        assert_string_equal(names.list[i].text, expected[i]);
    folder_names_release(&names);
    assert_int_equal(folder_list(root, NULL, &names, &f), ST_OK);
    assert_int_equal(names.count, sizeof expected / sizeof expected[0] + 1);
    folder_names_release(&names);
    assert_int_equal(folder_sync(root, &f), ST_OK);
    for (uint64_t n = 1; n < 3; n++) {
        mem_fail_at(n);
        enum status st = folder_list(root, NULL, &names, &f);
        mem_fail_at(0);
        assert_int_equal(st, n == 1 ? ST_NO_MEMORY : ST_OK);
        folder_names_release(&names);
    }
}

static void makes_and_removes(void **state)
{
    char path[160];
    struct stat info;
    struct folder_names names;
    (void)state;
    snprintf(path, sizeof path, "%s/tree", root);
    assert_int_equal(folder_remove(path, &f), ST_OK); /* there is none */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(folder_make_for(path, "a/b/c/file", &f), ST_OK);
    assert_int_equal(folder_make_for(path, "a/b/c/file", &f), ST_OK);
    snprintf(path, sizeof path, "%s/tree/a/b/c", root);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    put("tree/x");
    snprintf(path, sizeof path, "%s/tree", root);
    assert_int_equal(folder_remove(path, &f), ST_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(folder_list(path, NULL, &names, &f), ST_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_in_order, begin, end),
        cmocka_unit_test_setup_teardown(makes_and_removes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
