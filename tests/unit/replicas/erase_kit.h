/*
 * erase_kit: some offices and an auditor that exchange commits and sealed items by hand, and do
 * unasked what they do in quiet moments; for the tests of files, disclosures and erasures.
 */
#ifndef TESTS_ERASE_KIT_H
#define TESTS_ERASE_KIT_H

#include <sodium.h>

#include "proto/mem.h"
#include "replicas/engine.h"
#include "replicas/tend.h"
#include "tests/unit/replicas/offices.h"

enum { SANTIAGO, IQUIQUE, TALCA, AUDITOR, KIT_OFFICES };

struct kit {
    struct office o[KIT_OFFICES];
    struct tend tend[KIT_OFFICES];
    uint32_t count;
    uint64_t now_ms;
};

static inline void kit_tend_init(struct kit *k, uint32_t i)
{
    tend_init(&k->tend[i], &(struct tend_options){.acknowledge_ms = 1000 * 1000 * 1000});
}

/* The founder and 'offices' - 1 others; the auditor too where 'auditor'. */
static inline void kit_begin(struct kit *k, uint32_t offices, bool auditor)
{
    static const char *const labels[] = {"santiago", "iquique", "talca", "auditor"};
    *k = (struct kit){.count = auditor ? KIT_OFFICES : offices, .now_ms = 1000};
    office_found(&k->o[SANTIAGO], labels[SANTIAGO]);
    for (uint32_t i = 1; i < k->count; i++)
        office_join(&k->o[i], &k->o[SANTIAGO], labels[i],
                    i == AUDITOR ? CHARTER_AUDITOR : CHARTER_OFFICE);
    for (uint32_t i = 0; i < k->count; i++)
        kit_tend_init(k, i);
}

static inline void kit_end(struct kit *k)
{
    for (uint32_t i = 0; i < k->count; i++)
        office_close(&k->o[i]);
}

/* Quiet moments of one member, until nothing is left to do at once. */
static inline void kit_tend(struct kit *k, uint32_t i)
{
    struct office *o = &k->o[i];
    bool wrote = true;
    for (int round = 0; round < 64; round++) {
        uint64_t next;
        k->now_ms += 20 * 1000;
        if (tend_run(&k->tend[i], o->replica, k->now_ms, &next, &wrote, &o->fault) != ST_OK)
            fail_msg("%s", o->fault.text);
        if (k->tend[i].trouble.code != ST_OK)
            fail_msg("%s", k->tend[i].trouble.text);
        assert_int_equal(replica_sync(o->replica, &o->fault), ST_OK);
        if (round > 2 && next > k->now_ms + 20 * 1000)
            break;
    }
}

/* The chunks that 'to' wants, at most 'max'. Returns how many came. */
static inline uint32_t kit_send_files(struct office *from, struct office *to, uint32_t max)
{
    const struct key *theirs = &replica_identity(from->replica)->key;
    const struct key *ours = &replica_identity(to->replica)->key;
    struct digest after = {{0}}, names[16];
    uint32_t count = 1, came = 0;
    bool more;
    while (count > 0 && came < max) {
        assert_int_equal(custody_wishes(to->replica, CUSTODY_FILES, theirs, &after, 16, names,
                                        &count, &more, &to->fault),
                         ST_OK);
        for (uint32_t i = 0; i < count && came < max; i++) {
            struct buf item = {0};
            enum status status = custody_give(from->replica, ours, &names[i], &item, &from->fault);
            if (status == ST_OK)
                status = custody_keep(to->replica, &names[i], buf_bytes(&item), &to->fault);
            came += status == ST_OK ? 1 : 0;
            buf_release(&item);
            after = names[i];
        }
    }
    assert_int_equal(replica_sync(to->replica, &to->fault), ST_OK);
    return came;
}

/* Everybody of 'who' (bits) tells everybody of 'who' everything, and has its quiet moments. */
static inline void kit_mix(struct kit *k, unsigned who)
{
    for (int round = 0; round < 4; round++)
        for (uint32_t i = 0; i < k->count; i++) {
            if ((who >> i & 1) == 0)
                continue;
            kit_tend(k, i);
            for (uint32_t n = 0; n < k->count; n++) {
                if (n == i || (who >> n & 1) == 0)
                    continue;
                office_send(&k->o[i], &k->o[n]);
                (void)office_send_sealed(&k->o[i], &k->o[n]);
                (void)kit_send_files(&k->o[i], &k->o[n], UINT32_MAX);
            }
        }
}

