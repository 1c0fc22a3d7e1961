#include "tests/unit/replicas/vault_kit.h"

#include <sqlite3.h>

#include "proto/mem.h"
#include "tests/unit/replicas/judge.h"

static struct judge judge; /* for its folder */
static char path[JUDGE_PATH_MAX + 16];
static struct vault *v;
static struct fault f;

static void open_vault(void)
{
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_OK);
}

static void open_again(void)
{
    vault_close(v);
    open_vault();
}

static int set_up(void **unused)
{
    (void)unused;
    if (judge_open(&judge) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/vault.db", judge.folder);
    open_vault();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    vault_close(v);
    judge_close(&judge);
    return 0;
}

static void commit(void)
{
    assert_int_equal(vault_commit(v, &f), ST_OK);
}

static void want(const struct vault_kit_item *item)
{
    assert_int_equal(vault_want(v, &item->facts, &f), ST_OK);
}

static bool wants(const struct vault_kit_item *item)
{
    struct vault_facts facts;
    enum status status = vault_wanted(v, &item->facts.name, &facts, &f);
    if (status == ST_OK)
        assert_memory_equal(&facts, &item->facts, sizeof facts);
    else
        assert_int_equal(status, ST_NOT_FOUND);
    return status == ST_OK;
}

static void what_is_put_and_committed_is_held_for_good(void **unused)
{
    (void)unused;
    struct vault_kit_item salt = vault_kit_salt(1, 1), none = vault_kit_salt(2, 2);
    struct vault_kit_item value = vault_kit_item(1, 1, 1, VAULT_VALUE, 137);
    struct vault_kit_item disclosed = vault_kit_item(2, 1, 1, VAULT_DISCLOSURE, 200);
    memset(disclosed.facts.reader.id, 0xab, KEY_BYTES);
    assert_int_equal(vault_kit_put(v, &salt), ST_OK);
    assert_int_equal(vault_kit_put(v, &value), ST_OK);
    assert_int_equal(vault_kit_put(v, &disclosed), ST_OK);
    assert_int_equal(vault_kit_put(v, &value), ST_OK); /* held already */
    commit();
    commit(); /* nothing was written since */
    open_again();
    assert_true(vault_kit_holds(v, &salt));
    assert_true(vault_kit_holds(v, &value));
    assert_true(vault_kit_holds(v, &disclosed));
    assert_false(vault_kit_holds(v, &none));
}

static void what_is_not_committed_is_forgotten(void **unused)
{
    (void)unused;
    struct vault_kit_item a = vault_kit_salt(1, 1), b = vault_kit_salt(2, 2);
    struct vault_kit_item c = vault_kit_item(3, 1, 1, VAULT_CHUNK, 99);
    assert_int_equal(vault_kit_put(v, &a), ST_OK);
    commit();
    assert_int_equal(vault_kit_put(v, &b), ST_OK);
    want(&c);
    assert_true(vault_kit_holds(v, &b));
    assert_int_equal(vault_kit_waiting(v, true), 1);
    vault_rollback(v);
    assert_false(vault_kit_holds(v, &b));
    assert_false(wants(&c));
    assert_int_equal(vault_kit_waiting(v, true), 0);
    assert_int_equal(vault_kit_put(v, &b), ST_OK);
    open_again();
    assert_true(vault_kit_holds(v, &a));
    assert_false(vault_kit_holds(v, &b));
    /* what was cached of the owner of b went with it */
    assert_int_equal(vault_kit_put(v, &b), ST_OK);
    vault_rollback(v);
    assert_int_equal(vault_kit_put(v, &b), ST_OK);
    commit();
    open_again();
    assert_true(vault_kit_holds(v, &b));
}

static void a_name_is_held_or_wanted_or_neither(void **unused)
{
    (void)unused;
    struct vault_kit_item value = vault_kit_item(1, 1, 1, VAULT_VALUE, 137);
    struct vault_kit_item chunk = vault_kit_item(2, 1, 1, VAULT_CHUNK, 3000);
    want(&value);
    want(&value);
    want(&chunk);
    assert_int_equal(vault_kit_waiting(v, false), 1);
    assert_int_equal(vault_kit_waiting(v, true), 1);
    assert_true(wants(&value) && wants(&chunk));
    assert_false(vault_kit_holds(v, &value));
    commit();
    open_again();
    assert_int_equal(vault_kit_waiting(v, false), 1);
    assert_int_equal(vault_kit_waiting(v, true), 1);
    assert_int_equal(vault_kit_put(v, &value), ST_OK);
    assert_false(wants(&value));
    assert_int_equal(vault_kit_waiting(v, false), 0);
    want(&value); /* held: nothing */
    assert_false(wants(&value));
    assert_true(vault_kit_holds(v, &value));
    assert_int_equal(vault_unwant(v, &chunk.facts.name, &f), ST_OK);
    assert_int_equal(vault_unwant(v, &chunk.facts.name, &f), ST_OK);
    assert_false(wants(&chunk));
    assert_int_equal(vault_kit_waiting(v, true), 0);
    commit();
}

static void what_is_not_what_its_name_says_is_refused(void **unused)
{
    (void)unused;
    static uint8_t large[SEAL_ITEM_BYTES_MAX + 1];
    struct vault_kit_item value = vault_kit_item(1, 1, 1, VAULT_VALUE, 137);
    struct vault_kit_item salt = vault_kit_salt(1, 1), other = vault_kit_salt(2, 1);
    value.data[5] ^= 1;
    assert_int_equal(vault_kit_put(v, &value), ST_BAD_VALUE);
    value.data[5] ^= 1;
    value.count--;
    assert_int_equal(vault_kit_put(v, &value), ST_BAD_VALUE);
    salt.data[31] ^= 0x80;
    assert_int_equal(vault_kit_put(v, &salt), ST_BAD_VALUE);
    salt.data[31] ^= 0x80;
    salt.count = 31;
    assert_int_equal(vault_kit_put(v, &salt), ST_BAD_VALUE);
    salt.count = 32;
    salt.facts.salt = other.facts.salt; /* its name is right, its id is not */
    assert_int_equal(vault_kit_put(v, &salt), ST_BAD_VALUE);
    assert_int_equal(vault_put(v, &value.facts, (struct bytes){large, SEAL_ITEM_BYTES_MAX + 1}, &f),
                     ST_TOO_LARGE);
    commit();
    assert_false(vault_kit_holds(v, &value));
    assert_false(vault_kit_holds(v, &salt));
}

static int compare_names(const void *a, const void *b)
{
    const struct vault_kit_item *one = a, *two = b;
    return memcmp(one->facts.name.id, two->facts.name.id, DIGEST_BYTES);
}

static void wants_come_in_order_and_in_parts(void **unused)
{
    (void)unused;
    enum { COUNT = 100, PART = 7 };
    static struct vault_kit_item items[COUNT];
    struct vault_facts found[PART];
    struct digest after = {{0}};
    for (uint32_t i = 0; i < COUNT; i++) {
        enum vault_kind kind = i % 2 == 0 ? VAULT_CHUNK : VAULT_VALUE;
        items[i] = vault_kit_item(i, i, i, kind, 50);
        want(&items[i]);
    }
    qsort(items, COUNT, sizeof *items, compare_names);
    uint32_t count, at = 0, seen = 0;
    do {
        assert_int_equal(vault_wants(v, true, &after, PART, found, &count, &f), ST_OK);
        for (uint32_t i = 0; i < count; i++, at++) {
            while (at < COUNT && items[at].facts.kind != VAULT_CHUNK)
                at++;
            assert_true(at < COUNT);
            assert_memory_equal(&found[i], &items[at].facts, sizeof found[i]);
            after = found[i].name;
            seen++;
        }
    } while (count == PART);
    assert_int_equal(seen, COUNT / 2);
    assert_int_equal(vault_wants(v, false, &after, 0, found, &count, &f), ST_OK);
    assert_int_equal(count, 0);
}

/* What a sync leaves in memory is asked for like the rest, and is in the file after a commit. */
static void wants_reach_the_file_with_the_next_commit(void **unused)
{
    (void)unused;
    enum { COUNT = 60, PART = 7 };
    static struct vault_kit_item items[COUNT];
    struct vault_facts found[PART];
    struct digest after = {{0}};
    uint32_t count, seen = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        items[i] = vault_kit_item(i, i, i, VAULT_VALUE, 50);
        want(&items[i]);
        if (i == COUNT / 2)
            commit(); /* from here on some are in the file, and some are not */
    }
    qsort(items, COUNT, sizeof *items, compare_names);
    do {
        assert_int_equal(vault_wants(v, false, &after, PART, found, &count, &f), ST_OK);
        for (uint32_t i = 0; i < count; i++)
            assert_memory_equal(&found[i], &items[seen++].facts, sizeof found[i]);
        after = found[count > 0 ? count - 1 : 0].name;
    } while (count == PART);
    assert_int_equal(seen, COUNT);
    assert_int_equal(vault_kit_put(v, &items[0]), ST_OK);
    assert_int_equal(vault_commit_held(v, &f), ST_OK);
    assert_int_equal(vault_kit_waiting(v, false), COUNT - 1);
    open_again(); /* what only memory had is gone, what was held is not */
    assert_true(vault_kit_holds(v, &items[0]));
    assert_true(vault_kit_waiting(v, false) < COUNT - 1);
    for (uint32_t i = 0; i < COUNT; i++)
        want(&items[i]);
    assert_int_equal(vault_kit_waiting(v, false), COUNT - 1);
    commit();
    open_again();
    assert_int_equal(vault_kit_waiting(v, false), COUNT - 1);
    for (uint32_t i = 1; i < COUNT; i++)
        assert_true(wants(&items[i]));
}

