#include "cli/begin.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/file.h"
#include "cli/language.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/pair.h"
#include "cli/phrase.h"
#include "cli/qr.h"
#include "cli/rescue.h"
#include "cli/shipped.h"
#include "replicas/invitation.h"
#include "replicas/json.h"
#include "replicas/replica.h"
#include "replicas/roster.h"
#include "replicas/schema.h"
#include "replicas/schema_system.h"
#include "replicas/settings.h"

enum { ID_TEXT_BYTES = 2 * DIGEST_BYTES + 1 };

static enum status bad_usage(struct fault *f, const char *text, const char *fix)
{
    fault_set(f, ST_USAGE, "%s", text);
    fault_fix(f, "%s", fix);
    return ST_USAGE;
}

static enum status check_address(const char *text, struct fault *f)
{
    if (text == NULL || settings_address_is_valid(text))
        return ST_OK;
    return bad_usage(f, tr("an address is HOST:PORT"), tr("as in --listen 0.0.0.0:7717"));
}

/* Where others reach a listener: nowhere that can be told where it takes any host or any port. */
static const char *reachable(const char *listen)
{
    if (listen == NULL)
        return "";
    const char *port = strrchr(listen, ':');
    bool any_port = port == NULL || strcmp(port, ":0") == 0;
    bool any_host = strncmp(listen, "0.0.0.0:", 8) == 0 || strncmp(listen, "[::]:", 5) == 0;
    return any_port || any_host ? "" : listen;
}

static void say_start(const struct call *c, const struct passphrase *secret)
{
    if (secret->count > 0) {
        call_say(
            c, "%s",
            tr("The daemon asks for the passphrase at each start; nobody can find a lost one."));
        call_say(
            c, "%s",
            tr("Next: start the daemon in a terminal of its own, or name a file that holds the "
               "passphrase:"));
        if (c->home_is_default)
            call_say(c, "  mingad --passphrase-file %s", tr("FILE"));
        else
            call_say(c, "  mingad --home %s --passphrase-file %s", c->home, tr("FILE"));
        return;
    }
    if (c->home_is_default)
        call_say(c, "%s", tr("Next: start the daemon: mingad &"));
    else
        call_say(c, tr("Next: start the daemon: mingad --home %s &"), c->home);
}

static enum status check_vacant(const struct call *c, struct fault *f)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct fault missing = {0};
    enum status st = home_office(c->home, label, &network, &missing);
    if (st == ST_NO_REPLICA)
        return ST_OK;
    fault_set(f, ST_EXISTS, tr("%s holds a replica already"), c->home);
    fault_fix(f, tr("choose another folder with --home DIR"));
    return ST_EXISTS;
}

/* The passphrase of the key in the file 'name': of one that an earlier try left it is asked for,
 * else it is chosen. */
static enum status ask_key(const struct call *c, const char *name, struct passphrase *out,
                           struct fault *f)
{
    struct key key;
    bool wrapped = false;
    struct fault none = {0};
    if (home_public(c->home, name, &key, &wrapped, &none) == ST_OK && wrapped)
        return phrase_old(c, "passphrase-file", tr("Passphrase of the key: "), out, f);
    return phrase_new(c, "passphrase-file", tr("A passphrase for the key of this office: "), true,
                      out, f);
}

/* ---- init ---- */

static enum status check_init(const struct call *c, struct fault *f)
{
    const char *label = call_option(c, "as");
    if (c->word_count == 0)
        return bad_usage(f, tr("init wants the name of the network"),
                         tr("use: minga init NETWORK --as LABEL"));
    if (label == NULL)
        return bad_usage(f, tr("init wants the name of this office too"),
                         tr("use: minga init NETWORK --as LABEL"));
    if (!label_is_valid(bytes_of_text(label)))
        return bad_usage(f,
                         tr("a label is 2 to 32 of a-z, 0-9 and -, begins with a letter, and is "
                            "not main"),
                         tr("as in --as santiago"));
    enum status st = check_address(call_option(c, "listen"), f);
    return st == ST_OK ? check_address(call_option(c, "address"), f) : st;
}

