/*
 * mutate: changes to an input that keep what its decoder checks first, so that the fuzzer gets
 * behind lengths, counts, sums, seals and signatures. A target's LLVMFuzzerCustomMutator() hands
 * its shape to mutate_input(), which lets plain bytes change too, one time in four and whenever the
 * shape does not fit the input. With FUZZ_PLAIN in the environment only plain bytes change: what
 * the shapes are worth is measured against that.
 */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include "proto/bytes.h"

enum {
    MUTATE_ROOM_BYTES = 64 * 1024
}; /* of whatever is taken apart; longer inputs change plainly */

/* libFuzzer's own: change data[0 .. size) as plain bytes, with the dictionary; the new size. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

struct chance {
    uint64_t state;
};

/* chance_below(): 0 .. bound - 1; bound 1 or more. */
uint32_t chance_below(struct chance *c, uint32_t bound);

/* chance_number(): near a bound of some format, mostly. */
uint64_t chance_number(struct chance *c);

/* A shape appends to 'out' what it made of 'in'; false: 'in' is not of this shape. */
typedef bool mutate_shape(struct bytes in, struct chance *c, struct buf *out);

/* mutate_input(): what LLVMFuzzerCustomMutator() returns. */
size_t mutate_input(mutate_shape *shape, uint8_t *data, size_t size, size_t room,
                    unsigned int seed);

/* What a target defines; libFuzzer calls it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed);

/* Shapes. mutate_plain: any bytes. mutate_words: one number of 4 or 8 bytes, big-endian.
 * mutate_msgpack: a value of a document, the documents inside its binaries and the JSON in its
 * texts. mutate_json: a value or member, layout around it kept. mutate_lines: whole lines. */
bool mutate_plain(struct bytes in, struct chance *c, struct buf *out);
bool mutate_words(struct bytes in, struct chance *c, struct buf *out);
bool mutate_msgpack(struct bytes in, struct chance *c, struct buf *out);
bool mutate_json(struct bytes in, struct chance *c, struct buf *out);
bool mutate_lines(struct bytes in, struct chance *c, struct buf *out);

/* mutate_behind(): the first 'count' bytes stay, 'shape' changes the rest. */
bool mutate_behind(struct bytes in, size_t count, mutate_shape *shape, struct chance *c,
                   struct buf *out);

#endif