static void what_is_erased_is_not_wanted_wherever_it_was(void **unused)
{
    (void)unused;
    for (int in_file = 0; in_file < 2; in_file++) {
        uint32_t n = in_file ? 10 : 20;
        struct vault_kit_item refused = vault_kit_item(n, n, 1, VAULT_VALUE, 80);
        struct vault_kit_item erased = vault_kit_item(n + 1, n + 1, 2, VAULT_CHUNK, 80);
        struct vault_kit_item dropped = vault_kit_item(n + 2, n + 2, 3, VAULT_VALUE, 80);
        dropped.facts.class = SCHEMA_INTERNAL;
        want(&refused);
        want(&erased);
        want(&dropped);
        if (in_file)
            commit();
        assert_int_equal(vault_refuse(v, &refused.facts.salt, &f), ST_OK);
        assert_int_equal(vault_erase(v, &erased.facts.salt, erased.facts.record, &f), ST_OK);
        assert_int_equal(vault_drop_class(v, SCHEMA_INTERNAL, &f), ST_OK);
        assert_false(wants(&refused) || wants(&erased) || wants(&dropped));
        assert_int_equal(vault_kit_waiting(v, false) + vault_kit_waiting(v, true), 0);
        commit();
    }
}

struct seen {
    uint32_t count, kinds;
    enum status answer;
};

