#include "tests/unit/replicas/book_kit.h"

#include <dirent.h>
#include <sodium.h>
#include <sys/stat.h>

#include "proto/mem.h"
#include "replicas/kit.h"
#include "replicas/sshsig.h"

enum { PATH_BYTES = 256 };

struct desk { /* an office with some entries, and a folder for the kit */
    struct office office;
    struct home_identity identity;
    char dir[PATH_BYTES];
};

static void write_something(struct office *o)
{
    office_run(o, ST_OK, "add", "grant", "ref=G1", "holder=santiago", "date=2009-07-01",
               "currency=USD", "amount=200000", NULL);
    office_run(o, ST_OK, "add", "exchange", "ref=X1", "holder=santiago", "date=2009-07-03",
               "from_currency=USD", "from_amount=200000", "to_currency=CLP", "to_amount=108000000",
               NULL);
    office_run(o, ST_OK, "add", "allotment", "ref=A1", "holder=santiago", "office=santiago",
               "budget_line=workshops", "currency=CLP", "amount=1000", NULL);
    office_run(o, ST_OK, "add", "expense", "ref=S1", "office=santiago", "budget_line=workshops",
               "date=2009-08-01", "currency=CLP", "amount=400", "receipt==1+1", NULL);
}

static int setup(void **state)
{
    static struct desk d;
    office_found(&d.office, "santiago");
    write_something(&d.office);
    assert_int_equal(replica_checkpoint(d.office.replica, &d.office.fault), ST_OK);
    assert_int_equal(home_identity(d.office.home, &d.identity, &d.office.fault), ST_OK);
    snprintf(d.dir, sizeof d.dir, "%s/kit", d.office.home);
    *state = &d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    office_close(&d->office);
    return 0;
}

static enum status make(struct desk *d, bool signs, struct kit_report *report)
{
    static const struct kit_file extra = {"audit.json", {(const uint8_t *)"{}\n", 3}};
    struct kit_options options = {.home = d->office.home,
                                  .dir = d->dir,
                                  .identity = signs ? &d->identity : NULL,
                                  .extras = &extra,
                                  .extra_count = 1};
    return kit_write(&options, report, &d->office.fault);
}

static struct buf file_of(const struct desk *d, const char *name)
{
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    return programme_file(path);
}

