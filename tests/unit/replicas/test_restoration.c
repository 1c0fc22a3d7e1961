/*
 * The note of a restored home: its text, whole or refused; and what it says of what came back.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <sodium.h>

#include "replicas/restoration.h"

static void passes_whole(void **state)
{
    static const struct restoration all[] = {{0, 0, 0}, {1, 20, 300}, {INT64_MAX, INT64_MAX, 7}};
    struct restoration read;
    struct buf text = {0};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        buf_reset(&text);
        restoration_write(&all[i], &text);
        assert_in_range(text.count, 1, RESTORATION_TEXT_MAX);
        assert_int_equal(restoration_read(buf_bytes(&text), &read), ST_OK);
        assert_memory_equal(&read, &all[i], sizeof read);
        for (size_t cut = 0; cut < text.count; cut++)
            assert_int_equal(restoration_read((struct bytes){text.data, cut}, &read), ST_MALFORMED);
        for (size_t at = 0; at < text.count; at++) {
            text.data[at] ^= 0x40;
            assert_int_equal(restoration_read(buf_bytes(&text), &read), ST_MALFORMED);
            text.data[at] ^= 0x40;
        }
    }
    buf_release(&text);
}

static void other_texts(void **state)
{
    static const char *const texts[] = {"minga-restoration 1 01 1 1\n",
                                        "minga-restoration 1 1 1\n",
                                        "minga-restoration 1 1 1 1 1\n",
                                        "minga-restoration 1 1 1 1\n\n",
                                        "minga-restoration 1 9223372036854775808 1 1\n",
                                        "minga-restoration 1 -1 1 1\n",
                                        "minga-restoration 1  1 1 1\n",
                                        "minga-restoration 2 1 1 1\n"};
    struct restoration read;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(restoration_read(bytes_of_text(texts[i]), &read), ST_MALFORMED);
}

static void put(const struct home *o, const struct restoration *what)
{
    struct disk disk = {0};
    struct buf text = {0};
    struct fault f = {0};
    restoration_write(what, &text);
    assert_int_equal(disk_files(o->home, &disk, &f), ST_OK);
    assert_int_equal(disk_put(&disk, "", "restoration", buf_bytes(&text), &f), ST_OK);
    disk_release(&disk);
    buf_release(&text);
}

static uint64_t newest_seq(const struct home *o)
{
    const struct graph *g = replica_graph(o->replica);
    uint32_t own = graph_key_find(g, &replica_identity(o->replica)->key);
    uint64_t seq = 0;
    for (uint32_t i = 0; i < graph_count(g); i++)
        if (graph_node(g, i)->key == own && graph_node(g, i)->seq > seq)
            seq = graph_node(g, i)->seq;
    return seq;
}

static uint32_t lines;
static void see(void *user, const char *level, const char *text, const char *fix)
{
    (void)user;
    lines++;
    assert_string_equal(level, "notice");
    assert_non_null(strstr(text, "restored from a backup of 1970-01-02"));
    assert_non_null(strstr(fix, "minga backup"));
}

static void what_came_back(void **state)
{
    struct homes *p = *state;
    char text[256];
    assert_false(restoration_tell(p->a.replica, text, sizeof text));
    restoration_health(p->a.replica, see, NULL);
    assert_int_equal(lines, 0);
    home_set(&p->a, 1, "a", "\"uno\"");
    home_set(&p->a, 1, "a", "\"dos\"");
    home_carry(&p->a, &p->b);
    home_set(&p->b, 2, "a", "\"tres\"");
    home_carry(&p->b, &p->a);
    uint64_t newest = newest_seq(&p->a);
    struct restoration what = {100000, INT64_MAX, newest - 2};
    put(&p->a, &what);
    assert_true(restoration_tell(p->a.replica, text, sizeof text));
    assert_string_equal(text, "restored from a backup of 1970-01-02; 2 newer commits of our own "
                              "came back from the others");
    what.seq = newest - 1;
    put(&p->a, &what);
    assert_true(restoration_tell(p->a.replica, text, sizeof text));
    assert_non_null(strstr(text, "1 newer commit of our own"));
    what.restored = 100001; /* they are younger: written since */
    put(&p->a, &what);
    assert_true(restoration_tell(p->a.replica, text, sizeof text));
    assert_non_null(strstr(text, "no newer commit"));
    restoration_health(p->a.replica, see, NULL);
    assert_int_equal(lines, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_whole),
        cmocka_unit_test(other_texts),
        cmocka_unit_test_setup_teardown(what_came_back, homes_setup, homes_teardown),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