static enum status see(void *user, const struct vault_facts *facts)
{
    struct seen *s = user;
    assert_string_equal(facts->record, "000000000000000000000001");
    s->count++;
    s->kinds |= 1u << facts->kind;
    if (s->answer == ST_OK) { /* it may ask while it is told */
        bool has = false;
        assert_int_equal(vault_has(v, &facts->name, &has, &f), ST_OK);
        assert_true(has);
    }
    return s->answer;
}

static void each_item_of_a_record_is_told(void **unused)
{
    (void)unused;
    struct vault_kit_item items[] = {
        vault_kit_salt(1, 1), vault_kit_salt(2, 1), vault_kit_item(1, 1, 1, VAULT_VALUE, 80),
        vault_kit_item(2, 2, 1, VAULT_LIST, 80), vault_kit_item(3, 3, 2, VAULT_VALUE, 80)};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        assert_int_equal(vault_kit_put(v, &items[i]), ST_OK);
    struct seen s = {0, 0, ST_OK};
    struct bytes record = BYTES("000000000000000000000001");
    assert_int_equal(vault_each(v, BYTES("visit"), record, see, &s, &f), ST_OK);
    assert_int_equal(s.count, 4);
    assert_int_equal(s.kinds, 1u << VAULT_SALT | 1u << VAULT_VALUE | 1u << VAULT_LIST);
    s = (struct seen){0, 0, ST_CLOSED};
    assert_int_equal(vault_each(v, BYTES("visit"), record, see, &s, &f), ST_CLOSED);
    assert_int_equal(s.count, 1);
    s = (struct seen){0, 0, ST_OK};
    assert_int_equal(vault_each(v, BYTES("grant"), record, see, &s, &f), ST_OK);
    assert_int_equal(s.count, 0);
}

