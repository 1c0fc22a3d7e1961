#include "daemon/joiner.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

#include "daemon/logger.h"
#include "daemon/server.h"
#include "daemon/transport.h"
#include "daemon/unlock.h"
#include "proto/mem.h"
#include "replicas/charter.h"
#include "replicas/home.h"
#include "replicas/invitation.h"
#include "replicas/json.h"
#include "replicas/replica.h"
#include "replicas/roster.h"
#include "replicas/settings.h"

struct joiner {
    uv_loop_t loop;
    uv_timer_t timer, limit;
    struct transport *transport;
    struct core *core;
    struct invitation link;
    struct home_identity identity;
    struct replica *replica; /* joining again: the one that is here; NULL: a new home */
    const char *home, *role;
    char label[LABEL_BYTES_MAX + 1];
    char network[NAME_BYTES_MAX + 1];
    enum status status;
    struct fault fault;
    bool done;
    bool again;
    bool proposed; /* the inviter said that others have to approve */
};

static const char beside[] = "identity.join";

static void entropy(void *context, void *out, size_t count)
{
    (void)context;
    randombytes_buf(out, count);
}

static void finish(struct joiner *j, enum status status)
{
    if (j->done)
        return;
    j->done = true;
    j->status = status;
    transport_stop(j->transport);
    uv_close((uv_handle_t *)&j->timer, NULL);
    uv_close((uv_handle_t *)&j->limit, NULL);
}

static void refused(struct joiner *j, enum status status)
{
    if (status == ST_EXPIRED)
        fault_set(&j->fault, status, "the invitation for %s has expired", j->link.label);
    else if (status == ST_USED)
        fault_set(&j->fault, status, "the invitation for %s was used already, by another key",
                  j->link.label);
    else if (status == ST_NOT_FOUND || status == ST_BAD_MAC || status == ST_NOT_MEMBER)
        fault_set(&j->fault, status, "the inviter does not know this invitation");
    else
        fault_set(&j->fault, status, "the inviter at %s refused: %s", j->link.address,
                  status_text(status));
    fault_fix(&j->fault, "ask for a new link: `minga invite %s` at the office that invited you",
              j->link.label);
    finish(j, status);
}

static bool holds(const struct charter_chain *chain, const struct digest *hash)
{
    for (uint32_t i = 0; i < chain->count; i++)
        if (memcmp(chain->versions[i]->hash.id, hash->id, DIGEST_BYTES) == 0)
            return true;
    return false;
}

/* What came is sound, has the version that the link names, and makes us a member. */
static enum status check_chain(struct joiner *j, const struct core_effect *e)
{
    struct charter_chain chain = {0};
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < e->item_count; i++)
        st = charter_chain_add(&chain, e->items[i], &j->link.network, &j->fault);
    if (st == ST_OK && !holds(&chain, &j->link.charter))
        st = fault_set(&j->fault, ST_WRONG_CHARTER,
                       "the charter received is not the one that the link names");
    const struct charter_member *self =
        st == ST_OK ? charter_by_key(charter_newest(&chain), &j->identity.key) : NULL;
    if (st == ST_OK && (self == NULL || strcmp(self->label, j->link.label) != 0))
        st = fault_set(&j->fault, ST_NOT_MEMBER, "the charter received does not name us as %s",
                       j->link.label);
    if (st == ST_OK) {
        memcpy(j->network, charter_newest(&chain)->network, sizeof j->network);
        j->role = charter_role_text(self->role);
    }
    charter_chain_release(&chain);
    return st;
}

/* The home becomes a replica; or the replica that is here gets its new key, once the charters that
 * tell of it are durable. */
static enum status enter(struct joiner *j, const struct core_effect *e)
{
    bool grown;
    enum status st = check_chain(j, e);
    if (st != ST_OK)
        return st;
    if (j->replica == NULL)
        return replica_enter(j->home, e->text, &j->link.network, e->items, e->item_count,
                             &j->fault);
    st = replica_offer_charters(j->replica, e->items, e->item_count, &grown, &j->fault);
    if (st == ST_OK &&
        charter_by_key(charter_newest(replica_charters(j->replica)), &j->identity.key) == NULL)
        st = fault_set(&j->fault, ST_WRONG_CHARTER,
                       "a newer charter is known here, which does not name our new key");
    return st == ST_OK ? home_switch_identity(j->home, beside, j->link.label, &j->fault) : st;
}

