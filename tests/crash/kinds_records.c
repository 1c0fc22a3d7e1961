/* Kinds of transaction: records, money, the journal, the packs and the index. */
#include "tests/crash/kinds.h"

#include "replicas/index.h"
#include "tests/crash/image.h"

enum { ROUNDS = 6 };

static void checkpoint(struct stage *s)
{
    if (replica_checkpoint(s->o->replica, &s->o->fault) != ST_OK)
        fail_msg("%s", s->o->fault.text);
}

void kinds_plain(struct stage *s)
{
    stage_begin(s, 2, false, SANTIAGO);
    stage_family(s, "Ana Rojas", s->ids[0]);
    stage_family(s, "Luz Soto", s->ids[1]);
    office_send(&s->kit.o[SANTIAGO], &s->kit.o[IQUIQUE]);
    checkpoint(s);
    stage_family(s, "Eva Diaz", s->ids[2]);
}

static void add(struct stage *s)
{
    char id[ENTRY_ID_TEXT + 1];
    stage_family(s, "Rosa Vera", id);
    stage_family(s, "Pia Mena", id);
}

static void set(struct stage *s)
{
    stage_changing(s, s->ids[0], "commune");
    stage_do(s, "set", s->ids[0], "commune=Maipu");
    stage_reads(s, s->ids[0], "commune", "Maipu");
    stage_changing(s, s->ids[2], "head_name");
    stage_do(s, "set", s->ids[2], "head_name=Eva Diaz Mora");
    stage_reads(s, s->ids[2], "head_name", "Eva Diaz Mora");
}

/* What waited together shares one sync. */
static void group(struct stage *s)
{
    char text[64];
    struct control_request q = {.verb = BYTES("add"), .word_count = 2};
    struct verb_call call = {.replica = s->o->replica,
                             .request = &q,
                             .author = BYTES("ana <ana@example.org>"),
                             .user = s->o,
                             .row = office_row};
    for (int i = 0; i < ROUNDS * ROUNDS; i++) {
        snprintf(text, sizeof text, "commune=Comuna %d", i);
        q.words[0] = BYTES("household");
        q.words[1] = bytes_of_text(text);
        assert_int_equal(verb_run(&call, &s->o->fault), ST_OK);
    }
    assert_int_equal(replica_sync(s->o->replica, &s->o->fault), ST_OK);
    stage_told(s);
}

static void import(struct stage *s)
{
    static const char rows[] = "household,office,commune,people,head_name\n"
                               "H001,santiago,Pudahuel,4,Ana Uno\nH002,santiago,Renca,2,Ana Dos\n"
                               "H003,santiago,Maipu,5,Ana Tres\nH004,santiago,Lampa,1,Ana Cuatro\n";
    char content[sizeof rows + 16];
    snprintf(content, sizeof content, "--content=%s", rows);
    stage_do(s, "import", "household", content);
}

static void programme(struct stage *s)
{
    kinds_plain(s);
    stage_do(s, "add", "programme", "title=Reference", "period_start=2026-05-01",
             "period_end=2026-06-30", "lines_currency=CLP", "line_strengthening=400000");
    stage_do(s, "add", "enterprise", "enterprise=E01", "office=santiago", "line=strengthening");
    stage_do(s, "fund", "grant", "USD", "2000", "--from=FOSIS", "--date=2026-05-01");
    checkpoint(s);
}

static void allot(struct stage *s)
{
    stage_do(s, "fund", "exchange", "USD", "1999.50", "CLP", "1000000", "--date=2026-05-01");
    stage_do(s, "fund", "allot", "santiago", "enterprises", "CLP", "500000", "--date=2026-05-01",
             "--ref=A1");
}

static void allotted(struct stage *s)
{
    programme(s);
    allot(s);
}

static void spend(struct stage *s)
{
    stage_do(s, "fund", "award", "E01", "CLP", "400000", "--date=2026-05-02");
    stage_do(s, "fund", "pay", "E01", "CLP", "400000", "--date=2026-05-03");
    stage_do(s, "fund", "purchase", "E01", "CLP", "50000", "mixer", "--receipt=boleta 78",
             "--supplier=Sodimac", "--date=2026-05-04", "--ref=P1");
    stage_do(s, "fund", "transfer", "P1", "--date=2026-05-05");
}

static void quarrel(struct stage *s)
{
    kinds_plain(s);
    struct office *other = &s->kit.o[IQUIQUE];
    stage_do(s, "add", "enterprise", "enterprise=E05", "stage=selection");
    office_id(s->o, s->ids[3]);
    office_send(s->o, other);
    stage_do(s, "set", s->ids[3], "stage=purchase");
    office_run(other, ST_OK, "set", s->ids[3], "stage=monitoring", NULL);
    office_send(other, s->o);
    stage_told(s);
}

static void resolve(struct stage *s)
{
    stage_do(s, "resolve", s->ids[3], "stage=monitoring");
    stage_reads(s, s->ids[3], "stage", "monitoring");
}

static void peer_wrote(struct stage *s)
{
    kinds_plain(s);
    for (int i = 0; i < ROUNDS; i++) {
        char word[64];
        snprintf(word, sizeof word, "commune=Norte %d", i);
        office_run(&s->kit.o[IQUIQUE], ST_OK, "add", "household", word, "head_name=Marta", NULL);
    }
}

