/*
 * sample: random records over a few changes, fields and elements, from a seed, small enough to be
 * described by bit masks: which changes are seen, and which each slot (field or element) holds.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/mem.h"
#include "replicas/record.h"

enum {
    SAMPLE_CHANGES = 12,
    SAMPLE_FIELDS = 3,
    SAMPLE_SETS = 2,
    SAMPLE_ELEMENTS = 4, /* of each set */
    SAMPLE_SLOTS = SAMPLE_FIELDS + SAMPLE_SETS * SAMPLE_ELEMENTS,
    SAMPLE_VALUES = 8,
    SAMPLE_LABELS = 3,
};

struct sample {
    uint16_t seen, held[SAMPLE_SLOTS];
    struct record record; /* into the arrays below */
    struct record_seen seen_items[SAMPLE_CHANGES];
    struct record_field fields[SAMPLE_FIELDS];
    struct record_value values[SAMPLE_FIELDS * SAMPLE_CHANGES];
    struct record_set sets[SAMPLE_SETS];
    struct record_element elements[SAMPLE_SETS * SAMPLE_ELEMENTS];
    struct change changes[SAMPLE_SETS * SAMPLE_ELEMENTS * SAMPLE_CHANGES];
};

static const char *const sample_fields[SAMPLE_FIELDS] = {"a", "line", "line_2"};
static const char *const sample_sets[SAMPLE_SETS] = {"needs", "tags"};
static const char *const sample_labels[SAMPLE_LABELS] = {"iquique", "santiago", "santiago-2"};
/* In the order of what they stand for, which is not that of their spelling. */
static const char *const sample_elements[SAMPLE_ELEMENTS] = {
    "\"\"",
    "\"a\"",
    "\"a b\"",
    "\"a\\\"q\"",
};
static const char *const sample_values[SAMPLE_VALUES] = {
    "null",
    "-9007199254740991",
    "\"\"",
    "\"caf\xc3\xa9 \\n\"",
    "true",
    "[1,[],{}]",
    "{\"class\":\"personal\",\"sealed\":\"9f3c\"}",
    "12",
};

/* splitmix64 */
static inline uint64_t sample_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Changes ascend with their number; some share their first bytes. */
static inline struct change sample_change(unsigned i)
{
    struct change c = {{0}};
    c.id[0] = (uint8_t)(i / 3 * 0x55);
    c.id[CHANGE_BYTES - 1] = (uint8_t)i;
    return c;
}

static inline unsigned sample_number(const struct change *c)
{
    return c->id[CHANGE_BYTES - 1];
}

static inline void sample_add_field(struct sample *s, unsigned slot, uint64_t *noise)
{
    struct record *r = &s->record;
    struct record_field *field = &s->fields[r->field_count];
    *field = (struct record_field){bytes_of_text(sample_fields[slot]), r->value_count, 0};
    for (unsigned i = 0; i < SAMPLE_CHANGES; i++) {
        if ((s->held[slot] >> i & 1) == 0)
            continue;
        uint64_t pick = noise != NULL ? sample_random(noise) : slot + 3 * i;
        s->values[r->value_count++] = (struct record_value){
            sample_change(i), bytes_of_text(sample_values[pick % SAMPLE_VALUES])};
        field->count++;
    }
    r->field_count += field->count > 0;
}

static inline void sample_add_set(struct sample *s, unsigned k)
{
    struct record *r = &s->record;
    struct record_set *set = &s->sets[r->set_count];
    *set = (struct record_set){bytes_of_text(sample_sets[k]), r->element_count, 0};
    for (unsigned e = 0; e < SAMPLE_ELEMENTS; e++) {
        uint16_t held = s->held[SAMPLE_FIELDS + k * SAMPLE_ELEMENTS + e];
        struct record_element *element = &s->elements[r->element_count];
        *element = (struct record_element){bytes_of_text(sample_elements[e]), r->change_count, 0};
        for (unsigned i = 0; i < SAMPLE_CHANGES; i++)
            if ((held >> i & 1) != 0) {
                s->changes[r->change_count++] = sample_change(i);
                element->count++;
            }
        r->element_count += element->count > 0;
        set->count += element->count > 0;
    }
    r->set_count += set->count > 0;
}

/*
 * The record that the masks describe. noise: NULL, or a random state from which each value, height
 * and label is drawn: then two versions may differ in what one change says, as only a liar's do.
 */
static inline void sample_build(struct sample *s, uint64_t *noise)
{
    struct record *r = &s->record;
    *r = (struct record){.id = BYTES("3fa9c04be1d27788a0c4f19e"),
                         .type = BYTES("enterprise"),
                         .seen = s->seen_items,
                         .fields = s->fields,
                         .values = s->values,
                         .sets = s->sets,
                         .elements = s->elements,
                         .changes = s->changes};
    for (unsigned i = 0; i < SAMPLE_CHANGES; i++) {
        if ((s->seen >> i & 1) == 0)
            continue;
        uint64_t height = noise != NULL ? sample_random(noise) % 3 : i / 2;
        uint64_t label = noise != NULL ? sample_random(noise) : i;
        s->seen_items[r->seen_count++] = (struct record_seen){
            sample_change(i), height + 1, bytes_of_text(sample_labels[label % SAMPLE_LABELS])};
    }
    for (unsigned i = 0; i < SAMPLE_FIELDS; i++)
        sample_add_field(s, i, noise);
    for (unsigned i = 0; i < SAMPLE_SETS; i++)
        sample_add_set(s, i);
}

