#include "cli/report.h"

#include <string.h>

#include "cli/books.h"
#include "cli/card.h"
#include "cli/card_json.h"
#include "cli/file.h"
#include "cli/flowsheet.h"
#include "cli/html.h"
#include "cli/language.h"
#include "cli/output.h"
#include "replicas/flow.h"
#include "replicas/json.h"
#include "replicas/words.h"

enum { STATE_SHOWN = 12 /* digits: enough to find it */ };

static const char PROGRAMME[] = "programme", TRAIL[] = "trail";

void report_footer(const struct report *r, struct buf *out)
{
    char state[OID_TEXT + 1];
    struct buf text = {0};
    hex_encode(r->book->state.id, OID_BYTES, state);
    buf_add_format(&text,
                   tr("Counted from the records of the network %s, state %.*s, by Minga %s."),
                   r->network, STATE_SHOWN, state, MINGA_VERSION);
    if (r->k > 0) {
        buf_add_byte(&text, ' ');
        buf_add_format(&text, tr("Counts below %u, and what would tell them, are not shown."),
                       r->k);
    }
    buf_add_text(out, "<footer>");
    html_element(out, "p", "", buf_text(&text));
    buf_add_text(out, "</footer>\n");
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

/* ---- what is not shown to whom ---- */

/* Partners see no small group; offices and auditors read the records themselves. */
static enum status choose_k(const struct call *c, struct replica *r, uint32_t *out, struct fault *f)
{
    const struct charter *charter = charter_newest(replica_charters(r));
    const struct charter_member *self = charter_by_label(charter, bytes_of_text(replica_label(r)));
    const char *typed = call_option(c, "k");
    uint64_t k = 0;
    *out = 0;
    if (typed != NULL) {
        enum status st = words_count(bytes_of_text(typed), "--k", &k, f);
        if (st == ST_OK && (k == 0 || (k >= SMALLCELL_K_MIN && k <= SMALLCELL_K_MAX))) {
            *out = (uint32_t)k;
            return ST_OK;
        }
        fault_set(f, ST_USAGE, tr("--k %.40s is no bound for small groups"), typed);
        fault_fix(f, tr("0 shows all; else a number from %d to %d: below, it would tell the count"),
                  SMALLCELL_K_MIN, SMALLCELL_K_MAX);
        return ST_USAGE;
    }
    if (self != NULL && self->role == CHARTER_PARTNER)
        *out = charter->schema->audit.small_cell;
    if (*out > 0 && *out < SMALLCELL_K_MIN)
        *out = SMALLCELL_K_MIN;
    return ST_OK;
}

/* ---- the two reports ---- */

static enum status no_memory(struct fault *f)
{
    return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
}

static enum status make_page(const struct report *r, bool card, struct buf *out, struct fault *f)
{
    enum status st = ST_OK;
    if (card)
        card_html(r, out);
    else
        st = flowsheet_html(r, out);
    if (st == ST_OK)
        st = buf_status(out);
    return st == ST_OK ? ST_OK : no_memory(f);
}

static enum status write_page(const struct call *c, const struct report *r, bool card,
                              struct fault *f)
{
    const char *path = call_option(c, "html");
    struct buf page = {0};
    enum status st = make_page(r, card, &page, f);
    if (st == ST_OK && strcmp(path, "-") == 0)
        fwrite(page.data, 1, page.count, stdout);
    else if (st == ST_OK)
        st = file_write(path, buf_bytes(&page), f);
    buf_release(&page);
    return st;
}

static void tell_page(const struct call *c)
{
    const char *path = call_option(c, "html");
    struct buf row = {0}, safe = {0};
    if (strcmp(path, "-") == 0)
        return;
    if (!c->json) {
        output_line(stdout, tr("%s: written; a browser shows and prints it"), path);
        return;
    }
    output_safe(bytes_of_text(path), &safe);
    buf_add_text(&row, "{\"file\":");
    json_add_text(&row, buf_bytes(&safe));
    buf_add_byte(&row, '}');
    if (buf_status(&row) == ST_OK)
        call_row(c, buf_bytes(&row));
    buf_release(&row);
    buf_release(&safe);
}

static enum status show(const struct call *c, const struct report *r, bool card, struct fault *f)
{
    struct buf row = {0};
    enum status st = ST_OK;
    if (call_has(c, "html")) {
        st = write_page(c, r, card, f);
        if (st == ST_OK)
            tell_page(c);
    } else if (c->json) {
        if (card)
            card_json(r, &row);
        else
            st = flowsheet_json(r, &row);
        if (st == ST_OK)
            st = buf_status(&row);
        if (st == ST_OK)
            call_row(c, buf_bytes(&row));
        else
            st = no_memory(f);
    } else if (card) {
        card_print(r, stdout);
    } else if (flowsheet_print(r, stdout) != ST_OK) {
        st = no_memory(f);
    }
    buf_release(&row);
    return st;
}

static enum status check_words(const struct call *c, bool *card_out, struct fault *f)
{
    const char *what = c->words[0];
    *card_out = strcmp(what, PROGRAMME) == 0;
    if (*card_out || strcmp(what, TRAIL) == 0) {
        if (*card_out || !call_has(c, "k"))
            return ST_OK;
        fault_set(f, ST_USAGE, "%s", tr("--k goes with report programme"));
        fault_fix(f, "%s", tr("report trail shows money only, which is never hidden"));
        return ST_USAGE;
    }
    fault_set(f, ST_USAGE, tr("there is no report \"%s\""), what);
    fault_fix(f, "%s", tr("use: minga report programme|trail"));
    return ST_USAGE;
}

/* There must be something to report on. */
static enum status check_book(const struct book *b, bool card, struct fault *f)
{
    char currencies[FLOW_CURRENCIES_MAX][4];
    if (card && b->programme_count == 0) {
        fault_set(f, ST_NOT_FOUND, "%s", tr("no programme is on record here"));
        fault_fix(f, "%s", tr("a treasurer adds it: minga import programme FILE.json"));
        return ST_NOT_FOUND;
    }
    if (!card && flow_currencies(b, currencies) == 0) {
        fault_set(f, ST_NOT_FOUND, "%s", tr("no money is on record here"));
        fault_fix(f, "%s", tr("minga fund grant, or minga import, puts it on record"));
        return ST_NOT_FOUND;
    }
    return ST_OK;
}

/* Into 'page' where there is one, else as the call asks. */
static enum status read_and_show(const struct call *c, struct replica *r, bool card,
                                 struct buf *page, struct fault *f)
{
    struct audit_options how = {.close = false};
    struct audit_result *audit = NULL;
    struct indicators *reached = NULL;
    struct book *book = NULL;
    const struct charter *charter = charter_newest(replica_charters(r));
    struct report report = {.schema = charter->schema, .network = charter->network};
    enum status st = choose_k(c, r, &report.k, f);
    if (st == ST_OK)
        st = book_read(r, &book, f);
    if (st == ST_OK)
        st = check_book(book, card, f);
    if (st == ST_OK && card) {
        struct indicator_options options = {charter->schema, report.k};
        st = indicator_read(book, &options, &reached);
        if (st != ST_OK)
            st = no_memory(f);
    }
    if (st == ST_OK && card)
        st = audit_run_book(r, book, &how, &audit, f);
    if (st == ST_OK) {
        report.book = book;
        report.reached = reached;
        report.audit = audit;
        st = page != NULL ? make_page(&report, card, page, f) : show(c, &report, card, f);
    }
    audit_free(audit);
    indicator_free(reached);
    book_free(book);
    return st;
}

enum status report_html(const struct call *c, struct replica *r, bool card, struct buf *out,
                        struct fault *f)
{
    return read_and_show(c, r, card, out, f);
}

int report_run(struct call *c)
{
    struct fault f = {0};
    struct replica *r = NULL;
    bool card = false;
    enum status st = check_words(c, &card, &f);
    if (st == ST_OK)
        st = books_open(c, &r, &f);
    if (st == ST_OK)
        st = read_and_show(c, r, card, NULL, &f);
    replica_drop(r);
    return st == ST_OK ? CALL_DONE : call_fail(c, &f);
}
