/*
 * msg_parts: what the messages have in common: their beginning and end, lists of ids, lists of
 * opaque binaries. For the msg_<name>.c files only.
 */
#ifndef PROTO_MSG_PARTS_H
#define PROTO_MSG_PARTS_H

#include "proto/message.h"
#include "proto/mp.h"

/* msg_parts_begin(): enter the array of 'elements' whose first element is 'kind'. */
void msg_parts_begin(struct mp_reader *r, struct bytes in, enum message_kind kind,
                     uint32_t elements);

/* msg_parts_start(): write the beginning of an array of 'elements', 'kind' included. */
void msg_parts_start(struct buf *out, enum message_kind kind, uint32_t elements);

/* A list of at most 'max' ids; reading gives their count, 0 after a failure. */
uint32_t msg_parts_read_ids(struct mp_reader *r, struct oid *ids, uint32_t max);
void msg_parts_write_ids(struct buf *out, const struct oid *ids, uint32_t count);

/* A list of at most 'max' names of sealed items, likewise. */
uint32_t msg_parts_read_names(struct mp_reader *r, struct digest *names, uint32_t max);
void msg_parts_write_names(struct buf *out, const struct digest *names, uint32_t count);

/* The lane of sealed items; SEALED_VALUES after a failure. */
enum sealed_lane msg_parts_read_lane(struct mp_reader *r);

/* A list of at most 'max' binaries, each of 1 .. 'each_bytes_max' bytes; borrowed. */
struct msg_parts_bound {
    uint32_t max;
    size_t each_bytes_max;
};
uint32_t msg_parts_read_list(struct mp_reader *r, struct bytes *list, struct msg_parts_bound bound);
void msg_parts_write_list(struct buf *out, const struct bytes *list, uint32_t count);

/*
 * msg_parts_check_list(): the same bounds on a list at hand; adds its bytes to '*total_bytes'.
 * Errors: ST_TOO_LARGE  too many, or one too long; ST_MALFORMED  an empty one
 */
MUST_USE enum status msg_parts_check_list(const struct bytes *list, uint32_t count,
                                          struct msg_parts_bound bound, size_t *total_bytes);

/* msg_parts_total(): the bytes of a list. */
size_t msg_parts_total(const struct bytes *list, uint32_t count);

/* msg_parts_is_printable(): printable ASCII, with or without spaces. */
bool msg_parts_is_printable(struct bytes text, bool spaces);

/* msg_parts_are_ascending(): strictly. */
bool msg_parts_are_ascending(const struct oid *ids, uint32_t count);

#endif