/* Who may not read a personal item cannot have it as an internal one, whoever names it first. */
static void the_stricter_class_is_right(void **unused)
{
    (void)unused;
    for (uint32_t held = 0; held < 2; held++) {
        struct vault_kit_item named = vault_kit_item(2 + held, 1, 77, VAULT_VALUE, 80);
        struct vault_kit_item right = vault_kit_item(2 + held, 1, 1, VAULT_VALUE, 80);
        struct vault_facts facts;
        named.facts.class = SCHEMA_INTERNAL;
        if (held)
            assert_int_equal(vault_kit_put(v, &named), ST_OK);
        else
            want(&named);
        want(&right);
        want(&named);
        if (!held) {
            assert_int_equal(vault_wanted(v, &named.facts.name, &facts, &f), ST_OK);
            assert_int_equal(facts.class, SCHEMA_PERSONAL);
            assert_int_equal(vault_put(v, &facts, vault_kit_bytes(&named), &f), ST_OK);
        }
        commit();
        open_again();
        assert_int_equal(vault_get(v, &named.facts.name, &facts, NULL, &f), ST_OK);
        assert_int_equal(facts.class, SCHEMA_PERSONAL);
        assert_string_equal(facts.record, named.facts.record);
    }
    assert_int_equal(vault_kit_waiting(v, false), 0);
}

/* A value under a salt's name would be wanted in its place, and be what no peer can give. */
static void no_value_has_the_name_of_a_salt(void **unused)
{
    (void)unused;
    struct vault_kit_item salt = vault_kit_salt(1, 1), alias = vault_kit_salt(1, 77);
    alias.facts.kind = VAULT_VALUE;
    want(&alias);
    assert_false(wants(&alias));
    want(&salt);
    struct vault_facts facts;
    assert_int_equal(vault_wanted(v, &salt.facts.name, &facts, &f), ST_OK);
    assert_int_equal(facts.kind, VAULT_SALT);
}

static enum status erase(const struct vault_kit_item *item)
{
    return vault_erase(v, &item->facts.salt, item->facts.record, &f);
}

/* Whoever writes may name another record's salt: erasing the one record is not erasing both. */
static void a_salt_that_two_records_name(void **unused)
{
    (void)unused;
    for (int stranger_first = 0; stranger_first < 2; stranger_first++)
        for (int salt_held = 0; salt_held < 2; salt_held++) {
            uint32_t n = 10u * (uint32_t)(2 * stranger_first + salt_held) + 1;
            struct vault_kit_item strange = vault_kit_item(n + 1, n, 77, VAULT_VALUE, 80);
            struct vault_kit_item more = vault_kit_item(n + 2, n, 77, VAULT_VALUE, 80);
            struct vault_kit_item value = vault_kit_item(n + 3, n, 1, VAULT_VALUE, 80);
            struct vault_kit_item own = vault_kit_salt(n, 1), other = vault_kit_salt(n, 77);
            bool erased = true;
            const struct vault_kit_item *salts[] = {&own, &other};
            for (int i = 0; i < 2; i++)
                want(salts[stranger_first ? 1 - i : i]);
            if (salt_held)
                assert_int_equal(vault_kit_put(v, stranger_first ? &other : &own), ST_OK);
            assert_int_equal(vault_kit_put(v, &value), ST_OK);
            assert_int_equal(vault_kit_put(v, &strange), ST_OK);
            want(&more);
            assert_int_equal(erase(&strange), ST_OK);
            assert_int_equal(erase(&strange), ST_OK);
            commit();
            open_again();
            assert_false(vault_kit_holds(v, &strange) || wants(&more));
            assert_true(vault_kit_holds(v, &value));
            assert_true(salt_held ? vault_kit_holds(v, &own) : wants(&own));
            assert_int_equal(vault_kit_put(v, &strange), ST_NOT_ALLOWED);
            assert_int_equal(vault_kit_put(v, &own), ST_OK);
            assert_int_equal(vault_is_erased(v, &own.facts.salt, own.facts.record, &erased, &f),
                             ST_OK);
            assert_false(erased);
            assert_int_equal(erase(&value), ST_OK); /* now nobody else has it */
            assert_int_equal(vault_is_erased(v, &own.facts.salt, own.facts.record, &erased, &f),
                             ST_OK);
            assert_true(erased);
            assert_false(vault_kit_holds(v, &value) || vault_kit_holds(v, &own));
            assert_int_equal(vault_kit_put(v, &own), ST_NOT_ALLOWED);
            commit();
        }
}