static void take_away(const struct desk *d)
{
    assert_int_equal(nftw(d->dir, office_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static uint32_t names_in(const char *dir)
{
    DIR *open = opendir(dir);
    uint32_t count = 0;
    assert_non_null(open);
    for (struct dirent *one; (one = readdir(open)) != NULL;)
        count += one->d_name[0] != '.' ? 1 : 0;
    closedir(open);
    return count;
}

/* Every file is in the list, once, under its digest. */
static void check_sums(const struct desk *d, const struct kit_report *report)
{
    struct buf sums = file_of(d, "SHA256SUMS");
    uint8_t digest[32];
    char hex[65], csv[2 * PATH_BYTES], *at = (char *)sums.data, *end = at + sums.count;
    uint32_t lines = 0;
    while (at < end) {
        char *line_end = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(line_end);
        *line_end = '\0';
        struct buf content = file_of(d, at + 66);
        crypto_hash_sha256(digest, content.data, content.count);
        hex_encode(digest, sizeof digest, hex);
        assert_memory_equal(at, hex, 64);
        assert_memory_equal(at + 64, "  ", 2);
        *line_end = '\n';
        buf_release(&content);
        at = line_end + 1;
        lines++;
    }
    assert_int_equal(lines, report->files);
    snprintf(csv, sizeof csv, "%s/csv", d->dir);
    uint32_t unlisted = 1 + (report->signer[0] != '\0' ? 1 : 0) + 1; /* the lists, the folder */
    assert_int_equal(names_in(d->dir) - unlisted + names_in(csv), lines);
    crypto_hash_sha256(digest, sums.data, sums.count);
    hex_encode(digest, sizeof digest, hex);
    assert_string_equal(hex, report->digest);
    buf_release(&sums);
}

static void holds(const struct desk *d, const char *name, const char *part)
{
    struct buf text = file_of(d, name);
    if (strstr(buf_text(&text), part) == NULL)
        fail_msg("%s lacks %s:\n%s", name, part, buf_text(&text));
    buf_release(&text);
}

static void a_signed_kit(void **state)
{
    struct desk *d = *state;
    struct kit_report report;
    struct key key;
    uint8_t signature[SIGNATURE_BYTES];
    if (make(d, true, &report) != ST_OK)
        fail_msg("%s", d->office.fault.text);
    assert_string_equal(report.signer, "santiago");
    assert_int_equal(report.left_out, 0);
    check_sums(d, &report);
    struct buf sums = file_of(d, "SHA256SUMS"), armour = file_of(d, "SHA256SUMS.sig");
    assert_int_equal(sshsig_parse_as(kit_namespace, buf_bytes(&armour), &key, signature), ST_OK);
    assert_memory_equal(&key, &d->identity.key, sizeof key);
    assert_int_equal(sshsig_verify_as(kit_namespace, buf_bytes(&sums), &key, signature), ST_OK);
    buf_release(&sums);
    buf_release(&armour);
    holds(d, "CHECK.txt", "-I santiago -n minga-kit");
    holds(d, "allowed_signers", "santiago namespaces=\"git,minga-kit\" ssh-ed25519 AAAAC3Nza");
    holds(d, "heads", " santiago\n");
    holds(d, "journal.ledger", "CLP 0 = CLP 600\n");
    holds(d, "books.beancount", " 600 ~ 0 CLP\n");
    holds(d, "iati.xml", ">400</value>");
    holds(d, "csv/expense.csv", ",'=1+1,");
    holds(d, "csv/minga-accounts.csv", "santiago,workshops,CLP,1000,400,600\r\n");
    holds(d, "audit.json", "{}\n");
    struct kit_report again;
    assert_int_equal(make(d, true, &again), ST_EXISTS);
    take_away(d);
}

static void without_a_key_the_paper_has_the_digest(void **state)
{
    struct desk *d = *state;
    struct kit_report report;
    assert_int_equal(make(d, false, &report), ST_OK);
    assert_string_equal(report.signer, "");
    check_sums(d, &report);
    holds(d, "CHECK.txt", "    sha256sum SHA256SUMS\n");
    take_away(d);
    struct home_identity own = d->identity;
    d->identity.key.id[0] ^= 1; /* a key that the charter does not know signs nothing */
    assert_int_equal(make(d, true, &report), ST_OK);
    assert_string_equal(report.signer, "");
    d->identity = own;
    take_away(d);
}

static void one_state_one_kit(void **state)
{
    struct desk *d = *state;
    struct kit_report first, second;
    assert_int_equal(make(d, true, &first), ST_OK);
    take_away(d);
    assert_int_equal(make(d, true, &second), ST_OK);
    assert_string_equal(first.digest, second.digest);
    take_away(d);
}

static void what_is_not_in_the_repository_waits(void **state)
{
    struct desk *d = *state;
    struct kit_report report;
    struct oid other = {{7}};
    office_run(&d->office, ST_OK, "add", "contact", "contact=C1", NULL);
    assert_int_equal(make(d, true, &report), ST_WAITING);
    assert_int_not_equal(access(d->dir, F_OK), 0);
    assert_int_equal(replica_checkpoint(d->office.replica, &d->office.fault), ST_OK);
    struct kit_options options = {.home = d->office.home, .dir = d->dir, .state = &other};
    assert_int_equal(kit_write(&options, &report, &d->office.fault), ST_WAITING);
    assert_int_not_equal(access(d->dir, F_OK), 0);
    options.state = replica_state(d->office.replica);
    assert_int_equal(kit_write(&options, &report, &d->office.fault), ST_OK);
    take_away(d);
}

static void a_network_without_money(void **state)
{
    struct desk *d = *state;
    struct office fresh;
    struct kit_report report;
    office_found(&fresh, "santiago");
    assert_int_equal(replica_checkpoint(fresh.replica, &fresh.fault), ST_OK);
    struct kit_options options = {.home = fresh.home, .dir = d->dir};
    if (kit_write(&options, &report, &fresh.fault) != ST_OK)
        fail_msg("%s", fresh.fault.text);
    check_sums(d, &report);
    holds(d, "csv/minga-accounts.csv", "office,line,currency,credited,debited,balance\r\n");
    take_away(d);
    office_close(&fresh);
}

/* Not every allocation in turn, of which opening has thousands; whatever fails leaves nothing. */
static void no_memory(void **state)
{
    struct desk *d = *state;
    struct kit_report report;
    uint32_t failures = 0;
    assert_int_equal(mkdir(d->dir, 0700), 0);
    for (uint64_t n = 1;; n += 1 + n / 3) {
        mem_fail_at(n);
        enum status st = make(d, true, &report);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_true(st == ST_OK || (failed && st == ST_NO_MEMORY));
        if (st == ST_OK) {
            check_sums(d, &report);
            take_away(d);
            assert_int_equal(mkdir(d->dir, 0700), 0);
        } else {
            assert_int_equal(names_in(d->dir), 0);
            failures++;
        }
        if (!failed)
            break;
    }
    assert_true(failures > 10);
    take_away(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_kit),
        cmocka_unit_test(without_a_key_the_paper_has_the_digest),
        cmocka_unit_test(one_state_one_kit),
        cmocka_unit_test(what_is_not_in_the_repository_waits),
        cmocka_unit_test(a_network_without_money),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
