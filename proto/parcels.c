#include "proto/parcels.h"

#include "proto/check.h"
#include "proto/mem.h"

enum {
    FILES_ITEMS_MAX = 16,    /* of FILES on one link: 1 MiB */
    FILES_PARTS_MAX = 24,    /* of PARTIALS_MAX, on all links */
    VALUES_ITEMS_MAX = 4096, /* of VALUES on one link: asked for, and being made durable */
    SLOTS_PER_ITEM = 2,      /* at least, so that searches are short */
    VALUE_BYTES = 256,       /* what a value counts as, before its size is known */
    WINDOW_MIN = SEALED_PIECE_BYTES,
    WINDOW_START = 2 * SEALED_PIECE_BYTES,
    WINDOW_MAX = MIB,
    FAST_MS = 250,           /* a piece that took less: the window grows */
    SLOW_MS = 750,           /* that took more: it halves */
    PATIENCE_MS = 30 * 1000, /* others may ask for what a peer has not given by then */
};

static void check(const struct parcels *p)
{
    CHECK(p->awaited <= SEALED_NAMES_MAX && p->count <= p->max);
    CHECK((p->awaited == 0) == (p->flight_bytes == 0));
}

enum status parcels_init(struct parcels *p, enum sealed_lane lane, link_id link)
{
    *p = (struct parcels){.lane = lane, .link = link, .window = WINDOW_START};
    p->due_ms = UINT64_MAX;
    p->max = lane == SEALED_FILES ? FILES_ITEMS_MAX : VALUES_ITEMS_MAX;
    p->list = mem_array(p->max, sizeof(p->list[0]));
    p->keeps = mem_array(p->max, sizeof(p->keeps[0]));
    p->slots = mem_array(SLOTS_PER_ITEM * p->max, sizeof(p->slots[0]));
    if (p->list != NULL && p->keeps != NULL && p->slots != NULL)
        return ST_OK;
    parcels_release(p);
    return ST_NO_MEMORY;
}

void parcels_release(struct parcels *p)
{
    mem_free(p->list);
    mem_free(p->keeps);
    mem_free(p->slots);
    *p = (struct parcels){0};
}

/* ---- Where a name is ---- */

static uint32_t mask_of(const struct parcels *p)
{
    return SLOTS_PER_ITEM * p->max - 1;
}

/* Names are asked for in their order: their first bytes are alike. */
static uint32_t home_of(const struct parcels *p, const struct digest *name)
{
    uint32_t hash;
    memcpy(&hash, name->id + 8, sizeof(hash));
    return hash & mask_of(p);
}

/* The slot of a name, or the free one where it would be. */
static uint32_t slot_of(const struct parcels *p, const struct digest *name)
{
    uint32_t at = home_of(p, name);
    while (p->slots[at] != 0 &&
           memcmp(p->list[p->slots[at] - 1].name.id, name->id, DIGEST_BYTES) != 0)
        at = (at + 1) & mask_of(p);
    return at;
}

/* What a search would no longer find behind the hole moves into it. */
static void clear_slot(struct parcels *p, uint32_t hole)
{
    uint32_t mask = mask_of(p);
    for (uint32_t at = (hole + 1) & mask; p->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t home = home_of(p, &p->list[p->slots[at] - 1].name);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        p->slots[hole] = p->slots[at];
        hole = at;
    }
    p->slots[hole] = 0;
}

struct parcel *parcels_find(const struct parcels *p, const struct digest *name)
{
    uint16_t place = p->slots[slot_of(p, name)];
    return place != 0 ? &p->list[place - 1] : NULL;
}

/* ---- What is being kept ---- */

static struct parcels_keeping *keeping(const struct parcels *p, uint32_t request)
{
    for (uint32_t i = 0; i < p->keep_count; i++)
        if (p->keeps[i].request == request)
            return &p->keeps[i];
    return NULL;
}

bool parcels_own(const struct parcels *p, uint32_t request)
{
    return request != 0 && keeping(p, request) != NULL;
}

static void keep_one(struct parcels *p, uint32_t request)
{
    struct parcels_keeping *keep = keeping(p, request);
    if (keep == NULL) {
        keep = &p->keeps[p->keep_count++];
        *keep = (struct parcels_keeping){.request = request};
    }
    keep->count++;
}

static void kept_one(struct parcels *p, uint32_t request)
{
    struct parcels_keeping *keep = keeping(p, request);
    if (keep != NULL && --keep->count == 0)
        *keep = p->keeps[--p->keep_count];
}

/* ---- Beginning and end ---- */

static bool is_awaited(const struct parcel *parcel)
{
    return parcel->answered < parcel->asked;
}

/* Others may ask for it from now on, and go on with its part. */
static void leave(struct parcels *p, struct common *c, struct parcel *parcel)
{
    struct partial *part = freight_take(&c->freight, p->link, &parcel->name);
    if (part != NULL)
        part->holder = 0;
    if (parcel->left)
        return;
    parcel->left = true;
    nameset_remove(&c->freight.under_way[p->lane], &parcel->name);
}

