#include "tests/unit/replicas/vault_kit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "proto/mem.h"
#include "replicas/vault_file.h"
#include "tests/unit/replicas/failing_vfs.h"
#include "tests/unit/replicas/judge.h"

enum { PATH_BYTES = JUDGE_PATH_MAX + 32, PAGE = 4096 };

static struct judge judge; /* for its folder */
static char path[PATH_BYTES], log_path[PATH_BYTES];
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    if (judge_open(&judge) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/vault.db", judge.folder);
    snprintf(log_path, sizeof log_path, "%s/vault.db-wal", judge.folder);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    judge_close(&judge);
    return 0;
}

static struct vault *open_vault(void)
{
    struct vault *v = NULL;
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_OK);
    return v;
}

/* A whole file; nothing where there is none. */
static void read_file(const char *name, struct buf *out)
{
    uint8_t block[PAGE];
    size_t count;
    FILE *file = fopen(name, "rb");
    buf_reset(out);
    if (file == NULL)
        return;
    while ((count = fread(block, 1, sizeof block, file)) > 0)
        buf_add(out, block, count);
    fclose(file);
    assert_int_equal(buf_status(out), ST_OK);
}

static void write_file(const char *name, struct bytes data)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data.data, 1, data.count, file), data.count);
    assert_int_equal(fclose(file), 0);
}

/* Whether any file in the folder, whatever its name, has these bytes. */
static bool on_disk(struct bytes needle)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".new", ".new-journal"};
    struct buf all = {0};
    bool found = false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends && !found; i++) {
        char name[PATH_BYTES + 16];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        read_file(name, &all);
        found = all.count > 0 && memmem(all.data, all.count, needle.data, needle.count) != NULL;
    }
    buf_release(&all);
    return found;
}