/* Who hears of the stranger's record, and that it is erased, before it hears of the other. */
static void a_salt_that_was_erased_for_another_record(void **unused)
{
    (void)unused;
    struct vault_kit_item strange = vault_kit_salt(1, 77), own = vault_kit_salt(1, 1);
    want(&strange);
    assert_int_equal(erase(&strange), ST_OK);
    assert_false(wants(&strange));
    want(&own);
    assert_true(wants(&own));
    assert_int_equal(vault_kit_put(v, &own), ST_OK);
    assert_true(vault_kit_holds(v, &own));
}

static void a_refused_salt_takes_everything_with_it_for_good(void **unused)
{
    (void)unused;
    struct vault_kit_item salt = vault_kit_salt(1, 1);
    struct vault_kit_item value = vault_kit_item(1, 1, 1, VAULT_VALUE, 80);
    struct vault_kit_item strange = vault_kit_item(2, 1, 77, VAULT_CHUNK, 80); /* other record */
    struct vault_kit_item wanted = vault_kit_item(3, 1, 1, VAULT_CHUNK, 80);
    struct vault_kit_item other = vault_kit_item(4, 2, 1, VAULT_VALUE, 80);
    bool refused = true;
    assert_int_equal(vault_kit_put(v, &salt), ST_OK);
    assert_int_equal(vault_kit_put(v, &value), ST_OK);
    assert_int_equal(vault_kit_put(v, &strange), ST_OK);
    assert_int_equal(vault_kit_put(v, &other), ST_OK);
    want(&wanted);
    commit();
    assert_int_equal(vault_is_refused(v, &salt.facts.salt, &refused, &f), ST_OK);
    assert_false(refused);
    assert_int_equal(vault_refuse(v, &salt.facts.salt, &f), ST_OK);
    vault_rollback(v);
    assert_true(vault_kit_holds(v, &value));
    assert_int_equal(vault_kit_waiting(v, true), 1);
    assert_int_equal(vault_refuse(v, &salt.facts.salt, &f), ST_OK);
    assert_int_equal(vault_refuse(v, &salt.facts.salt, &f), ST_OK);
    commit();
    open_again();
    assert_int_equal(vault_is_refused(v, &salt.facts.salt, &refused, &f), ST_OK);
    assert_true(refused);
    assert_false(vault_kit_holds(v, &salt) || vault_kit_holds(v, &value) ||
                 vault_kit_holds(v, &strange) || wants(&wanted));
    assert_int_equal(vault_kit_waiting(v, true), 0);
    assert_true(vault_kit_holds(v, &other));
    assert_int_equal(vault_kit_put(v, &value), ST_NOT_ALLOWED);
    assert_int_equal(vault_kit_put(v, &salt), ST_NOT_ALLOWED);
    want(&wanted);
    assert_false(wants(&wanted));
    assert_int_equal(vault_checkpoint(v, &f), ST_OK);
    assert_true(vault_kit_holds(v, &other));
    assert_int_equal(vault_kit_put(v, &value), ST_NOT_ALLOWED);
}

static void a_class_goes_whole(void **unused)
{
    (void)unused;
    struct vault_kit_item personal = vault_kit_item(1, 1, 1, VAULT_VALUE, 80);
    struct vault_kit_item wanted = vault_kit_item(2, 1, 1, VAULT_VALUE, 80);
    struct vault_kit_item internal = vault_kit_item(3, 2, 1, VAULT_VALUE, 80);
    struct vault_kit_item kept = vault_kit_item(4, 2, 1, VAULT_CHUNK, 80);
    internal.facts.class = kept.facts.class = SCHEMA_INTERNAL;
    assert_int_equal(vault_kit_put(v, &personal), ST_OK);
    assert_int_equal(vault_kit_put(v, &internal), ST_OK);
    want(&wanted);
    want(&kept);
    commit();
    assert_int_equal(vault_drop_class(v, SCHEMA_PERSONAL, &f), ST_OK);
    commit();
    assert_false(vault_kit_holds(v, &personal) || wants(&wanted));
    assert_true(vault_kit_holds(v, &internal) && wants(&kept));
    assert_int_equal(vault_kit_waiting(v, false), 0);
    assert_int_equal(vault_kit_waiting(v, true), 1);
    assert_int_equal(vault_kit_put(v, &personal), ST_OK); /* dropped is not refused */
}

