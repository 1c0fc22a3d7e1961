#include "tests/sim/member.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/custody.h"
#include "replicas/vault.h"
#include "tests/sim/faults.h"
#include "tests/sim/flood.h"
#include "tests/sim/held.h"
#include "tests/sim/ledger.h"
#include "tests/sim/net.h"
#include "tests/sim/simstate.h"
#include "tests/sim/storage.h"

enum {
    WALL_START = 1780000000, /* seconds since 1970 */
    ANEW_MS = 500,           /* until a damaged disk is replaced, or somebody tries to once more */
    RESTART_MS = 15000,      /* until somebody turns it on again */
    RECENT_MS = 5 * 60 * 1000, /* others may not know yet that it went back */
};

static int64_t wall_seconds(void *context)
{
    const struct member *m = context;
    return WALL_START + m->wall_skew + (int64_t)(m->world->now_ms / 1000);
}

static void entropy(void *context, void *out, size_t count)
{
    struct member *m = context;
    uint8_t *at = out;
    while (count > 0) {
        uint64_t n = simstate_draw(&m->entropy);
        size_t part = count < sizeof n ? count : sizeof n;
        memcpy(at, &n, part);
        at += part;
        count -= part;
    }
}

void member_make(struct world *w, uint32_t index)
{
    struct member *m = &w->members[index];
    uint8_t seed[crypto_sign_SEEDBYTES];
    *m = (struct member){.world = w,
                         .index = index,
                         .restart_ms = UINT64_MAX,
                         .cut_by_ms = UINT64_MAX,
                         .random = simstate_draw(w->dice),
                         .entropy = simstate_draw(w->dice),
                         .exists = true};
    snprintf(m->label, sizeof m->label, "office-%c", (char)('a' + index));
    snprintf(m->address, sizeof m->address, "10.0.0.%u:7717", index + 1);
    entropy(m, seed, sizeof seed);
    crypto_sign_seed_keypair(m->identity.key.id, m->identity.secret, seed);
    m->links_active = 1 + world_draw(w, LINKS_ACTIVE_DEFAULT);
    m->storage_ms = m->slow_ms = world_draw(w, 4) == 0 ? 40 : 4;
    m->fit_ms = m->full_ms = UINT64_MAX;
    m->disk = simdisk_new();
    m->repo = simrepo_new(m->disk);
    CHECK(m->disk != NULL && m->repo != NULL);
    m->table = simdisk_table(m->disk);
}

/* What its vault had committed outlives the power. */
static void keep_vault(struct member *m)
{
    struct fault f = {0};
    buf_reset(&m->vault);
    world_must(m->world, vault_image(replica_vault(m->replica), &m->vault, &f), "keep a vault", &f);
}

static void shut(struct member *m)
{
    if (m->replica != NULL) {
        vault_rollback(replica_vault(m->replica));
        keep_vault(m);
    }
    replica_drop(m->replica);
    held_begin(&m->held_bytes);
    core_free(m->core);
    held_end();
    if (m->held_bytes > 0)
        world_fail(m->world, "the core of %s is gone and kept %zu bytes", m->label, m->held_bytes);
    m->replica = NULL;
    m->core = NULL;
    m->up = false;
    storage_clear(m);
}

void member_release(struct member *m)
{
    if (!m->exists)
        return;
    shut(m);
    flood_end(m);
    simrepo_free(m->repo);
    simdisk_free(m->disk);
    simdisk_free(m->saved);
    simrepo_state_release(&m->saved_repo);
    mem_free(m->sources);
    buf_release(&m->vault);
    buf_release(&m->saved_vault);
}

void member_settle(struct member *m, const struct bytes *files, uint32_t count)
{
    struct fault f = {0};
    char name[32];
    world_must(m->world, m->table.make_folder(m->disk, "charters", &f), "make a folder", &f);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%04u.json", i + 1);
        world_must(m->world, disk_put(&m->table, "charters", name, files[i], &f), "settle", &f);
    }
    world_must(m->world, m->table.sync_folder(m->disk, "", &f), "settle", &f);
}

/* As `restore` leaves it: an admin does not know any more what it promised since. */
static void mark_restored(struct member *m, uint32_t version)
{
    char text[16];
    struct fault f = {0};
    snprintf(text, sizeof text, "%u\n", version);
    simdisk_limit(m->disk, 0);
    enum status st = disk_put(&m->table, "", "restored", bytes_of_text(text), &f);
    for (int i = 0; st != ST_OK && i < SIMDISK_FAULT_COUNT; i++) /* until no error is due */
        st = disk_put(&m->table, "", "restored", bytes_of_text(text), &f);
    world_must(m->world, st, "mark", &f);
}

