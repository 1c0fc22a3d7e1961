#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/commit.h"
#include "replicas/store.h"
#include "tests/unit/replicas/judge_key.h"

static struct judge judge;
static struct key key;
static uint8_t secret[64];

#define SUBJECT BYTES("enterprise: 3 changed, visit: 2 added")

static int set_up(void **unused)
{
    (void)unused;
    if (sodium_init() < 0 || judge_open(&judge) != 0)
        return -1;
    return judge_key(&judge, "key", 9, &key, secret);
}

static int tear_down(void **unused)
{
    (void)unused;
    judge_close(&judge);
    return 0;
}

/* A commit with 'parents' parents, signed. */
static struct item signed_item(uint32_t parents)
{
    struct item item = {
        .label = BYTES("santiago"),
        .seq = 42,
        .height = UINT64_C(9007199254740991),
        .charter_version = 3,
        .parent_count = parents,
        .author = BYTES("Ana \xc3\xb1 <uid-1000@santiago>"),
        .author_time = 1700000000,
        .commit_time = 1700000060,
        .operations = BYTES("operations"),
    };
    memset(item.charter_hash.id, 0x5c, DIGEST_BYTES);
    for (uint32_t i = 0; i < parents; i++)
        memset(item.parents[i].id, (int)i + 1, OID_BYTES);
    store_hash(STORE_TREE, BYTES(""), &item.tree);
    struct digest network = {{1}}, parent_digests[PARENTS_MAX] = {{{2}}};
    commit_digest(&network, &key, &item, parent_digests, &item.digest);
    assert_int_equal(commit_sign(&item, SUBJECT, secret), ST_OK);
    return item;
}

static struct buf encoded(const struct item *item)
{
    struct buf out = {0};
    commit_encode(item, &key, SUBJECT, &out);
    assert_int_equal(buf_status(&out), ST_OK);
    return out;
}

static void write_parents(struct item *item, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct oid id;
        assert_int_equal(judge_run(&judge,
                                   "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x "
                                   "GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x "
                                   "GIT_AUTHOR_DATE='%u +0000' GIT_COMMITTER_DATE='%u +0000'; "
                                   "git commit-tree -m x $(git mktree < /dev/null)",
                                   1600000000 + i, 1600000000 + i),
                         0);
        assert_int_equal(hex_decode(bytes_of_text(judge.output), id.id, OID_BYTES), ST_OK);
        uint32_t at = i;
        for (; at > 0 && oid_compare(&item->parents[at - 1], &id) > 0; at--)
            item->parents[at] = item->parents[at - 1];
        item->parents[at] = id;
    }
    item->parent_count = count;
}

static void bytes_are_those_of_git(void **unused)
{
    (void)unused;
    static const uint32_t counts[] = {0, 1, 3};
    assert_int_equal(judge_run(&judge, "git init -q --bare . && git config gpg.format ssh && "
                                       "git config user.signingkey key"),
                     0);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct item item = signed_item(0);
        char parents[256] = "", charter[DIGEST_TEXT + 1], digest[DIGEST_TEXT + 1];
        write_parents(&item, counts[i]);
        for (uint32_t k = 0; k < item.parent_count; k++) {
            char hex[OID_TEXT + 1];
            size_t used = strlen(parents);
            hex_encode(item.parents[k].id, OID_BYTES, hex);
            snprintf(parents + used, sizeof parents - used, " -p %s", hex);
        }
        assert_int_equal(commit_sign(&item, SUBJECT, secret), ST_OK);
        base32_encode(item.charter_hash.id, DIGEST_BYTES, charter);
        base32_encode(item.digest.id, DIGEST_BYTES, digest);
        struct buf message = {0}, ours = encoded(&item);
        buf_add_bytes(&message, SUBJECT);
        buf_add_format(&message,
                       "\n\nMinga-Writer: santiago\nMinga-Seq: 42\n"
                       "Minga-Height: 9007199254740991\nMinga-Charter: 3 %s\nMinga-Change: %s\n",
                       charter, digest);
        assert_int_equal(judge_write(&judge, "message", message.data, message.count), 0);
        assert_int_equal(
            judge_run(&judge,
                      "export GIT_AUTHOR_NAME='Ana \xc3\xb1' "
                      "GIT_AUTHOR_EMAIL=uid-1000@santiago GIT_AUTHOR_DATE='1700000000 +0000' "
                      "GIT_COMMITTER_NAME=santiago GIT_COMMITTER_EMAIL=santiago@minga "
                      "GIT_COMMITTER_DATE='1700000060 +0000'; git cat-file commit "
                      "$(git commit-tree -S -F message%s $(git mktree < /dev/null))",
                      parents),
            0);
        assert_int_equal(ours.count, strlen(judge.output) + 1);
        assert_memory_equal(ours.data, judge.output, ours.count - 1);
        buf_release(&message);
        buf_release(&ours);
    }
}

