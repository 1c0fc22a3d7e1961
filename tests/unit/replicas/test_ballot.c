#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "replicas/ballot.h"

static struct ballot ballot_of(uint64_t round, uint8_t admin)
{
    return (struct ballot){.round = round, .admin = {{admin}}};
}

static struct digest body_of(uint8_t body)
{
    return (struct digest){{body}};
}

static struct ballot_promise promise_of(uint8_t key, uint64_t round, uint8_t admin, uint8_t body)
{
    struct ballot_promise p = {.key = {{key}}};
    if (round > 0)
        p.vote = (struct ballot_vote){ballot_of(round, admin), body_of(body)};
    return p;
}

static void promises_go_up(void **state)
{
    (void)state;
    struct ballot_vow vow = {.stated = false};
    struct ballot low = ballot_of(2, 1), high = ballot_of(2, 2), higher = ballot_of(3, 1);
    struct ballot_vote vote = {high, body_of(7)};
    assert_true(ballot_compare(&low, &high) < 0 && ballot_compare(&high, &higher) < 0);
    assert_int_equal(ballot_promise(&vow, &high).ballot.round, 0);
    assert_false(ballot_may_promise(&vow, &low));
    assert_true(ballot_may_promise(&vow, &high)); /* the same again */
    assert_true(ballot_may_sign(&vow, &vote, true));
    assert_false(ballot_may_sign(&vow, &vote, false));
    ballot_sign(&vow, &vote);
    assert_int_equal(ballot_promise(&vow, &high).ballot.round, 0); /* as it was said before */
    vote.ballot = low;
    assert_false(ballot_may_sign(&vow, &vote, true));
    vote = (struct ballot_vote){high, body_of(8)};
    assert_false(ballot_may_sign(&vow, &vote, true)); /* one ballot, one body */
    struct ballot_vote told = ballot_promise(&vow, &higher);
    assert_int_equal(told.ballot.round, 2);
    assert_int_equal(told.hash.id[0], 7);
}

static void what_promises_leave_free(void **state)
{
    (void)state;
    struct digest seven = body_of(7), eight = body_of(8);
    struct ballot_vote forced;
    struct ballot_promise p[4] = {promise_of(1, 0, 0, 0), promise_of(2, 0, 0, 0)};
    assert_false(ballot_frees(p, 1, 3, &seven));
    assert_true(ballot_frees(p, 2, 3, &seven));
    assert_false(ballot_forced(p, 2, 3, &forced));
    p[1] = promise_of(2, 1, 1, 7);
    assert_true(ballot_frees(p, 2, 3, &seven));
    assert_false(ballot_frees(p, 2, 3, &eight));
    assert_true(ballot_forced(p, 2, 3, &forced));
    assert_int_equal(forced.hash.id[0], 7);
    p[2] = promise_of(3, 0, 0, 0); /* the first and the third are a majority that signed nothing */
    assert_true(ballot_frees(p, 3, 3, &eight));
    p[0] = promise_of(1, 2, 1, 8);
    assert_true(ballot_frees(p, 2, 3, &eight));
    assert_false(ballot_frees(p, 2, 3, &seven));
    assert_false(ballot_frees(p, 2, 4, &eight));
    p[1] = promise_of(2, 2, 1, 7); /* two bodies under one ballot: its owner lied */
    assert_false(ballot_frees(p, 2, 3, &eight));
    assert_false(ballot_frees(p, 2, 3, &seven));
}

static void what_is_learnt_again(void **state)
{
    (void)state;
    struct ballot_vow vow = {.stated = false};
    struct ballot b = ballot_of(4, 1), c = ballot_of(5, 1);
    struct ballot_vote vote = {ballot_of(3, 2), body_of(9)};
    ballot_learn_promise(&vow, &b);
    assert_false(ballot_may_promise(&vow, &b)); /* what it reported is not known any more */
    ballot_learn_vote(&vow, &vote);
    assert_int_equal(vow.promised.round, 4);
    assert_int_equal(ballot_promise(&vow, &c).hash.id[0], 9);
}

/* ---- The model: admins, a pool of letters, a clock of chance ---- */

enum {
    ADMINS_MAX = 5,
    BALLOTS_MAX = 24,
    LETTERS_MAX = 64,
    STEPS = 120,
    RUNS = 12000,
};

struct word { /* a motion */
    struct ballot ballot;
    struct digest body;
    struct ballot_promise promises[ADMINS_MAX];
    uint32_t promise_count;
    uint32_t signers; /* bits */
};

struct node {
    struct ballot_vow vow;
    struct word words[BALLOTS_MAX];
    uint32_t word_count;
    uint32_t approved; /* bits of bodies */
};

struct model {
    struct node nodes[ADMINS_MAX], images[ADMINS_MAX];
    bool silent[ADMINS_MAX]; /* restored, and not heard yet */
    uint32_t count;
    struct word letters[LETTERS_MAX];
    uint32_t letter_count;
    uint64_t seed;
    bool early; /* the rule that is not safe: whoever signed nothing else signs at once */
};