/* What it held it may lack from now on, as after the return of a snapshot. */
static void forget_held(struct member *m)
{
    ledger_drop_holder(m);
    m->restored = true;
    m->restored_ms = m->world->now_ms;
    m->charter_seen = 0;
}

/* ---- up ---- */

/* Damaged, it is made anew, empty: what the state names is wanted again from the others. */
static enum status open_vault(struct member *m, struct vault **out, struct fault *f)
{
    enum status st = vault_open(NULL, buf_bytes(&m->vault), out, f);
    if (st != ST_CORRUPT || !m->lied)
        return st;
    world_note(m->world, m->index, "log", bytes_of_text(f->text));
    m->world->counts[COUNT_DAMAGE]++;
    m->vault_lost = true;
    return vault_open(NULL, (struct bytes){NULL, 0}, out, f);
}

static enum status open_replica(struct member *m, struct fault *f)
{
    struct vault *vault = NULL;
    struct backing backing = simrepo_backing(m->repo);
    struct replica_options options = {
        .disk = &m->table,
        .backing = &backing,
        .identity = &m->identity,
        .label = m->label,
        .network = &m->world->network,
        .wall_seconds = wall_seconds,
        .wall_context = m,
        .entropy = entropy,
        .entropy_context = m,
    };
    enum status st = open_vault(m, &vault, f);
    options.vault = vault;
    if (st == ST_OK)
        st = replica_open(&options, &m->replica, f);
    if (st == ST_OK && m->vault_lost)
        st = custody_want_state(m->replica, f);
    m->vault_lost = m->vault_lost && st != ST_OK;
    return st;
}

/* Nothing that it acknowledged is missing, and its charter is no older. */
static void check_opened(struct member *m)
{
    uint32_t version = charter_newest(replica_charters(m->replica))->version;
    if (m->restored)
        ledger_went_back(m);
    else if (version < m->charter_seen)
        world_fail(m->world, "%s: charter %u after %u", m->label, version, m->charter_seen);
    ledger_check_held(m);
    m->restored = false;
    m->charter_seen = version;
}

static void start_core(struct member *m)
{
    const struct core_options options = {
        .network = m->world->network,
        .label = m->label,
        .identity = m->identity.secret,
        .agent = "minga-sim",
        .listen_address = m->address,
        .links_active = m->links_active,
        .entropy = entropy,
        .entropy_context = m,
    };
    struct core_event event = {.kind = CORE_START};
    held_begin(&m->held_bytes);
    enum status st = core_create(&options, &m->core);
    held_end();
    world_must(m->world, st, "create a core", NULL);
    m->up = true;
    m->boot_ms = m->world->now_ms;
    m->restart_ms = UINT64_MAX;
    storage_begin(m);
    member_step(m, &event);
}

void member_open(struct member *m)
{
    struct world *w = m->world;
    struct fault f = {0};
    CHECK(!m->up);
    flood_end(m);
    enum status st = open_replica(m, &f);
    world_note(w, m->index, "open", bytes_of_text(status_word(st)));
    if (simdisk_is_off(m->disk)) {
        w->counts[COUNT_CRASH_IN_OPEN]++;
        member_stop(m);
        return;
    }
    if (st != ST_OK) {
        if (!world_bears(m, st))
            world_fail(w, "%s does not open: %s: %s", m->label, status_word(st), f.text);
        world_note(w, m->index, "log", bytes_of_text(f.text));
        member_exit(m);
        if (st == ST_CORRUPT || st == ST_WRONG_NETWORK)
            member_give_up(m);
        return;
    }
    if (m->lied)
        forget_held(m);
    check_opened(m);
    w->counts[COUNT_RESTART] += w->now_ms > WORLD_START_MS;
    start_core(m);
}

/* ---- down ---- */

void member_exit(struct member *m)
{
    struct world *w = m->world;
    world_note(w, m->index, "exit", BYTES(""));
    net_vanish(w, m);
    shut(m);
    m->restart_ms = w->now_ms + (w->healing ? 1 : 100 + world_draw(w, RESTART_MS));
    m->cut_in_open = 0;
    w->counts[COUNT_EXIT]++;
}