/* Everything of one member again from its disk, as after a crash: nothing is written at the end. */
static inline void kit_crash(struct kit *k, uint32_t i)
{
    replica_drop(k->o[i].replica);
    office_open(&k->o[i]);
    kit_tend_init(k, i);
}

/* A family with a name, at SANTIAGO. */
static inline void kit_family(struct kit *k, const char *name, char id[static ENTRY_ID_TEXT + 1])
{
    char word[128];
    snprintf(word, sizeof word, "head_name=%s", name);
    office_run(&k->o[SANTIAGO], ST_OK, "add", "household", "commune=Pudahuel", word, NULL);
    office_id(&k->o[SANTIAGO], id);
}

/* What that member's person reads in a field; "" where nothing. */
static inline const char *kit_reads(struct office *o, const char *id, const char *field)
{
    static char text[256];
    char path[64];
    office_run(o, ST_OK, "show", id, NULL);
    snprintf(path, sizeof path, "fields.%s", field);
    const char *found = json_string_value(office_at(o, 0, path));
    snprintf(text, sizeof text, "%s", found != NULL ? found : "");
    return text;
}

/* A part of a file as the command line sends it. */
static inline enum status kit_part(struct office *o, const char *id, const char *upload,
                                   uint64_t bytes, uint64_t offset, const void *data, size_t count,
                                   const char *more)
{
    size_t room = sodium_base64_ENCODED_LEN(count, sodium_base64_VARIANT_ORIGINAL);
    char *text = mem_alloc(room + 16);
    char up[64], all[40], at[40];
    struct control_request q = {.verb = BYTES("attach"), .word_count = 1, .option_count = 4};
    sodium_bin2base64(text, room, data, count, sodium_base64_VARIANT_ORIGINAL);
    snprintf(up, sizeof up, "%s", upload);
    snprintf(all, sizeof all, "%llu", (unsigned long long)bytes);
    snprintf(at, sizeof at, "%llu", (unsigned long long)offset);
    q.words[0] = bytes_of_text(id);
    q.options[0] = (struct control_option){BYTES("upload"), bytes_of_text(up)};
    q.options[1] = (struct control_option){BYTES("bytes"), bytes_of_text(all)};
    q.options[2] = (struct control_option){BYTES("offset"), bytes_of_text(at)};
    q.options[3] = (struct control_option){BYTES("content"), bytes_of_text(text)};
    if (more != NULL) {
        const char *equals = strchr(more, '=');
        size_t name = equals != NULL ? (size_t)(equals - more) : strlen(more);
        q.options[q.option_count++] = (struct control_option){
            {(const uint8_t *)more, name}, equals != NULL ? bytes_of_text(equals + 1) : BYTES("")};
    }
    struct verb_call call = {.replica = o->replica,
                             .request = &q,
                             .author = BYTES("ana <ana@example.org>"),
                             .user = o,
                             .row = office_row};
    json_array_clear(o->rows);
    memset(&o->fault, 0, sizeof o->fault);
    enum status status = verb_run(&call, &o->fault);
    assert_int_equal(replica_sync(o->replica, NULL), ST_OK);
    mem_free(text);
    return status;
}

#define KIT_UPLOAD "00112233445566778899aabbccddeeff"

/* A whole file of one part. */
static inline void kit_attach(struct office *o, const char *id, const void *data, size_t count,
                              const char *more, char file[static ENTRY_ID_TEXT + 1])
{
    if (kit_part(o, id, KIT_UPLOAD, count, 0, data, count, more) != ST_OK)
        fail_msg("%s", o->fault.text);
    office_id(o, file);
}

/* How many items that member's vault holds of a record. */
static inline enum status kit_count_one(void *user, const struct vault_facts *facts)
{
    (void)facts;
    ++*(uint32_t *)user;
    return ST_OK;
}
static inline uint32_t kit_held(struct office *o, const char *type, const char *id)
{
    uint32_t count = 0;
    assert_int_equal(vault_each(o->replica->vault, bytes_of_text(type), bytes_of_text(id),
                                kit_count_one, &count, &o->fault),
                     ST_OK);
    return count;
}

#endif
