/*
 * The backup's bytes: what is written is read, and a file that was cut anywhere or changed in any
 * byte is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>

#include "proto/mem.h"
#include "replicas/backup.h"

enum { COST_FIRST = 15, COST_END = 23, LARGE = 3 * BACKUP_CHUNK_BYTES - 500 };

static const struct passphrase_cost cheap = {.passes = 1, .memory_kib = PASSPHRASE_KIB_MIN};
static const struct bytes secret = {(const uint8_t *)"correct horse", 13};
static struct fault f;

struct entry {
    const char *name;
    size_t count;
};

static const struct entry small[] = {{"charters/0001.json", 40}, {"empty", 0}, {"office", 7}};
static const struct entry large[] = {{"a", LARGE}, {"b", 1}};

static const struct backup_about about = {
    .label = "iquique", .network = {{9, 8, 7}}, .made = 1795448040, .seq = 42, .charter = 3};

static enum status add(void *user, struct bytes data, struct fault *fault)
{
    (void)fault;
    buf_add_bytes(user, data);
    return buf_status(user);
}

static uint8_t byte_of(size_t file, size_t at)
{
    return (uint8_t)(file * 31 + at * 7 + (at >> 8));
}

/* Each file in uneven pieces. */
static enum status write(const struct entry *files, uint32_t count, struct buf *out)
{
    struct backup_writer *w = NULL;
    struct backup_about what = about;
    what.files = count;
    enum status st = backup_begin(secret, cheap, &what, add, out, &w, &f);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        st = backup_file(w, files[i].name, files[i].count, &f);
        for (size_t at = 0; st == ST_OK && at < files[i].count;) {
            uint8_t part[997];
            size_t left = files[i].count - at, piece = left < sizeof part ? left : sizeof part;
            for (size_t k = 0; k < piece; k++)
                part[k] = byte_of(i, at + k);
            st = backup_data(w, (struct bytes){part, piece}, &f);
            at += piece;
        }
    }
    if (st == ST_OK)
        st = backup_end(w, &f);
    backup_free(w);
    return st;
}

struct reading {
    struct bytes in;
    size_t at;
    const struct entry *files; /* NULL: names are not looked at */
    uint32_t seen, ended;
    uint64_t got;
    bool told;
};

static enum status read_in(void *user, void *out, size_t count, size_t *got_out,
                           struct fault *fault)
{
    struct reading *r = user;
    size_t left = r->in.count - r->at;
    (void)fault;
    *got_out = count < left ? count : left;
    memcpy(out, r->in.data + r->at, *got_out);
    r->at += *got_out;
    return ST_OK;
}

static enum status on_about(void *user, const struct backup_about *what, struct fault *fault)
{
    struct reading *r = user;
    (void)fault;
    r->told = true;
    assert_string_equal(what->label, about.label);
    assert_memory_equal(&what->network, &about.network, sizeof about.network);
    assert_true(what->made == about.made && what->seq == about.seq);
    assert_int_equal(what->charter, about.charter);
    return ST_OK;
}

static enum status on_file(void *user, const char *name, uint64_t count, struct fault *fault)
{
    struct reading *r = user;
    (void)fault;
    assert_string_equal(name, r->files[r->seen].name);
    assert_int_equal(count, r->files[r->seen].count);
    r->seen++;
    r->got = 0;
    return ST_OK;
}

static enum status on_data(void *user, struct bytes data, struct fault *fault)
{
    struct reading *r = user;
    (void)fault;
    for (size_t i = 0; i < data.count; i++)
        assert_int_equal(data.data[i], byte_of(r->seen - 1, r->got + i));
    r->got += data.count;
    return ST_OK;
}

static enum status on_end(void *user, struct fault *fault)
{
    struct reading *r = user;
    (void)fault;
    assert_int_equal(r->got, r->files[r->seen - 1].count);
    r->ended++;
    return ST_OK;
}

static enum status read_all(struct bytes in, const struct entry *files, struct bytes passphrase,
                            struct reading *out)
{
    *out = (struct reading){.in = in, .files = files};
    const struct backup_source source = {out, read_in};
    const struct backup_sink sink = {out, on_about, on_file, on_data, on_end};
    f = (struct fault){0};
    return backup_read(&source, passphrase, &sink, &f);
}

