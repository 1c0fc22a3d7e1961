/*
 * vaults: the sealed items of the offices of offices.h: which of them an office holds, and which it
 * wants. An item's bytes are made from its number, its name is their hash.
 */
#ifndef TESTS_VAULTS_H
#define TESTS_VAULTS_H

#include "world.h"

HELPER void office_step(struct world *w, int who, struct core_event *e);

HELPER void vault_bytes(uint32_t number, uint32_t size, uint8_t *out)
{
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    memcpy(seed, &number, sizeof(number));
    seed[31] = 77;
    randombytes_buf_deterministic(out, size, seed);
}

/* Of item 'number' in an office's vault; a zeroed one where it is not yet. */
HELPER struct sealed_fake *vault_add(struct office *o, uint32_t number, enum sealed_lane lane,
                                     uint32_t size)
{
    static uint8_t bytes[SEALED_ITEM_BYTES_MAX];
    struct digest name;
    uint32_t at = 0;
    if (o->vault == NULL)
        o->vault = mem_array(SEALED_FAKE_MAX, sizeof(o->vault[0]));
    assert_non_null(o->vault);
    vault_bytes(number, size, bytes);
    crypto_generichash(name.id, DIGEST_BYTES, bytes, size, NULL, 0);
    while (at < o->vault_count && memcmp(o->vault[at].name.id, name.id, DIGEST_BYTES) < 0)
        at++;
    if (at < o->vault_count && memcmp(o->vault[at].name.id, name.id, DIGEST_BYTES) == 0)
        return &o->vault[at];
    assert_true(o->vault_count < SEALED_FAKE_MAX);
    memmove(&o->vault[at + 1], &o->vault[at], (o->vault_count - at) * sizeof(o->vault[0]));
    o->vault_count++;
    o->vault[at] = (struct sealed_fake){.name = name, .lane = lane, .number = number, .size = size};
    return &o->vault[at];
}

HELPER struct sealed_fake *vault_find(struct office *o, const struct digest *name)
{
    for (uint32_t i = 0; i < o->vault_count; i++) {
        if (memcmp(o->vault[i].name.id, name->id, DIGEST_BYTES) == 0)
            return &o->vault[i];
    }
    return NULL;
}

HELPER uint64_t vault_waiting(const struct office *o, enum sealed_lane lane)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < o->vault_count; i++)
        count += o->vault[i].wanted && o->vault[i].lane == lane;
    return count;
}

HELPER void office_tell_wanted(struct world *w, int who)
{
    struct core_event e = {.kind = CORE_WANTED};
    for (int lane = 0; lane < SEALED_LANES; lane++)
        e.wanted.waiting[lane] = vault_waiting(&w->offices[who], (enum sealed_lane)lane);
    office_step(w, who, &e);
}

/* Items first .. first + count - 1: 'holder' has them, every other office but partners wants them.
 * Sizes go from 'size' on, a little more each. */
HELPER void world_seal(struct world *w, int holder, enum sealed_lane lane, uint32_t first,
                       uint32_t count, uint32_t size)
{
    for (int who = 0; who < w->office_count; who++) {
        for (uint32_t n = first; n < first + count; n++) {
            if (w->member_roles[who] == CORE_PARTNER)
                continue;
            struct sealed_fake *item =
                vault_add(&w->offices[who], n, lane, size + (n - first) % 64);
            item->held = item->held || who == holder;
            item->wanted = !item->held;
        }
    }
    for (int who = 0; who < w->office_count; who++) {
        if (w->offices[who].up)
            office_tell_wanted(w, who);
    }
}

/* ---- Answers ---- */

HELPER void answer_wish(struct world *w, int who, const struct task *t)
{
    static struct digest names[SEALED_NAMES_MAX];
    struct office *o = &w->offices[who];
    struct core_event e = {.kind = CORE_WISHES, .link = t->link, .request = t->request};
    assert_true(t->max <= SEALED_NAMES_MAX);
    o->wishes++;
    for (uint32_t i = 0; i < o->vault_count; i++) {
        const struct sealed_fake *item = &o->vault[i];
        if (!item->wanted || item->lane != t->lane ||
            memcmp(item->name.id, t->after.id, DIGEST_BYTES) <= 0)
            continue;
        if (e.wishes.count == t->max) {
            e.wishes.more = true;
            break;
        }
        names[e.wishes.count++] = item->name;
    }
    e.wishes.names = names;
    office_step(w, who, &e);
}

HELPER void answer_give(struct world *w, int who, const struct task *t)
{
    static struct sealed_piece pieces[SEALED_NAMES_MAX];
    static uint8_t bytes[SEALED_NAMES_MAX][SEALED_PIECE_BYTES];
    static uint8_t whole[SEALED_ITEM_BYTES_MAX];
    struct office *o = &w->offices[who];
    struct core_event e = {.kind = CORE_GIVEN, .link = t->link, .request = t->request};
    size_t total = 0;
    o->gives++;
    for (uint32_t i = 0; i < t->count && (i == 0 || total < t->bytes_max); i++) {
        struct sealed_wish wish;
        memcpy(&wish, t->names.data + i * sizeof(wish), sizeof(wish));
        const struct sealed_fake *item = vault_find(o, &wish.name);
        pieces[i] = (struct sealed_piece){.name = wish.name, .offset = wish.offset};
        e.given.count++;
        if (item == NULL || !item->held || wish.offset >= item->size)
            continue;
        size_t rest = item->size - wish.offset;
        vault_bytes(item->number, item->size, whole);
        pieces[i].total = item->size;
        pieces[i].bytes.data = bytes[i];
        pieces[i].bytes.count = rest < SEALED_PIECE_BYTES ? rest : SEALED_PIECE_BYTES;
        memcpy(bytes[i], whole + wish.offset, pieces[i].bytes.count);
        total += pieces[i].bytes.count;
    }
    e.given.pieces = pieces;
    office_step(w, who, &e);
}

HELPER void answer_keep(struct world *w, int who, const struct task *t)
{
    static struct digest names[SEALED_NAMES_MAX];
    static enum status verdicts[SEALED_NAMES_MAX];
    struct office *o = &w->offices[who];
    struct core_event e = {.kind = CORE_KEPT, .link = t->link, .request = t->request};
    size_t at = 0;
    o->keeps++;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t length;
        struct digest name;
        memcpy(&length, t->data.data + at, sizeof(length));
        memcpy(&names[i], t->names.data + i * sizeof(name), sizeof(name));
        crypto_generichash(name.id, DIGEST_BYTES, t->data.data + at + 4, length, NULL, 0);
        at += 4 + length;
        struct sealed_fake *item = vault_find(o, &names[i]);
        bool good = memcmp(name.id, names[i].id, DIGEST_BYTES) == 0;
        verdicts[i] = item == NULL || !item->wanted ? ST_NOT_FOUND : good ? ST_OK : ST_BAD_VALUE;
        if (verdicts[i] != ST_OK)
            continue;
        item->held = true;
        item->wanted = false;
        o->kept_bytes += length;
    }
    e.kept.names = names;
    e.kept.verdicts = verdicts;
    e.kept.count = t->count;
    office_tell_wanted(w, who);
    office_step(w, who, &e);
}

#endif
