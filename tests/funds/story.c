#include "tests/funds/story.h"

#include <stdarg.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/audit.h"
#include "replicas/beancount.h"
#include "replicas/json.h"
#include "replicas/ledger.h"
#include "replicas/op_list.h"

void act_word(struct act *a, const char *format, ...)
{
    va_list args;
    CHECK(a->count < ACT_WORDS_MAX);
    va_start(args, format);
    int used = vsnprintf(a->text[a->count++], ACT_WORD_BYTES, format, args);
    va_end(args);
    CHECK(used >= 0 && used < ACT_WORD_BYTES);
}

static void tell_text(struct story *s, struct bytes text)
{
    struct buf json = {0};
    json_add_text(&json, text);
    CHECK(buf_status(&json) == ST_OK);
    fwrite(json.data, 1, json.count, s->out);
    buf_release(&json);
}

void story_begin(struct story *s, struct crowd *c, FILE *out)
{
    *s = (struct story){.crowd = c, .out = out};
    fprintf(out, "{\"seed\":%llu,\"offices\":[", (unsigned long long)c->seed);
    for (uint32_t i = 0; i < c->count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? "," : "", c->of[i].label);
    fputs("],\"treasurers\":[", out);
    const char *comma = "";
    for (uint32_t i = 0; i < c->count; i++)
        if (c->plan->of[i].treasurer) {
            fprintf(out, "%s%u", comma, i);
            comma = ",";
        }
    fputs("]}\n", out);
}

void story_end(struct story *s)
{
    oid_map_release(&s->commits);
    for (uint32_t i = 0; i < CROWD_MAX; i++)
        book_free(s->books[i]);
}

/* ---- commits, as they become known ---- */

static void tell_op(struct story *s, const struct op *op)
{
    static const char *const verbs[] = {
        [OP_SET] = "set", [OP_ADD] = "add", [OP_DROP] = "drop", [OP_ENTRY] = "entry"};
    char id[ENTRY_ID_TEXT + 1];
    bool entry = op->verb == OP_ENTRY;
    hex_encode(entry ? op->entry : op->id, entry ? ENTRY_ID_BYTES : RECORD_ID_BYTES, id);
    fprintf(s->out, "[\"%s\",\"%.*s\",\"%s\",\"%.*s\",%.*s]", verbs[op->verb], (int)op->type.count,
            (const char *)op->type.data, id, (int)op->name.count, (const char *)op->name.data,
            (int)op->value.count, (const char *)op->value.data);
}

static uint32_t tell_commit(struct story *s, struct person *p, const struct graph_node *n,
                            uint32_t node)
{
    struct buf bytes = {0};
    struct item item;
    struct op_list ops = {0};
    struct fault f = {0};
    char hex[OID_TEXT + 1];
    crowd_must(s->crowd, replica_item(p->replica, node, &bytes, &item, &f), "read a commit", &f);
    crowd_must(s->crowd, op_list_decode(item.operations, &s->crowd->network, &ops), "read", NULL);
    hex_encode(n->id.id, OID_BYTES, hex);
    fprintf(s->out, "{\"commit\":%u,\"id\":\"%s\",\"by\":\"%.*s\",\"seq\":%llu,\"time\":%lld",
            s->commit_count, hex, (int)item.label.count, (const char *)item.label.data,
            (unsigned long long)item.seq, (long long)item.commit_time);
    fprintf(s->out, ",\"empty\":%s,\"on\":[", n->empty ? "true" : "false");
    struct graph *g = replica_graph(p->replica);
    for (uint32_t k = 0; k < n->parent_count; k++) {
        void *at = oid_map_find(&s->commits, &graph_node(g, graph_parent(g, n, k))->id);
        CHECK(at != NULL);
        fprintf(s->out, "%s%llu", k > 0 ? "," : "", (unsigned long long)(uintptr_t)at - 1);
    }
    fputs("],\"ops\":[", s->out);
    const char *comma = "";
    for (uint32_t i = 0; i < ops.count; i++) {
        if (ops.ops[i].verb == OP_CHARTER || ops.ops[i].verb == OP_ADOPT)
            continue;
        fputs(comma, s->out);
        tell_op(s, &ops.ops[i]);
        comma = ",";
    }
    fputs("]}\n", s->out);
    op_list_release(&ops);
    buf_release(&bytes);
    enum status st = oid_map_put(&s->commits, &n->id, (void *)((uintptr_t)s->commit_count + 1));
    CHECK(st == ST_OK);
    return s->commit_count++;
}

