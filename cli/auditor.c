#include "cli/auditor.h"

#include <sodium.h>
#include <string.h>

#include "cli/care.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/phrase.h"
#include "cli/report.h"
#include "proto/mem.h"
#include "replicas/kit.h"

enum status auditor_check(const struct call *c, struct fault *f)
{
    if (call_has(c, "kit") && (call_has(c, "repo") || call_has(c, "since"))) {
        fault_set(f, ST_USAGE, "%s", tr("--kit goes without --repo and --since"));
        fault_fix(f, "%s", tr("a kit is made by an office, of everything"));
        return ST_USAGE;
    }
    if (call_has(c, "passphrase-file") && !call_has(c, "kit"))
        return fault_set(f, ST_USAGE, "%s", tr("--passphrase-file goes with --kit"));
    return ST_OK;
}

/* The key that signs the kit, where it can be had without asking anybody: it stays optional. */
static enum status find_key(const struct call *c, struct home_identity *out, bool *found,
                            struct fault *f)
{
    struct passphrase phrase = {0};
    struct fault locked = {0};
    enum status st = ST_OK;
    *found = false;
    if (call_has(c, "passphrase-file")) {
        st = phrase_old(c, "passphrase-file", "", &phrase, f);
        if (st == ST_OK)
            st = home_unlock(c->home, passphrase_bytes(&phrase), out, f);
        *found = st == ST_OK;
        passphrase_wipe(&phrase);
        return st;
    }
    st = home_identity(c->home, out, &locked);
    *found = st == ST_OK;
    if (st == ST_OK || st == ST_WRONG_KEY)
        return ST_OK;
    *f = locked;
    return st;
}

/* The reports, of which a network without a programme, or without money, has none. */
static enum status add_reports(const struct call *c, struct kit_file *extras, uint32_t *count,
                               struct buf pages[static 2], struct fault *f)
{
    static const char *const names[2] = {"money.html", "programme.html"};
    struct replica_options options = {.home = c->home, .readonly = true};
    struct replica *r = NULL;
    enum status st = replica_open(&options, &r, f);
    for (int card = 0; st == ST_OK && card < 2; card++) {
        st = report_html(c, r, card == 1, &pages[card], f);
        if (st == ST_OK)
            extras[(*count)++] = (struct kit_file){names[card], buf_bytes(&pages[card])};
        else if (st == ST_NOT_FOUND)
            st = ST_OK;
    }
    replica_drop(r);
    return st;
}

static enum status note_result(const struct kit_report *report, const char *dir, json_t *result,
                               struct fault *f)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(dir), &safe);
    json_t *kit = json_pack("{s:s, s:s, s:s, s:i, s:i}", "folder", buf_text(&safe), "digest",
                            report->digest, "signed", report->signer, "files", (int)report->files,
                            "left_out", (int)report->left_out);
    buf_release(&safe);
    if (kit == NULL || json_object_set_new(result, "kit", kit) != 0)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    return ST_OK;
}

enum status auditor_kit(const struct call *c, json_t *result, struct fault *f)
{
    struct home_identity identity = {.key = {{0}}};
    struct kit_file extras[3];
    struct kit_report report;
    struct buf pages[2] = {{0}, {0}}, verdict = {0};
    struct oid state;
    bool signs = false;
    struct kit_options options = {
        .home = c->home, .dir = call_option(c, "kit"), .extras = extras, .state = &state};
    enum status st = find_key(c, &identity, &signs, f);
    if (st == ST_OK)
        st = care_checkpoint(c, f);
    if (st == ST_OK)
        st = add_reports(c, extras, &options.extra_count, pages, f);
    if (st == ST_OK) {
        output_value(result, &verdict);
        buf_add_byte(&verdict, '\n');
        extras[options.extra_count++] = (struct kit_file){"audit.json", buf_bytes(&verdict)};
        if (buf_status(&verdict) != ST_OK)
            st = fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        else if (hex_decode(bytes_of_text(output_text(result, "state")), state.id, OID_BYTES) !=
                 ST_OK)
            options.state = NULL;
    }
    options.identity = signs ? &identity : NULL;
    if (st == ST_OK)
        st = kit_write(&options, &report, f);
    if (st == ST_OK)
        st = note_result(&report, options.dir, result, f);
    sodium_memzero(&identity, sizeof identity);
    buf_release(&pages[0]);
    buf_release(&pages[1]);
    buf_release(&verdict);
    return st;
}

void auditor_tell(const struct call *c, const json_t *result)
{
    const json_t *kit = json_object_get(result, "kit");
    const char *dir = call_option(c, "kit"), *signer = output_text(kit, "signed");
    output_line(stdout, tr("kit %s: %lld files; %s/CHECK.txt tells how anyone checks them"), dir,
                (long long)json_integer_value(json_object_get(kit, "files")), dir);
    output_line(stdout, "%s", tr("On paper, beside the fingerprints of the offices' keys:"));
    output_line(stdout, tr("  network     %s"), output_text(result, "network_id"));
    output_line(stdout, tr("  SHA256SUMS  %s"), output_text(kit, "digest"));
    if (signer[0] != '\0')
        output_line(stdout, tr("SHA256SUMS is signed by %s."), signer);
    else
        call_say(c, "%s",
                 tr("SHA256SUMS is not signed: this office's key is under a passphrase. "
                    "--passphrase-file FILE signs it."));
}