/* The schema that was named, or the one that is shipped; 'given' holds the former. */
static enum status choose_schema(const struct call *c, struct buf *given, struct bytes *out,
                                 struct fault *f)
{
    const char *schema = call_option(c, "schema");
    *out = (struct bytes){shipped_schema, shipped_schema_bytes};
    if (schema == NULL)
        return ST_OK;
    struct buf whole = {0};
    struct schema *parsed = NULL;
    enum status st = file_read(schema, CHARTER_BYTES_MAX, given, f);
    *out = buf_bytes(given);
    if (st == ST_OK) /* before anything is made in the home */
        st = schema_system_merge(*out, &whole, f);
    if (st == ST_OK)
        st = schema_parse(buf_bytes(&whole), &parsed, f);
    schema_free(parsed);
    buf_release(&whole);
    return st;
}

static enum status found(const struct call *c, const struct home_identity *identity,
                         struct bytes schema, struct digest *network, struct fault *f)
{
    const char *listen = call_option(c, "listen"), *address = call_option(c, "address");
    char path[HOME_PATH_MAX];
    enum status st =
        replica_found_as(identity, c->home, c->words[0], call_option(c, "as"),
                         address != NULL ? address : reachable(listen), schema, network, f);
    if (st != ST_OK || listen == NULL)
        return st;
    st = home_path(c->home, "config", path, f);
    return st == ST_OK ? settings_set(path, "office.listen", listen, f) : st;
}

static void print_init(const struct call *c, const char *id, const char *fingerprint)
{
    const char *office = call_option(c, "as");
    if (!c->json) {
        output_line(stdout, "%s %s (%s)", tr("network"), c->words[0], id);
        output_line(stdout, "%s %s", tr("office"), office);
        output_line(stdout, "%s %s", tr("fingerprint"), fingerprint);
        return;
    }
    struct buf row = {0};
    buf_add_text(&row, "{\"network\":");
    json_add_text(&row, bytes_of_text(c->words[0]));
    buf_add_format(
        &row, ",\"office\":\"%s\",\"fingerprint\":\"%s\",\"network_id\":\"%s\",\"home\":", office,
        fingerprint, id);
    struct buf home = {0};
    output_safe(bytes_of_text(c->home), &home);
    json_add_text(&row, buf_bytes(&home));
    buf_add_byte(&row, '}');
    if (buf_status(&row) == ST_OK)
        call_row(c, buf_bytes(&row));
    buf_release(&home);
    buf_release(&row);
}

int begin_init(struct call *c)
{
    struct fault f = {0};
    struct digest network;
    struct home_identity identity = {0};
    char fingerprint[ROSTER_FINGERPRINT_BYTES], id[ID_TEXT_BYTES];
    struct passphrase secret = {.count = 0};
    struct buf given = {0};
    if (call_has(c, "restore"))
        return rescue_restore(c);
    struct bytes schema;
    enum status st = check_init(c, &f);
    if (st == ST_OK)
        st = check_vacant(c, &f);
    if (st == ST_OK)
        st = choose_schema(c, &given, &schema, &f);
    if (st == ST_OK)
        st = ask_key(c, "identity", &secret, &f);
    if (st == ST_OK)
        st = home_make_wrapped(c->home, passphrase_bytes(&secret), passphrase_cost_usual(),
                               &identity, &f);
    if (st == ST_OK)
        st = found(c, &identity, schema, &network, &f);
    if ((st == ST_NOT_SCHEMA || st == ST_MALFORMED) && call_has(c, "schema"))
        st = fault_context(&f, st, "%s", call_option(c, "schema"));
    sodium_memzero(&identity.secret, sizeof identity.secret);
    sodium_memzero(&identity.wrap, sizeof identity.wrap);
    if (st == ST_OK) {
        roster_fingerprint(&identity.key, fingerprint);
        hex_encode(network.id, DIGEST_BYTES, id);
        print_init(c, id, fingerprint);
        say_start(c, &secret);
    }
    passphrase_wipe(&secret);
    buf_release(&given);
    return st == ST_OK ? CALL_DONE : call_fail(c, &f);
}

/* ---- invite ---- */

/* For a person before a screen; a script that takes standard output gets the link alone. */
static void draw_link(const struct call *c, const char *link)
{
    struct buf code = {0};
    bool seen = isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1 && !c->quiet;
    if ((seen || call_has(c, "qr")) && qr_draw(link, &code) == ST_OK) {
        fflush(stdout);
        fputs(buf_text(&code), stderr);
    }
    buf_release(&code);
}