static uint32_t draw(struct model *m, uint32_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(m->seed >> 33) % below;
}

static struct word *word_under(struct node *n, const struct ballot *b)
{
    for (uint32_t i = 0; i < n->word_count; i++)
        if (ballot_compare(&n->words[i].ballot, b) == 0)
            return &n->words[i];
    return NULL;
}

static void join_word(struct node *n, const struct word *w)
{
    struct word *there = word_under(n, &w->ballot);
    if (there == NULL && n->word_count < BALLOTS_MAX) {
        n->words[n->word_count++] = *w;
        return;
    }
    if (there == NULL)
        return;
    there->signers |= w->signers;
    for (uint32_t i = 0; i < w->promise_count; i++) {
        bool known = false;
        for (uint32_t k = 0; k < there->promise_count; k++)
            known = known || there->promises[k].key.id[0] == w->promises[i].key.id[0];
        if (!known)
            there->promises[there->promise_count++] = w->promises[i];
    }
}

static struct word *greatest(struct node *n)
{
    struct word *found = NULL;
    for (uint32_t i = 0; i < n->word_count; i++)
        if (found == NULL || ballot_compare(&n->words[i].ballot, &found->ballot) > 0)
            found = &n->words[i];
    return found;
}

static bool is_free(const struct model *m, const struct word *w)
{
    return (w->ballot.round == 1 && w->ballot.admin.id[0] == 1) ||
           ballot_frees(w->promises, w->promise_count, m->count, &w->body);
}

static void propose(struct model *m, uint32_t who, uint8_t body)
{
    struct node *n = &m->nodes[who];
    struct word *top = greatest(n), w = {.body = body_of(body)};
    uint64_t round = top != NULL && top->ballot.round > n->vow.promised.round
                         ? top->ballot.round
                         : n->vow.promised.round;
    bool first = who == 0 && top == NULL && round == 0;
    if (m->silent[who] || n->word_count == BALLOTS_MAX)
        return;
    w.ballot = ballot_of(first ? 1 : round < 1 ? 2 : round + 1, (uint8_t)(who + 1));
    n->words[n->word_count++] = w;
}

/* What a daemon does by itself: promise the greatest, sign what is approved and free, take over. */
static void tend(struct model *m, uint32_t who)
{
    struct node *n = &m->nodes[who];
    struct word *top = greatest(n);
    struct ballot_vote forced;
    if (top == NULL || m->silent[who])
        return;
    bool first = top->ballot.round == 1 && top->ballot.admin.id[0] == 1, mine = false;
    for (uint32_t i = 0; i < top->promise_count; i++)
        mine = mine || top->promises[i].key.id[0] == who + 1;
    if (!first && !mine && ballot_may_promise(&n->vow, &top->ballot)) {
        struct ballot_promise p = {.key = {{(uint8_t)(who + 1)}}};
        p.vote = ballot_promise(&n->vow, &top->ballot);
        top->promises[top->promise_count++] = p;
    }
    for (uint32_t i = 0; i < n->word_count; i++) {
        struct word *w = &n->words[i];
        struct ballot_vote vote = {w->ballot, w->body};
        bool fresh = n->vow.vote.ballot.round == 0 ||
                     memcmp(&n->vow.vote.hash, &w->body, sizeof w->body) == 0;
        if ((n->approved & 1u << w->body.id[0]) != 0 && (w->signers & 1u << who) == 0 &&
            ballot_may_sign(&n->vow, &vote, is_free(m, w) || (m->early && fresh))) {
            ballot_sign(&n->vow, &vote);
            w->signers |= 1u << who;
        }
    }
    if (top->ballot.admin.id[0] == who + 1 && !is_free(m, top) &&
        ballot_forced(top->promises, top->promise_count, m->count, &forced))
        propose(m, who, forced.hash.id[0]);
}

static void send(struct model *m, uint32_t who)
{
    for (uint32_t i = 0; i < m->nodes[who].word_count; i++) {
        uint32_t at = m->letter_count < LETTERS_MAX ? m->letter_count++ : draw(m, LETTERS_MAX);
        m->letters[at] = m->nodes[who].words[i];
    }
}

/* What others hold of its own words comes back before it speaks again. */
static void hear_all(struct model *m, uint32_t who)
{
    struct node *n = &m->nodes[who];
    for (uint32_t pass = 0; pass < m->count; pass++)
        for (uint32_t i = 0; i < m->nodes[pass].word_count; i++)
            join_word(n, &m->nodes[pass].words[i]);
    for (uint32_t i = 0; i < m->letter_count; i++)
        join_word(n, &m->letters[i]);
    for (uint32_t i = 0; i < n->word_count; i++) {
        const struct word *w = &n->words[i];
        struct ballot_vote vote = {w->ballot, w->body};
        for (uint32_t k = 0; k < w->promise_count; k++)
            if (w->promises[k].key.id[0] == who + 1)
                ballot_learn_promise(&n->vow, &w->ballot);
        if ((w->signers & 1u << who) != 0)
            ballot_learn_vote(&n->vow, &vote);
    }
    m->silent[who] = false;
}

