#include <stdio.h>

#include "replicas/auditing.h"
#include "replicas/json.h"
#include "replicas/words.h"

enum { DAY_BYTES = 10 };

static void add_name(struct buf *out, const char *name)
{
    bool first = out->count > 0 && out->data[out->count - 1] == '{';
    buf_add_format(out, "%s\"%s\":", first ? "" : ",", name);
}

/* What is no UTF-8 (a path, bytes from a disk) must not cost the whole answer. */
static void add_text(struct buf *out, const char *name, const char *text)
{
    add_name(out, name);
    if (bytes_are_utf8(bytes_of_text(text)))
        json_add_text(out, bytes_of_text(text));
    else
        buf_add_text(out, "\"?\"");
}

static void add_number(struct buf *out, const char *name, int64_t number)
{
    add_name(out, name);
    buf_add_format(out, "%lld", (long long)number);
}

static void add_bool(struct buf *out, const char *name, bool value)
{
    add_name(out, name);
    buf_add_text(out, value ? "true" : "false");
}

static void add_oid(struct buf *out, const char *name, const struct oid *id)
{
    char hex[OID_TEXT + 1];
    hex_encode(id->id, OID_BYTES, hex);
    add_name(out, name);
    buf_add_format(out, oid_is_zero(id) ? "null" : "\"%s\"", hex);
}

static void add_time(struct buf *out, const char *name, int64_t seconds, bool known)
{
    char when[WORDS_TIME_BYTES];
    words_time(seconds, when);
    add_name(out, name);
    buf_add_format(out, known ? "\"%s\"" : "null", when);
}

static void add_verified(struct buf *out, const struct verify_report *v)
{
    char hex[2 * DIGEST_BYTES + 1];
    add_text(out, "network", v->network_name);
    hex_encode(v->network.id, DIGEST_BYTES, hex);
    add_text(out, "network_id", hex);
    add_number(out, "charter", v->charter);
    add_number(out, "commits", (int64_t)v->commits);
    add_number(out, "signatures", (int64_t)v->signatures);
    add_name(out, "refused");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < v->finding_count; i++) {
        buf_add_text(out, i > 0 ? ",{" : "{");
        add_oid(out, "commit", &v->findings[i].commit);
        add_text(out, "reason", v->findings[i].text);
        add_text(out, "error", status_word(v->findings[i].code));
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
    add_number(out, "more", v->more_findings);
    add_text(out, "unchecked", v->unchecked);
}

void audit_json_finding(const struct findings *f, uint32_t index, enum finding_language language,
                        struct buf *out)
{
    const struct finding *one = &f->list[index];
    struct buf sentence = {0};
    char day[BOOK_DAY_TEXT];
    buf_add_byte(out, '{');
    add_text(out, "rule", finding_facts(one->rule)->name);
    add_text(out, "severity", finding_level_word(one->level));
    add_name(out, "records");
    for (uint32_t i = 0; i < one->record_count; i++)
        buf_add_format(out, "%s\"%s\"", i > 0 ? "," : "[", f->records[one->record_first + i].id);
    buf_add_text(out, one->record_count > 0 ? "]" : "[]");
    finding_sentence(f, index, language, &sentence);
    out->failed = out->failed || sentence.failed;
    add_text(out, "text", buf_text(&sentence));
    buf_release(&sentence);
    book_day_text(one->since, day);
    add_name(out, "since");
    buf_add_format(out, one->since != BOOK_NO_DAY ? "\"%s\"" : "null", day);
    add_oid(out, "commit", &one->commit);
    buf_add_byte(out, '}');
}

static void add_counts(struct buf *out, const struct audit_result *a)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest digest;
    add_number(out, "errors", a->levels[FINDING_ERROR]);
    add_number(out, "warnings", a->levels[FINDING_WARNING]);
    add_number(out, "notices", a->levels[FINDING_NOTICE]);
    finding_digest(&a->findings, &digest);
    hex_encode(digest.id, DIGEST_BYTES, hex);
    add_text(out, "digest", hex);
}