static void git_says_that_the_signature_is_good(void **unused)
{
    (void)unused;
    struct item item = signed_item(0);
    struct buf ours = encoded(&item), allowed = {0};
    commit_allowed_signer(item.label, &key, &allowed);
    assert_int_equal(judge_write(&judge, "commit", ours.data, ours.count), 0);
    assert_int_equal(judge_write(&judge, "allowed", allowed.data, allowed.count), 0);
    assert_int_equal(judge_run(&judge, "git init -q --bare . && git mktree < /dev/null && "
                                       "git config gpg.ssh.allowedSignersFile allowed && "
                                       "git update-ref refs/heads/main "
                                       "$(git hash-object -w -t commit commit) && "
                                       "git fsck --strict"),
                     0);
    assert_int_equal(judge_run(&judge, "git verify-commit main"), 0);
    assert_non_null(strstr(judge.output, "Good \"git\" signature for santiago"));
    assert_int_equal(judge_run(&judge, "git log --show-signature main"), 0);
    assert_non_null(strstr(judge.output, "Good \"git\" signature for santiago"));
    assert_int_equal(judge_run(&judge, "git log -1 --format='%%(trailers:key=Minga-Seq)' main"), 0);
    assert_string_equal(judge.output, "Minga-Seq: 42");
    buf_release(&ours);
    buf_release(&allowed);
}

static void key_line_is_that_of_ssh_keygen(void **unused)
{
    (void)unused;
    struct buf line = {0};
    commit_key_line(BYTES("santiago"), &key, &line);
    assert_int_equal(judge_run(&judge, "ssh-keygen -y -f key | cut -d' ' -f1,2"), 0);
    struct buf expected = {0};
    buf_add_text(&expected, judge.output);
    buf_add_text(&expected, " santiago\n");
    assert_string_equal(buf_text(&line), buf_text(&expected));
    buf_release(&expected);
    buf_release(&line);
}

static void parse_gives_back_what_was_encoded(void **unused)
{
    (void)unused;
    static const uint32_t counts[] = {0, 1, 2, PARENTS_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct item item = signed_item(counts[i]), read;
        struct buf text = encoded(&item);
        struct key read_key;
        struct bytes subject;
        assert_int_equal(commit_parse(buf_bytes(&text), &read, &read_key, &subject), ST_OK);
        assert_true(bytes_equal(read.label, item.label));
        assert_true(bytes_equal(read.author, item.author));
        assert_true(bytes_equal(subject, SUBJECT));
        assert_int_equal(read.seq, item.seq);
        assert_int_equal(read.height, item.height);
        assert_int_equal(read.charter_version, item.charter_version);
        assert_int_equal(read.author_time, item.author_time);
        assert_int_equal(read.commit_time, item.commit_time);
        assert_int_equal(read.parent_count, item.parent_count);
        assert_memory_equal(read.parents, item.parents, counts[i] * sizeof *item.parents);
        assert_memory_equal(&read.tree, &item.tree, sizeof item.tree);
        assert_memory_equal(&read.charter_hash, &item.charter_hash, DIGEST_BYTES);
        assert_memory_equal(&read.digest, &item.digest, DIGEST_BYTES);
        assert_memory_equal(&read_key, &key, KEY_BYTES);
        assert_int_equal(read.operations.count, 0);
        assert_int_equal(commit_verify(&read, &read_key, subject), ST_OK);
        buf_release(&text);
    }
}

static void any_change_breaks_the_signature(void **unused)
{
    (void)unused;
    struct item item = signed_item(2), other;
    assert_int_equal(commit_verify(&item, &key, SUBJECT), ST_OK);
    assert_int_equal(commit_verify(&item, &key, BYTES("merge")), ST_BAD_SIGNATURE);
#define CHANGED(change)                                                                            \
    do {                                                                                           \
        other = item;                                                                              \
        change;                                                                                    \
        assert_int_equal(commit_verify(&other, &key, SUBJECT), ST_BAD_SIGNATURE);                  \
    } while (0)
    CHANGED(other.seq++);
    CHANGED(other.height--);
    CHANGED(other.charter_version++);
    CHANGED(other.charter_hash.id[31] ^= 1);
    CHANGED(other.tree.id[0] ^= 1);
    CHANGED(other.parents[1].id[19] ^= 1);
    CHANGED(other.parent_count--);
    CHANGED(other.author_time++);
    CHANGED(other.commit_time++);
    CHANGED(other.digest.id[0] ^= 0x80);
    CHANGED(other.label = BYTES("iquique"));
    CHANGED(other.author = BYTES("x <y>"));
    CHANGED(other.signature[63] ^= 1);
#undef CHANGED
}

