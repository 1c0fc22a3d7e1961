/*
 * bench_money: the homes of a treasurer and three offices whose history is money alone: each writes
 * a few commits, then they exchange, so that commits build on joins in which owners debited and
 * others credited one account. What `minga verify` and `minga audit` are timed on.
 *
 * usage: bench_money FOLDER SCHEMA.json COMMITS ENTRIES_A_COMMIT
 * Prints one line of JSON. FOLDER/santiago, FOLDER/iquique, FOLDER/arica and FOLDER/calama are then
 * homes, at one state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "proto/limits.h"
#include "replicas/replica.h"

enum { OFFICES = 4, BURST = 10, PATH_BYTES = 512, CONTENT_BYTES = 400, FILE_BYTES_MAX = 1 << 20 };

static const char *const LABELS[OFFICES] = {"santiago", "iquique", "arica", "calama"};

struct bench {
    char homes[OFFICES][PATH_BYTES];
    struct replica *of[OFFICES];
    uint64_t commits, entries;
    uint32_t number;              /* of the next entry */
    struct oid common[HEADS_MAX]; /* the tips when all had exchanged: everybody knows them */
    uint32_t common_count;
    struct fault fault;
};

static void must(struct bench *b, enum status status, const char *what)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "bench_money: %s: %s: %s\n", what, status_text(status), b->fault.text);
    exit(1);
}

static void found(struct bench *b, const char *schema_path)
{
    static uint8_t json[FILE_BYTES_MAX];
    struct digest network;
    FILE *file = fopen(schema_path, "rb");
    size_t count = file != NULL ? fread(json, 1, sizeof json, file) : 0;
    if (file != NULL)
        fclose(file);
    must(b,
         replica_found(b->homes[0], "bench", LABELS[0], "", (struct bytes){json, count}, &network,
                       &b->fault),
         "found");
    struct replica_options options = {.home = b->homes[0]};
    must(b, replica_open(&options, &b->of[0], &b->fault), "open");
    for (int i = 1; i < OFFICES; i++) {
        struct home_identity identity;
        struct charter_member member = {.role = CHARTER_OFFICE};
        must(b, home_make(b->homes[i], &identity, &b->fault), "make a home");
        snprintf(member.label, sizeof member.label, "%s", LABELS[i]);
        member.key = identity.key;
        sodium_memzero(&identity, sizeof identity);
        must(b, replica_add_member(b->of[0], &member, &b->fault), "add a member");
    }
    const struct charter_chain *chain = replica_charters(b->of[0]);
    struct bytes files[OFFICES];
    for (uint32_t i = 0; i < chain->count && i < OFFICES; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    for (int i = 1; i < OFFICES; i++) {
        options.home = b->homes[i];
        must(b, replica_enter(b->homes[i], LABELS[i], &network, files, chain->count, &b->fault),
             "enter");
        must(b, replica_open(&options, &b->of[i], &b->fault), "open");
    }
}

static void add(struct bench *b, struct op_list *ops, const char *type, const char *content)
{
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(content)};
    must(b, op_list_add(ops, &op), "an entry");
    b->entries++;
}

static void write_ops(struct bench *b, int who, struct op_list *ops)
{
    struct replica_commit done;
    must(b, replica_write(b->of[who], ops, BYTES("ana <ana@bench>"), &done, &b->fault), "write");
    op_list_release(ops);
    store_tidy(replica_store(b->of[who]));
    if (replica_wants_checkpoint(b->of[who], false))
        must(b, replica_checkpoint(b->of[who], &b->fault), "checkpoint");
    b->commits++;
}

static void add_allotment(struct bench *b, struct op_list *ops, const char *office)
{
    char text[CONTENT_BYTES];
    snprintf(text, sizeof text,
             "{\"amount\":1000000,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
             "\"date\":\"2009-07-05\",\"holder\":\"santiago\",\"office\":\"%s\",\"ref\":\"A%u\"}",
             office, b->number++);
    add(b, ops, "allotment", text);
}

static void add_expense(struct bench *b, struct op_list *ops, const char *office)
{
    char text[CONTENT_BYTES];
    snprintf(text, sizeof text,
             "{\"amount\":%u,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
             "\"date\":\"2009-09-22\",\"office\":\"%s\",\"receipt\":\"boleta %u\",\"ref\":\"X%u\"}",
             1 + b->number % 1000, office, b->number, b->number);
    b->number++;
    add(b, ops, "expense", text);
}