/* The bodies that a majority signed under one ballot, as anyone could put them together. */
static uint32_t chosen(const struct model *m, uint8_t *body_out)
{
    struct word all[BALLOTS_MAX * 2];
    uint32_t count = 0, bodies = 0, found = 0;
    for (uint32_t n = 0; n <= m->count; n++) {
        const struct word *words = n < m->count ? m->nodes[n].words : m->letters;
        uint32_t words_count = n < m->count ? m->nodes[n].word_count : m->letter_count;
        for (uint32_t i = 0; i < words_count; i++) {
            uint32_t at = 0;
            while (at < count && ballot_compare(&all[at].ballot, &words[i].ballot) != 0)
                at++;
            if (at == count && count < BALLOTS_MAX * 2)
                all[count++] = words[i];
            else if (at < count)
                all[at].signers |= words[i].signers;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t signers = (uint32_t)__builtin_popcount(all[i].signers);
        if (2 * signers > m->count && (bodies & 1u << all[i].body.id[0]) == 0) {
            bodies |= 1u << all[i].body.id[0];
            *body_out = all[i].body.id[0];
            found++;
        }
    }
    return found;
}

static void step(struct model *m)
{
    uint32_t who = draw(m, m->count), act = draw(m, 100);
    struct node *n = &m->nodes[who];
    if (act < 6) {
        uint8_t own = (uint8_t)(who + 1);
        bool voted = n->vow.vote.ballot.round > 0;
        propose(m, who, voted ? n->vow.vote.hash.id[0] : own);
        n->approved |= 1u << own;
    } else if (act < 12) {
        const struct word *top = greatest(n);
        if (top != NULL)
            n->approved |= 1u << top->body.id[0];
    } else if (act < 14) {
        m->images[who] = *n; /* a backup */
    } else if (act < 15) {
        *n = m->images[who]; /* put back: it is silent until it has heard */
        m->silent[who] = true;
    } else if (act < 20) {
        if (m->silent[who])
            hear_all(m, who);
    } else if (act < 45) {
        send(m, who);
    } else if (m->letter_count > 0) {
        join_word(n, &m->letters[draw(m, m->letter_count)]); /* late, twice, in any order */
    }
    tend(m, who);
}

/* A majority that can talk, and says yes to whatever is proposed, decides. */
static bool goes_on(struct model *m)
{
    uint32_t quorum = m->count / 2 + 1, from = draw(m, m->count);
    uint8_t body;
    for (uint32_t i = 0; i < quorum; i++)
        hear_all(m, (from + i) % m->count);
    for (uint32_t round = 0; round < 6; round++) {
        struct node *n = &m->nodes[from];
        if (chosen(m, &body) > 0 || n->word_count == BALLOTS_MAX)
            return true;
        if (round % 3 == 0)
            propose(m, from,
                    n->vow.vote.ballot.round > 0 ? n->vow.vote.hash.id[0] : (uint8_t)(from + 1));
        for (uint32_t pass = 0; pass < 2; pass++)
            for (uint32_t i = 0; i < quorum; i++) {
                uint32_t at = (from + i) % m->count;
                for (uint32_t k = 0; k < quorum; k++)
                    for (uint32_t w = 0; w < m->nodes[(from + k) % m->count].word_count; w++)
                        join_word(&m->nodes[at], &m->nodes[(from + k) % m->count].words[w]);
                m->nodes[at].approved = UINT32_MAX;
                tend(m, at);
            }
    }
    return chosen(m, &body) > 0;
}

static uint32_t run(struct model *m, uint64_t seed, bool early, bool *decided_out)
{
    uint8_t body;
    memset(m, 0, sizeof *m);
    m->seed = seed;
    m->early = early;
    m->count = 3 + draw(m, 3);
    for (uint32_t i = 0; i < STEPS; i++) {
        step(m);
        if (chosen(m, &body) > 1)
            return 2;
    }
    *decided_out = chosen(m, &body) > 0;
    if (!early && !goes_on(m))
        fail_msg("seed %llu: no way forward", (unsigned long long)seed);
    return chosen(m, &body);
}

static void never_two_bodies(void **state)
{
    (void)state;
    static struct model m;
    uint32_t decided = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        bool alone = false;
        if (run(&m, seed, false, &alone) > 1)
            fail_msg("seed %llu: two bodies have a majority", (unsigned long long)seed);
        decided += alone ? 1 : 0;
    }
    assert_true(decided > RUNS / 20); /* the runs reach what they are to test */
    assert_true(decided < RUNS);
}

/* The model can tell: a signature without promises, where its admin signed nothing else, forks. */
static void an_early_signature_would_fork(void **state)
{
    (void)state;
    static struct model m;
    uint32_t forks = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        bool alone;
        forks += run(&m, seed, true, &alone) > 1 ? 1 : 0;
    }
    assert_true(forks > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_go_up),
        cmocka_unit_test(what_promises_leave_free),
        cmocka_unit_test(what_is_learnt_again),
        cmocka_unit_test(never_two_bodies),
        cmocka_unit_test(an_early_signature_would_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
