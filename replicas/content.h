/*
 * content: the content of an entry on its way: members put in as they come, written as one JSON
 * object in canonical form. Owns the values, borrows the names.
 */
#ifndef REPLICAS_CONTENT_H
#define REPLICAS_CONTENT_H

#include "proto/bytes.h"
#include "replicas/fault.h"

struct content_member {
    const char *name;
    struct buf json;
};

struct content {
    struct content_member *members; /* ascending by name */
    uint32_t count, capacity;
};

/* content_init(): room for 'capacity' members. Errors: ST_NO_MEMORY */
MUST_USE enum status content_init(struct content *c, uint32_t capacity);
void content_release(struct content *c);

/*
 * content_add(): one more member; at most 'capacity' of them.
 * name  a valid name; has to outlive the content. json  a canonical value; copied.
 * Errors: ST_USAGE  it is there already; ST_NO_MEMORY
 */
MUST_USE enum status content_add(struct content *c, const char *name, struct bytes json,
                                 struct fault *f);
bool content_has(const struct content *c, const char *name);

/* content_write(): append the object. Failure of memory sticks to 'out'. */
void content_write(const struct content *c, struct buf *out);

#endif