/* Whose keys are out of force, as far as a member knows, and what of theirs is kept. */
static void tell_retired(struct story *s, struct person *p)
{
    const struct charter *newest = charter_newest(replica_charters(p->replica));
    if (newest->retired_count == s->seen[p->index].retired)
        return;
    s->seen[p->index].retired = newest->retired_count;
    fprintf(s->out, "{\"retires\":%u,\"keys\":{", p->index);
    for (uint32_t i = 0; i < newest->retired_count; i++) {
        const struct charter_retired *key = &newest->retired[i];
        fprintf(s->out, "%s\"%s\":[", i > 0 ? "," : "", key->label);
        for (uint32_t k = 0; k < key->kept_count; k++) {
            uintptr_t at = (uintptr_t)oid_map_find(&s->commits, &key->kept[k]);
            CHECK(at > 0);
            fprintf(s->out, "%s%llu", k > 0 ? "," : "", (unsigned long long)at - 1);
        }
        fputs("]", s->out);
    }
    fputs("}}\n", s->out);
}

void story_look(struct story *s, struct person *p)
{
    uint32_t i = p->index;
    struct graph *g = replica_graph(p->replica);
    bool opened = s->seen[i].opened != p->opened;
    if (opened)
        s->seen[i].nodes = s->seen[i].retired = 0;
    s->seen[i].opened = p->opened;
    uint32_t first = s->seen[i].nodes, count = graph_count(g);
    s->seen[i].nodes = count;
    for (uint32_t n = first; n < count; n++)
        if (oid_map_find(&s->commits, &graph_node(g, n)->id) == NULL)
            (void)tell_commit(s, p, graph_node(g, n), n);
    if (opened)
        fprintf(s->out, "{\"opens\":%u,\"back\":%s}\n", i, p->went_back ? "true" : "false");
    tell_retired(s, p);
    if (first == count)
        return;
    fprintf(s->out, "{\"sees\":%u,\"commits\":[", i);
    for (uint32_t n = first; n < count; n++) {
        uintptr_t at = (uintptr_t)oid_map_find(&s->commits, &graph_node(g, n)->id);
        fprintf(s->out, "%s%llu", n > first ? "," : "", (unsigned long long)at - 1);
    }
    fputs("]}\n", s->out);
}

/* ---- what they try ---- */

static uint32_t take_words(const struct act *a, const char *out[ACT_WORDS_MAX + 2])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->count; i++)
        out[count++] = a->text[i];
    if (a->long_word != NULL)
        out[count++] = a->long_word;
    out[count] = NULL;
    return count;
}

static void tell_words(struct story *s, const char *name, const struct act *a)
{
    const char *words[ACT_WORDS_MAX + 2];
    uint32_t count = take_words(a, words);
    fprintf(s->out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        fputs(i > 0 ? "," : "", s->out);
        tell_text(s, bytes_of_text(words[i]));
    }
    fputs("]", s->out);
}

enum status story_act(struct story *s, struct person *p, const struct act *a,
                      struct crowd_answer *out)
{
    const char *words[ACT_WORDS_MAX + 2];
    struct fault f = {0};
    struct oid before = *replica_state(p->replica);
    uint32_t opened = p->opened;
    (void)take_words(a->as != NULL ? a->as : a, words);
    enum status st = crowd_ask(p, words, out, &f);
    if (st != ST_OK && p->opened == opened && !oid_equal(&before, replica_state(p->replica)) &&
        st != ST_PARTLY)
        crowd_fail(s->crowd, "%s refuses (%s: %s), and has another state", p->label,
                   status_word(st), f.text);
    fprintf(s->out, "{\"try\":%u", p->index);
    tell_words(s, "words", a);
    if (a->as != NULL)
        tell_words(s, "as", a->as);
    fprintf(s->out, ",\"said\":\"%s\",\"id\":\"%s\",\"commit\":\"%s\",\"why\":",
            p->opened != opened ? "power" : status_word(st), out->id, out->commit);
    tell_text(s, bytes_of_text(st == ST_OK ? "" : f.text));
    fputs("}\n", s->out);
    story_look(s, p);
    fprintf(s->out, "{\"tried\":%u}\n", p->index);
    return st;
}

void story_cheat(struct story *s, const struct person *p)
{
    fprintf(s->out, "{\"cheats\":%u}\n", p->index);
}

/* ---- what they say in the end ---- */

static void tell_accounts(struct story *s, const struct book *b)
{
    fputs(",\"accounts\":[", s->out);
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        fprintf(s->out, "%s[\"%s\",\"%s\",\"%s\",%lld]", i > 0 ? "," : "", book_text(b, a->owner),
                book_text(b, a->line), a->currency, (long long)(a->credited - a->debited));
    }
    fputs("],\"entries\":[", s->out);
    for (uint32_t i = 0; i < b->entry_count; i++) {
        char hex[ENTRY_ID_TEXT + 1];
        hex_encode(b->entries[i].id, ENTRY_ID_BYTES, hex);
        fprintf(s->out, "%s\"%s\"", i > 0 ? "," : "", hex);
    }
    fputs("]", s->out);
}

