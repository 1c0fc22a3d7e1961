/*
 * nat: IPv4 packets on their way between members of whom some stand behind address translation, and
 * the damage that a line does to them. No device, no clock, no chance of its own.
 */
#ifndef TESTS_NET_NAT_H
#define TESTS_NET_NAT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NAT_MEMBERS_MAX = 16,
    NAT_ENTRIES_MAX = 4096, /* connections through translations; the oldest gives way */
    NAT_PACKET_BYTES = 2048,
};

struct nat_entry { /* one connection that a member dialled */
    uint32_t member, remote;
    uint16_t port, remote_port, outside_port; /* 0: free */
};

struct nat {
    uint32_t inside[NAT_MEMBERS_MAX], outside[NAT_MEMBERS_MAX]; /* 0: there is none */
    struct nat_entry entries[NAT_ENTRIES_MAX];
    uint32_t next;
};

/* nat_member(): member 'index' has "ADDRESS" or "ADDRESS/OUTSIDE"; false: these are none. */
bool nat_member(struct nat *n, uint32_t index, char *text);

/* nat_readable(): a whole IPv4 packet. */
bool nat_readable(const uint8_t *data, uint32_t bytes);

/* nat_destination(): of a readable packet. */
uint32_t nat_destination(const uint8_t *data);

/*
 * nat_translate(): of a readable packet that member 'from' sent.
 *
 * chance  chooses the port that a new connection is seen to come from.
 * to_out  the member that it goes to; unchanged where it is for no member.
 * Returns false where a translation lets nothing through.
 */
bool nat_translate(struct nat *n, uint32_t from, uint8_t *data, uint32_t bytes, uint64_t chance,
                   uint32_t *to_out);

/* nat_forget(): every connection. */
void nat_forget(struct nat *n);

/* nat_damage(): flips one bit behind the addresses. 'repaired': in what TCP carries, with its
 * checksum made right, so that only the program can tell; false: it carries nothing. */
bool nat_damage(uint8_t *data, uint32_t bytes, uint64_t chance, bool repaired);

#endif
