/*
 * wish: a change of the charter that an admin of this office asked for, kept until it is in force:
 * as words, not as a body, so that one overtaken by another is made again on top of it.
 *
 * As bytes, canonical msgpack:
 *   [kind, label, role, what, admin, treasurer, key, address, schema]
 * kind as below; what: which of role (1), rights (2) and address (4) a change names; a field that
 * a kind does not use is zero or empty.
 */
#ifndef REPLICAS_WISH_H
#define REPLICAS_WISH_H

#include "replicas/replica.h"

enum wish_kind { WISH_ADD, WISH_REMOVE, WISH_CHANGE, WISH_ROTATE, WISH_SCHEMA, WISH_KINDS };

enum wish_what { WISH_ROLE = 1, WISH_RIGHTS = 2, WISH_ADDRESS = 4 };

struct wish {
    enum wish_kind kind;
    struct charter_member member; /* ADD: all; REMOVE: label; CHANGE: label and what; ROTATE: label,
                                     key */
    unsigned what;                /* CHANGE */
    struct buf schema;            /* SCHEMA: canonical JSON; owned */
};

void wish_release(struct wish *w);

void wish_encode(const struct wish *w, struct buf *out);
/* Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NO_MEMORY */
MUST_USE enum status wish_decode(struct bytes in, struct wish *out);

/*
 * wish_body(): the body of the next version that the wish asks for, appended to 'out'. A loss
 * retires the key, with the commits of it that count here as the heads to be kept.
 * Errors: ST_NOTHING      it is so already
 *         ST_NOT_FOUND    no member of that label
 *         ST_EXISTS       label or key taken, or the key retired
 *         ST_NOT_ALLOWED  the last admin, or the last office, would be gone
 *         ST_NOT_SCHEMA, ST_WRONG_CHARTER  the schema does not grow
 *         ST_BAD_VALUE, ST_TOO_LARGE, ST_NO_MEMORY
 */
MUST_USE enum status wish_body(struct replica *r, const struct wish *w, struct buf *out,
                               struct fault *f);

#endif
