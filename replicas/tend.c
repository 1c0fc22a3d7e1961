#include "replicas/tend.h"

#include <sodium.h>

#include "proto/check.h"
#include "replicas/acknowledge.h"
#include "replicas/adoption.h"
#include "replicas/follow.h"
#include "replicas/plain.h"
#include "replicas/purge.h"
#include "replicas/share.h"
#include "replicas/upload.h"

static const struct step {
    const char *name;
    tend_step_fn run;
} STEPS[] = {
    {"adoption", adoption_step}, {"class keys", share_step}, {"erasures", purge_step},
    {"files", follow_step},      {"uploads", upload_step},   {"acknowledge", acknowledge_step},
    {"plain", plain_step},
};

void tend_init(struct tend *t, const struct tend_options *o)
{
    *t = (struct tend){.options = *o};
    t->acknowledge.due_ms = UINT64_MAX;
    t->share.due_ms = UINT64_MAX;
}

void tend_again(struct tending *now, uint64_t at_ms)
{
    if (at_ms < now->next_ms)
        now->next_ms = at_ms;
}

uint64_t tend_draw(const struct tend *t, uint64_t below)
{
    uint64_t number;
    CHECK(below > 0);
    if (t->options.entropy != NULL)
        t->options.entropy(t->options.entropy_context, &number, sizeof number);
    else
        randombytes_buf(&number, sizeof number);
    return number % below; /* milliseconds: what is uneven about it is nothing */
}

enum status tend_run(struct tend *t, struct replica *r, uint64_t now_ms, uint64_t *next_ms_out,
                     bool *wrote_out, struct fault *f)
{
    struct buf author = {0};
    struct tending now = {.replica = r, .tend = t, .now_ms = now_ms, .next_ms = UINT64_MAX};
    buf_add_format(&author, "%s <%s@minga>", replica_label(r), replica_label(r));
    enum status st = buf_status(&author);
    now.author = buf_bytes(&author);
    t->trouble = (struct fault){0};
    for (size_t i = 0; st == ST_OK && i < sizeof STEPS / sizeof *STEPS; i++) {
        struct fault own = {0};
        st = STEPS[i].run(&now, &own);
        if (st == ST_OK)
            continue;
        if (own.code != st)
            fault_set(&own, st, "%s", status_text(st));
        fault_context(&own, st, "%s", STEPS[i].name);
        if (status_class(st) != STATUS_LOCAL) {
            t->trouble = t->trouble.code == ST_OK ? own : t->trouble;
            st = ST_OK;
        } else if (f != NULL) {
            *f = own;
        }
    }
    bool soon = now.next_ms < now_ms + TEND_PAUSE_MS;
    *next_ms_out = soon ? now_ms + TEND_PAUSE_MS : now.next_ms;
    *wrote_out = now.wrote;
    buf_release(&author);
    return st;
}