static void an_image_holds_what_is_committed(void **unused)
{
    (void)unused;
    struct vault *memory = NULL, *copy = NULL;
    struct buf image = {0};
    struct vault_kit_item a = vault_kit_salt(1, 1), b = vault_kit_salt(2, 2);
    struct vault_kit_item gone = vault_kit_item(3, 3, 3, VAULT_VALUE, 400);
    assert_int_equal(vault_open(NULL, (struct bytes){NULL, 0}, &memory, &f), ST_OK);
    assert_int_equal(vault_kit_put(memory, &a), ST_OK);
    assert_int_equal(vault_kit_put(memory, &gone), ST_OK);
    assert_int_equal(vault_commit(memory, &f), ST_OK);
    assert_int_equal(vault_kit_put(memory, &b), ST_OK);
    assert_int_equal(vault_image(memory, &image, &f), ST_OK);
    assert_int_equal(vault_open(NULL, buf_bytes(&image), &copy, &f), ST_OK);
    assert_true(vault_kit_holds(copy, &a));
    assert_false(vault_kit_holds(copy, &b));
    vault_close(copy);
    assert_int_equal(vault_refuse(memory, &gone.facts.salt, &f), ST_OK);
    assert_int_equal(vault_checkpoint(memory, &f), ST_OK);
    assert_true(vault_kit_holds(memory, &b));
    buf_reset(&image);
    assert_int_equal(vault_image(memory, &image, &f), ST_OK);
    assert_null(memmem(image.data, image.count, gone.data, 16));
    assert_int_equal(vault_open(NULL, buf_bytes(&image), &copy, &f), ST_OK);
    assert_true(vault_kit_holds(copy, &a) && vault_kit_holds(copy, &b));
    assert_int_equal(vault_kit_put(copy, &gone), ST_NOT_ALLOWED);
    vault_close(copy);
    vault_close(memory);
    buf_release(&image);
}

static void one_process_has_it_at_a_time(void **unused)
{
    (void)unused;
    struct vault *second = NULL;
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &second, &f), ST_LOCKED);
    assert_null(second);
    assert_non_null(strstr(f.text, "another process"));
}

static void each_allocation_may_fail(void **unused)
{
    (void)unused;
    struct vault_kit_item a = vault_kit_salt(1, 1);
    vault_close(v);
    v = NULL;
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        struct vault *x = NULL;
        struct buf out = {0};
        mem_fail_at(n);
        enum status status = vault_open(path, (struct bytes){NULL, 0}, &x, &f);
        if (status == ST_OK)
            status = vault_kit_put(x, &a);
        if (status == ST_OK)
            status = vault_get(x, &a.facts.name, NULL, &out, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        vault_close(x);
        buf_release(&out);
    }
    assert_true(n > 3);
}

/* SQLite ends the transaction by itself: what was put before is gone too, and nothing is damaged.
 */
static void a_want_of_memory_within_a_write_is_no_damage(void **unused)
{
    (void)unused;
    struct vault_kit_item a = vault_kit_item(1, 1, 1, VAULT_VALUE, 4000); /* at once to a tree */
    struct vault_kit_item b = vault_kit_salt(2, 2);
    struct buf out = {0};
    assert_int_equal(vault_kit_put(v, &a), ST_OK);
    sqlite3_hard_heap_limit64(1); /* from here on it gets no memory */
    enum status status = vault_get(v, &b.facts.name, NULL, &out, &f);
    sqlite3_hard_heap_limit64(0);
    assert_int_equal(status, ST_NO_MEMORY);
    assert_int_equal(vault_commit(v, &f), ST_IO);
    assert_null(strstr(f.text, "damaged"));
    assert_int_equal(vault_kit_put(v, &a), ST_OK);
    commit();
    assert_int_equal(vault_get(v, &a.facts.name, NULL, &out, &f), ST_OK);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_and_committed_is_held_for_good, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_committed_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_held_or_wanted_or_neither, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_what_its_name_says_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(wants_come_in_order_and_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wants_reach_the_file_with_the_next_commit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_erased_is_not_wanted_wherever_it_was, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_item_of_a_record_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_stricter_class_is_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_value_has_the_name_of_a_salt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_salt_that_two_records_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_salt_that_was_erased_for_another_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_refused_salt_takes_everything_with_it_for_good, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_class_goes_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_image_holds_what_is_committed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_process_has_it_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_want_of_memory_within_a_write_is_no_damage, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
