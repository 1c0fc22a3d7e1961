#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "replicas/store.h"
#include "tests/unit/replicas/pack_fixture.h"

enum { REPO_PATH_MAX = JUDGE_PATH_MAX + 32 };

static struct judge judge;
static char repo[REPO_PATH_MAX];
static struct backing b;
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    memset(&b, 0, sizeof b);
    if (judge_open(&judge) != 0)
        return -1;
    snprintf(repo, sizeof repo, "%s/repo", judge.folder);
    return backing_git_open(repo, true, false, &b, &f) == ST_OK ? 0 : -1;
}

static void close_backing(void)
{
    if (b.close != NULL)
        b.close(b.context);
    b.close = NULL;
}

static int tear_down(void **unused)
{
    (void)unused;
    close_backing();
    judge_close(&judge);
    return 0;
}

static void reopen(void)
{
    close_backing();
    enum status st = backing_git_open(repo, false, false, &b, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
}

static struct store_object object(enum store_kind kind, struct bytes data)
{
    struct store_object o = {.kind = kind, .data = data};
    store_hash(kind, data, &o.id);
    return o;
}

static void write_one(struct store_object o)
{
    enum status st = b.write(b.context, &o, 1, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
}

static struct oid write_text(const char *text)
{
    struct store_object o = object(STORE_BLOB, bytes_of_text(text));
    write_one(o);
    return o.id;
}

static void assert_reads(const struct oid *id, const char *text)
{
    enum store_kind kind = STORE_TREE;
    struct buf data = {0};
    enum status st = b.read(b.context, id, &kind, &data, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
    assert_int_equal(kind, STORE_BLOB);
    assert_string_equal(buf_text(&data), text);
    buf_release(&data);
}

static enum status read_status(const struct oid *id)
{
    enum store_kind kind;
    struct buf data = {0};
    f.text[0] = '\0';
    enum status st = b.read(b.context, id, &kind, &data, &f);
    buf_release(&data);
    return st;
}

static void assert_git_agrees(void)
{
    assert_int_equal(judge_run(&judge, "git -C repo fsck --strict --full --no-dangling 2>&1 | "
                                       "{ ! grep -v '^notice: '; }"),
                     0);
}

/* A commit over the empty tree, by plain git rules; its id. */
static struct oid write_commit(const char *message)
{
    struct buf text = {0};
    buf_add_format(&text,
                   "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
                   "author x <x> 1 +0000\ncommitter x <x> 1 +0000\n\n%s\n",
                   message);
    struct store_object objects[] = {object(STORE_TREE, BYTES("")),
                                     object(STORE_COMMIT, buf_bytes(&text))};
    assert_int_equal(b.write(b.context, objects, 2, &f), ST_OK);
    buf_release(&text);
    return objects[1].id;
}

static void set_ref(const char *name, const struct oid *target)
{
    struct store_ref ref = {.name = ""};
    snprintf(ref.name, sizeof ref.name, "%s", name);
    if (target != NULL)
        ref.target = *target;
    enum status st = b.set_refs(b.context, &ref, 1, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
}

static void collect(void *user, const struct store_ref *ref)
{
    struct buf *text = user;
    char hex[OID_TEXT + 1];
    hex_encode(ref->target.id, OID_BYTES, hex);
    buf_add_format(text, "%s %s\n", hex, ref->name);
}

static void assert_refs_are_those_of_git(const char *where)
{
    struct buf text = {0};
    assert_int_equal(b.list_refs(b.context, collect, &text, &f), ST_OK);
    assert_int_equal(judge_write(&judge, "ours", text.data, text.count), 0);
    assert_int_equal(judge_run(&judge,
                               "git -C %s for-each-ref --format='%%(objectname) "
                               "%%(refname)%%(symref)' | grep -v HEAD | sort > theirs; "
                               "sort ours | cmp - theirs",
                               where),
                     0);
    buf_release(&text);
}

static void objects_and_refs_survive_a_restart(void **unused)
{
    (void)unused;
    struct oid blob = write_text("hello\n"), none = {{1}};
    struct oid first = write_commit("first"), second = write_commit("second");
    assert_reads(&blob, "hello\n");
    assert_int_equal(read_status(&none), ST_NOT_FOUND);
    assert_non_null(strstr(f.text, "0100000000000000000000000000000000000000"));
    set_ref("refs/heads/santiago", &first);
    set_ref("refs/heads/main", &first);
    set_ref("refs/minga/heads/santiago/1", &second);
    set_ref("refs/heads/main", &second);
    reopen();
    assert_reads(&blob, "hello\n");
    assert_refs_are_those_of_git("repo");
    set_ref("refs/heads/santiago", NULL);
    set_ref("refs/heads/santiago", NULL);
    assert_refs_are_those_of_git("repo");
    assert_git_agrees();
    assert_int_equal(judge_run(&judge, "git clone -q repo clone && git -C clone log --format=%%s"),
                     0);
    assert_string_equal(judge.output, "second");
}

static void nothing_loose_is_written_and_garbage_stays(void **unused)
{
    (void)unused;
    write_text("unreachable");
    struct oid head = write_commit("head");
    set_ref("refs/heads/main", &head);
    assert_int_equal(judge_run(&judge, "find repo/objects -type f -path '*/[0-9a-f][0-9a-f]/*'"),
                     0);
    assert_string_equal(judge.output, "");
    assert_int_equal(judge_run(&judge, "git -C repo config gc.auto; git -C repo config "
                                       "gc.pruneExpire; git -C repo symbolic-ref HEAD"),
                     0);
    assert_string_equal(judge.output, "0\nnever\nrefs/heads/main");
}

static void collecting_garbage_under_us_hurts_nothing(void **unused)
{
    (void)unused;
    struct oid loose = write_text("unreachable"), head = write_commit("head");
    set_ref("refs/heads/main", &head);
    assert_int_equal(judge_run(&judge, "git -C repo gc -q && git -C repo pack-refs --all"), 0);
    assert_int_equal(
        judge_run(&judge, "find repo/objects -type f -path '*/[0-9a-f][0-9a-f]/*' | wc -l"), 0);
    assert_int_equal(judge_number(&judge), 1); /* git took it out of its pack */
    assert_reads(&loose, "unreachable");
    assert_refs_are_those_of_git("repo");
    struct oid more = write_text("more");
    assert_reads(&more, "more");
    reopen();
    assert_reads(&loose, "unreachable");
    set_ref("refs/heads/main", NULL);
    assert_refs_are_those_of_git("repo");
}

static size_t count_packs(void)
{
    assert_int_equal(judge_run(&judge, "ls repo/objects/pack | grep -c 'idx$' || true"), 0);
    return (size_t)judge_number(&judge);
}

static void packs_stay_few_and_everything_readable(void **unused)
{
    (void)unused;
    enum { WRITES = 120, REOPEN_EACH = 25 };
    struct oid ids[WRITES][2];
    char text[64], long_text[2000];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (int i = 0; i < WRITES; i++) {
        snprintf(text, sizeof text, "text %d", i);
        long_text[i] = 'b';
        struct store_object objects[] = {object(STORE_BLOB, bytes_of_text(text)),
                                         object(STORE_BLOB, bytes_of_text(long_text)),
                                         object(STORE_BLOB, bytes_of_text("always the same"))};
        char next[2000];
        memcpy(next, long_text, sizeof next);
        next[1500] = (char)('c' + i % 20);
        struct store_object delta = object(STORE_BLOB, bytes_of_text(next));
        delta.near = objects[1].id;
        struct store_object all[] = {objects[0], objects[1], objects[2], delta};
        assert_int_equal(b.write(b.context, all, 4, &f), ST_OK);
        ids[i][0] = objects[0].id;
        ids[i][1] = delta.id;
        if (i % REOPEN_EACH == REOPEN_EACH - 1)
            reopen();
    }
    /* The merging runs beside us: closing ends it, the next write begins another. */
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "more %d", i);
        write_text(text);
        reopen();
    }
    assert_in_range(count_packs(), 1, 2 * 8);
    for (int i = 0; i < WRITES; i++) {
        snprintf(text, sizeof text, "text %d", i);
        assert_reads(&ids[i][0], text);
        assert_int_equal(read_status(&ids[i][1]), ST_OK);
    }
    assert_git_agrees();
    assert_int_equal(judge_run(&judge, "ls repo/objects/pack | grep -c tmp || true"), 0);
    assert_string_equal(judge.output, "0");
}

static void a_rest_loses_nothing(void **unused)
{
    (void)unused;
    struct oid a = write_text("one");
    b.rest(b.context);
    assert_reads(&a, "one");
    b.rest(b.context);
    struct oid c = write_text("two");
    b.rest(b.context);
    assert_reads(&a, "one");
    assert_reads(&c, "two");
    assert_git_agrees();
}

static void leftovers_of_a_crash_are_swept(void **unused)
{
    (void)unused;
    struct oid head = write_commit("head");
    set_ref("refs/heads/main", &head);
    close_backing();
    assert_int_equal(judge_run(&judge, "cd repo && touch HEAD.lock packed-refs.lock config.lock "
                                       "refs/heads/main.lock && mkdir -p refs/minga/x && "
                                       "touch refs/minga/x/1.lock "
                                       "objects/pack/tmp_pack_minga_1_1 "
                                       "objects/pack/tmp_idx_minga_1_1 "
                                       "objects/pack/pack-without-index.pack"),
                     0);
    reopen();
    struct oid second = write_commit("second");
    set_ref("refs/heads/main", &second);
    set_ref("refs/minga/x/1", &second);
    assert_int_equal(judge_run(&judge, "find repo -name '*.lock' -o -name 'tmp_*'"), 0);
    assert_string_equal(judge.output, "");
}

static void stock_clones_open_read_only(void **unused)
{
    (void)unused;
    static const char *const how[] = {"", "--bare", "--shared", "--bare --shared", "--mirror"};
    struct oid blob, head = write_commit("head");
    set_ref("refs/heads/main", &head);
    set_ref("refs/heads/santiago", &head);
    close_backing();
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        char path[REPO_PATH_MAX + 16];
        assert_int_equal(judge_run(&judge,
                                   "git clone -q %s repo clone%zu && cd clone%zu && "
                                   "printf loose | git hash-object -w --stdin && "
                                   "find . -type f | sort | xargs md5sum > ../before%zu",
                                   how[i], i, i, i),
                         0);
        assert_int_equal(
            hex_decode((struct bytes){(uint8_t *)judge.output, OID_TEXT}, blob.id, OID_BYTES),
            ST_OK);
        snprintf(path, sizeof path, "%s/clone%zu", judge.folder, i);
        enum status st = backing_git_open(path, false, true, &b, &f);
        if (st != ST_OK)
            print_message("%s\n", f.text);
        assert_int_equal(st, ST_OK);
        assert_reads(&blob, "loose");
        assert_int_equal(read_status(&head), ST_OK);
        char name[32];
        snprintf(name, sizeof name, "clone%zu", i);
        assert_refs_are_those_of_git(name);
        close_backing();
        assert_int_equal(judge_run(&judge,
                                   "cd clone%zu && find . -type f | sort | xargs md5sum | "
                                   "cmp - ../before%zu",
                                   i, i),
                         0);
    }
}

static void what_a_reader_opened_before_is_seen_by_it(void **unused)
{
    (void)unused;
    struct backing reader;
    write_text("before");
    assert_int_equal(backing_git_open(repo, false, true, &reader, &f), ST_OK);
    struct oid after = write_text("after");
    enum store_kind kind;
    struct buf data = {0};
    assert_int_equal(reader.read(reader.context, &after, &kind, &data, &f), ST_OK);
    buf_release(&data);
    reader.close(reader.context);
}

static void nothing_there_is_not_found(void **unused)
{
    (void)unused;
    struct backing other;
    assert_int_equal(backing_git_open("/nonexistent/repo", false, true, &other, &f), ST_NOT_FOUND);
    assert_int_equal(backing_git_open("/nonexistent/repo", false, false, &other, &f), ST_NOT_FOUND);
}

/* The only pack of the repository, by suffix. */
static void pack_path(const char *suffix, char out[static REPO_PATH_MAX + 128])
{
    assert_int_equal(judge_run(&judge, "ls repo/objects/pack/*.%s", suffix), 0);
    snprintf(out, REPO_PATH_MAX + 128, "%s/%.100s", judge.folder, judge.output);
}

static void put_file(const char *path, const uint8_t *data, size_t count)
{
    chmod(path, 0600);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static size_t get_file(const char *path, uint8_t *out, size_t max)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(out, 1, max, file);
    fclose(file);
    return count;
}

/* Opening fails by name, or reading does, or nothing is lost: never a crash, never other bytes. */
static void assert_safe(const struct oid *ids, const char *const *texts, size_t count)
{
    b.close = NULL;
    enum status st = backing_git_open(repo, false, false, &b, &f);
    if (st != ST_OK) {
        assert_int_equal(st, ST_CORRUPT);
        assert_non_null(strstr(f.text, "objects/pack/pack-"));
        assert_int_not_equal(f.fix[0], '\0');
        b.close = NULL;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        enum store_kind kind;
        struct buf data = {0};
        st = b.read(b.context, &ids[i], &kind, &data, &f);
        if (st == ST_OK)
            assert_string_equal(buf_text(&data), texts[i]);
        else
            assert_int_equal(st, ST_CORRUPT);
        buf_release(&data);
    }
    close_backing();
}

static void damaged_packs_and_indexes_are_told_by_name(void **unused)
{
    (void)unused;
    static const char *const suffixes[] = {"idx", "pack"};
    static const char *const texts[] = {
        "first text, long enough for a delta: 0123456789 0123456789 0123456789 0123456789",
        "first text, long enough for a delta: 0123456789 x123456789 0123456789 0123456789", "s"};
    struct store_object objects[3];
    struct oid ids[3];
    static uint8_t whole[4096];
    for (size_t i = 0; i < 3; i++) {
        objects[i] = object(STORE_BLOB, bytes_of_text(texts[i]));
        ids[i] = objects[i].id;
    }
    objects[1].near = ids[0];
    assert_int_equal(b.write(b.context, objects, 3, &f), ST_OK);
    close_backing();
    for (size_t k = 0; k < 2; k++) {
        char path[REPO_PATH_MAX + 128];
        pack_path(suffixes[k], path);
        size_t count = get_file(path, whole, sizeof whole), step = k == 0 ? 7 : 1;
        assert_true(count > 100 && count < sizeof whole);
        for (size_t at = 0; at < count; at += step) {
            whole[at] ^= 0x10;
            put_file(path, whole, count);
            assert_safe(ids, texts, 3);
            whole[at] ^= 0x10;
        }
        for (size_t cut = 0; cut < count; cut += 13) {
            put_file(path, whole, cut);
            b.close = NULL;
            assert_int_equal(backing_git_open(repo, false, false, &b, &f), ST_CORRUPT);
            assert_non_null(strstr(f.text, suffixes[k]));
        }
        put_file(path, whole, count);
    }
    b.close = NULL;
    assert_int_equal(judge_run(&judge, "rm repo/objects/pack/*.pack"), 0);
    assert_int_equal(backing_git_open(repo, false, false, &b, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, ".pack is missing"));
    b.close = NULL;
}

static void damaged_loose_objects_are_told_by_name(void **unused)
{
    (void)unused;
    static uint8_t whole[4096];
    struct oid id;
    char path[REPO_PATH_MAX + 128];
    assert_int_equal(judge_run(&judge, "printf 'a loose object' | git -C repo hash-object -w "
                                       "--stdin"),
                     0);
    assert_int_equal(hex_decode(bytes_of_text(judge.output), id.id, OID_BYTES), ST_OK);
    snprintf(path, sizeof path, "%s/objects/%.2s/%.38s", repo, judge.output, judge.output + 2);
    assert_reads(&id, "a loose object");
    size_t count = get_file(path, whole, sizeof whole);
    for (size_t cut = 0; cut < count; cut++) {
        put_file(path, whole, cut);
        assert_int_equal(read_status(&id), ST_CORRUPT);
        assert_non_null(strstr(f.text, path));
    }
    for (size_t at = 0; at < count; at++) {
        whole[at] ^= 4;
        put_file(path, whole, count);
        enum status st = read_status(&id);
        assert_true(st == ST_CORRUPT || st == ST_OK); /* zlib's head has bits without meaning */
        whole[at] ^= 4;
    }
}

static void damaged_refs_are_told_by_name(void **unused)
{
    (void)unused;
    static const char *const bad[] = {"", "x", "0000", "\\0\\0\\0\\0\\0\\0\\0\\0"};
    struct oid head = write_commit("head");
    set_ref("refs/heads/main", &head);
    set_ref("refs/heads/santiago", &head);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf text = {0};
        assert_int_equal(judge_run(&judge, "printf '%s' > repo/refs/heads/santiago", bad[i]), 0);
        enum status st = b.list_refs(b.context, collect, &text, &f);
        buf_release(&text);
        assert_int_equal(st, ST_CORRUPT);
        assert_non_null(strstr(f.text, "refs/heads/santiago"));
        set_ref("refs/heads/santiago", &head);
        assert_refs_are_those_of_git("repo");
    }
    assert_int_equal(judge_run(&judge, "git -C repo pack-refs --all && "
                                       "printf 'xyz' >> repo/packed-refs"),
                     0);
    struct buf text = {0};
    assert_int_equal(b.list_refs(b.context, collect, &text, &f), ST_CORRUPT);
    buf_release(&text);
    assert_non_null(strstr(f.text, "packed"));
}

