/*
 * object: walk the members of one JSON object, or the elements of one list, that json_check() has
 * found canonical. Borrows, allocates nothing; failure is sticky and shows at object_end().
 */
#ifndef REPLICAS_OBJECT_H
#define REPLICAS_OBJECT_H

#include "proto/bytes.h"
#include "replicas/json.h"

struct object {
    struct json_reader reader;
    bool any;    /* a member was read */
    bool closed; /* the closing bracket was read */
};

/* object_begin(): 'json' is an object. object_begin_list(): it is a list. */
void object_begin(struct object *o, struct bytes json);
void object_begin_list(struct object *o, struct bytes json);

/*
 * object_next(): the next member. false: at the end, or after a failure.
 *
 * name_out   without its quotes, escapes as they stand: a valid name has none.
 * value_out  raw canonical value; strings keep their quotes. Both borrow from the object.
 */
bool object_next(struct object *o, struct bytes *name_out, struct bytes *value_out);

/* object_next_element(): the same for a list. */
bool object_next_element(struct object *o, struct bytes *value_out);

/* object_end(): whether everything was read. Errors: ST_MALFORMED  no object (or list) */
MUST_USE enum status object_end(const struct object *o);

/* object_count(): members of an object, or elements of a list. Errors: ST_MALFORMED  neither */
MUST_USE enum status object_count(struct bytes json, uint32_t *out);

/* object_find(): the value of one member, raw; {NULL, 0} where there is none. */
struct bytes object_find(struct bytes json, const char *name);

/* object_unquoted(): a raw string without its quotes; {NULL, 0} where it is no string. */
struct bytes object_unquoted(struct bytes raw);

#endif
