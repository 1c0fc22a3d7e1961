/*
 * fuzz_core: a core and a member that says whatever the fuzzer wants, behind a genuine handshake.
 *
 * Input: one byte (bit 0: the greeting is done properly first; bit 1: bob is a member), then
 * operations: a byte, and what it takes.
 *   0 count16 bytes   say these bytes as one message
 *   1 byte            answer the oldest STORE with this verdict
 *   2 byte            answer the oldest LOAD with so many items (bit 7: more, bit 6: unknown)
 *   3 byte            answer the oldest CHARTER with this version
 *   4 byte            let time pass, 2^n ms
 *   5 byte            a commit with this id upon our head; bit 7: it came by this link
 *   6 count16 bytes   these very bytes on the wire
 *   7 byte            the shell has so much to write still (in 16 KiB)
 *   8 byte            so many values are wanted (low half), and files
 *   9 byte            answer the oldest WISH with so many names (bit 7: more)
 *  10 byte            answer the oldest GIVE with pieces of items of 100 times so many bytes; 0:
 * gone 11 byte            answer the oldest KEEP with this verdict
 */
#include "tests/fuzz/mutate.h"
#include "tests/unit/proto/puppet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t take_byte(struct bytes *in)
{
    if (in->count == 0)
        return 0;
    uint8_t byte = *in->data++;
    in->count--;
    return byte;
}

static struct bytes take_run(struct bytes *in)
{
    size_t count = (size_t)take_byte(in) << 8;
    count |= take_byte(in);
    count = count < in->count ? count : in->count;
    const struct bytes run = {in->data, count};
    in->data += count;
    in->count -= count;
    return run;
}

static void commit(struct puppet *p, uint8_t byte, struct oid *head)
{
    struct core_event e = {.kind = CORE_COMMITTED, .bytes = BYTES("an item")};
    struct oid parent = *head;
    e.link = (byte & 0x80) != 0 ? p->link : 0;
    head->id[0] = byte;
    e.committed.id = *head;
    e.committed.parents = &parent;
    e.committed.parent_count = 1;
    CHECK(puppet_step(p, &e) == ST_OK);
    puppet_heads(p, head, 1);
}

static void operate_sealed(struct puppet *p, uint8_t operation, uint8_t byte)
{
    struct puppet_request r;
    uint32_t total = byte * 100u;
    switch (operation) {
    case 8:
        puppet_wanted(p, byte & 0x0f, byte >> 4);
        break;
    case 9:
        if (puppet_take(p, FX_WISH, &r))
            puppet_wishes(p, &r, 1, byte & 0x7f, (byte & 0x80) != 0);
        break;
    case 10:
        if (puppet_take(p, FX_GIVE, &r))
            puppet_given(p, &r, total, total < SEALED_PIECE_BYTES ? total : SEALED_PIECE_BYTES);
        break;
    default:
        if (puppet_take(p, FX_KEEP, &r))
            puppet_kept(p, &r, byte % STATUS_COUNT);
        break;
    }
}

static void operate(struct puppet *p, struct bytes *in, struct oid *head, bool *member)
{
    struct puppet_request r;
    struct core_event e = {0};
    uint8_t operation = take_byte(in) % 12;
    uint8_t byte = operation == 0 || operation == 6 ? 0 : take_byte(in);
    switch (operation) {
    case 0:
        puppet_say_raw(p, take_run(in));
        break;
    case 1:
        if (puppet_take(p, FX_STORE, &r))
            puppet_stored(p, &r, byte % STATUS_COUNT, head);
        break;
    case 2:
        if (puppet_take(p, FX_LOAD, &r))
            puppet_loaded(p, &r, byte & 0x3f, 100, byte, (byte & 0x80) != 0, (byte & 0x40) != 0);
        break;
    case 3:
        if (puppet_take(p, FX_CHARTER, &r)) {
            puppet_charter(p, 2 + byte % 32, true, r.request, ST_OK);
            *member = *member || byte % 32 > 0;
        }
        break;
    case 4:
        puppet_tick(p, UINT64_C(1) << byte % 18);
        break;
    case 5:
        commit(p, byte, head);
        break;
    case 6:
        puppet_wire(p, take_run(in));
        break;
    case 7:
        e.kind = CORE_WRITTEN;
        e.link = p->link;
        e.unsent_bytes = (size_t)byte * 16 * KIB;
        CHECK(puppet_step(p, &e) == ST_OK);
        break;
    default:
        operate_sealed(p, operation, byte);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct oid head = {{1}};
    uint8_t options = take_byte(&in);
    bool member = (options & 2) != 0;
    struct puppet *p = puppet_new();
    puppet_charter(p, 2, member, 0, ST_OK);
    puppet_heads(p, &head, 1);
    if ((options & 1) != 0) {
        puppet_hello(p);
        puppet_say_charter(p, 2);
    }
    for (int i = 0; i < 400 && in.count > 0 && !p->closed; i++) {
        operate(p, &in, &head, &member);
        CHECK(core_deadline_ms(p->core) >= p->now_ms);
    }
    CHECK(member || p->said[MESSAGE_HEADS] == 0); /* who is no member is told nothing */
    puppet_free(p);
    return 0;
}

/* Where the operation at the front of 'in' ends. */
static size_t operation_bytes(struct bytes in)
{
    struct bytes left = in;
    uint8_t operation = take_byte(&left) % 12;
    if (operation == 0 || operation == 6)
        (void)take_run(&left);
    else
        (void)take_byte(&left);
    return in.count - left.count;
}

static void add_changed(struct bytes operation, struct chance *c, struct buf *out)
{
    struct bytes run = {operation.data + 3, operation.count - 3};
    struct buf made = {0};
    if (operation.count <= 3 || operation.data[0] % 12 != 0 || !mutate_msgpack(run, c, &made)) {
        (void)mutate_plain(operation, c, out);
    } else {
        buf_add_byte(out, 0);
        buf_add_u16be(out, (uint16_t)made.count);
        buf_add_bytes(out, buf_bytes(&made));
    }
    buf_release(&made);
}

/* One operation changed, gone or elsewhere once more; a message by its values. */
static bool mutate_operations(struct bytes in, struct chance *c, struct buf *out)
{
    enum { OPERATIONS_MAX = 256 };
    struct bytes all[OPERATIONS_MAX], left = {in.data + 1, in.count - 1};
    uint32_t count = 0;
    for (; left.count > 0 && count < OPERATIONS_MAX; count++) {
        all[count] = (struct bytes){left.data, operation_bytes(left)};
        left = (struct bytes){left.data + all[count].count, left.count - all[count].count};
    }
    if (count == 0)
        return false;
    uint32_t at = chance_below(c, count), from = chance_below(c, count), way = chance_below(c, 6);
    buf_add_byte(out, in.data[0]);
    for (uint32_t i = 0; i < count; i++) {
        if (i == at && way == 0)
            continue;
        if (i == at && way >= 3)
            add_changed(all[i], c, out);
        else
            buf_add_bytes(out, all[i]);
        if (i == at && way == 1)
            add_changed(all[from], c, out);
        if (i == at && way == 2)
            buf_add_bytes(out, all[from]);
    }
    return true;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_operations, data, size, room, seed);
}
