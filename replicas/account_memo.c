#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/account.h"
#include "replicas/json.h"

enum { SET_COUNT = 2048, SET_WAYS = 4, STUB_BYTES_MAX = 20 };

struct known {
    struct oid folder; /* zero: free */
    int64_t sum;
};

/* A cache of sets: an id's first bytes choose the set, the oldest of the set gives way. */
struct account_memo {
    struct known known[SET_COUNT][SET_WAYS];
    uint8_t oldest[SET_COUNT];
};

enum status account_memo_create(struct account_memo **out)
{
    *out = mem_alloc(sizeof **out);
    return *out != NULL ? ST_OK : ST_NO_MEMORY;
}

void account_memo_free(struct account_memo *m)
{
    mem_free(m);
}

static uint32_t set_of(const struct oid *folder)
{
    return (uint32_t)(folder->id[0] << 8 | folder->id[1]) % SET_COUNT;
}

static const struct known *find(const struct account_memo *m, const struct oid *folder)
{
    const struct known *set = m->known[set_of(folder)];
    for (int way = 0; way < SET_WAYS; way++)
        if (oid_equal(&set[way].folder, folder))
            return &set[way];
    return NULL;
}

void account_learn(struct account_memo *m, const struct oid *folder, int64_t sum)
{
    if (oid_is_zero(folder))
        return;
    const struct known *there = find(m, folder);
    if (there != NULL) {
        CHECK(there->sum == sum);
        return;
    }
    uint32_t set = set_of(folder);
    m->known[set][m->oldest[set]] = (struct known){*folder, sum};
    m->oldest[set] = (uint8_t)((m->oldest[set] + 1) % SET_WAYS);
}

struct sum {
    struct store *store;
    int64_t total;
    struct fault *fault;
};

static enum status add_stub(void *user, const char *path, const struct oid *blob)
{
    struct sum *sum = user;
    struct bytes data = {NULL, 0};
    int64_t amount = 0;
    enum status status = store_read(sum->store, blob, STORE_BLOB, &data, sum->fault);
    if (status != ST_OK)
        return status;
    bool whole =
        data.count > 1 && data.count <= STUB_BYTES_MAX && data.data[data.count - 1] == '\n';
    if (!whole || json_take_integer((struct bytes){data.data, data.count - 1}, &amount) != ST_OK)
        return fault_set(sum->fault, ST_CORRUPT, "account stub %s is no signed integer", path);
    if (__builtin_add_overflow(sum->total, amount, &sum->total))
        return fault_set(sum->fault, ST_TOO_LARGE, "an account's sum is beyond 2^63");
    return ST_OK;
}

enum status account_balance(struct account_memo *m, struct store *s, const struct oid *folder,
                            int64_t *out, struct fault *f)
{
    *out = 0;
    if (oid_is_zero(folder))
        return ST_OK;
    const struct known *there = find(m, folder);
    if (there != NULL) {
        *out = there->sum;
        return ST_OK;
    }
    struct sum sum = {.store = s, .fault = f};
    enum status status = tree_walk(s, folder, "", add_stub, &sum, f);
    if (status != ST_OK)
        return status;
    account_learn(m, folder, sum.total);
    *out = sum.total;
    return ST_OK;
}