/* The longest chain of those that are up. */
static const struct charter_chain *chain_of_others(const struct member *m)
{
    const struct charter_chain *best = NULL;
    for (uint32_t i = 0; i < m->world->member_count; i++) {
        const struct member *other = &m->world->members[i];
        if (other == m || !other->up)
            continue;
        const struct charter_chain *chain = replica_charters(other->replica);
        if (best == NULL || chain->count > best->count)
            best = chain;
    }
    return best;
}

bool member_lose_all(struct member *m)
{
    struct world *w = m->world;
    const struct charter_chain *chain = chain_of_others(m);
    struct bytes *files;
    if (chain == NULL)
        return false;
    if (m->up)
        member_stop(m);
    world_note(w, m->index, "lost", BYTES(""));
    faults_count(m);
    simrepo_free(m->repo);
    simdisk_free(m->disk);
    simdisk_free(m->saved);
    m->saved = NULL;
    buf_reset(&m->vault);
    m->disk = simdisk_new();
    m->repo = simrepo_new(m->disk);
    files = mem_array(chain->count, sizeof *files);
    CHECK(m->disk != NULL && m->repo != NULL && files != NULL);
    m->table = simdisk_table(m->disk);
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    member_settle(m, files, chain->count);
    mem_free(files);
    if (w->council)
        mark_restored(m, chain->count);
    forget_held(m);
    memset(m->struck, 0, sizeof m->struck);
    m->ill = m->lied = false;
    m->full_ms = m->cut_by_ms = UINT64_MAX;
    m->cut_in_open = 0;
    w->counts[COUNT_LOSS]++;
    return true;
}

void member_give_up(struct member *m)
{
    struct world *w = m->world;
    if (!m->lied)
        world_fail(w, "%s finds damage on a disk that has none", m->label);
    if (m->up)
        member_exit(m);
    if (member_lose_all(m))
        w->counts[COUNT_DAMAGE]++;
    m->restart_ms = w->now_ms + ANEW_MS;
}

static void see_damage(void *user, const char *text)
{
    struct member *m = user;
    world_note(m->world, m->index, "log", bytes_of_text(text));
}

void member_examine(struct member *m)
{
    struct fault f = {0};
    if (!m->lied)
        return;
    if (m->up)
        member_exit(m);
    enum status st = journal_damage(&m->table, &m->world->network, see_damage, m, &f);
    if (simrepo_is_damaged(m->repo) || (st != ST_OK && st != ST_NOT_FOUND))
        member_give_up(m);
}

void member_stop(struct member *m)
{
    struct world *w = m->world;
    world_note(w, m->index, "stop", BYTES(""));
    net_vanish(w, m);
    shut(m);
    enum simdisk_loss loss = (enum simdisk_loss)world_draw(w, SIMDISK_LOSS_COUNT);
    w->counts[COUNT_TORN] += loss == SIMDISK_TEAR;
    world_must(w, simdisk_crash(m->disk, loss, simstate_draw(w->dice)), "crash", NULL);
    m->cut_by_ms = UINT64_MAX;
    m->restart_ms = w->now_ms + (w->healing ? 0 : 100 + world_draw(w, RESTART_MS));
    m->cut_in_open = world_chance(w, 1, 6) ? 1 + world_draw(w, 8) : 0;
}

void member_save(struct member *m)
{
    simdisk_free(m->saved);
    simrepo_state_release(&m->saved_repo);
    keep_vault(m);
    buf_reset(&m->saved_vault);
    buf_add_bytes(&m->saved_vault, buf_bytes(&m->vault));
    m->saved = simdisk_clone(m->disk);
    CHECK(m->saved != NULL);
    world_must(m->world, simrepo_save(m->repo, &m->saved_repo), "save", NULL);
    m->saved_ms = m->world->now_ms;
    m->saved_charter = m->charter_seen;
    world_note(m->world, m->index, "save", BYTES(""));
}

void member_go_back(struct member *m)
{
    struct world *w = m->world;
    CHECK(m->saved != NULL);
    if (m->up)
        member_stop(m);
    world_must(w, simdisk_restore(m->disk, m->saved), "restore", NULL);
    world_must(w, simrepo_restore(m->repo, &m->saved_repo), "restore", NULL);
    enum simdisk_loss loss = (enum simdisk_loss)world_draw(w, SIMDISK_LOSS_COUNT);
    world_must(w, simdisk_crash(m->disk, loss, simstate_draw(w->dice)), "restore", NULL);
    if (w->council)
        mark_restored(m, m->saved_charter);
    buf_reset(&m->vault);
    buf_add_bytes(&m->vault, buf_bytes(&m->saved_vault));
    CHECK(buf_status(&m->vault) == ST_OK);
    world_note(w, m->index, "back", BYTES(""));
    forget_held(m);
    w->counts[COUNT_RESTORE]++;
}