static void show_link(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    output_line(stdout, "%s", output_text(row, "link"));
    draw_link(c, output_text(row, "link"));
    call_say(c,
             tr("For %s, as %s, until %s. Whoever holds this link can join once: send it by a way "
                "that you trust."),
             output_text(row, "label"), output_text(row, "role"), output_text(row, "expires"));
    call_say(c, "%s", tr("There: minga join LINK --listen HOST:PORT, while the daemon here runs."));
}

int begin_invite(struct call *c)
{
    struct ask_view view = {.row = show_link};
    return ask_call(c, &view);
}

/* ---- join ---- */

static enum status check_link(const struct call *c, struct invitation *out, struct fault *f)
{
    enum status st = invitation_decode(bytes_of_text(c->words[0]), out, f);
    if (st == ST_OK && out->expires < (int64_t)time(NULL)) {
        fault_set(f, ST_EXPIRED, tr("the invitation has expired"));
        fault_fix(f, tr("ask %s's office for a new one: minga invite %s"), out->address,
                  out->label);
        st = ST_EXPIRED;
    }
    return st;
}

/* Where to listen; and where the inviter was found, which its charter may not know. */
static enum status keep_addresses(const struct call *c, const struct invitation *link,
                                  struct fault *f)
{
    char path[HOME_PATH_MAX], key[LABEL_BYTES_MAX + 16];
    const char *listen = call_option(c, "listen");
    json_t *charter = network_charter(c->home);
    const json_t *inviter = network_member(charter, &link->inviter);
    enum status st = home_path(c->home, "config", path, f);
    if (st == ST_OK && listen != NULL)
        st = settings_set(path, "office.listen", listen, f);
    if (st == ST_OK && inviter != NULL &&
        strcmp(output_text(inviter, "address"), link->address) != 0) {
        snprintf(key, sizeof key, "peer.%.*s.address", LABEL_BYTES_MAX,
                 output_text(inviter, "label"));
        st = settings_set(path, key, link->address, f);
    }
    json_decref(charter);
    return st;
}

/* A home of the same network and label joins again: mingad looks closer. */
static enum status check_home(const struct call *c, const struct invitation *link, bool *again_out,
                              struct fault *f)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct fault none = {0};
    *again_out = home_office(c->home, label, &network, &none) == ST_OK &&
                 strcmp(label, link->label) == 0 &&
                 memcmp(network.id, link->network.id, DIGEST_BYTES) == 0;
    return *again_out ? ST_OK : check_vacant(c, f);
}

static int join(const struct call *c, const struct invitation *link,
                const struct passphrase *secret)
{
    struct fault f = {0};
    const char *listen = call_option(c, "listen"), *address = call_option(c, "address");
    const char *told = address != NULL ? address : reachable(listen);
    struct pair_options pair = {
        .home = c->home,
        .link = c->words[0],
        .listen = told[0] != '\0' ? told : NULL,
        .timeout = call_option(c, "timeout"),
        .passphrase = passphrase_bytes(secret),
    };
    call_say(c, tr("This link is for %s, as %s."), link->label, charter_role_text(link->role));
    call_say(c, tr("Waiting for the inviter at %s..."), link->address);
    int exit = pair_run(c, &pair);
    if (exit != CALL_DONE)
        return exit;
    enum status st = keep_addresses(c, link, &f);
    if (st != ST_OK)
        return call_fail(c, &f);
    say_start(c, secret);
    return CALL_DONE;
}

int begin_join(struct call *c)
{
    struct fault f = {0};
    struct invitation link = {.expires = 0};
    struct passphrase secret = {.count = 0};
    bool again = false;
    enum status st = check_address(call_option(c, "listen"), &f);
    if (st == ST_OK)
        st = check_address(call_option(c, "address"), &f);
    if (st == ST_OK)
        st = check_link(c, &link, &f);
    sodium_memzero(link.secret, sizeof link.secret);
    if (st == ST_OK)
        st = check_home(c, &link, &again, &f);
    if (st == ST_OK)
        st = ask_key(c, again ? "identity.join" : "identity", &secret, &f);
    int exit = st == ST_OK          ? join(c, &link, &secret)
               : st == ST_MALFORMED ? call_end(c, status_word(st), f.text, f.fix, CALL_USAGE)
                                    : call_fail(c, &f);
    passphrase_wipe(&secret);
    return exit;
}