void parcels_remove(struct parcels *p, struct common *c, struct parcel *parcel, bool kept)
{
    CHECK(!is_awaited(parcel));
    leave(p, c, parcel);
    if (!kept)
        c->freight.freed[p->lane]++;
    kept_one(p, parcel->request);
    clear_slot(p, slot_of(p, &parcel->name));
    const struct parcel *last = &p->list[p->count - 1];
    if (parcel != last) {
        p->slots[slot_of(p, &last->name)] = (uint16_t)(parcel - p->list + 1);
        *parcel = *last;
    }
    p->count--;
}

void parcels_end(struct parcels *p, struct common *c)
{
    for (uint32_t i = 0; i < p->count; i++)
        leave(p, c, &p->list[i]);
    if (p->count > 0)
        c->freight.freed[p->lane]++;
    freight_leave(&c->freight, p->link);
    memset(p->slots, 0, SLOTS_PER_ITEM * p->max * sizeof(p->slots[0]));
    p->count = p->awaited = p->keep_count = 0;
    p->flight_bytes = 0;
    p->due_ms = UINT64_MAX;
}

bool parcels_may_begin(const struct parcels *p, const struct common *c)
{
    if (p->lane == SEALED_FILES && c->freight.under_way[SEALED_FILES].count >= FILES_PARTS_MAX)
        return false;
    return p->count < p->max && p->awaited < SEALED_NAMES_MAX;
}

enum status parcels_begin(struct parcels *p, struct common *c, const struct digest *name,
                          struct parcel **out)
{
    struct parcel *parcel = &p->list[p->count];
    CHECK(parcels_may_begin(p, c));
    enum status status = nameset_add(&c->freight.under_way[p->lane], name);
    if (status != ST_OK)
        return status;
    *parcel = (struct parcel){.name = *name};
    const struct partial *part = freight_take(&c->freight, p->link, name);
    if (part != NULL) {
        parcel->total = part->total;
        parcel->asked = parcel->answered = part->got; /* whole pieces: the last one is missing */
        parcel->inherited = true;
    }
    uint32_t slot = slot_of(p, name);
    CHECK(p->slots[slot] == 0);
    p->slots[slot] = (uint16_t)++p->count;
    p->lacking = p->lacking || parcel->total > 0;
    *out = parcel;
    return ST_OK;
}

struct parcel *parcels_begun(struct parcels *p)
{
    if (!p->lacking || p->awaited >= SEALED_NAMES_MAX)
        return NULL;
    for (uint32_t i = 0; i < p->count; i++) {
        struct parcel *parcel = &p->list[i];
        if (!parcel->dead && parcel->request == 0 && parcel->asked < parcel->total)
            return parcel;
    }
    p->lacking = false;
    return NULL;
}

/* ---- The window ---- */

static size_t cost_of(const struct parcels *p, uint32_t offset)
{
    return p->lane == SEALED_VALUES && offset == 0 ? VALUE_BYTES : SEALED_PIECE_BYTES;
}

bool parcels_fits(const struct parcels *p, uint32_t offset)
{
    return p->flight_bytes == 0 || p->flight_bytes + cost_of(p, offset) <= p->window;
}

void parcels_ask(struct parcels *p, const struct common *c, struct parcel *parcel,
                 struct sealed_wish *out)
{
    *out = (struct sealed_wish){parcel->name, parcel->asked};
    parcel->asked_ms[parcel->asked / SEALED_PIECE_BYTES] = (uint32_t)c->now_ms;
    p->flight_bytes += cost_of(p, parcel->asked);
    parcel->asked += SEALED_PIECE_BYTES;
    p->awaited++;
    p->due_ms = p->due_ms < c->now_ms + PATIENCE_MS ? p->due_ms : c->now_ms + PATIENCE_MS;
    check(p);
}

/* How long the piece took that is answered next. */
static uint32_t took_ms(const struct common *c, const struct parcel *parcel)
{
    return (uint32_t)c->now_ms - parcel->asked_ms[parcel->answered / SEALED_PIECE_BYTES];
}

static void measure(struct parcels *p, const struct common *c, const struct parcel *parcel)
{
    uint32_t took = took_ms(c, parcel);
    if (took < FAST_MS && 2 * p->flight_bytes >= p->window && p->window < WINDOW_MAX) {
        p->window += SEALED_PIECE_BYTES;
    } else if (took > SLOW_MS && c->now_ms - took >= p->halved_ms) {
        p->halved_ms = c->now_ms;
        p->window = p->window / 2 > WINDOW_MIN ? p->window / 2 : WINDOW_MIN;
    }
}

static void answer(struct parcels *p, struct parcel *parcel)
{
    p->awaited--;
    p->flight_bytes -= cost_of(p, parcel->answered);
    parcel->answered += SEALED_PIECE_BYTES;
    check(p);
}

/* ---- What comes ---- */

