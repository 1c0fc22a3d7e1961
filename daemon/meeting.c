#include "daemon/meeting.h"

#include "daemon/logger.h"
#include "daemon/server.h"

void meeting_begin(struct meeting *m, uint64_t now_ms, uint64_t wait_ms)
{
    *m = (struct meeting){.over = wait_ms == 0,
                          .wait_ms = wait_ms,
                          .until_ms = now_ms + wait_ms,
                          .last_ms = now_ms + MEETING_TIMES * wait_ms};
}

bool meeting_holds(struct meeting *m, struct job *j)
{
    if (m->over || !j->writes)
        return false;
    j->next = NULL;
    if (m->last != NULL)
        m->last->next = j;
    else
        m->first = j;
    m->last = j;
    return true;
}

void meeting_progress(struct meeting *m, uint64_t now_ms)
{
    m->until_ms = now_ms + m->wait_ms < m->last_ms ? now_ms + m->wait_ms : m->last_ms;
}

uint64_t meeting_deadline_ms(const struct meeting *m)
{
    return m->over ? UINT64_MAX : m->until_ms;
}

void meeting_end(struct meeting *m)
{
    while (m->first != NULL) {
        struct job *j = m->first;
        m->first = j->next;
        job_free(j);
    }
    m->last = NULL;
    m->over = true;
}

/* Whether there is nobody to wait for: each was tried in vain. One without an address may call. */
static bool is_alone(const struct server *s)
{
    struct core_peer peer;
    for (uint32_t i = 0; core_peer(s->core, i, &peer); i++)
        if (peer.state != CORE_LINK_WAITING)
            return false;
    return true;
}

static bool has_met(const struct server *s)
{
    struct core_peer peer;
    for (uint32_t i = 0; core_peer(s->core, i, &peer); i++)
        if (peer.met)
            return true;
    return false;
}

void meeting_check(struct server *s)
{
    struct meeting *m = &s->meeting;
    if (m->over || s->worker == NULL || !s->charter_told)
        return;
    const char *why = has_met(s)                       ? "met"
                      : is_alone(s)                    ? "alone"
                      : server_now_ms() >= m->until_ms ? "in_vain"
                                                       : NULL;
    if (why == NULL)
        return;
    logger_say(LOGGER_INFO, "event=may_write why=%s", why);
    m->over = true;
    worker_release(s->worker);
    struct job *j = m->first;
    m->first = m->last = NULL;
    while (j != NULL) {
        struct job *next = j->next;
        server_submit(s, j);
        j = next;
    }
}
