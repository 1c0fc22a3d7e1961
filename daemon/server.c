#include "daemon/server.h"

#include <sodium.h>
#include <stdlib.h>

#include "daemon/carrier.h"
#include "daemon/console.h"
#include "daemon/logger.h"
#include "daemon/notify.h"
#include "daemon/transport.h"
#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/roster.h"

static const int signal_numbers[3] = {SIGHUP, SIGTERM, SIGINT};

uint64_t server_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void entropy(void *context, void *out, size_t count)
{
    (void)context;
    randombytes_buf(out, count);
}

/* ---- effects ---- */

static void submit_items(struct server *s, const struct core_effect *e, enum job_kind kind)
{
    struct job *j = job_new(kind);
    size_t at = 0, count = (size_t)e->item_count + e->motion_count;
    bool fits = j != NULL;
    if (fits) {
        j->request = e->request;
        j->link = e->link;
        j->heard = e->heard;
        j->items = mem_array(count, sizeof *j->items);
        for (size_t i = 0; i < count; i++)
            buf_add_bytes(&j->data,
                          i < e->item_count ? e->items[i] : e->motions[i - e->item_count]);
        fits = j->items != NULL && buf_status(&j->data) == ST_OK;
    }
    if (!fits) {
        job_free(j);
        logger_say(LOGGER_ERROR, "event=out_of_memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t bytes = i < e->item_count ? e->items[i].count : e->motions[i - e->item_count].count;
        j->items[i] = (struct bytes){j->data.data + at, bytes};
        at += bytes;
    }
    j->item_count = e->item_count;
    j->motion_count = e->motion_count;
    server_submit(s, j);
}

static void submit_load(struct server *s, const struct core_effect *e)
{
    struct job *j = job_new(JOB_LOAD);
    if (j != NULL)
        j->ids = mem_copy(e->known, e->known_count * sizeof *e->known);
    if (j == NULL || j->ids == NULL) {
        job_free(j);
        logger_say(LOGGER_ERROR, "event=out_of_memory");
        return;
    }
    j->request = e->request;
    j->link = e->link;
    j->load = e->load;
    j->id_count = e->known_count;
    j->bytes_max = e->bytes_max;
    server_submit(s, j);
}

static void submit_pair(struct server *s, const struct core_effect *e)
{
    struct job *j = job_new(JOB_PAIR);
    if (j != NULL)
        buf_add_bytes(&j->data, e->bytes);
    if (j == NULL || buf_status(&j->data) != ST_OK) {
        job_free(j);
        logger_say(LOGGER_ERROR, "event=out_of_memory");
        return;
    }
    j->request = e->request;
    j->link = e->link;
    j->key = e->key;
    j->writes = true;
    snprintf(j->text, sizeof j->text, "%s", e->text);
    server_submit(s, j);
}

static void carry_out(struct server *s, const struct core_effect *e)
{
    switch (e->kind) {
    case FX_SEND:
        transport_send(s->transport, e->link, e->bytes);
        break;
    case FX_CONNECT:
        transport_connect(s->transport, e->link, e->text);
        break;
    case FX_CLOSE:
        transport_close(s->transport, e->link);
        break;
    case FX_STORE:
        submit_items(s, e, JOB_STORE);
        break;
    case FX_CHARTER:
        submit_items(s, e, JOB_CHARTERS);
        break;
    case FX_LOAD:
        submit_load(s, e);
        break;
    case FX_PAIR:
        submit_pair(s, e);
        break;
    case FX_JOINED: /* only a joiner's core says so */
        break;
    case FX_LOG:
        logger_say(e->level, "%s", e->text);
        if (e->level <= LOGGER_INFO && s->console != NULL)
            console_link(s->console, e->text);
        break;
    case FX_WISH:
    case FX_GIVE:
    case FX_KEEP:
        carrier_submit(s, e);
        break;
    case FX_PEER:
        break;
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct core_event event = {.kind = CORE_TICK};
    server_step(timer->data, &event);
}

static void arm(struct server *s)
{
    uint64_t now = server_now_ms(), next = core_deadline_ms(s->core);
    uint64_t other = s->console != NULL ? console_deadline_ms(s->console) : UINT64_MAX;
    next = other < next ? other : next;
    other = meeting_deadline_ms(&s->meeting);
    next = other < next ? other : next;
    uv_update_time(&s->loop);
    if (next == UINT64_MAX)
        uv_timer_stop(&s->timer);
    else
        uv_timer_start(&s->timer, on_timer, next > now ? next - now : 0, 0);
}

static void step(struct server *s, struct core_event *event)
{
    struct effects effects = {0};
    event->now_ms = server_now_ms();
    enum status st = core_step(s->core, event, &effects);
    if (st != ST_OK)
        logger_say(LOGGER_ERROR, "event=step_failed error=%s", status_word(st));
    for (uint32_t i = 0; i < effects.count; i++)
        carry_out(s, &effects.list[i]);
}

void server_step(struct server *s, struct core_event *event)
{
    struct core_event written = {.kind = CORE_WRITTEN};
    if (s->stopping)
        return;
    step(s, event);
    while (transport_take_unsent(s->transport, &written.link, &written.unsent_bytes))
        step(s, &written); /* who sends more of what can wait knows that the line is full */
    if (s->console != NULL)
        console_check(s->console);
    meeting_check(s);
    arm(s);
}

/* ---- what the transport tells ---- */

static void link_accepted(void *context, link_id link, const char *address)
{
    struct core_event event = {.kind = CORE_ACCEPTED, .link = link, .text = address};
    server_step(context, &event);
}

static void link_connected(void *context, link_id link)
{
    struct core_event event = {.kind = CORE_CONNECTED, .link = link};
    server_step(context, &event);
}

static void link_data(void *context, link_id link, struct bytes data)
{
    struct core_event event = {.kind = CORE_DATA, .link = link, .bytes = data};
    server_step(context, &event);
}

static void link_written(void *context, link_id link, size_t unsent_bytes)
{
    struct core_event event = {.kind = CORE_WRITTEN, .link = link, .unsent_bytes = unsent_bytes};
    server_step(context, &event);
}

static void link_closed(void *context, link_id link, const char *why)
{
    struct core_event event = {
        .kind = CORE_CLOSED, .link = link, .status = ST_UNREACHABLE, .text = why};
    server_step(context, &event);
}

/* ---- what the storage thread tells ---- */

void server_submit(struct server *s, struct job *j)
{
    if (s->stopping || s->worker == NULL)
        job_free(j);
    else if (!meeting_holds(&s->meeting, j))
        worker_submit(s->worker, j);
}

static void tell_charter(struct server *s, const struct job *j)
{
    struct core_event event = {.kind = CORE_CHARTER, .request = j->request, .status = j->status};
    struct core_member *members = mem_array(j->member_count, sizeof *members);
    if (members == NULL)
        return;
    for (uint32_t i = 0; i < j->member_count; i++)
        members[i] =
            (struct core_member){j->members[i].label, j->members[i].key, j->members[i].address,
                                 (enum core_role)j->members[i].role};
    event.charter.version = j->charter_version;
    event.charter.hash = j->charter_hash;
    event.charter.members = members;
    event.charter.member_count = j->member_count;
    event.charter.files = j->items;
    event.charter.retired = j->keys;
    event.charter.retired_count = j->key_count;
    event.charter.motions = j->items != NULL ? j->items + j->item_count : NULL;
    event.charter.motion_count = j->motion_count;
    s->charter_told = true;
    if (j->choices > 0) /* the core's charter never goes back, so it begins anew */
        s->rotated = true;
    s->rotated = s->rotated || (j->charter_grew && memcmp(&j->self, &s->key, sizeof s->key) != 0);
    server_step(s, &event);
    mem_free(members);
}

static void tell_news(struct server *s, const struct job *j)
{
    struct core_event heads = {.kind = CORE_HEADS};
    struct core_label_heads *labels = mem_array(j->head_count, sizeof *labels);
    for (uint32_t i = 0; i < j->commit_count; i++) {
        const struct job_commit *c = &j->commits[i];
        struct core_event event = {.kind = CORE_COMMITTED,
                                   .link = c->source,
                                   .bytes = {j->data.data + c->item_at, c->item_bytes}};
        event.committed.id = c->id;
        event.committed.parents = c->parents;
        event.committed.parent_count = c->parent_count;
        server_step(s, &event);
    }
    if (labels == NULL)
        return;
    for (uint32_t i = 0; i < j->head_count; i++)
        labels[i] = (struct core_label_heads){bytes_of_text(j->heads[i].label),
                                              j->ids + j->heads[i].first, j->heads[i].count};
    heads.heads.labels = labels;
    heads.heads.label_count = j->head_count;
    server_step(s, &heads);
    mem_free(labels);
    if (s->console != NULL)
        console_news(s->console, j);
}

static void tell_stored(struct server *s, const struct job *j)
{
    struct core_event event = {
        .kind = CORE_STORED, .request = j->request, .link = j->link, .status = j->status};
    event.stored.verdicts = j->verdicts;
    event.stored.ids = j->ids;
    event.stored.count = j->item_count;
    event.stored.missing = j->missing;
    event.stored.missing_count = j->missing_count;
    server_step(s, &event);
}

static void tell_loaded(struct server *s, const struct job *j)
{
    struct core_event event = {
        .kind = CORE_LOADED, .request = j->request, .link = j->link, .status = j->status};
    event.loaded.items = j->items;
    event.loaded.ids = j->ids;
    event.loaded.count = j->id_count;
    event.loaded.more = j->more;
    event.loaded.unknown = j->unknown;
    server_step(s, &event);
}

static void ask_invites(struct server *s)
{
    struct job *j = job_new(JOB_INVITES);
    if (j != NULL)
        server_submit(s, j);
}

static void tell_paired(struct server *s, const struct job *j)
{
    struct core_event event = {
        .kind = CORE_PAIRED, .request = j->request, .link = j->link, .status = j->status};
    if (j->status == ST_OK) {
        struct job charter = *j; /* the same chain, unasked */
        charter.request = 0;
        tell_charter(s, &charter);
        event.paired.label = bytes_of_text(j->text);
        event.paired.files = j->items;
        event.paired.file_count = j->item_count;
        logger_say(LOGGER_NOTICE, "event=joined office=%s", j->text);
    }
    server_step(s, &event);
    ask_invites(s);
}

static void tell_invites(struct server *s, const struct job *j)
{
    struct core_event event = {.kind = CORE_INVITATIONS};
    struct core_invitation *list = mem_array(j->invite_count, sizeof *list);
    if (list == NULL)
        return;
    for (uint32_t i = 0; i < j->invite_count; i++) {
        const struct job_invite *in = &j->invites[i];
        list[i] = (struct core_invitation){.id = {in->id, sizeof in->id},
                                           .label = bytes_of_text(in->label),
                                           .expired = in->expired,
                                           .used = in->used,
                                           .used_by = in->used_by};
        memcpy(list[i].secret, in->secret, KEY_BYTES);
    }
    event.invitations = list;
    event.invitation_count = j->invite_count;
    server_step(s, &event);
    sodium_memzero(list, j->invite_count * sizeof *list);
    mem_free(list);
}

static void take_job(struct server *s, struct job *j)
{
    switch (j->kind) {
    case JOB_NEWS:
        tell_news(s, j);
        break;
    case JOB_CHARTERS:
        tell_charter(s, j);
        break;
    case JOB_STORE:
        meeting_progress(&s->meeting, server_now_ms());
        tell_stored(s, j);
        break;
    case JOB_LOAD:
        tell_loaded(s, j);
        break;
    case JOB_PAIR:
        tell_paired(s, j);
        break;
    case JOB_INVITES:
        tell_invites(s, j);
        break;
    case JOB_WISH:
    case JOB_GIVE:
    case JOB_KEEP:
    case JOB_WANTED:
        carrier_tell(s, j);
        break;
    case JOB_VERB:
        if (j->invited)
            ask_invites(s);
        console_finished(s->console, j); /* takes it over */
        return;
    case JOB_STATUS:
        console_finished(s->console, j);
        return;
    }
    job_free(j);
}

static void stop(struct server *s, enum status outcome)
{
    if (s->stopping)
        return;
    s->outcome = outcome;
    notify_send("STOPPING=1");
    logger_say(LOGGER_INFO, "event=stopping");
    s->stopping = true;
    if (s->transport != NULL)
        transport_stop(s->transport);
    if (s->console != NULL)
        console_stop(s->console);
    meeting_end(&s->meeting);
    for (size_t i = 0; i < sizeof signal_numbers / sizeof *signal_numbers; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_close((uv_handle_t *)&s->timer, NULL);
    uv_close((uv_handle_t *)&s->woken, NULL);
}

static void on_woken(uv_async_t *async)
{
    struct server *s = async->data;
    if (s->stopping || s->worker == NULL)
        return;
    if (worker_failed(s->worker, &s->fault)) {
        logger_say(LOGGER_ERROR, "event=storage_failed text=\"%s\"", s->fault.text);
        stop(s, s->fault.code);
        return;
    }
    for (struct job *j = worker_take(s->worker); j != NULL; j = worker_take(s->worker))
        take_job(s, j);
    if (s->rotated) { /* every link begins anew, with the new key */
        logger_say(LOGGER_NOTICE, "event=rotated");
        stop(s, ST_AGAIN);
        return;
    }
    if (!s->ready && s->charter_told) {
        s->ready = true;
        logger_say(LOGGER_NOTICE, "event=ready office=%s listen=%s", s->label,
                   transport_address(s->transport));
        notify_send("READY=1");
    }
}

static void wake(void *context)
{
    struct server *s = context;
    uv_async_send(&s->woken);
}

/* ---- life ---- */

static void tell_peers(struct server *s)
{
    struct core_event event = {.kind = CORE_PEERS};
    uint32_t count = s->settings.peer_count;
    size_t room = LABEL_BYTES_MAX + ADDRESS_BYTES_MAX + 2;
    char *texts = mem_array(count, room);
    const char **list = mem_array(count, sizeof *list);
    if (texts != NULL && list != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            list[i] = texts + i * room;
            snprintf(texts + i * room, room, "%s=%s", s->settings.peers[i].label,
                     s->settings.peers[i].address);
        }
        event.addresses = list;
        event.address_count = count;
        server_step(s, &event);
    }
    mem_free(texts);
    mem_free(list);
}

enum status server_reload(struct server *s, struct fault *f)
{
    struct settings fresh = {0};
    enum status st = settings_load(s->config_path, &fresh, f);
    if (st != ST_OK)
        return st;
    settings_release(&s->settings);
    s->settings = fresh;
    logger_set_level((enum logger_level)fresh.log_level);
    tell_peers(s);
    return ST_OK;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *s = handle->data;
    struct fault f = {0};
    if (number != SIGHUP) {
        stop(s, ST_OK);
        return;
    }
    notify_send("RELOADING=1");
    if (server_reload(s, &f) == ST_OK)
        logger_say(LOGGER_NOTICE, "event=reloaded");
    else
        logger_say(LOGGER_ERROR, "event=reload_refused text=\"%s\"", f.text);
    notify_send("READY=1");
}

static enum status create_core(struct server *s, struct replica *r)
{
    struct core_options o = {.network = *replica_network(r),
                             .label = s->label,
                             .identity = replica_identity(r)->secret,
                             .agent = "mingad " MINGA_VERSION,
                             .listen_address = transport_address(s->transport),
                             .links_active = s->settings.links,
                             .entropy = entropy};
    s->key = replica_identity(r)->key;
    return core_create(&o, &s->core);
}

static enum status start(struct server *s, const struct server_options *o, struct replica *r,
                         struct fault *f)
{
    struct transport_handler handler = {s,         link_accepted, link_connected,
                                        link_data, link_written,  link_closed};
    struct core_event event = {.kind = CORE_START};
    struct worker_options tending = {.acknowledge_ms = s->settings.acknowledge_ms,
                                     .held = s->settings.meet_ms > 0};
    meeting_begin(&s->meeting, server_now_ms(), s->settings.meet_ms);
    enum status st = transport_create(&s->loop, &handler, &s->transport);
    if (st == ST_OK && s->settings.listen[0] != '\0')
        st = transport_listen(s->transport, s->settings.listen, f);
    if (st == ST_OK)
        st = console_create(s, o->socket_path, &s->console, f);
    if (st == ST_OK)
        st = create_core(s, r);
    if (st == ST_OK)
        st = worker_start(r, &tending, wake, s, &s->worker);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < sizeof signal_numbers / sizeof *signal_numbers; i++)
        uv_signal_start(&s->signals[i], on_signal, signal_numbers[i]);
    server_step(s, &event);
    tell_peers(s);
    ask_invites(s);
    return ST_OK;
}

static enum status open_all(struct server *s, const struct server_options *o,
                            struct replica **replica_out, struct fault *f)
{
    struct replica_options options = {.home = o->home, .identity = o->identity, .index = true};
    enum status st = home_path(o->home, "config", s->config_path, f);
    if (st == ST_OK)
        st = settings_load(s->config_path, &s->settings, f);
    if (st == ST_OK) {
        logger_set_level((enum logger_level)s->settings.log_level);
        st = replica_open(&options, replica_out, f);
    }
    if (st == ST_OK)
        memcpy(s->label, replica_label(*replica_out), strlen(replica_label(*replica_out)) + 1);
    return st;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    uv_close(handle, NULL);
}

/* On failure nothing of it is left. */
static enum status init_loop(struct server *s, struct fault *f)
{
    int failed = uv_loop_init(&s->loop);
    if (failed != 0)
        return fault_set(f, ST_IO, "the loop cannot be made: %s", uv_strerror(failed));
    failed = uv_async_init(&s->loop, &s->woken, on_woken);
    if (failed == 0)
        failed = uv_timer_init(&s->loop, &s->timer);
    s->woken.data = s->timer.data = s;
    for (size_t i = 0; failed == 0 && i < sizeof signal_numbers / sizeof *signal_numbers; i++) {
        failed = uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
    }
    if (failed == 0)
        return ST_OK;
    uv_walk(&s->loop, close_handle, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    return fault_set(f, ST_IO, "the loop cannot be made: %s", uv_strerror(failed));
}

enum status server_run(const struct server_options *o, struct fault *f)
{
    struct server *s = mem_alloc(sizeof *s);
    struct replica *replica = NULL;
    if (s == NULL)
        return ST_NO_MEMORY;
    enum status st = open_all(s, o, &replica, f);
    if (st != ST_OK)
        goto out;
    st = init_loop(s, f);
    if (st != ST_OK)
        goto out;
    st = start(s, o, replica, f);
    if (st == ST_OK) {
        uv_run(&s->loop, UV_RUN_DEFAULT);
        st = s->outcome;
        if (st != ST_OK && f != NULL)
            *f = s->fault;
    } else {
        stop(s, st);
        uv_run(&s->loop, UV_RUN_DEFAULT);
    }
    if (s->worker != NULL)
        replica = worker_stop(s->worker);
    if (st == ST_OK || st == ST_AGAIN) {
        enum status closed = replica_close(replica, f);
        st = closed != ST_OK ? closed : st;
    } else {
        replica_drop(replica);
    }
    replica = NULL;
    console_free(s->console);
    transport_free(s->transport);
    core_free(s->core);
    uv_loop_close(&s->loop);
    logger_say(LOGGER_INFO, "event=stopped");
out:
    replica_drop(replica);
    settings_release(&s->settings);
    mem_free(s);
    return st;
}
