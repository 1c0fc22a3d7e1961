#include "tests/scope/history.h"

#include <stdio.h>

#include "proto/check.h"

void history_begin(struct history_walk *w, uint32_t commits_max, uint32_t letter_count, bool alike)
{
    CHECK(commits_max >= 1 && commits_max <= HISTORY_COMMITS_MAX && letter_count >= 1);
    *w = (struct history_walk){
        .commits_max = commits_max, .letter_count = letter_count, .alike = alike};
    w->h.delivered_count[0] = 1; /* nothing */
}

/* Whether 'c' may stand behind the first 'count' commits: see the two bullets of the header. */
static bool fits(const struct history_walk *w, const struct history_commit *c, uint32_t count)
{
    uint32_t own = 0, begun = 0, behind = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct history_commit *other = &w->h.commits[i];
        own |= other->member == c->member ? UINT32_C(1) << i | other->past : 0;
        begun = other->member + 1 > begun ? other->member + 1 : begun;
    }
    if ((c->past & own) != own || (w->alike && c->member > begun))
        return false;
    for (uint32_t i = count; i-- > 0;) {
        behind |= UINT32_C(1) << i;
        if ((c->past & behind) != 0)
            return true;
        if (c->member < w->h.commits[i].member)
            return false;
    }
    return true;
}

static void put(struct history *h, const struct history_commit *c, uint32_t count)
{
    uint32_t before = h->delivered_count[count], used = before;
    h->commits[count] = *c;
    h->count = count + 1;
    for (uint32_t i = 0; i < before; i++)
        if ((h->delivered[i] & c->past) == c->past)
            h->delivered[used++] = h->delivered[i] | UINT32_C(1) << count;
    CHECK(used <= HISTORY_SETS);
    h->delivered_count[count + 1] = used;
}

bool history_next(struct history_walk *w, bool extend)
{
    uint32_t at = w->h.count;
    if (at > 0 && (!extend || at == w->commits_max))
        at--;
    else
        w->choice[at] = 0;
    for (;; at--) {
        uint32_t sets = w->h.delivered_count[at];
        while (w->choice[at] < HISTORY_MEMBERS * sets * w->letter_count) {
            uint32_t choice = w->choice[at]++;
            struct history_commit c = {
                .member = choice / w->letter_count / sets,
                .letter = choice % w->letter_count,
                .past = w->h.delivered[choice / w->letter_count % sets],
            };
            if (!fits(w, &c, at))
                continue;
            put(&w->h, &c, at);
            return true;
        }
        if (at == 0)
            return false;
    }
}

uint32_t history_own(const struct history *h, uint32_t member)
{
    uint32_t own = 0;
    for (uint32_t i = 0; i < h->count; i++)
        own |= h->commits[i].member == member ? UINT32_C(1) << i | h->commits[i].past : 0;
    return own;
}

uint32_t history_heads(const struct history *h, uint32_t set)
{
    uint32_t heads = set;
    for (uint32_t i = 0; i < h->count; i++)
        if ((set >> i & 1) != 0)
            heads &= ~h->commits[i].past;
    return heads;
}

uint64_t history_systems(const struct history *h)
{
    uint64_t systems = 1;
    for (uint32_t member = 0; member < HISTORY_MEMBERS; member++) {
        uint32_t own = history_own(h, member), ways = 0;
        for (uint32_t i = 0; i < h->delivered_count[h->count]; i++)
            ways += (h->delivered[i] & own) == own;
        systems *= ways;
    }
    return systems;
}

void history_print(const struct history *h, const char *letters)
{
    for (uint32_t i = 0; i < h->count; i++) {
        const struct history_commit *c = &h->commits[i];
        fprintf(stderr, "  commit %u: member %u writes %c, having", i + 1, c->member,
                letters[c->letter]);
        for (uint32_t k = 0; k < i; k++)
            if ((c->past >> k & 1) != 0)
                fprintf(stderr, " %u", k + 1);
        fprintf(stderr, c->past == 0 ? " nothing\n" : "\n");
    }
}