static void digest_covers_each_of_its_parts(void **unused)
{
    (void)unused;
    struct item item = signed_item(2), other;
    struct digest network = {{1}}, parents[PARENTS_MAX] = {{{2}}, {{3}}}, all[16];
    struct key other_key = key;
    size_t count = 0;
#define MORE(change)                                                                               \
    do {                                                                                           \
        other = item;                                                                              \
        change;                                                                                    \
        commit_digest(&network, &other_key, &other, parents, &all[count++]);                       \
    } while (0)
    MORE((void)0);
    MORE(other.label = BYTES("santiago2"));
    MORE(other.seq++);
    MORE(other.height++);
    MORE(other.charter_hash.id[0] ^= 1);
    MORE(other.parent_count--);
    MORE(other.operations = BYTES("operation"));
    MORE(network.id[5] = 1);
    MORE(other_key.id[5] ^= 1);
    MORE(parents[1].id[5] = 1);
#undef MORE
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(&all[i], &all[k], DIGEST_BYTES);
}

/* The definition of the digest, spelt out: each part behind its length. */
static void digest_is_the_hash_of_lengths_and_parts(void **unused)
{
    (void)unused;
    struct item item = signed_item(1);
    struct digest network = {{1}}, parent = {{2}}, expected, out;
    struct buf all = {0};
    const struct bytes parts[] = {
        BYTES("minga/commit/1"), {network.id, DIGEST_BYTES}, item.label, {key.id, KEY_BYTES}};
    for (size_t i = 0; i < 4; i++) {
        buf_add_u64be(&all, parts[i].count);
        buf_add_bytes(&all, parts[i]);
    }
    buf_add_u64be(&all, 8);
    buf_add_u64be(&all, item.seq);
    buf_add_u64be(&all, 8);
    buf_add_u64be(&all, item.height);
    const struct bytes more[] = {
        {item.charter_hash.id, DIGEST_BYTES}, {parent.id, DIGEST_BYTES}, item.operations};
    for (size_t i = 0; i < 3; i++) {
        buf_add_u64be(&all, more[i].count);
        buf_add_bytes(&all, more[i]);
    }
    crypto_generichash(expected.id, DIGEST_BYTES, all.data, all.count, NULL, 0);
    commit_digest(&network, &key, &item, &parent, &out);
    assert_memory_equal(&out, &expected, DIGEST_BYTES);
    buf_release(&all);
}

/* One text of a commit in place of another, the signature made anew or not: refused. */
static void assert_refused(const char *from, const char *to, enum status expected)
{
    struct item item = signed_item(1), read;
    struct buf text = encoded(&item), changed = {0};
    struct key read_key;
    struct bytes subject;
    char *at = strstr(buf_text(&text), from);
    assert_non_null(at);
    size_t before = (size_t)(at - (char *)text.data);
    buf_add(&changed, text.data, before);
    buf_add_text(&changed, to);
    buf_add(&changed, at + strlen(from), text.count - before - strlen(from));
    enum status st = commit_parse(buf_bytes(&changed), &read, &read_key, &subject);
    if (st != expected)
        print_message("%s -> %s: %s\n", from, to, status_word(st));
    assert_int_equal(st, expected);
    buf_release(&text);
    buf_release(&changed);
}

static void other_spellings_are_refused(void **unused)
{
    (void)unused;
    assert_refused("tree 4b", "tree 4B", ST_MALFORMED);
    assert_refused("1700000000 +0000", "01700000000 +0000", ST_NOT_CANONICAL);
    assert_refused("1700000000 +0000", "1700000000 +0100", ST_MALFORMED);
    assert_refused("1700000000 +0000", "-1 +0000", ST_MALFORMED);
    assert_refused("1700000000 +0000", "9007199254740992 +0000", ST_MALFORMED);
    assert_refused("1700000060 +0000", "253370764800 +0000", ST_MALFORMED);
    assert_refused("1700000000 +0000", "99999999999999999999 +0000", ST_MALFORMED);
    assert_refused("author Ana", "author  Ana", ST_MALFORMED);
    assert_refused("santiago@minga", "iquique@minga", ST_NOT_CANONICAL);
    assert_refused("committer santiago", "committer iquique", ST_NOT_CANONICAL);
    assert_refused("Minga-Writer: santiago", "Minga-Writer: iquique", ST_NOT_CANONICAL);
    assert_refused("Minga-Writer: santiago", "Minga-Writer: main", ST_MALFORMED);
    assert_refused("\ngpgsig", "\nencoding x\ngpgsig", ST_MALFORMED);
    assert_refused("gpgsig ", "gpgsig  ", ST_MALFORMED);
    assert_refused("Minga-Seq: 42", "Minga-Seq: +42", ST_MALFORMED);
    assert_refused("Minga-Seq: 42", "Minga-Seq: 0", ST_MALFORMED);
    assert_refused("Minga-Seq: 42", "Minga-Seq: 042", ST_NOT_CANONICAL);
    assert_refused("Minga-Seq: 42", "minga-Seq: 42", ST_MALFORMED);
    assert_refused("Minga-Charter: 3", "Minga-Charter: 4097", ST_MALFORMED);
    assert_refused("Minga-Charter: 3 ", "Minga-Charter: 3  ", ST_MALFORMED);
    assert_refused("\nMinga-Change", "\n\nMinga-Change", ST_MALFORMED);
    assert_refused("enterprise: 3", " enterprise: 3", ST_MALFORMED);
    assert_refused("enterprise: 3", "enterprise:\t3", ST_MALFORMED);
    assert_refused("\n -----END", "\n \n -----END", ST_MALFORMED);
}