static void accept(struct stage *s)
{
    office_send(&s->kit.o[IQUIQUE], s->o);
    stage_told(s);
}

static void peer_was_heard(struct stage *s)
{
    peer_wrote(s);
    accept(s);
}

/* What others wrote is signed over by an empty commit. */
static void acknowledge(struct stage *s)
{
    struct tend t;
    uint64_t next = 0;
    bool wrote = false;
    tend_init(&t, &(struct tend_options){.acknowledge_ms = 1});
    for (uint64_t now = 1000; !wrote && now < 1000000; now += 10000)
        assert_int_equal(tend_run(&t, s->o->replica, now, &next, &wrote, &s->o->fault), ST_OK);
    assert_true(wrote);
    assert_int_equal(replica_sync(s->o->replica, &s->o->fault), ST_OK);
    stage_told(s);
}

/* The newest write waits in the journal and is taken into pack and feed. */
static void one_checkpoint(struct stage *s)
{
    checkpoint(s);
    stage_told(s);
}

/* Small packs and feeds are merged on the way. */
static void checkpoints(struct stage *s)
{
    char id[ENTRY_ID_TEXT + 1];
    for (int i = 0; i < ROUNDS; i++) {
        stage_family(s, "Rosa Vera", id);
        checkpoint(s);
    }
    office_reopen(s->o); /* waits for the thread that merges packs */
}

static void close_and_open(struct stage *s)
{
    office_reopen(s->o);
    stage_told(s);
}

/* It is cut off while it recovers from being cut off. */
static void killed(struct stage *s)
{
    peer_was_heard(s);
    replica_drop(s->o->replica);
    s->o->replica = NULL;
}

/* The power went in the middle of a write: what is recorded is how the home recovers from that. */
static void torn(struct stage *s)
{
    struct trace t;
    char folder[64];
    kinds_plain(s);
    stage_record(s);
    add(s);
    trace_end(&t);
    replica_drop(s->o->replica);
    s->o->replica = NULL;
    size_t boundary = t.event_count - 1; /* the last sync is missing */
    assert_int_equal(t.events[boundary].kind, TRACE_SYNC);
    snprintf(folder, sizeof folder, "%s-torn", s->root);
    for (uint64_t seed = 1; image_build(&t, boundary, IMAGE_TORN, seed, folder) == 0; seed++)
        image_remove(folder); /* something has to be missing */
    stage_cut(s, boundary);
    image_remove(s->root);
    assert_int_equal(rename(folder, s->root), 0);
    trace_release(&t);
}

static void recover(struct stage *s)
{
    office_open(s->o);
    stage_told(s);
    checkpoint(s);
}

static void idle(struct stage *s)
{
    assert_int_equal(replica_checkpoint(s->o->replica, &s->o->fault), ST_OK);
    assert_int_equal(replica_refresh_index(s->o->replica, &s->o->fault), ST_OK);
    replica_rest(s->o->replica);
    assert_int_equal(journal_idle(replica_journal(s->o->replica), &s->o->fault), ST_OK);
}

static void no_index(struct stage *s)
{
    static const char *const names[] = {"home/index.db", "home/index.db-wal", "home/index.db-shm"};
    char path[128];
    kinds_plain(s);
    replica_drop(s->o->replica);
    for (size_t i = 0; i < 3; i++) {
        stage_path(s, names[i], path);
        (void)remove(path);
    }
    office_open(s->o);
}

static void list(struct stage *s)
{
    office_run(s->o, ST_OK, "list", "household", NULL);
    assert_int_equal(office_rows(s->o), 3);
}

static void attest(struct stage *s)
{
    char hex[OID_TEXT + 1], heads[OID_TEXT + 16], state[OID_TEXT + 16];
    uint32_t count;
    struct graph *g = replica_graph(s->o->replica);
    const uint32_t *nodes = graph_heads(g, &count);
    hex_encode(graph_node(g, nodes[0])->id.id, OID_BYTES, hex);
    snprintf(heads, sizeof heads, "--heads=%s", hex);
    hex_encode(replica_state(s->o->replica)->id, OID_BYTES, hex);
    snprintf(state, sizeof state, "--state=%s", hex);
    stage_do(s, "attest", state, heads, "--verdict=clean", "--commits=7", "--errors=0",
             "--warnings=0", "--notices=0",
             "--digest=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
}

static const struct kind all[] = {
    {"add", kinds_plain, add, true},
    {"set", kinds_plain, set, false},
    {"group", kinds_plain, group, false},
    {"import", kinds_plain, import, false},
    {"fund-allot", programme, allot, false},
    {"fund-spend", allotted, spend, false},
    {"resolve", quarrel, resolve, false},
    {"accept", peer_wrote, accept, true},
    {"acknowledge", peer_was_heard, acknowledge, false},
    {"checkpoint", peer_was_heard, one_checkpoint, true},
    {"checkpoints", kinds_plain, checkpoints, false},
    {"close-and-open", peer_was_heard, close_and_open, false},
    {"recover", killed, recover, false},
    {"recover-torn", torn, recover, false},
    {"idle", peer_was_heard, idle, false},
    {"index", no_index, list, false},
    {"attest", kinds_plain, attest, false},
};

const struct kinds kinds_records = {all, sizeof all / sizeof all[0]};
