#include "proto/limiter.h"

#include <assert.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { NETWORK_BYTES = 8 }; /* the part of an IPv6 address that a provider hands out */

static_assert((HALF_OPEN_MAX & (HALF_OPEN_MAX - 1)) == 0 && HALF_OPEN_MAX <= 256,
              "one random byte chooses a slot, all alike");

struct bucket {
    struct limiter_address address;
    uint64_t filled_ms; /* when 'tokens' was right */
    unsigned tokens;
    bool used;
};

struct slot {
    uint64_t id;
    uint64_t since_ms;
};

struct limiter {
    entropy_fn entropy;
    void *entropy_context;
    struct bucket buckets[LIMITER_ADDRESSES_MAX];
    struct slot slots[HALF_OPEN_MAX]; /* the first 'slot_count', the longest waiting first */
    size_t slot_count;
};

enum status limiter_create(entropy_fn entropy, void *entropy_context, struct limiter **out)
{
    CHECK(entropy != NULL);
    struct limiter *l = mem_alloc(sizeof *l);
    if (l == NULL)
        return ST_NO_MEMORY;
    l->entropy = entropy;
    l->entropy_context = entropy_context;
    *out = l;
    return ST_OK;
}

void limiter_free(struct limiter *l)
{
    mem_free(l);
}

/* ---- Addresses ---- */

/* The address that the bucket stands under. */
static struct limiter_address bucket_address(const struct limiter_address *from)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct limiter_address address = *from;
    if (memcmp(from->ip, mapped, sizeof mapped) != 0)
        memset(address.ip + NETWORK_BYTES, 0, sizeof address.ip - NETWORK_BYTES);
    return address;
}

/* What the bucket holds now; a clock that does not move adds nothing. */
static unsigned tokens_now(const struct bucket *b, uint64_t now_ms)
{
    if (!b->used)
        return LIMITER_TOKENS_MAX;
    CHECK(b->tokens <= LIMITER_TOKENS_MAX);
    uint64_t fresh = now_ms > b->filled_ms ? (now_ms - b->filled_ms) / LIMITER_TOKEN_MS : 0;
    unsigned room = LIMITER_TOKENS_MAX - b->tokens;
    return b->tokens + (fresh < room ? (unsigned)fresh : room);
}

/* The address's own bucket, or the one to take over: the fullest holds least against anyone. */
static struct bucket *find_bucket(struct limiter *l, const struct limiter_address *address,
                                  uint64_t now_ms)
{
    struct bucket *fullest = &l->buckets[0];
    unsigned most = 0;
    for (size_t i = 0; i < LIMITER_ADDRESSES_MAX; i++) {
        struct bucket *b = &l->buckets[i];
        if (b->used && memcmp(&b->address, address, sizeof *address) == 0)
            return b;
        unsigned tokens = tokens_now(b, now_ms);
        if (tokens > most) {
            most = tokens;
            fullest = b;
        }
    }
    CHECK(most <= LIMITER_TOKENS_MAX);
    *fullest = (struct bucket){*address, now_ms, LIMITER_TOKENS_MAX, true};
    return fullest;
}

bool limiter_admit(struct limiter *l, const struct limiter_address *from, uint64_t now_ms)
{
    struct limiter_address address = bucket_address(from);
    struct bucket *b = find_bucket(l, &address, now_ms);
    unsigned tokens = tokens_now(b, now_ms);
    CHECK(tokens <= LIMITER_TOKENS_MAX);
    /* Whole tokens move the mark by whole steps, so that no part of a step is lost. */
    if (tokens == LIMITER_TOKENS_MAX)
        b->filled_ms = now_ms;
    else
        b->filled_ms += (uint64_t)(tokens - b->tokens) * LIMITER_TOKEN_MS;
    b->tokens = tokens;
    if (tokens == 0)
        return false;
    b->tokens--;
    return true;
}

/* ---- Half-open handshakes ---- */

/* Close the gap: the order of waiting stays. */
static uint64_t remove_slot(struct limiter *l, size_t index)
{
    CHECK(index < l->slot_count);
    uint64_t id = l->slots[index].id;
    l->slot_count--;
    memmove(&l->slots[index], &l->slots[index + 1], (l->slot_count - index) * sizeof l->slots[0]);
    return id;
}

bool limiter_take_slot(struct limiter *l, uint64_t id, uint64_t now_ms, uint64_t *evicted_out)
{
    bool evicts = l->slot_count == HALF_OPEN_MAX;
    for (size_t i = 0; i < l->slot_count; i++)
        CHECK(l->slots[i].id != id);
    if (evicts) {
        uint8_t random;
        l->entropy(l->entropy_context, &random, 1);
        *evicted_out = remove_slot(l, random % HALF_OPEN_MAX);
    }
    l->slots[l->slot_count++] = (struct slot){id, now_ms};
    CHECK(l->slot_count <= HALF_OPEN_MAX);
    return evicts;
}

void limiter_leave_slot(struct limiter *l, uint64_t id)
{
    for (size_t i = 0; i < l->slot_count; i++) {
        if (l->slots[i].id == id) {
            remove_slot(l, i);
            return;
        }
    }
}

uint64_t limiter_deadline_ms(const struct limiter *l)
{
    CHECK(l->slot_count <= HALF_OPEN_MAX);
    return l->slot_count > 0 ? l->slots[0].since_ms + HANDSHAKE_MS : UINT64_MAX;
}

bool limiter_overdue(struct limiter *l, uint64_t now_ms, uint64_t *id_out)
{
    if (now_ms < limiter_deadline_ms(l) || l->slot_count == 0)
        return false;
    CHECK(l->slots[0].since_ms <= now_ms);
    *id_out = remove_slot(l, 0);
    return true;
}

size_t limiter_half_open(const struct limiter *l)
{
    return l->slot_count;
}