static void passes_whole(void **state)
{
    struct buf out = {0};
    struct reading r;
    (void)state;
    assert_int_equal(write(small, 3, &out), ST_OK);
    assert_int_equal(read_all(buf_bytes(&out), small, secret, &r), ST_OK);
    assert_int_equal(r.ended, 3);
    assert_null(memmem(out.data, out.count, "iquique", 7));
    assert_null(memmem(out.data, out.count, "charters", 8));
    buf_reset(&out);
    assert_int_equal(write(large, 2, &out), ST_OK);
    assert_int_equal(read_all(buf_bytes(&out), large, secret, &r), ST_OK);
    assert_int_equal(r.ended, 2);
    buf_reset(&out);
    assert_int_equal(write(small, 0, &out), ST_OK);
    assert_int_equal(read_all(buf_bytes(&out), small, secret, &r), ST_OK);
    assert_int_equal(r.ended, 0);
    buf_release(&out);
}

/* Every length of the last chunk, around a full one. */
static void every_length(void **state)
{
    struct buf out = {0};
    struct reading r;
    (void)state;
    for (size_t count = BACKUP_CHUNK_BYTES - 180; count < BACKUP_CHUNK_BYTES + 20; count++) {
        const struct entry one = {"a", count};
        buf_reset(&out);
        assert_int_equal(write(&one, 1, &out), ST_OK);
        assert_int_equal(read_all(buf_bytes(&out), &one, secret, &r), ST_OK);
        assert_int_equal(r.ended, 1);
    }
    buf_release(&out);
}

static void another_passphrase(void **state)
{
    struct buf out = {0};
    struct reading r;
    (void)state;
    assert_int_equal(write(small, 3, &out), ST_OK);
    assert_int_equal(read_all(buf_bytes(&out), small, BYTES("correct hors"), &r), ST_WRONG_KEY);
    assert_false(r.told); /* nothing came out */
    assert_int_equal(read_all(buf_bytes(&out), small, (struct bytes){NULL, 0}, &r), ST_WRONG_KEY);
    buf_release(&out);
}

static void assert_refused(struct bytes in, const struct entry *files)
{
    struct reading r;
    enum status st = read_all(in, files, secret, &r);
    if (st != ST_MALFORMED && st != ST_WRONG_KEY && st != ST_CORRUPT)
        fail_msg("taken: %s", status_word(st));
    assert_true(f.text[0] != '\0' && f.fix[0] != '\0');
}

static void every_prefix(void **state)
{
    struct buf out = {0};
    (void)state;
    assert_int_equal(write(small, 3, &out), ST_OK);
    for (size_t cut = 0; cut < out.count; cut++)
        assert_refused((struct bytes){out.data, cut}, small);
    buf_add_byte(&out, 0);
    assert_refused(buf_bytes(&out), small);
    buf_reset(&out);
    assert_int_equal(write(large, 2, &out), ST_OK);
    for (size_t cut = 0; cut < out.count; cut += 1009)
        assert_refused((struct bytes){out.data, cut}, large);
    /* Whole chunks, without the last ones. */
    for (size_t chunks = 0; chunks < 3; chunks++)
        assert_refused((struct bytes){out.data, 63 + chunks * (BACKUP_CHUNK_BYTES + 17)}, large);
    buf_release(&out);
}

static void every_byte(void **state)
{
    struct buf out = {0};
    (void)state;
    assert_int_equal(write(small, 3, &out), ST_OK);
    for (size_t i = 0; i < out.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            if (i >= COST_FIRST && i < COST_END && i != COST_END - 1)
                continue; /* dear costs are not paid here */
            out.data[i] ^= (uint8_t)(1 << bit);
            assert_refused(buf_bytes(&out), small);
            out.data[i] ^= (uint8_t)(1 << bit);
        }
    buf_reset(&out);
    assert_int_equal(write(large, 2, &out), ST_OK);
    for (size_t i = 63; i < out.count; i += 1013) {
        out.data[i] ^= 4;
        assert_refused(buf_bytes(&out), large);
        out.data[i] ^= 4;
    }
    buf_release(&out);
}

/* Two chunks change places: each is sound by itself. */
static void chunks_out_of_order(void **state)
{
    enum { SEALED = BACKUP_CHUNK_BYTES + 17 };
    struct buf out = {0}, turned = {0};
    (void)state;
    assert_int_equal(write(large, 2, &out), ST_OK);
    buf_add(&turned, out.data, 63 + SEALED);
    buf_add(&turned, out.data + 63 + 2 * SEALED, out.count - 63 - 2 * SEALED);
    assert_refused(buf_bytes(&turned), large);
    buf_reset(&turned);
    buf_add(&turned, out.data, 63);
    buf_add(&turned, out.data + 63 + SEALED, SEALED);
    buf_add(&turned, out.data + 63, SEALED);
    assert_refused(buf_bytes(&turned), large);
    buf_release(&out);
    buf_release(&turned);
}

