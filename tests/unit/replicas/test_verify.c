/*
 * verify: a sound home, then one byte of it changed, file by file: found and named, or without any
 * effect on what replay reaches.
 */
#include "tests/unit/replicas/homes.h"

#include <fcntl.h>
#include <ftw.h>
#include <git2.h>
#include <sodium.h>

#include "replicas/verify.h"

enum {
    DENSE_BYTES = 700,    /* every byte of what is smaller, and of the front of what is larger */
    STRIDE = 23,          /* then every 23rd, */
    SPARSE_STRIDE = 4099, /* and of the zeros written ahead of an open segment fewer */
    SPARSE_FROM = 4 * 1024,
    FILES_MAX = 64,
};

struct subject {
    char path[160];
    off_t bytes;
};

static struct subject subjects[FILES_MAX];
static size_t subject_count;

static int see_file(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)place;
    bool wanted = strstr(path, "/journal/") != NULL || strstr(path, "/charters/") != NULL ||
                  strstr(path, "/objects/pack/") != NULL ||
                  strstr(path, "/repo.git/refs/") != NULL || strstr(path, "/office") != NULL ||
                  strstr(path, "/identity") != NULL;
    if (kind != FTW_F || !wanted)
        return 0;
    assert_true(subject_count < FILES_MAX);
    snprintf(subjects[subject_count].path, sizeof subjects[0].path, "%s", path);
    subjects[subject_count++].bytes = about->st_size;
    return 0;
}

static void check(const char *home, struct verify_report *out)
{
    struct fault f = {0};
    enum status st = verify_home(home, out, &f);
    if (st != ST_OK)
        fail_msg("%s: %s", status_word(st), f.text);
}

/* Two checkpoints and a few commits behind the last one: feeds, packs, an open segment. */
static void fill(struct homes *p)
{
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    home_set(&p->b, 1, "b", "\"two\"");
    home_carry(&p->b, &p->a);
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    home_set(&p->a, 2, "a", "\"three\"");
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    home_set(&p->a, 3, "a", "\"four\"");
    home_set(&p->b, 4, "a", "\"five\"");
    home_carry(&p->b, &p->a);
    assert_int_equal(journal_idle(replica_journal(p->a.replica), &f), ST_OK);
}

static void a_sound_home(void **state)
{
    struct homes *p = *state;
    struct verify_report r;
    fill(p);
    check(p->a.home, &r); /* beside the process that has it open */
    if (!r.ok)
        fail_msg("%s", r.findings[0].text);
    assert_int_equal(r.commits, graph_count(replica_graph(p->a.replica)));
    assert_int_equal(r.signatures, r.commits);
    assert_memory_equal(r.state.id, replica_state(p->a.replica)->id, OID_BYTES);
    assert_memory_equal(r.network.id, p->network.id, DIGEST_BYTES);
    assert_string_equal(r.network_name, "prueba");
    assert_int_equal(r.charter, 2);
    assert_int_equal(r.finding_count, 0);
    assert_string_equal(r.unchecked, "sealed items, while the daemon runs");
}

static void no_home_is_an_error(void **state)
{
    struct homes *p = *state;
    struct verify_report r;
    struct fault f = {0};
    assert_int_equal(verify_home(p->a.folder, &r, &f), ST_NO_REPLICA);
    assert_true(f.fix[0] != '\0');
}

/* What a finding must name, for a file of that place. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (strstr(path, "/repo.git/refs/") != NULL)
        return strstr(path, "refs/");
    return slash + 1;
}

static bool named(const struct verify_report *r, const char *path)
{
    for (uint32_t i = 0; i < r->finding_count; i++)
        if (strstr(r->findings[i].text, name_of(path)) != NULL)
            return true;
    return false;
}

static void without(struct homes *p, const char *name, const char *told)
{
    char path[160], aside[176];
    struct verify_report r;
    snprintf(path, sizeof path, "%s/%s", p->a.home, name);
    snprintf(aside, sizeof aside, "%s.gone", path);
    assert_int_equal(rename(path, aside), 0);
    check(p->a.home, &r);
    if (r.ok)
        fail_msg("%s is gone, and nothing found", name);
    if (strstr(r.findings[0].text, told) == NULL)
        fail_msg("%s: %s", name, r.findings[0].text);
    assert_int_equal(rename(aside, path), 0);
}

static void a_file_is_gone(void **state)
{
    struct homes *p = *state;
    fill(p);
    replica_drop(p->a.replica);
    p->a.replica = NULL;
    without(p, "repo.git/refs/heads/iquique", "refs/heads/iquique");
    without(p, "repo.git/refs/heads/main", "refs/heads/main");
    without(p, "identity.pub", "identity.pub");
    without(p, "charters/0002.json", "charter");
    without(p, "journal", "journal");
    without(p, "repo.git/objects/pack", "missing");
}

struct tally {
    size_t found, harmless;
};

static void flip(const struct subject *s, int fd, off_t at, const char *home,
                 const struct verify_report *sound, struct tally *t)
{
    uint8_t byte, changed;
    struct verify_report r;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    changed = (uint8_t)(byte ^ 1u << (at % 8));
    assert_int_equal(pwrite(fd, &changed, 1, at), 1);
    struct fault f = {0};
    enum status st = verify_home(home, &r, &f);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    if (st != ST_OK || !r.ok) {
        t->found++;
        if (st == ST_OK ? !named(&r, s->path) : strstr(f.text, name_of(s->path)) == NULL)
            fail_msg("found, but not named: %s at %lld: %s", s->path, (long long)at,
                     st != ST_OK ? f.text : r.findings[0].text);
        return;
    }
    t->harmless++;
    if (memcmp(&r.state, &sound->state, sizeof r.state) != 0 || r.commits != sound->commits)
        fail_msg("%s, byte %lld: neither found nor harmless", s->path, (long long)at);
}

static off_t next_of(off_t at)
{
    return at + (at < DENSE_BYTES ? 1 : at < SPARSE_FROM ? STRIDE : SPARSE_STRIDE);
}

static void every_byte(void **state)
{
    struct homes *p = *state;
    struct verify_report sound;
    fill(p);
    replica_drop(p->a.replica); /* killed: the open segment stays */
    p->a.replica = NULL;
    check(p->a.home, &sound);
    assert_true(sound.ok);
    subject_count = 0;
    assert_int_equal(nftw(p->a.home, see_file, 16, FTW_PHYS), 0);
    for (size_t i = 0; i < subject_count; i++) {
        struct tally t = {0};
        int fd = open(subjects[i].path, O_RDWR | O_CLOEXEC);
        if (fd < 0) { /* packs are read-only files */
            assert_int_equal(chmod(subjects[i].path, 0600), 0);
            fd = open(subjects[i].path, O_RDWR | O_CLOEXEC);
        }
        assert_true(fd >= 0);
        for (off_t at = 0; at < subjects[i].bytes; at = next_of(at))
            flip(&subjects[i], fd, at, p->a.home, &sound, &t);
        assert_true(t.found > 0);
        if (strstr(subjects[i].path, ".log") == NULL) /* of which zeros are written ahead */
            if (t.harmless > 0)
                fail_msg("%s: %zu changes without effect", subjects[i].path, t.harmless);
        close(fd);
    }
    check(p->a.home, &sound);
    assert_true(sound.ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_home, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(no_home_is_an_error, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_file_is_gone, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(every_byte, homes_setup, homes_teardown),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
