#include "tests/net/nat.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto/check.h"

enum {
    IP_BYTES = 20,
    TCP_BYTES = 20,
    AT_LENGTH = 2,   /* in the IP header */
    AT_PROTOCOL = 9, /* ... */
    AT_SUM = 10,
    AT_SOURCE = 12,
    AT_DESTINATION = 16,
    AT_TCP_OFFSET = 12, /* in the TCP header */
    AT_TCP_SUM = 16,
    TCP = 6,
    PORT_FIRST = 1024,
};

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t sum(const uint8_t *data, uint32_t bytes, uint32_t so_far)
{
    for (uint32_t i = 0; i + 1 < bytes; i += 2)
        so_far += get16(data + i);
    if (bytes % 2 != 0)
        so_far += (uint32_t)data[bytes - 1] << 8;
    return so_far;
}

static uint32_t folded(uint32_t total)
{
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

static uint32_t header_bytes(const uint8_t *data)
{
    return (data[0] & 15u) * 4u;
}

bool nat_readable(const uint8_t *data, uint32_t bytes)
{
    return bytes >= IP_BYTES && bytes <= NAT_PACKET_BYTES && data[0] >> 4 == 4 &&
           header_bytes(data) >= IP_BYTES && header_bytes(data) <= bytes &&
           get16(data + AT_LENGTH) == bytes;
}

/* The TCP header of a readable packet; NULL: it has none. */
static uint8_t *tcp_of(uint8_t *data, uint32_t bytes)
{
    uint32_t at = header_bytes(data);
    return data[AT_PROTOCOL] == TCP && bytes >= at + TCP_BYTES ? data + at : NULL;
}

static void repair(uint8_t *data, uint32_t bytes)
{
    uint32_t header = header_bytes(data), rest = bytes - header;
    uint8_t *tcp = tcp_of(data, bytes);
    put16(data + AT_SUM, 0);
    put16(data + AT_SUM, folded(sum(data, header, 0)));
    if (tcp == NULL)
        return;
    put16(tcp + AT_TCP_SUM, 0);
    uint32_t total = sum(data + AT_SOURCE, 8, TCP + rest);
    put16(tcp + AT_TCP_SUM, folded(sum(tcp, rest, total)));
}

/* ---- translation ---- */

static bool read_address(const char *text, uint32_t *out)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1)
        return false;
    *out = ntohl(address.s_addr);
    return true;
}

bool nat_member(struct nat *n, uint32_t index, char *text)
{
    CHECK(index < NAT_MEMBERS_MAX);
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash = '\0';
    return read_address(text, &n->inside[index]) &&
           (slash == NULL || read_address(slash + 1, &n->outside[index]));
}

uint32_t nat_destination(const uint8_t *data)
{
    return get32(data + AT_DESTINATION);
}

void nat_forget(struct nat *n)
{
    memset(n->entries, 0, sizeof n->entries);
}

/* The connection of a member to a remote place, new where it is not known. */
static const struct nat_entry *going(struct nat *n, uint32_t member, uint32_t remote,
                                     const uint8_t *tcp, uint64_t chance)
{
    uint32_t port = get16(tcp), remote_port = get16(tcp + 2);
    for (uint32_t i = 0; i < NAT_ENTRIES_MAX; i++) {
        const struct nat_entry *e = &n->entries[i];
        if (e->outside_port != 0 && e->member == member && e->remote == remote && e->port == port &&
            e->remote_port == remote_port)
            return e;
    }
    struct nat_entry *fresh = &n->entries[n->next++ % NAT_ENTRIES_MAX];
    *fresh = (struct nat_entry){
        .member = member,
        .remote = remote,
        .port = (uint16_t)port,
        .remote_port = (uint16_t)remote_port,
        .outside_port = (uint16_t)(PORT_FIRST + chance % (UINT16_MAX - PORT_FIRST)),
    };
    return fresh;
}

static const struct nat_entry *coming(const struct nat *n, uint32_t member, uint32_t remote,
                                      const uint8_t *tcp)
{
    for (uint32_t i = 0; i < NAT_ENTRIES_MAX; i++) {
        const struct nat_entry *e = &n->entries[i];
        if (e->outside_port != 0 && e->member == member && e->remote == remote &&
            e->remote_port == get16(tcp) && e->outside_port == get16(tcp + 2))
            return e;
    }
    return NULL;
}

bool nat_translate(struct nat *n, uint32_t from, uint8_t *data, uint32_t bytes, uint64_t chance,
                   uint32_t *to_out)
{
    uint8_t *tcp = tcp_of(data, bytes);
    uint32_t destination = nat_destination(data);
    bool changed = false;
    if (n->outside[from] != 0) {
        if (tcp == NULL)
            return false;
        put16(tcp, going(n, from, destination, tcp, chance)->outside_port);
        put32(data + AT_SOURCE, n->outside[from]);
        changed = true;
    }
    for (uint32_t i = 0; i < NAT_MEMBERS_MAX; i++) {
        if (n->inside[i] == destination && n->outside[i] != 0)
            return false; /* an address that nobody outside knows */
        if (n->inside[i] == destination)
            *to_out = i;
        if (n->outside[i] == 0 || n->outside[i] != destination)
            continue;
        const struct nat_entry *e = tcp != NULL ? coming(n, i, get32(data + AT_SOURCE), tcp) : NULL;
        if (e == NULL)
            return false;
        put16(tcp + 2, e->port);
        put32(data + AT_DESTINATION, n->inside[i]);
        *to_out = i;
        changed = true;
    }
    if (changed)
        repair(data, bytes);
    return true;
}

/* ---- damage ---- */

bool nat_damage(uint8_t *data, uint32_t bytes, uint64_t chance, bool repaired)
{
    uint32_t first = header_bytes(data);
    uint8_t *tcp = tcp_of(data, bytes);
    if (repaired) {
        if (tcp == NULL)
            return false;
        first += (uint32_t)(tcp[AT_TCP_OFFSET] >> 4) * 4u;
    }
    if (first >= bytes)
        return false;
    uint64_t bit = chance % (8 * (uint64_t)(bytes - first));
    data[first + bit / 8] ^= (uint8_t)(1u << (bit % 8));
    if (repaired)
        repair(data, bytes);
    return true;
}