static void add_complete(struct buf *out, const struct audit_result *a)
{
    add_name(out, "complete");
    buf_add_byte(out, '{');
    for (uint32_t i = 0; i < a->office_count; i++) {
        const struct audit_office *o = &a->offices[i];
        bool heard = !oid_is_zero(&o->head);
        add_name(out, o->label);
        buf_add_byte(out, '{');
        add_number(out, "seq", (int64_t)o->seq);
        add_time(out, "last_contact", o->time, heard);
        add_oid(out, "head", &o->head);
        add_name(out, "role");
        buf_add_format(out, o->member ? "\"%s\"" : "null", charter_role_text(o->role));
        add_bool(out, "member", o->member);
        add_number(out, "commits", o->commits);
        add_number(out, "gaps", o->gaps);
        add_number(out, "quarantined", o->waiting);
        add_bool(out, "silent", o->silent);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, '}');
    add_number(out, "forks", a->forks);
    add_number(out, "quarantined", a->quarantined);
    add_name(out, "erasures");
    buf_add_byte(out, '{');
    add_number(out, "ordered", a->erasures);
    add_number(out, "open", a->erasures_open);
    buf_add_byte(out, '}');
}

static void add_totals(struct buf *out, const struct audit_result *a)
{
    add_name(out, "totals");
    buf_add_byte(out, '{');
    for (uint32_t i = 0; i < a->total_count; i++) {
        const struct audit_total *t = &a->totals[i];
        add_name(out, t->currency);
        buf_add_byte(out, '{');
        add_number(out, "granted", t->granted);
        add_number(out, "given", t->given);
        add_number(out, "received", t->received);
        add_number(out, "allotted", t->allotted);
        add_number(out, "passed", t->passed);
        add_number(out, "awarded", t->awarded);
        add_number(out, "disbursed", t->disbursed);
        add_number(out, "purchased", t->purchased);
        add_number(out, "expensed", t->expensed);
        add_number(out, "receipted", t->receipted);
        add_number(out, "handed_over", t->handed_over);
        add_number(out, "balance", t->balance);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, '}');
    add_name(out, "entries");
    buf_add_byte(out, '{');
    for (unsigned kind = 0; kind < BOOK_KINDS; kind++)
        add_number(out, book_word((enum book_kind)kind), a->kinds[kind]);
    buf_add_byte(out, '}');
    add_number(out, "reversed", a->reversed);
}

static void add_attestations(struct buf *out, const struct audit_result *a)
{
    add_name(out, "heads");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < a->head_count; i++) {
        char hex[OID_TEXT + 1];
        hex_encode(a->heads[i].id, OID_BYTES, hex);
        buf_add_format(out, "%s\"%s\"", i > 0 ? "," : "", hex);
    }
    buf_add_byte(out, ']');
    add_name(out, "attestations");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < a->attestation_count; i++) {
        const struct attestation *one = &a->attestations[i];
        buf_add_text(out, i > 0 ? ",{" : "{");
        add_text(out, "id", one->id);
        add_text(out, "office", one->office);
        add_oid(out, "commit", &one->commit);
        add_time(out, "time", one->time, !oid_is_zero(&one->commit));
        add_text(out, "verdict", one->verdict);
        add_number(out, "errors", one->errors);
        add_number(out, "warnings", one->warnings);
        add_number(out, "notices", one->notices);
        add_oid(out, "state", &one->state);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

void audit_json_head(const struct audit_result *a, struct buf *out)
{
    buf_add_byte(out, '{');
    add_text(out, "verdict", audit_verdict_word(a->verdict));
    add_bool(out, "closed", a->closed);
    add_bool(out, "incremental", a->incremental);
    add_oid(out, "since", &a->since);
    add_oid(out, "state", &a->state);
    add_verified(out, &a->verified);
    add_counts(out, a);
    add_complete(out, a);
    add_totals(out, a);
    add_attestations(out, a);
    buf_add_byte(out, '}');
}