/* Nothing more of it from this peer; what it still has to answer is awaited. */
static void give_up(struct parcels *p, struct common *c, struct parcel *parcel)
{
    parcel->dead = true;
    if (is_awaited(parcel))
        leave(p, c, parcel);
    else
        parcels_remove(p, c, parcel, false);
}

static void add_whole(struct parcels *p, struct parcels_whole *whole, struct parcel *parcel,
                      struct bytes bytes)
{
    CHECK(whole->count < SEALED_NAMES_MAX);
    parcel->request = whole->request;
    keep_one(p, whole->request);
    whole->names[whole->count] = parcel->name;
    whole->items[whole->count++] = bytes;
}

/* A piece of an item that takes several. */
static enum status add_piece(struct parcels *p, struct common *c, struct parcel *parcel,
                             const struct sealed_piece *piece, struct parcels_whole *whole)
{
    struct partial *part = freight_take(&c->freight, p->link, &parcel->name);
    answer(p, parcel);
    if (part == NULL && piece->offset == 0)
        part = freight_begin(&c->freight, p->link, &parcel->name, piece->total);
    if (part == NULL) {
        give_up(p, c, parcel);
        return ST_NOT_FOUND;
    }
    if (part->got != piece->offset || part->total != piece->total) {
        freight_drop(part); /* others gave what does not fit: from the start */
        give_up(p, c, parcel);
        return ST_OK;
    }
    freight_add(&c->freight, part, p->link, piece->bytes);
    parcel->total = piece->total;
    p->lacking = true;
    parcel->mixed = part->mixed;
    parcel->inherited = false;
    if (part->got == part->total)
        add_whole(p, whole, parcel, (struct bytes){part->bytes, part->total});
    return ST_OK;
}

static bool is_next_piece(const struct parcel *parcel, const struct sealed_piece *piece)
{
    uint32_t rest = piece->total - piece->offset;
    uint32_t most = rest < SEALED_PIECE_BYTES ? rest : SEALED_PIECE_BYTES;
    bool same = parcel->total == 0 || parcel->inherited || parcel->total == piece->total;
    return same && piece->offset == parcel->answered && piece->bytes.count == most;
}

enum status parcels_take(struct parcels *p, struct common *c, const struct sealed_piece *piece,
                         struct parcels_whole *whole)
{
    struct parcel *parcel = parcels_find(p, &piece->name);
    if (parcel == NULL || !is_awaited(parcel))
        return ST_PROTOCOL;
    if (parcel->dead) {
        answer(p, parcel);
        if (!is_awaited(parcel))
            parcels_remove(p, c, parcel, false);
        return ST_OK;
    }
    if (!is_next_piece(parcel, piece))
        return ST_PROTOCOL;
    measure(p, c, parcel);
    if (piece->bytes.count < piece->total)
        return add_piece(p, c, parcel, piece, whole);
    parcel->total = piece->total;
    answer(p, parcel);
    add_whole(p, whole, parcel, piece->bytes);
    return ST_OK;
}

enum status parcels_miss(struct parcels *p, struct common *c, const struct digest *name)
{
    struct parcel *parcel = parcels_find(p, name);
    if (parcel == NULL || !is_awaited(parcel))
        return ST_PROTOCOL;
    answer(p, parcel);
    give_up(p, c, parcel);
    return ST_OK;
}

enum status parcels_keep(struct parcels *p, struct common *c, const struct parcels_whole *whole)
{
    const struct bytes *items;
    const struct digest *names =
        outbox_keep(&c->outbox, whole->names, whole->count * sizeof(whole->names[0]));
    if (names == NULL || outbox_keep_items(&c->outbox, whole->items, whole->count, &items) != ST_OK)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < whole->count; i++) {
        struct partial *part = freight_take(&c->freight, p->link, &whole->names[i]);
        if (part != NULL)
            freight_drop(part);
    }
    struct core_effect *effect = outbox_add(&c->outbox, FX_KEEP, p->link);
    effect->request = whole->request;
    effect->lane = p->lane;
    effect->names = names;
    effect->items = items;
    effect->item_count = whole->count;
    return ST_OK;
}

/* ---- Patience ---- */

void parcels_lose_patience(struct parcels *p, struct common *c)
{
    if (c->now_ms < p->due_ms)
        return;
    p->due_ms = UINT64_MAX;
    for (uint32_t i = 0; i < p->count; i++) {
        struct parcel *parcel = &p->list[i];
        if (parcel->left || !is_awaited(parcel))
            continue;
        uint64_t due = c->now_ms - took_ms(c, parcel) + PATIENCE_MS;
        if (due > c->now_ms) {
            p->due_ms = due < p->due_ms ? due : p->due_ms;
            continue;
        }
        parcel->dead = true;
        leave(p, c, parcel);
        c->freight.freed[p->lane]++;
    }
}

uint64_t parcels_deadline_ms(const struct parcels *p)
{
    return p->awaited > 0 ? p->due_ms : UINT64_MAX;
}