/* The core asks again by itself: the same key is admitted once the admins have approved. */
static void wait_for_admins(struct joiner *j)
{
    if (j->proposed)
        return;
    j->proposed = true;
    puts("{\"proposed\":true}");
    fflush(stdout);
}

static void step(struct joiner *j, struct core_event *event);

static void carry_out(struct joiner *j, const struct core_effect *e)
{
    switch (e->kind) {
    case FX_SEND:
        transport_send(j->transport, e->link, e->bytes);
        break;
    case FX_CONNECT:
        transport_connect(j->transport, e->link, e->text);
        break;
    case FX_CLOSE:
        transport_close(j->transport, e->link);
        if (e->status == ST_EXPIRED || e->status == ST_USED || e->status == ST_NOT_FOUND ||
            e->status == ST_NOT_MEMBER || e->status == ST_EXISTS)
            refused(j, e->status);
        if (e->status == ST_NEEDS_PERSON)
            wait_for_admins(j);
        break;
    case FX_JOINED:
        snprintf(j->label, sizeof j->label, "%s", e->text);
        finish(j, enter(j, e));
        break;
    case FX_LOG:
        logger_say(e->level, "%s", e->text);
        break;
    default: /* what a member's core asks for */
        break;
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct core_event event = {.kind = CORE_TICK};
    step(timer->data, &event);
}

static void step(struct joiner *j, struct core_event *event)
{
    struct effects effects = {0};
    if (j->done)
        return;
    event->now_ms = server_now_ms();
    enum status st = core_step(j->core, event, &effects);
    if (st != ST_OK)
        finish(j, st);
    for (uint32_t i = 0; i < effects.count && !j->done; i++)
        carry_out(j, &effects.list[i]);
    if (j->done)
        return;
    uint64_t now = server_now_ms(), next = core_deadline_ms(j->core);
    if (next != UINT64_MAX)
        uv_timer_start(&j->timer, on_timer, next > now ? next - now : 0, 0);
}

static void link_connected(void *context, link_id link)
{
    struct core_event event = {.kind = CORE_CONNECTED, .link = link};
    step(context, &event);
}

static void link_data(void *context, link_id link, struct bytes data)
{
    struct core_event event = {.kind = CORE_DATA, .link = link, .bytes = data};
    step(context, &event);
}

static void link_written(void *context, link_id link, size_t unsent_bytes)
{
    struct core_event event = {.kind = CORE_WRITTEN, .link = link, .unsent_bytes = unsent_bytes};
    step(context, &event);
}

static void link_closed(void *context, link_id link, const char *why)
{
    struct joiner *j = context;
    struct core_event event = {
        .kind = CORE_CLOSED, .link = link, .status = ST_UNREACHABLE, .text = why};
    fprintf(stderr, "waiting for %s: %s\n", j->link.address, why);
    step(j, &event);
}

static void on_limit(uv_timer_t *timer)
{
    struct joiner *j = timer->data;
    enum status st = j->proposed ? ST_NEEDS_PERSON : ST_UNREACHABLE;
    if (j->proposed) {
        fault_set(&j->fault, st, "the admins have not yet approved %s as a new member",
                  j->link.label);
        fault_fix(&j->fault, "ask them: `minga member` shows what waits for whom; then run the "
                             "same command again: the link stays good");
    } else {
        fault_set(&j->fault, st, "the inviter at %s could not be reached", j->link.address);
        fault_fix(&j->fault, "see that its daemon runs and that the address is right, then run the "
                             "same command again: the link stays good");
    }
    finish(j, st);
}

static enum status taken(struct joiner *j, const char *text, const char *fix)
{
    fault_set(&j->fault, ST_EXISTS, "%s holds a replica already: %s", j->home, text);
    fault_fix(&j->fault, "%s", fix);
    return ST_EXISTS;
}

/* A home where a replica lives already joins again where the link is for it, and may be news. */
static enum status look_home(struct joiner *j)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct fault none = {0};
    struct replica_options options = {.home = j->home};
    enum status st = home_office(j->home, label, &network, &none);
    if (st == ST_NO_REPLICA)
        return ST_OK;
    if (st != ST_OK) {
        j->fault = none;
        return st;
    }
    if (memcmp(network.id, j->link.network.id, DIGEST_BYTES) != 0)
        return taken(j, "another network's", "choose another folder with --home DIR");
    if (strcmp(label, j->link.label) != 0)
        return taken(j, "of an office with another name than the link has",
                     "ask for a link for this office, or choose another folder with --home DIR");
    st = replica_open(&options, &j->replica, &j->fault);
    if (st != ST_OK)
        return st;
    const struct charter_chain *chain = replica_charters(j->replica);
    bool in_force =
        charter_by_key(charter_newest(chain), &replica_identity(j->replica)->key) != NULL;
    if (in_force && holds(chain, &j->link.charter))
        return taken(j, "its key is in force", "start the daemon: mingad");
    return ST_OK;
}