static void add_pass(struct bench *b, struct op_list *ops, const char *office, const char *to)
{
    char text[CONTENT_BYTES];
    snprintf(text, sizeof text,
             "{\"amount\":%u,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
             "\"date\":\"2009-09-22\",\"office\":\"%s\",\"ref\":\"P%u\",\"to\":\"%s\","
             "\"to_line\":\"workshops\"}",
             1 + b->number % 1000, office, b->number, to);
    b->number++;
    add(b, ops, "pass", text);
}

/* One commit: the treasurer allots, everybody spends, and hands some of it on. */
static void write_one(struct bench *b, int who, uint32_t entries)
{
    struct op_list ops = {0};
    for (uint32_t i = 0; i < entries; i++) {
        if (who == 0 && i < OFFICES)
            add_allotment(b, &ops, LABELS[i]);
        else if (i == 0)
            add_pass(b, &ops, LABELS[who], LABELS[(who + 1) % OFFICES]);
        else
            add_expense(b, &ops, LABELS[who]);
    }
    write_ops(b, who, &ops);
}

struct taking {
    struct bench *bench;
    struct replica *to;
};

static void take(void *user, const struct oid *id, struct bytes item)
{
    struct taking *t = user;
    struct replica_verdict verdict;
    (void)id;
    enum status status = replica_accept(t->to, item, &verdict, &t->bench->fault);
    must(t->bench, status == ST_EXISTS ? ST_OK : status, "accept");
    store_tidy(replica_store(t->to));
}

static uint32_t get_tips(struct replica *r, struct oid *out)
{
    uint32_t count;
    const uint32_t *tips = graph_tips(replica_graph(r), &count);
    for (uint32_t i = 0; i < count; i++)
        out[i] = graph_node(replica_graph(r), tips[i])->id;
    return count;
}

static void carry(struct bench *b, struct replica *from, struct replica *to)
{
    struct taking taking = {b, to};
    struct oid known[2 * HEADS_MAX];
    bool more = true, unknown;
    memcpy(known, b->common, sizeof b->common);
    while (more) {
        uint32_t count = get_tips(to, known + b->common_count) + b->common_count;
        must(b,
             replica_lacking(from, known, count, BATCH_BYTES_MAX, take, &taking, &more, &unknown,
                             &b->fault),
             "exchange");
    }
    must(b, replica_sync(to, &b->fault), "sync");
}

static void exchange(struct bench *b)
{
    for (int i = 1; i < OFFICES; i++)
        carry(b, b->of[i], b->of[0]);
    for (int i = 1; i < OFFICES; i++)
        carry(b, b->of[0], b->of[i]);
    b->common_count = get_tips(b->of[0], b->common);
}

static void begin(struct bench *b)
{
    struct op_list ops = {0};
    add(b, &ops, "grant",
        "{\"amount\":9007199254740991,\"currency\":\"CLP\",\"date\":\"2009-07-01\","
        "\"funder\":\"FOSIS\",\"holder\":\"santiago\",\"ref\":\"grant\"}");
    for (int i = 0; i < OFFICES; i++)
        add_allotment(b, &ops, LABELS[i]);
    write_ops(b, 0, &ops);
    exchange(b);
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (argc != 5 || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_money FOLDER SCHEMA.json COMMITS ENTRIES_A_COMMIT\n");
        return 2;
    }
    uint64_t commits = strtoull(argv[3], NULL, 10);
    uint32_t entries = (uint32_t)strtoul(argv[4], NULL, 10);
    if (entries < 1 || entries > 200)
        return 2;
    (void)mkdir(argv[1], 0700);
    for (int i = 0; i < OFFICES; i++)
        snprintf(b.homes[i], sizeof b.homes[i], "%s/%s", argv[1], LABELS[i]);
    found(&b, argv[2]);
    begin(&b);
    while (b.commits < commits) {
        for (int who = 0; who < OFFICES; who++)
            for (int i = 0; i < BURST && b.commits < commits; i++)
                write_one(&b, who, entries);
        exchange(&b);
    }
    for (int i = 0; i < OFFICES; i++)
        must(&b, replica_close(b.of[i], &b.fault), "close");
    printf("{\"commits\":%llu,\"entries\":%llu}\n", (unsigned long long)b.commits,
           (unsigned long long)b.entries);
    return 0;
}