static void names(void **state)
{
    static const char *const good[] = {
        "config",
        "identity.next",
        "charters/0001.json",
        "journal/00000001.feed",
        "vault.db",
        "invitations/00ff",
        "repo.git/HEAD",
        "repo.git/config",
        "repo.git/packed-refs",
        "repo.git/refs/heads/alto-hospicio",
        "repo.git/refs/minga/tips/00ff",
        "repo.git/objects/pack/pack-0123456789012345678901234567890123456789.pack",
        "repo.git/objects/pack/pack-0123456789012345678901234567890123456789.idx"};
    static const char *const bad[] = {
        "",
        "/",
        "/etc/passwd",
        "..",
        "../identity",
        "a/..",
        "a/../b",
        ".ssh",
        "a/.b",
        "a//b",
        "a/",
        "A",
        "a b",
        "a\nb",
        "a/b/c",
        "repo.git",
        "repo.git/",
        "repo.git/hooks/post-checkout",
        "repo.git/hooks/x",
        "repo.git/objects/info/alternates",
        "repo.git/refs",
        "repo.git/refs/",
        "repo.git/refs/../config",
        "repo.git/refs/heads/",
        "repo.git/refs//x",
        "repo.git/info/exclude",
        "repo.git/objects/00/0123",
        "a..b",
        "a.",
        "-a",
        "_a",
        "repo.git/objects/pack/pack-012345678901234567890123456789012345678.pack",
        "repo.git/objects/pack/pack-0123456789012345678901234567890123456789.keep",
        "repo.git/objects/pack/pack-012345678901234567890123456789012345678G.pack"};
    char longest[BACKUP_NAME_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!backup_name_is_valid(bytes_of_text(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (backup_name_is_valid(bytes_of_text(bad[i])))
            fail_msg("taken: %s", bad[i]);
    assert_false(backup_name_is_valid((struct bytes){(const uint8_t *)"a\0b", 3}));
    memset(longest, 'a', sizeof longest);
    assert_true(backup_name_is_valid((struct bytes){(uint8_t *)longest, BACKUP_NAME_MAX}));
    assert_false(backup_name_is_valid((struct bytes){(uint8_t *)longest, BACKUP_NAME_MAX + 1}));
}

static enum status refuse(void *user, struct bytes data, struct fault *fault)
{
    uint32_t *left = user;
    (void)data;
    return (*left)-- == 0 ? fault_set(fault, ST_DISK_FULL, "full") : ST_OK;
}

static void a_full_disk(void **state)
{
    (void)state;
    for (uint32_t room = 0; room < 2; room++) {
        uint32_t left = room;
        struct backup_writer *w = NULL;
        assert_int_equal(backup_begin(secret, cheap, &about, refuse, &left, &w, &f), ST_DISK_FULL);
        assert_null(w);
    }
    uint32_t left = 2;
    struct backup_writer *w = NULL;
    assert_int_equal(backup_begin(secret, cheap, &about, refuse, &left, &w, &f), ST_OK);
    assert_int_equal(backup_end(w, &f), ST_DISK_FULL);
    backup_free(w);
}

static void no_memory(void **state)
{
    struct buf out = {0};
    struct reading r;
    enum status st = ST_NO_MEMORY;
    (void)state;
    for (uint64_t n = 1; st != ST_OK; n++) {
        buf_release(&out);
        mem_fail_at(n);
        st = write(small, 3, &out);
        mem_fail_at(0);
        assert_true(st == ST_OK || st == ST_NO_MEMORY);
        assert_in_range(n, 1, 100);
    }
    st = ST_NO_MEMORY;
    for (uint64_t n = 1; st != ST_OK; n++) {
        mem_fail_at(n);
        st = read_all(buf_bytes(&out), small, secret, &r);
        mem_fail_at(0);
        assert_true(st == ST_OK || st == ST_NO_MEMORY);
        assert_in_range(n, 1, 100);
    }
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_whole), cmocka_unit_test(every_length),
        cmocka_unit_test(every_prefix), cmocka_unit_test(every_byte),
        cmocka_unit_test(names),        cmocka_unit_test(chunks_out_of_order),
        cmocka_unit_test(a_full_disk),  cmocka_unit_test(another_passphrase),
        cmocka_unit_test(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