/* What an audit adds up, in the order of the model's words (rules.py). */
static void tell_totals(struct story *s, const struct audit_result *a)
{
    fprintf(s->out, ",\"closed\":%s,\"verdict\":\"%s\",\"totals\":{", a->closed ? "true" : "false",
            audit_verdict_word(a->verdict));
    for (uint32_t i = 0; i < a->total_count; i++) {
        const struct audit_total *t = &a->totals[i];
        const int64_t sums[] = {t->granted,  t->given,     t->received,    t->allotted,
                                t->passed,   t->awarded,   t->disbursed,   t->purchased,
                                t->expensed, t->receipted, t->handed_over, t->balance};
        fprintf(s->out, "%s\"%s\":[", i > 0 ? "," : "", t->currency);
        for (size_t k = 0; k < sizeof sums / sizeof sums[0]; k++)
            fprintf(s->out, "%s%lld", k > 0 ? "," : "", (long long)sums[k]);
        fputs("]", s->out);
    }
    fputs("}", s->out);
}

static void tell_findings(struct story *s, struct person *p, const struct book *b)
{
    const struct audit_options options = {.close = false};
    struct audit_result *a = NULL;
    struct fault f = {0};
    crowd_must(s->crowd, audit_run_book(p->replica, b, &options, &a, &f), "audit", &f);
    tell_totals(s, a);
    fputs(",\"findings\":[", s->out);
    for (uint32_t i = 0; i < a->findings.count; i++) {
        const struct finding *one = &a->findings.list[i];
        const char *text = (const char *)a->findings.texts.data + one->text_first;
        fprintf(s->out, "%s[\"%s\",[", i > 0 ? "," : "", finding_facts(one->rule)->name);
        for (uint32_t k = 0; k < one->record_count; k++)
            fprintf(s->out, "%s\"%s\"", k > 0 ? "," : "",
                    a->findings.records[one->record_first + k].id);
        fputs("],[", s->out);
        for (uint32_t k = 0; k < one->text_count; k++) {
            fputs(k > 0 ? "," : "", s->out);
            tell_text(s, bytes_of_text(text));
            text += strlen(text) + 1;
        }
        fputs("]]", s->out);
    }
    fputs("]", s->out);
    audit_free(a);
}

void story_books(struct story *s, struct person *p, bool last)
{
    struct book **b = &s->books[p->index];
    struct fault f = {0};
    char state[OID_TEXT + 1];
    hex_encode(replica_state(p->replica)->id, OID_BYTES, state);
    if (p->index % 2 == 0) {
        book_free(*b);
        *b = NULL;
    }
    if (*b == NULL)
        crowd_must(s->crowd, book_read(p->replica, b, &f), "read the book", &f);
    else
        crowd_must(s->crowd, book_follow(p->replica, b, &f), "follow the book", &f);
    fprintf(s->out, "{\"%s\":%u,\"state\":\"%s\"", last ? "end" : "meanwhile", p->index, state);
    tell_accounts(s, *b);
    if (last)
        tell_findings(s, p, *b);
    fputs("}\n", s->out);
}

/* One journal for all histories, the accounts of each below its own name. */
static void export_ledger(struct story *s, const struct book *b, const char *dir)
{
    char path[512];
    struct buf text = {0};
    snprintf(path, sizeof path, "%s/all.ledger", dir);
    FILE *out = fopen(path, "a");
    CHECK(out != NULL);
    crowd_must(s->crowd, ledger_write(b, &text), "write a journal", NULL);
    fprintf(out, "apply account h%llu\n%s\nend apply account\n", (unsigned long long)s->crowd->seed,
            buf_text(&text));
    CHECK(fclose(out) == 0);
    buf_release(&text);
}

static void export_beancount(struct story *s, const struct book *b, const char *dir)
{
    char path[512];
    struct buf text = {0};
    snprintf(path, sizeof path, "%s/h%llu.beancount", dir, (unsigned long long)s->crowd->seed);
    FILE *out = fopen(path, "w");
    CHECK(out != NULL);
    crowd_must(s->crowd, beancount_write(b, &text), "write a beancount file", NULL);
    fwrite(text.data, 1, text.count, out);
    CHECK(fclose(out) == 0);
    buf_release(&text);
}

void story_export(struct story *s, struct person *p, const char *dir)
{
    struct book *b = NULL;
    struct fault f = {0};
    crowd_must(s->crowd, book_read(p->replica, &b, &f), "read the book", &f);
    export_ledger(s, b, dir);
    export_beancount(s, b, dir);
    book_free(b);
}
