#include "daemon/report.h"

#include <stdio.h>
#include <time.h>

#include "daemon/transport.h"
#include "replicas/json.h"

enum { TIME_TEXT = 32 };

static const char *const state_words[] = {"none",    "dialling", "handshake",
                                          "charter", "active",   "waiting"};

static void add_text(struct buf *out, const char *text)
{
    json_add_text(out, bytes_of_text(text));
}

/* A monotonic moment as wall time, for people; null where it never was. */
static void add_contact(struct buf *out, uint64_t moment_ms)
{
    char text[TIME_TEXT];
    struct tm parts;
    uint64_t now = server_now_ms();
    if (moment_ms == 0) {
        buf_add_text(out, "null");
        return;
    }
    time_t at = time(NULL) - (time_t)((now > moment_ms ? now - moment_ms : 0) / 1000);
    gmtime_r(&at, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    add_text(out, text);
}

static bool find_peer(const struct server *s, const char *label, struct core_peer *out)
{
    for (uint32_t i = 0; core_peer(s->core, i, out); i++)
        if (strcmp(out->label, label) == 0)
            return true;
    return false;
}

static void add_members(struct server *s, const struct job *part, struct buf *out)
{
    buf_add_text(out, "\"members\":[");
    for (uint32_t i = 0; i < part->member_count; i++) {
        const struct charter_member *m = &part->members[i];
        struct core_peer peer = {0};
        uint64_t seq;
        bool self = strcmp(m->label, s->label) == 0, found = !self && find_peer(s, m->label, &peer);
        memcpy(&seq, part->ids[i].id, sizeof seq);
        buf_add_format(out,
                       "%s{\"label\":\"%s\",\"role\":\"%s\",\"seq\":%llu,\"behind\":%u,"
                       "\"up_to_date\":%s,\"last_contact\":",
                       i > 0 ? "," : "", m->label, charter_role_text(m->role),
                       (unsigned long long)seq, found ? peer.behind_heads : 0,
                       self || peer.durable ? "true" : "false");
        add_contact(out, self ? server_now_ms() : peer.last_contact_ms);
        buf_add_format(out, ",\"link\":\"%s\"}",
                       self    ? "self"
                       : found ? state_words[peer.state]
                               : "none");
    }
    buf_add_text(out, "]");
}

static void add_health(struct buf *out, bool *first, const char *level, const char *text,
                       const char *fix)
{
    buf_add_format(out, "%s{\"level\":\"%s\",\"text\":", *first ? "" : ",", level);
    add_text(out, text);
    buf_add_text(out, ",\"fix\":");
    add_text(out, fix);
    buf_add_text(out, "}");
    *first = false;
}

/* Others say so, or our own newest charter does. */
static bool is_retired(const struct server *s)
{
    struct core_peer peer;
    for (uint32_t i = 0; core_peer(s->core, i, &peer); i++)
        if (peer.last_error == ST_RETIRED)
            return true;
    return false;
}

/* What a person should know first. */
static void add_healths(struct server *s, const struct job *part, struct buf *out)
{
    bool first = true;
    char text[256];
    struct core_peer peer;
    buf_add_text(out, ",\"health\":[");
    if (part->fault.code == ST_DISK_FULL)
        add_health(out, &first, "error",
                   "the disk is full: nothing that is acknowledged is lost, but little or nothing "
                   "new can be kept",
                   "make room on the disk of this home; it goes on by itself");
    else if (part->fault.code != ST_OK)
        add_health(out, &first, "error", part->fault.text,
                   part->fault.fix[0] != '\0' ? part->fault.fix : "minga doctor");
    if (part->health.count > 0) {
        buf_add_text(out, first ? "" : ",");
        buf_add_bytes(out, buf_bytes(&part->health));
        first = false;
    }
    if (part->conflict_count > 0) {
        snprintf(text, sizeof text, "%llu records hold an open conflict",
                 (unsigned long long)part->conflict_count);
        add_health(out, &first, "warning", text, "minga conflicts");
    }
    if (is_retired(s))
        add_health(out, &first, "error",
                   "this office is no longer a member: its key is retired in the charter, and the "
                   "others exchange nothing but charters with it",
                   "what is here stays readable; to go on, ask a member for an invitation");
    for (uint32_t i = 0; core_peer(s->core, i, &peer); i++) {
        if (peer.state != CORE_LINK_WAITING || peer.last_error == ST_OK ||
            peer.last_error == ST_RETIRED)
            continue;
        snprintf(text, sizeof text, "%s cannot be reached: %s",
                 peer.label[0] != '\0' ? peer.label : peer.address, status_text(peer.last_error));
        add_health(out, &first, "notice", text,
                   "nothing is lost: it goes on by itself when the link is back");
    }
    if (part->refusal_count > 0) {
        snprintf(text, sizeof text, "%u commits of others were refused since the start",
                 part->refusal_count);
        add_health(out, &first, "warning", text, "minga verify; ask who sent them");
    }
    buf_add_text(out, "]");
}

void report_status(struct server *s, const struct job *part, struct buf *out)
{
    buf_add_text(out, "{");
    buf_add_bytes(out, buf_bytes(&part->rows));
    buf_add_text(out, ",\"listen\":");
    add_text(out, transport_address(s->transport));
    buf_add_text(out, ",");
    add_members(s, part, out);
    add_healths(s, part, out);
    buf_add_text(out, "}");
}

void report_peer(const struct core_peer *peer, struct buf *out)
{
    buf_add_text(out, "{\"label\":");
    add_text(out, peer->label);
    buf_add_text(out, ",\"address\":");
    add_text(out, peer->address);
    buf_add_format(out,
                   ",\"state\":\"%s\",\"behind\":%u,\"up_to_date\":%s,\"waiting_sealed\":%llu,"
                   "\"bytes_in\":%llu,\"bytes_out\":%llu,\"last_contact\":",
                   state_words[peer->state], peer->behind_heads, peer->durable ? "true" : "false",
                   (unsigned long long)peer->waiting_sealed, (unsigned long long)peer->bytes_in,
                   (unsigned long long)peer->bytes_out);
    add_contact(out, peer->last_contact_ms);
    buf_add_text(out, ",\"last_error\":");
    if (peer->last_error == ST_OK)
        buf_add_text(out, "null");
    else
        add_text(out, status_text(peer->last_error));
    buf_add_text(out, "}");
}

bool report_synced(const struct server *s, bool *connecting_out)
{
    struct core_peer peer;
    bool synced = true;
    *connecting_out = false;
    for (uint32_t i = 0; core_peer(s->core, i, &peer); i++) {
        if (peer.state == CORE_LINK_ACTIVE)
            synced = synced && peer.durable && peer.behind_heads == 0;
        else if (peer.state == CORE_LINK_HANDSHAKE || peer.state == CORE_LINK_CHARTER ||
                 peer.state == CORE_LINK_DIALLING)
            *connecting_out = true;
    }
    return synced;
}

void report_sync(const struct server *s, struct bytes label, struct buf *out, bool *complete_out,
                 uint32_t *failed_out)
{
    struct core_peer peer;
    struct buf failed = {0};
    bool first = true;
    *failed_out = 0;
    *complete_out = true;
    buf_add_text(out, "{\"synced\":[");
    for (uint32_t i = 0; core_peer(s->core, i, &peer); i++) {
        const char *name = peer.label[0] != '\0' ? peer.label : peer.address;
        bool active = peer.state == CORE_LINK_ACTIVE;
        if (label.count > 0 && !bytes_equal_text(label, peer.label))
            continue;
        if (active && peer.durable && peer.behind_heads == 0) {
            buf_add_text(out, first ? "" : ",");
            add_text(out, name);
            first = false;
            continue;
        }
        bool gave_up = peer.state == CORE_LINK_WAITING || peer.state == CORE_LINK_NONE;
        *complete_out = *complete_out && gave_up;
        buf_add_text(&failed, *failed_out > 0 ? "," : "");
        buf_add_text(&failed, "{\"label\":");
        add_text(&failed, name);
        buf_add_text(&failed, ",\"error\":");
        add_text(&failed, active                     ? "it does not hold everything yet"
                          : peer.last_error != ST_OK ? status_text(peer.last_error)
                          : peer.address[0] == '\0'  ? "no address is known; it has to call us"
                                                     : "not connected");
        buf_add_text(&failed, "}");
        ++*failed_out;
    }
    buf_add_text(out, "],\"failed\":[");
    buf_add_bytes(out, buf_bytes(&failed));
    buf_add_text(out, "]}");
    buf_release(&failed);
}
