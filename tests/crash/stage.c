#include "tests/crash/stage.h"

#include <sys/stat.h>

#include "tests/crash/image.h"

void stage_path(const struct stage *s, const char *name, char out[static 128])
{
    int used = snprintf(out, 128, "%s/%s", s->root, name);
    assert_true(used > 0 && used < 128);
}

/* The subject's home is put where it can be recorded. */
static void move_home(struct stage *s)
{
    char path[128];
    snprintf(s->root, sizeof s->root, "/tmp/minga-crash-XXXXXX");
    assert_non_null(mkdtemp(s->root));
    stage_path(s, "home", path);
    assert_int_equal(replica_close(s->o->replica, &s->o->fault), ST_OK);
    assert_int_equal(rename(s->o->home, path), 0);
    assert_true(strlen(path) < sizeof s->o->home);
    memcpy(s->o->home, path, strlen(path) + 1);
    office_open(s->o);
}

void stage_begin(struct stage *s, uint32_t offices, bool auditor, uint32_t subject)
{
    *s = (struct stage){.subject = subject};
    kit_begin(&s->kit, offices, auditor);
    s->o = &s->kit.o[subject];
    for (uint32_t i = 0; i < s->kit.count; i++)
        for (uint32_t j = 0; j < s->kit.count; j++)
            if (i != j)
                office_send(&s->kit.o[i], &s->kit.o[j]);
    move_home(s);
    stage_told(s);
}

void stage_record(struct stage *s)
{
    uint32_t kept = 0; /* what ended before it began does not count */
    for (uint32_t i = 0; i < s->promise_count; i++)
        if (s->promises[i].until == SIZE_MAX)
            s->promises[kept++] = s->promises[i];
    s->promise_count = kept;
    trace_begin(s->root);
}

void stage_end(struct stage *s)
{
    for (uint32_t i = 0; i < s->kit.count; i++) {
        replica_drop(s->kit.o[i].replica);
        s->kit.o[i].replica = NULL;
        if (i != s->subject)
            image_remove(s->kit.o[i].home);
    }
    image_remove(s->root);
}

void stage_release(struct stage *s)
{
    for (uint32_t i = 0; i < s->kit.count; i++)
        json_decref(s->kit.o[i].rows);
    for (uint32_t i = 0; i < s->promise_count; i++)
        mem_free(s->promises[i].vow);
    buf_release(&s->spare);
}

void stage_empty(struct stage *s)
{
    replica_drop(s->o->replica);
    s->o->replica = NULL;
    image_remove(s->o->home);
    for (uint32_t i = 0; i < s->promise_count; i++)
        mem_free(s->promises[i].vow);
    s->promise_count = s->told = 0;
    s->made = true;
}

void stage_cut(struct stage *s, size_t boundary)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->promise_count; i++) {
        if (s->promises[i].from > boundary) {
            mem_free(s->promises[i].vow);
            continue;
        }
        s->promises[kept] = s->promises[i];
        s->promises[kept++].from = 0;
    }
    s->promise_count = kept;
    s->told = 0; /* what is there all the same is promised once it was shown */
}

struct promise *stage_promise(struct stage *s, enum promise_kind kind)
{
    assert_true(s->promise_count < PROMISES_MAX);
    struct promise *p = &s->promises[s->promise_count++];
    *p = (struct promise){.kind = kind, .from = trace_count(), .until = SIZE_MAX};
    return p;
}

void stage_promise_file(struct stage *s, const char *name)
{
    char path[128];
    struct stat about;
    stage_path(s, name, path);
    assert_int_equal(stat(path, &about), 0);
    struct promise *p = stage_promise(s, PROMISE_FILE);
    snprintf(p->value, sizeof p->value, "%s", name);
    p->number = (uint64_t)about.st_size;
}

/* One of a kind: the newest takes the place of the one before, which ends only now. */
static void promise_key(struct stage *s)
{
    const struct key *now = &replica_identity(s->o->replica)->key;
    for (uint32_t i = s->promise_count; i-- > 0;)
        if (s->promises[i].kind == PROMISE_KEY && memcmp(&s->promises[i].key, now, KEY_BYTES) == 0)
            return;
    stage_promise(s, PROMISE_KEY)->key = *now;
}

static void promise_vow(struct stage *s)
{
    const struct council *c = s->o->replica->council;
    struct council *kept = mem_alloc(sizeof *kept);
    assert_non_null(kept);
    *kept = (struct council){.version = c->version, .previous = c->previous, .vow = c->vow};
    for (uint32_t i = s->promise_count; i-- > 0;) {
        const struct council *old = s->promises[i].vow;
        if (old != NULL && memcmp(&old->vow, &kept->vow, sizeof kept->vow) == 0 &&
            old->version == kept->version) {
            mem_free(kept);
            return;
        }
    }
    stage_promise(s, PROMISE_VOW)->vow = kept;
}

void stage_told(struct stage *s)
{
    struct graph *g = replica_graph(s->o->replica);
    const struct charter *newest = charter_newest(replica_charters(s->o->replica));
    for (; s->told < graph_count(g); s->told++)
        stage_promise(s, PROMISE_COMMIT)->commit = graph_node(g, s->told)->id;
    bool known = false;
    for (uint32_t i = 0; i < s->promise_count; i++)
        known = known || (s->promises[i].kind == PROMISE_CHARTER &&
                          memcmp(&s->promises[i].digest, &newest->hash, DIGEST_BYTES) == 0);
    if (!known) {
        struct promise *p = stage_promise(s, PROMISE_CHARTER);
        p->number = newest->version;
        p->digest = newest->hash;
    }
    promise_vow(s);
    promise_key(s);
}

void stage_reads(struct stage *s, const char *id, const char *field, const char *value)
{
    struct promise *p = stage_promise(s, PROMISE_READS);
    snprintf(p->id, sizeof p->id, "%s", id);
    snprintf(p->field, sizeof p->field, "%s", field);
    snprintf(p->value, sizeof p->value, "%s", value);
}

void stage_changing(struct stage *s, const char *id, const char *field)
{
    for (uint32_t i = 0; i < s->promise_count; i++) {
        struct promise *p = &s->promises[i];
        bool about = p->kind == PROMISE_READS || p->kind == PROMISE_HOLDS;
        if (about && strcmp(p->id, id) == 0 && p->until == SIZE_MAX &&
            (field == NULL || strcmp(p->field, field) == 0))
            p->until = trace_count();
    }
}

void stage_family(struct stage *s, const char *name, char id[static ENTRY_ID_TEXT + 1])
{
    char word[128];
    snprintf(word, sizeof word, "head_name=%s", name);
    stage_do(s, "add", "household", "commune=Pudahuel", word);
    office_id(s->o, id);
    stage_reads(s, id, "commune", "Pudahuel");
    stage_reads(s, id, "head_name", name);
}

void stage_tend(struct stage *s, uint32_t i)
{
    kit_tend(&s->kit, i);
    if (i == s->subject)
        stage_told(s);
}
