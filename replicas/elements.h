/*
 * elements: the elements of one set under way: ascending by their bytes, each once.
 */
#ifndef REPLICAS_ELEMENTS_H
#define REPLICAS_ELEMENTS_H

#include "proto/bytes.h"

enum { ELEMENTS_MAX = 256 };

struct elements {
    struct buf text;
    struct {
        size_t at, count; /* in text */
    } list[ELEMENTS_MAX];
    uint32_t count;
};

void elements_release(struct elements *e);
void elements_reset(struct elements *e);

/* elements_add(): one canonical JSON text; one that is there already is left out.
 * Errors: ST_TOO_LARGE, ST_NO_MEMORY */
MUST_USE enum status elements_add(struct elements *e, struct bytes json);

/* elements_write(): the JSON list, appended. Check buf_status(). */
void elements_write(const struct elements *e, struct buf *out);

#endif