static void a_full_disk_or_a_lost_folder_is_an_error(void **unused)
{
    (void)unused;
    struct store_object o = object(STORE_BLOB, BYTES("a"));
    assert_int_equal(judge_run(&judge, "mv repo/objects/pack repo/objects/moved"), 0);
    assert_int_equal(b.write(b.context, &o, 1, &f), ST_IO);
    assert_int_equal(judge_run(&judge, "mv repo/objects/moved repo/objects/pack"), 0);
    /* What the disk holds is not known any more. */
    assert_int_equal(b.write(b.context, &o, 1, &f), ST_IO);
    assert_non_null(strstr(f.text, "start again"));
    reopen();
    assert_int_equal(b.write(b.context, &o, 1, &f), ST_OK);
    assert_reads(&o.id, "a");
}

int main(void)
{
#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_REPOSITORY(objects_and_refs_survive_a_restart),
        WITH_REPOSITORY(nothing_loose_is_written_and_garbage_stays),
        WITH_REPOSITORY(collecting_garbage_under_us_hurts_nothing),
        WITH_REPOSITORY(packs_stay_few_and_everything_readable),
        WITH_REPOSITORY(a_rest_loses_nothing),
        WITH_REPOSITORY(leftovers_of_a_crash_are_swept),
        WITH_REPOSITORY(stock_clones_open_read_only),
        WITH_REPOSITORY(what_a_reader_opened_before_is_seen_by_it),
        WITH_REPOSITORY(nothing_there_is_not_found),
        WITH_REPOSITORY(damaged_packs_and_indexes_are_told_by_name),
        WITH_REPOSITORY(damaged_loose_objects_are_told_by_name),
        WITH_REPOSITORY(damaged_refs_are_told_by_name),
        WITH_REPOSITORY(a_full_disk_or_a_lost_folder_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