static void it_is_made_for_its_owner_alone(void **unused)
{
    (void)unused;
    struct stat info;
    struct vault *v = open_vault();
    struct vault_kit_item a = vault_kit_salt(1, 1);
    assert_int_equal(vault_kit_put(v, &a), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat(log_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(vault_refuse(v, &a.facts.salt, &f), ST_OK);
    assert_int_equal(vault_checkpoint(v, &f), ST_OK); /* writes it anew */
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    vault_close(v);
}

static void assert_damaged(void)
{
    struct vault *v = NULL;
    struct buf before = {0}, after = {0};
    read_file(path, &before);
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_CORRUPT);
    assert_null(v);
    assert_string_equal(f.fix, "minga repair vault");
    read_file(path, &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    buf_release(&before);
    buf_release(&after);
}

static void a_damaged_file_is_said_and_left_alone(void **unused)
{
    (void)unused;
    struct buf file = {0};
    vault_close(open_vault());
    read_file(path, &file);
    write_file(path, (struct bytes){file.data, 0}); /* not "a new one" */
    assert_damaged();
    write_file(path, BYTES("this was a vault once, and nobody knows what became of it"));
    assert_damaged();
    write_file(path, (struct bytes){file.data, PAGE}); /* the tables are gone */
    assert_damaged();
    file.data[60 + 3] ^= 2; /* user_version: the format of another time */
    write_file(path, buf_bytes(&file));
    assert_damaged();
    buf_release(&file);
}

static void run_sql(const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK); /* as the vault has it: without shared memory */
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One without the table of what is recent. */
static void a_file_of_the_format_before_goes_on(void **unused)
{
    (void)unused;
    struct vault_kit_item old = vault_kit_salt(1, 1), more = vault_kit_salt(2, 2);
    struct vault *v = open_vault();
    assert_int_equal(vault_kit_put(v, &old), ST_OK);
    assert_int_equal(vault_checkpoint(v, &f), ST_OK);
    vault_close(v);
    run_sql("DROP TABLE recent; PRAGMA user_version=1");
    v = open_vault();
    assert_true(vault_kit_holds(v, &old));
    assert_int_equal(vault_kit_put(v, &more), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    vault_close(v);
    v = open_vault();
    assert_true(vault_kit_holds(v, &old) && vault_kit_holds(v, &more));
    vault_close(v);
    run_sql("DROP TABLE recent"); /* of this format it has to be there */
    assert_damaged();
}

static void a_row_of_the_newest_that_is_none_is_damage(void **unused)
{
    (void)unused;
    struct vault_kit_item item = vault_kit_salt(1, 1);
    struct vault *v = open_vault();
    assert_int_equal(vault_kit_put(v, &item), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    vault_close(v);
    run_sql("UPDATE recent SET items = substr(items, 1, length(items) - 1)");
    assert_damaged();
}

/* What an end between making and renaming leaves is swept. */
static void a_half_made_file_is_no_vault(void **unused)
{
    (void)unused;
    char fresh[PATH_BYTES + 8];
    struct stat info;
    snprintf(fresh, sizeof fresh, "%s.new", path);
    write_file(fresh, BYTES("half"));
    struct vault *v = open_vault();
    assert_int_not_equal(stat(fresh, &info), 0);
    vault_close(v);
}

/* Any byte of the file wrong: an answer that may be an error, never another item, never an end. */
static void no_wrong_byte_gives_a_wrong_item(void **unused)
{
    (void)unused;
    enum { ITEMS = 24 };
    static struct vault_kit_item items[ITEMS];
    struct buf file = {0}, out = {0};
    struct vault *v = open_vault();
    for (uint32_t i = 0; i < ITEMS; i++) {
        items[i] = vault_kit_item(i, i / 3, i / 3, VAULT_VALUE, i == 0 ? 4000 : 137);
        assert_int_equal(vault_kit_put(v, &items[i]), ST_OK);
    }
    assert_int_equal(vault_commit(v, &f), ST_OK);
    vault_close(v);
    read_file(path, &file);
    unsigned damaged = 0;
    for (size_t at = 0; at < file.count; at += at < 112 ? 1 : 211) {
        file.data[at] ^= 0x55;
        write_file(path, buf_bytes(&file));
        file.data[at] ^= 0x55;
        v = NULL;
        enum status status = vault_open(path, (struct bytes){NULL, 0}, &v, &f);
        for (uint32_t i = 0; i < ITEMS && status == ST_OK; i++) {
            buf_reset(&out);
            enum status got = vault_get(v, &items[i].facts.name, NULL, &out, &f);
            if (got == ST_OK)
                assert_true(bytes_equal(buf_bytes(&out), vault_kit_bytes(&items[i])));
            else if (got == ST_CORRUPT)
                assert_string_equal(f.fix, "minga repair vault");
            else
                assert_int_equal(got, ST_NOT_FOUND);
            damaged += got != ST_OK;
        }
        damaged += status != ST_OK;
        if (status != ST_OK && status != ST_CORRUPT)
            fail_msg("%zu: %s", at, f.text);
        vault_close(v);
        (void)unlink(log_path);
    }
    assert_true(damaged > 20);
    buf_release(&file);
    buf_release(&out);
}

static void commit_items(struct vault *v, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        struct vault_kit_item item = vault_kit_item(i, i / 3, i / 3, VAULT_VALUE, 137);
        assert_int_equal(vault_kit_put(v, &item), ST_OK);
    }
    assert_int_equal(vault_commit(v, &f), ST_OK);
}

/* How many of the items from 0 on are there; behind the first that is not, none may be. */
static uint32_t held_from_start(struct vault *v, uint32_t count)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct vault_kit_item item = vault_kit_item(i, i / 3, i / 3, VAULT_VALUE, 137);
        if (vault_kit_holds(v, &item)) {
            assert_int_equal(held, i);
            held++;
        }
    }
    return held;
}

static void after_a_kill_what_was_committed_is_there_and_nothing_else(void **unused)
{
    (void)unused;
    vault_close(open_vault());
    pid_t child = fork();
    if (child == 0) {
        struct vault *v = NULL;
        if (vault_open(path, (struct bytes){NULL, 0}, &v, NULL) != ST_OK)
            _exit(1);
        for (uint32_t i = 0; i < 50; i++) {
            struct vault_kit_item item = vault_kit_item(i, i / 3, i / 3, VAULT_VALUE, 137);
            if (vault_put(v, &item.facts, vault_kit_bytes(&item), NULL) != ST_OK)
                _exit(1);
            if (i == 39 && vault_commit(v, NULL) != ST_OK)
                _exit(1);
        }
        kill(getpid(), SIGKILL); /* in the middle of the second transaction */
        _exit(1);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    struct vault *v = open_vault();
    assert_int_equal(held_from_start(v, 60), 40);
    vault_close(v);
}

/* Copies taken at each commit, and of each with its log cut anywhere: whole commits, in order. */
static void every_copy_of_a_moment_holds_whole_commits(void **unused)
{
    (void)unused;
    enum { COMMITS = 8, EACH = 6 };
    struct buf files[COMMITS][2];
    char live[PATH_BYTES];
    memset(files, 0, sizeof files);
    struct vault *v = open_vault();
    for (uint32_t c = 0; c < COMMITS; c++) {
        commit_items(v, c * EACH, EACH);
        if (c == 3)
            assert_int_equal(vault_checkpoint(v, &f), ST_OK);
        struct vault_kit_item half = vault_kit_item(9999, 9999, 9999, VAULT_VALUE, 137);
        assert_int_equal(vault_kit_put(v, &half), ST_OK);
        read_file(path, &files[c][0]);
        read_file(log_path, &files[c][1]);
        vault_rollback(v);
    }
    vault_close(v);
    snprintf(live, sizeof live, "%s", path);
    snprintf(path, sizeof path, "%s/copy.db", judge.folder);
    snprintf(log_path, sizeof log_path, "%s/copy.db-wal", judge.folder);
    for (uint32_t c = 0; c < COMMITS; c++) {
        size_t log_bytes = files[c][1].count;
        for (size_t cut = 0; cut <= log_bytes;
             cut += cut + 2221 > log_bytes && cut < log_bytes ? log_bytes - cut : 2221) {
            write_file(path, buf_bytes(&files[c][0]));
            write_file(log_path, (struct bytes){files[c][1].data, cut});
            v = open_vault();
            uint32_t held = held_from_start(v, COMMITS * EACH);
            assert_int_equal(held % EACH, 0);
            assert_true(held <= (c + 1) * EACH);
            if (cut == log_bytes)
                assert_int_equal(held, (c + 1) * EACH);
            vault_close(v);
        }
        buf_release(&files[c][0]);
        buf_release(&files[c][1]);
    }
}

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

/* Items come and go so that pages are split and joined; secure_delete alone leaves parts of some in
 * each of these cases. After it nothing of what was erased is in any file, and all else is held. */
static void erase_at_random(uint64_t seed)
{
    enum { ITEMS = 1000, MEAN_MAX = 1500 };
    static bool gone[ITEMS];
    static size_t sizes[ITEMS];
    struct buf all = {0};
    struct vault *v = open_vault();
    random_state = seed * 88172645463325252u;
    memset(gone, 0, sizeof gone);
    uint32_t base = (uint32_t)seed * 10000, size_max = 50 + below(MEAN_MAX);
    for (uint32_t i = 0; i < 2 * ITEMS; i++) {
        uint32_t q = i;
        if (i < ITEMS) {
            sizes[i] = 40 + below(size_max);
            struct vault_kit_item item = vault_kit_item(base + i, i, i, VAULT_VALUE, sizes[i]);
            assert_int_equal(vault_kit_put(v, &item), ST_OK);
            if (below(4) != 0)
                continue;
            q = below(i + 1);
        } else if (below(3) != 0) {
            continue;
        }
        struct vault_kit_item salt = vault_kit_salt(q % ITEMS, q % ITEMS);
        gone[q % ITEMS] = true;
        assert_int_equal(vault_refuse(v, &salt.facts.salt, &f), ST_OK);
    }
    assert_int_equal(vault_checkpoint(v, &f), ST_OK);
    read_file(log_path, &all);
    assert_int_equal(all.count, 0);
    read_file(path, &all);
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct vault_kit_item item = vault_kit_item(base + i, i, i, VAULT_VALUE, sizes[i]);
        assert_int_equal(vault_kit_holds(v, &item), !gone[i]);
        for (size_t at = 0; at + 16 <= item.count && gone[i]; at += 64)
            assert_null(memmem(all.data, all.count, item.data + at, 16));
    }
    vault_close(v);
    buf_release(&all);
    assert_int_equal(unlink(path), 0);
}

static void nothing_erased_is_left_in_any_byte(void **unused)
{
    (void)unused;
    static const uint64_t seeds[] = {10, 11, 35};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        erase_at_random(seeds[i]);
}

/* An end between the erasure and the checkpoint: the next one still clears the file. */
static void clearing_the_file_is_not_forgotten(void **unused)
{
    (void)unused;
    struct vault_kit_item salt = vault_kit_salt(1, 1);
    struct vault_kit_item value = vault_kit_item(1, 1, 1, VAULT_VALUE, 300);
    struct vault *v = open_vault();
    struct buf file = {0}, log = {0};
    assert_int_equal(vault_kit_put(v, &salt), ST_OK);
    assert_int_equal(vault_kit_put(v, &value), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    assert_int_equal(vault_refuse(v, &salt.facts.salt, &f), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    read_file(path, &file);
    read_file(log_path, &log);
    vault_close(v);
    write_file(path, buf_bytes(&file));
    write_file(log_path, buf_bytes(&log));
    assert_true(on_disk((struct bytes){value.data, 16})); /* in the log */
    v = open_vault();
    assert_int_equal(vault_checkpoint(v, &f), ST_OK);
    assert_false(on_disk((struct bytes){value.data, 16}));
    assert_false(on_disk((struct bytes){salt.data, 16}));
    assert_false(vault_kit_holds(v, &value));
    vault_close(v);
    buf_release(&file);
    buf_release(&log);
}

enum { BEFORE = 9, EACH = 6, ROUNDS = 2 };

/* Some commits, an erasure, a checkpoint; how many items were said to be committed. */
static enum status work(struct vault *v, uint32_t *committed, bool *erased)
{
    enum status status = ST_OK;
    for (uint32_t c = 0; c < ROUNDS && status == ST_OK; c++) {
        for (uint32_t i = 0; i < EACH && status == ST_OK; i++) {
            struct vault_kit_item item = vault_kit_item(*committed + i, (*committed + i) / 3,
                                                        (*committed + i) / 3, VAULT_VALUE, 137);
            status = vault_put(v, &item.facts, vault_kit_bytes(&item), &f);
        }
        if (status == ST_OK)
            status = vault_commit(v, &f);
        if (status == ST_OK)
            *committed += EACH;
    }
    struct vault_kit_item salt = vault_kit_salt(5000, 5000);
    if (status == ST_OK)
        status = vault_refuse(v, &salt.facts.salt, &f);
    if (status == ST_OK)
        status = vault_commit(v, &f);
    *erased = status == ST_OK;
    return status == ST_OK ? vault_checkpoint(v, &f) : status;
}

/* A disk that fails at any write: said so, nothing half, and all that was committed is there, both
 * for the vault that lives on and for the next that is opened. */
static void fail_everywhere(int result, enum status expected)
{
    struct vault_kit_item marked = vault_kit_item(6000, 5000, 5000, VAULT_VALUE, 500);
    struct vault_kit_item more = vault_kit_item(7000, 7000, 7000, VAULT_VALUE, 137);
    unsigned long n = 1;
    for (bool failed = true; failed; n++) {
        uint32_t committed = BEFORE;
        bool erased = false;
        struct vault *v = open_vault();
        commit_items(v, 0, BEFORE);
        assert_int_equal(vault_kit_put(v, &marked), ST_OK);
        assert_int_equal(vault_commit(v, &f), ST_OK);
        failing_at(n, result);
        enum status status = work(v, &committed, &erased);
        failed = failing.failed;
        failing_at(0, SQLITE_OK);
        assert_int_equal(status, failed ? expected : ST_OK);
        vault_rollback(v);
        assert_int_equal(held_from_start(v, BEFORE + EACH * ROUNDS), committed);
        assert_true(!erased || !vault_kit_holds(v, &marked));
        assert_int_equal(vault_kit_put(v, &more), ST_OK); /* the disk is well again */
        assert_int_equal(vault_checkpoint(v, &f), ST_OK);
        vault_close(v);
        v = open_vault();
        assert_int_equal(held_from_start(v, BEFORE + EACH * ROUNDS), committed);
        assert_true(vault_kit_holds(v, &more));
        assert_true(!erased || !on_disk((struct bytes){marked.data, 16}));
        vault_close(v);
        assert_int_equal(unlink(path), 0);
    }
    assert_true(n > 25);
}

static void a_disk_that_fails_leaves_nothing_half(void **unused)
{
    (void)unused;
    fail_everywhere(SQLITE_FULL, ST_DISK_FULL);
    fail_everywhere(SQLITE_IOERR_WRITE, ST_IO);
}

static enum status count_item(void *user, const struct vault_facts *facts)
{
    assert_string_equal(facts->type, "visit");
    ++*(uint32_t *)user;
    return ST_OK;
}

/* Sorting the newest fails on a full disk: they are held as before, and what is wanted, in memory
 * alone, is wanted. */
static void what_cannot_be_sorted_yet_is_kept(void **unused)
{
    (void)unused;
    struct vault_kit_item wanted = vault_kit_item(8000, 8000, 8000, VAULT_VALUE, 137);
    unsigned long n = 1;
    for (bool failed = true; failed; n++) {
        struct vault *v = open_vault();
        assert_int_equal(vault_want(v, &wanted.facts, &f), ST_OK);
        for (uint32_t i = 0; i < BEFORE; i++) {
            struct vault_kit_item item = vault_kit_item(i, i / 3, i / 3, VAULT_VALUE, 137);
            assert_int_equal(vault_kit_put(v, &item), ST_OK);
        }
        assert_int_equal(vault_commit_held(v, &f), ST_OK);
        failing_at(n, SQLITE_FULL);
        uint32_t told = 0; /* all the same: what one record has */
        struct vault_kit_item first = vault_kit_item(0, 0, 0, VAULT_VALUE, 137);
        assert_int_equal(vault_each(v, bytes_of_text(first.facts.type),
                                    bytes_of_text(first.facts.record), count_item, &told, &f),
                         ST_OK);
        failed = failing.failed;
        failing_at(0, SQLITE_OK);
        assert_int_equal(told, 3);
        assert_int_equal(held_from_start(v, BEFORE + 1), BEFORE);
        assert_int_equal(vault_wanted(v, &wanted.facts.name, NULL, &f), ST_OK);
        assert_int_equal(vault_commit(v, &f), ST_OK);
        vault_close(v);
        v = open_vault();
        assert_int_equal(held_from_start(v, BEFORE + 1), BEFORE);
        assert_int_equal(vault_wanted(v, &wanted.facts.name, NULL, &f), ST_OK);
        vault_close(v);
        assert_int_equal(unlink(path), 0);
    }
    assert_true(n > 5);
}

/* Values of persons, sealed and put: their plaintext is in no file, at no moment. */
static void no_plaintext_comes_near_the_disk(void **unused)
{
    (void)unused;
    static const struct seal_key key = {{1, 2, 3}};
    static const struct digest network = {{4}};
    static const uint8_t nonce[SEAL_NONCE_BYTES] = {5};
    static const struct bytes plain = BYTES("\"planted: nobody may find this on a disk\"");
    struct vault_kit_item salt_item = vault_kit_salt(1, 1), item = salt_item;
    struct seal_place place = {&network, BYTES("visit"), bytes_of_text(salt_item.facts.record),
                               SCHEMA_PERSONAL, BYTES("note")};
    struct seal_salt salt;
    struct buf sealed = {0};
    memcpy(salt.salt, salt_item.data, sizeof salt.salt);
    assert_int_equal(seal_close(&key, &salt, &place, nonce, plain, &sealed), ST_OK);
    item.facts.kind = VAULT_VALUE;
    item.count = sealed.count;
    memcpy(item.data, sealed.data, sealed.count);
    seal_name(buf_bytes(&sealed), &item.facts.name);
    struct vault *v = open_vault();
    assert_int_equal(vault_kit_put(v, &salt_item), ST_OK);
    assert_int_equal(vault_kit_put(v, &item), ST_OK);
    for (int moment = 0; moment < 4; moment++) {
        assert_int_equal(moment < 2 ? vault_commit(v, &f) : vault_checkpoint(v, &f), ST_OK);
        if (moment == 2)
            assert_int_equal(vault_refuse(v, &salt_item.facts.salt, &f), ST_OK);
        assert_false(on_disk((struct bytes){plain.data + 1, 8}));
        assert_false(on_disk((struct bytes){key.key, sizeof key.key}));
        if (moment < 2)
            assert_true(on_disk((struct bytes){item.data, 16}));
    }
    vault_close(v);
    buf_release(&sealed);
}

static void an_image_with_a_wrong_byte_is_answered(void **unused)
{
    (void)unused;
    struct vault *v = NULL;
    struct buf image = {0};
    struct vault_kit_item a = vault_kit_item(1, 1, 1, VAULT_VALUE, 137);
    assert_int_equal(vault_open(NULL, (struct bytes){NULL, 0}, &v, &f), ST_OK);
    assert_int_equal(vault_kit_put(v, &a), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    assert_int_equal(vault_image(v, &image, &f), ST_OK);
    vault_close(v);
    for (size_t at = 0; at < image.count; at += at < 256 ? 1 : 97) {
        struct buf out = {0};
        image.data[at] ^= 0xff;
        enum status status = vault_open(NULL, buf_bytes(&image), &v, &f);
        if (status == ST_OK) {
            status = vault_get(v, &a.facts.name, NULL, &out, &f);
            assert_true(status != ST_OK || bytes_equal(buf_bytes(&out), vault_kit_bytes(&a)));
            vault_close(v);
        }
        if (status != ST_OK && status != ST_CORRUPT && status != ST_NOT_FOUND)
            fail_msg("%zu: %s", at, f.text);
        image.data[at] ^= 0xff;
        buf_release(&out);
    }
    buf_release(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_made_for_its_owner_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_said_and_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_the_format_before_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_of_the_newest_that_is_none_is_damage, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_half_made_file_is_no_vault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_wrong_byte_gives_a_wrong_item, set_up, tear_down),
        cmocka_unit_test_setup_teardown(after_a_kill_what_was_committed_is_there_and_nothing_else,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_copy_of_a_moment_holds_whole_commits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_erased_is_left_in_any_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clearing_the_file_is_not_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_leaves_nothing_half, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_sorted_yet_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_plaintext_comes_near_the_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_image_with_a_wrong_byte_is_answered, set_up, tear_down),
    };
    failing_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failing_remove();
    return failed;
}