static void parents_are_ascending_and_few(void **unused)
{
    (void)unused;
    struct item item = signed_item(2), read;
    struct key read_key;
    struct bytes subject;
    struct oid swap = item.parents[0];
    item.parents[0] = item.parents[1];
    item.parents[1] = swap;
    struct buf text = encoded(&item);
    assert_int_equal(commit_parse(buf_bytes(&text), &read, &read_key, &subject), ST_NOT_CANONICAL);
    buf_release(&text);
    item.parents[0] = item.parents[1];
    text = encoded(&item);
    assert_int_equal(commit_parse(buf_bytes(&text), &read, &read_key, &subject), ST_NOT_CANONICAL);
    buf_release(&text);
    item = signed_item(PARENTS_MAX);
    text = encoded(&item);
    const char *line = "parent ffffffffffffffffffffffffffffffffffffffff\n";
    struct buf many = {0};
    size_t at = (size_t)(strstr(buf_text(&text), "author") - (char *)text.data);
    buf_add(&many, text.data, at);
    buf_add_text(&many, line);
    buf_add(&many, text.data + at, text.count - at);
    assert_int_equal(commit_parse(buf_bytes(&many), &read, &read_key, &subject), ST_MALFORMED);
    while (many.count < 5000)
        buf_add_byte(&many, 'x');
    assert_int_equal(commit_parse(buf_bytes(&many), &read, &read_key, &subject), ST_TOO_LARGE);
    buf_release(&many);
    buf_release(&text);
}

static void every_prefix_and_every_flipped_bit_is_refused_or_reencodes(void **unused)
{
    (void)unused;
    struct item item = signed_item(1), read;
    struct buf text = encoded(&item);
    struct key read_key;
    struct bytes subject;
    for (size_t cut = 0; cut < text.count; cut++) {
        uint8_t *prefix = mem_copy(text.data, cut);
        assert_int_not_equal(commit_parse((struct bytes){prefix, cut}, &read, &read_key, &subject),
                             ST_OK);
        mem_free(prefix);
    }
    size_t taken = 0;
    for (size_t i = 0; i < text.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            text.data[i] ^= (uint8_t)(1 << bit);
            if (commit_parse(buf_bytes(&text), &read, &read_key, &subject) == ST_OK) {
                struct buf again = {0};
                commit_encode(&read, &read_key, subject, &again);
                assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&text)));
                buf_release(&again);
                assert_int_equal(commit_verify(&read, &read_key, subject), ST_BAD_SIGNATURE);
                taken++;
            }
            text.data[i] ^= (uint8_t)(1 << bit);
        }
    assert_true(taken > 0); /* hashes, names and numbers have other valid values */
    buf_release(&text);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    struct item item = signed_item(2);
    struct buf text = encoded(&item);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct item read = item;
        struct key read_key;
        struct bytes subject = SUBJECT;
        mem_fail_at(n);
        enum status st = commit_sign(&read, subject, secret);
        if (st == ST_OK)
            st = commit_verify(&read, &key, subject);
        if (st == ST_OK)
            st = commit_parse(buf_bytes(&text), &read, &read_key, &subject);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_true(n < 1000);
    }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_git),
        cmocka_unit_test(git_says_that_the_signature_is_good),
        cmocka_unit_test(key_line_is_that_of_ssh_keygen),
        cmocka_unit_test(parse_gives_back_what_was_encoded),
        cmocka_unit_test(any_change_breaks_the_signature),
        cmocka_unit_test(digest_covers_each_of_its_parts),
        cmocka_unit_test(digest_is_the_hash_of_lengths_and_parts),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(parents_are_ascending_and_few),
        cmocka_unit_test(every_prefix_and_every_flipped_bit_is_refused_or_reencodes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