/* A random record, dense or sparse; one of its changes at least is seen. */
static inline void sample_make(struct sample *s, uint64_t *seed, bool hostile)
{
    const uint16_t all = (1u << SAMPLE_CHANGES) - 1;
    uint64_t dice = sample_random(seed);
    s->seen = (uint16_t)(dice & all);
    if ((dice >> 60 & 1) != 0)
        s->seen = (uint16_t)(s->seen & dice >> 16);
    s->seen = (uint16_t)(s->seen | 1u << (dice >> 32) % SAMPLE_CHANGES);
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++) {
        uint64_t bits = sample_random(seed);
        s->held[i] = (uint16_t)(s->seen & bits);
        if ((bits >> 60 & 3) != 0)
            s->held[i] = (uint16_t)(s->held[i] & bits >> 16 & bits >> 32);
    }
    sample_build(s, hostile ? seed : NULL);
}

static inline unsigned sample_index(struct bytes name, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (bytes_equal_text(name, names[i]))
            return i;
    fail_msg("a name that no sample has");
    return 0;
}

/* The masks that describe 'r'. */
static inline void sample_read(const struct record *r, uint16_t *seen,
                               uint16_t held[static SAMPLE_SLOTS])
{
    *seen = 0;
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++)
        held[i] = 0;
    for (uint32_t i = 0; i < r->seen_count; i++)
        *seen = (uint16_t)(*seen | 1u << sample_number(&r->seen[i].change));
    for (uint32_t i = 0; i < r->field_count; i++) {
        const struct record_field *field = &r->fields[i];
        unsigned slot = sample_index(field->name, sample_fields, SAMPLE_FIELDS);
        for (uint32_t k = field->first; k < field->first + field->count; k++)
            held[slot] = (uint16_t)(held[slot] | 1u << sample_number(&r->values[k].change));
    }
    for (uint32_t i = 0; i < r->set_count; i++) {
        const struct record_set *set = &r->sets[i];
        unsigned k = sample_index(set->name, sample_sets, SAMPLE_SETS);
        for (uint32_t e = set->first; e < set->first + set->count; e++) {
            const struct record_element *element = &r->elements[e];
            unsigned slot = SAMPLE_FIELDS + k * SAMPLE_ELEMENTS +
                            sample_index(element->text, sample_elements, SAMPLE_ELEMENTS);
            for (uint32_t c = element->first; c < element->first + element->count; c++)
                held[slot] = (uint16_t)(held[slot] | 1u << sample_number(&r->changes[c]));
        }
    }
}

/* Whether two records have the same content: then they have the same bytes, only sooner known. */
static inline bool sample_same(const struct record *a, const struct record *b)
{
    bool same = a->seen_count == b->seen_count && a->field_count == b->field_count &&
                a->value_count == b->value_count && a->set_count == b->set_count &&
                a->element_count == b->element_count && a->change_count == b->change_count &&
                bytes_equal(a->id, b->id) && bytes_equal(a->type, b->type);
    for (uint32_t i = 0; same && i < a->seen_count; i++)
        same = change_compare(&a->seen[i].change, &b->seen[i].change) == 0 &&
               a->seen[i].height == b->seen[i].height &&
               bytes_equal(a->seen[i].label, b->seen[i].label);
    for (uint32_t i = 0; same && i < a->field_count; i++)
        same = bytes_equal(a->fields[i].name, b->fields[i].name) &&
               a->fields[i].first == b->fields[i].first && a->fields[i].count == b->fields[i].count;
    for (uint32_t i = 0; same && i < a->value_count; i++)
        same = change_compare(&a->values[i].change, &b->values[i].change) == 0 &&
               bytes_equal(a->values[i].json, b->values[i].json);
    for (uint32_t i = 0; same && i < a->set_count; i++)
        same = bytes_equal(a->sets[i].name, b->sets[i].name) &&
               a->sets[i].first == b->sets[i].first && a->sets[i].count == b->sets[i].count;
    for (uint32_t i = 0; same && i < a->element_count; i++)
        same = bytes_equal(a->elements[i].text, b->elements[i].text) &&
               a->elements[i].first == b->elements[i].first &&
               a->elements[i].count == b->elements[i].count;
    for (uint32_t i = 0; same && i < a->change_count; i++)
        same = change_compare(&a->changes[i], &b->changes[i]) == 0;
    return same;
}

/* The canonical bytes of 'r', in place of what 'out' held. */
static inline struct bytes sample_encode(const struct record *r, struct buf *out)
{
    buf_reset(out);
    record_encode(r, out);
    assert_int_equal(buf_status(out), ST_OK);
    return buf_bytes(out);
}

static inline void sample_assert_same(struct bytes a, struct bytes b)
{
    assert_int_equal(a.count, b.count);
    assert_memory_equal(a.data, b.data, a.count);
}

#endif