/* ---- steps ---- */

static void carry_out(struct member *m, const struct core_effect *fx)
{
    struct world *w = m->world;
    switch (fx->kind) {
    case FX_SEND:
        net_send(w, m, fx->link, fx->bytes);
        break;
    case FX_CONNECT:
        net_connect(w, m, fx->link, fx->text);
        break;
    case FX_CLOSE:
        if (status_class(fx->status) == STATUS_PEER && fx->status != ST_STALLED &&
            !(w->council && (fx->status == ST_RETIRED || fx->status == ST_NOT_MEMBER)) &&
            !net_is_suspect(w, m, fx->link))
            world_fail(w, "%s closes a link with: %s", m->label, status_text(fx->status));
        net_close(w, m, fx->link);
        break;
    case FX_STORE:
    case FX_LOAD:
    case FX_CHARTER:
        storage_submit(m, fx);
        break;
    case FX_LOG:
        world_note(w, m->index, "log", bytes_of_text(fx->text));
        break;
    case FX_WISH:
    case FX_GIVE:
    case FX_KEEP:
        storage_submit_sealed(m, fx);
        break;
    case FX_PEER:
        break;
    case FX_PAIR:
    case FX_JOINED:
        world_fail(w, "%s pairs with somebody", m->label);
    }
}

void member_step(struct member *m, struct core_event *event)
{
    struct effects effects = {0};
    if (m->rogue != NULL)
        flood_hear(m, event);
    if (!m->up)
        return;
    event->now_ms = m->world->now_ms - m->boot_ms;
    held_begin(&m->held_bytes);
    enum status st = core_step(m->core, event, &effects);
    held_end();
    world_must(m->world, st, "a step of the core", NULL);
    if (m->held_bytes > MEMBER_HELD_BYTES_MAX)
        world_fail(m->world, "the core of %s holds %zu bytes", m->label, m->held_bytes);
    if (effects.count > EFFECTS_MAX)
        world_fail(m->world, "%u effects of one step", effects.count);
    for (uint32_t i = 0; i < effects.count; i++)
        carry_out(m, &effects.list[i]);
}

uint64_t member_deadline_ms(const struct member *m)
{
    uint64_t at_ms = m->up ? core_deadline_ms(m->core) : UINT64_MAX;
    return at_ms == UINT64_MAX ? at_ms : at_ms + m->boot_ms;
}

/* ---- what it tells ---- */

static bool sees(const struct member *a, const struct member *b)
{
    struct core_peer peer;
    for (uint32_t i = 0; a->up && core_peer(a->core, i, &peer); i++)
        if (strcmp(peer.label, b->label) == 0)
            return peer.state == CORE_LINK_ACTIVE;
    return false;
}

bool member_linked(const struct member *a, const struct member *b)
{
    return sees(a, b) && sees(b, a);
}

/* Whoever is shown as having all that is durable here has it. */
static void check_durable(struct member *m, const struct member *other)
{
    struct world *w = m->world;
    if (other->liar || (other->restored_ms > 0 && w->now_ms - other->restored_ms < RECENT_MS))
        return;
    uint32_t count;
    const uint32_t *tips = graph_tips(replica_graph(m->replica), &count);
    for (uint32_t i = 0; i < count; i++)
        if (!ledger_is_held(w, &graph_node(replica_graph(m->replica), tips[i])->id, other->index))
            world_fail(w, "%s shows everything as durable at %s, which lacks a head", m->label,
                       other->label);
}

void member_check(struct member *m)
{
    struct core_peer peer;
    uint32_t refusals, version = charter_newest(replica_charters(m->replica))->version;
    (void)replica_refusals(m->replica, &refusals);
    if (refusals > 0 && m->world->lies == NULL) /* else see byzantine_is_lie() */
        world_fail(m->world, "%s refused an honest commit", m->label);
    if (version < m->charter_seen)
        world_fail(m->world, "%s: charter %u after %u", m->label, version, m->charter_seen);
    m->charter_seen = version;
    if (m->liar || m->told_count != graph_count(replica_graph(m->replica)))
        return; /* a core whose member lies believes that others hold the lies */
    for (uint32_t i = 0; core_peer(m->core, i, &peer); i++)
        for (uint32_t k = 0; peer.durable && k < m->world->member_count; k++)
            if (strcmp(peer.label, m->world->members[k].label) == 0)
                check_durable(m, &m->world->members[k]);
}