/* The key that joins: a new home's own, or another one beside the one that is there. */
static enum status take_key(struct joiner *j, const struct joiner_options *o)
{
    const char *name = j->replica != NULL ? beside : "identity";
    struct passphrase secret = {.count = 0};
    struct fault none = {0};
    struct key key;
    bool wrapped = false;
    enum status st = home_public(j->home, name, &key, &wrapped, &none);
    st = o->passphrase_file != NULL || (st == ST_OK && wrapped)
             ? unlock_ask(o->passphrase_file, "Passphrase of the key that joins: ", &secret,
                          &j->fault)
             : ST_OK;
    if (st == ST_OK && j->replica != NULL)
        st = home_make_beside(j->home, beside, passphrase_bytes(&secret), passphrase_cost_usual(),
                              &j->identity, &j->fault);
    else if (st == ST_OK)
        st = home_make_wrapped(j->home, passphrase_bytes(&secret), passphrase_cost_usual(),
                               &j->identity, &j->fault);
    passphrase_wipe(&secret);
    return st;
}

static enum status prepare(struct joiner *j, const struct joiner_options *o)
{
    enum status st = invitation_decode(bytes_of_text(o->link), &j->link, &j->fault);
    if (st != ST_OK)
        return st;
    if (j->link.expires <= (int64_t)time(NULL)) {
        fault_set(&j->fault, ST_EXPIRED, "the invitation for %s has expired", j->link.label);
        fault_fix(&j->fault, "ask for a new link: `minga invite %s`", j->link.label);
        return ST_EXPIRED;
    }
    if (o->listen != NULL && !settings_address_is_valid(o->listen))
        return fault_set(&j->fault, ST_USAGE, "\"%s\" is no address: use HOST:PORT", o->listen);
    st = look_home(j);
    return st == ST_OK ? take_key(j, o) : st;
}

