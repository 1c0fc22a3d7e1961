/*
 * Lists and searches over sealed fields: right after whatever changes, and on no disk.
 */
#include "tests/unit/replicas/offices.h"

#include "proto/mem.h"
#include "replicas/plain.h"

#define NAME "Xochiquetzal de prueba"

static size_t found(struct office *o, const char *text)
{
    office_run(o, ST_OK, "find", text, NULL);
    return office_rows(o);
}

static void searches_follow_the_records(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    assert_int_equal(found(&o, NAME), 0);
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL);
    office_id(&o, id);
    assert_int_equal(found(&o, "xochiquetzal"), 1); /* without case */
    office_run(&o, ST_OK, "set", id, "head_name=otra", NULL);
    assert_int_equal(found(&o, NAME), 0);
    assert_int_equal(found(&o, "otra"), 1);
    office_run(&o, ST_OK, "set", id, "head_name=", NULL);
    assert_int_equal(found(&o, "otra"), 0);
    office_close(&o);
}

static void filters_and_order(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "household=H1", "head_name=Ñandú", NULL);
    office_run(&o, ST_OK, "add", "household", "household=H2", "head_name=abeja", "phone=7", NULL);
    office_run(&o, ST_OK, "add", "household", "household=H3", "commune=Pudahuel", NULL);
    office_run(&o, ST_OK, "list", "household", "head_name=nandu", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "fields.household"), "H1");
    office_run(&o, ST_OK, "list", "household", "head_name=", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "fields.household"), "H3");
    office_run(&o, ST_OK, "list", "household", "phone=7", "--count", NULL);
    assert_int_equal(office_number(&o, 0, "count"), 1);
    office_run(&o, ST_OK, "list", "household", "--sort=-head_name", "--limit=2", NULL);
    assert_int_equal(office_rows(&o), 2);
    assert_string_equal(office_text(&o, 0, "fields.household"), "H1");
    assert_string_equal(office_text(&o, 1, "fields.head_name"), "abeja");
    office_close(&o);
}

/* A few at a time in quiet moments; the values are there for lists that ask for none. */
static void read_ahead(void **state)
{
    (void)state;
    struct office o;
    bool more = true;
    office_found(&o, "santiago");
    for (int i = 0; i < 3; i++)
        office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL);
    assert_int_equal(replica_refresh_index(o.replica, NULL), ST_OK);
    assert_int_equal(plain_update(o.replica, 2, &more, NULL), ST_OK);
    assert_true(more);
    assert_int_equal(plain_update(o.replica, 2, &more, NULL), ST_OK);
    assert_false(more);
    office_run(&o, ST_OK, "list", "household", NULL);
    assert_int_equal(office_rows(&o), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(office_text(&o, i, "fields.head_name"), NAME);
    assert_int_equal(plain_forget(o.replica, NULL), ST_OK);
    assert_int_equal(found(&o, NAME), 3);
    office_close(&o);
}

struct search {
    const char *text;
    char folder[OFFICE_HOME_BYTES];
    unsigned files;
};
static struct search hunt;

static int look_into(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)place;
    if (kind != FTW_F)
        return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    struct buf all = {0};
    uint8_t part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&all, part, got);
    fclose(file);
    hunt.files++;
    bool hit = all.count > 0 && memmem(all.data, all.count, hunt.text, strlen(hunt.text)) != NULL;
    buf_release(&all);

    return hit ? 1 : 0;
}

/* The home of an office that reads everything: searched while it is open, and after it closed. */
static void nothing_in_clear_on_the_disk(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    for (int i = 0; i < 40; i++)
        office_run(&o, ST_OK, "add", "household", "household=open-key", "head_name=" NAME, NULL);
    office_id(&o, id);
    office_run(&o, ST_OK, "set", id, "phone=" NAME, NULL);
    assert_int_equal(found(&o, NAME), 40);
    office_run(&o, ST_OK, "list", "household", "--sort=head_name", NULL);
    assert_int_equal(replica_checkpoint(o.replica, NULL), ST_OK);
    hunt = (struct search){.text = NAME};
    assert_int_equal(nftw(o.home, look_into, 16, FTW_PHYS), 0);
    assert_true(hunt.files > 5);
    hunt.text = "open-key"; /* the search would find what is there */
    assert_int_equal(nftw(o.home, look_into, 16, FTW_PHYS), 1);
    replica_drop(o.replica);
    hunt.text = NAME;
    assert_int_equal(nftw(o.home, look_into, 16, FTW_PHYS), 0);
    office_open(&o);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_follow_the_records),
        cmocka_unit_test(filters_and_order),
        cmocka_unit_test(read_ahead),
        cmocka_unit_test(nothing_in_clear_on_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