static enum status pair(struct joiner *j, const struct joiner_options *o)
{
    struct transport_handler handler = {j,         NULL,         link_connected,
                                        link_data, link_written, link_closed};
    struct core_event event = {.kind = CORE_START};
    bool fixed = o->listen != NULL && strcmp(strrchr(o->listen, ':'), ":0") != 0;
    struct core_options options = {.network = j->link.network,
                                   .label = j->link.label,
                                   .identity = j->identity.secret,
                                   .agent = "mingad " MINGA_VERSION,
                                   .listen_address = fixed ? o->listen : "",
                                   .links_active = 1,
                                   .entropy = entropy};
    options.join.wanted = true;
    options.join.address = j->link.address;
    options.join.inviter = j->link.inviter;
    memcpy(options.join.secret, j->link.secret, KEY_BYTES);
    options.join.invitation = (struct bytes){j->link.id, sizeof j->link.id};
    int failed = uv_loop_init(&j->loop);
    if (failed != 0)
        return fault_set(&j->fault, ST_IO, "the loop cannot be made: %s", uv_strerror(failed));
    uv_timer_init(&j->loop, &j->timer);
    uv_timer_init(&j->loop, &j->limit);
    j->timer.data = j->limit.data = j;
    enum status st = transport_create(&j->loop, &handler, &j->transport);
    if (st == ST_OK)
        st = core_create(&options, &j->core);
    if (st != ST_OK)
        return st;
    fprintf(stderr, "joining as %s: asking %s, for up to %u s\n", j->link.label, j->link.address,
            o->timeout_s);
    uv_timer_start(&j->limit, on_limit, (uint64_t)o->timeout_s * 1000, 0);
    step(j, &event);
    uv_run(&j->loop, UV_RUN_DEFAULT);
    transport_free(j->transport);
    core_free(j->core);
    uv_loop_close(&j->loop);
    return j->status;
}

static enum status keep_settings(const struct joiner *j, const struct joiner_options *o,
                                 struct fault *f)
{
    char path[HOME_PATH_MAX];
    enum status st = home_path(j->home, "config", path, f);
    if (st == ST_OK && o->listen != NULL)
        st = settings_set(path, "office.listen", o->listen, f);
    return st;
}

static void print_result(const struct joiner *j)
{
    char id[2 * DIGEST_BYTES + 1], fingerprint[ROSTER_FINGERPRINT_BYTES];
    struct buf json = {0};
    hex_encode(j->link.network.id, DIGEST_BYTES, id);
    roster_fingerprint(&j->identity.key, fingerprint);
    buf_add_text(&json, "{\"network\":");
    json_add_text(&json, bytes_of_text(j->network));
    buf_add_format(&json,
                   ",\"network_id\":\"%s\",\"office\":\"%s\",\"role\":\"%s\","
                   "\"fingerprint\":\"%s\",\"again\":%s}",
                   id, j->label, j->role, fingerprint, j->again ? "true" : "false");
    printf("%s\n", buf_text(&json));
    buf_release(&json);
}

static void print_error(enum status st, const struct fault *f, unsigned code)
{
    struct buf json = {0};
    buf_add_format(&json, "{\"error\":\"%s\",\"text\":", status_word(st));
    json_add_text(&json, bytes_of_text(f->text[0] != '\0' ? f->text : status_text(st)));
    buf_add_text(&json, ",\"fix\":");
    json_add_text(&json, bytes_of_text(f->fix));
    buf_add_format(&json, ",\"exit\":%u}", code);
    if (buf_status(&json) == ST_OK)
        fprintf(stderr, "%s\n", buf_text(&json));
    else
        fputs("{\"error\":\"no-memory\",\"text\":\"out of memory\",\"fix\":\"\",\"exit\":1}\n",
              stderr);
    buf_release(&json);
}

static enum status close_replica(struct joiner *j, enum status st)
{
    j->again = true;
    if (st == ST_OK)
        return replica_close(j->replica, &j->fault);
    replica_drop(j->replica);
    return st;
}

int joiner_run(const struct joiner_options *o)
{
    struct joiner *j = mem_alloc(sizeof *j);
    unsigned code = 0;
    if (j == NULL) {
        print_error(ST_NO_MEMORY, &(const struct fault){0}, verb_exit(ST_NO_MEMORY));
        return (int)verb_exit(ST_NO_MEMORY);
    }
    j->home = o->home;
    enum status st = prepare(j, o);
    if (st == ST_OK)
        st = pair(j, o);
    if (st == ST_OK)
        st = keep_settings(j, o, &j->fault);
    if (j->replica != NULL)
        st = close_replica(j, st);
    if (st == ST_OK) {
        print_result(j);
    } else {
        code = verb_exit(st);
        print_error(st, &j->fault, code);
    }
    sodium_memzero(j, sizeof *j);
    mem_free(j);
    return (int)code;
}
