/*
 * values: FIELD=VALUE words whose value stands elsewhere: @FILE reads a file, - standard input, @@
 * begins a plain value with an @. One newline at the end of what is read is dropped.
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "cli/call.h"

struct values { /* zeroed to begin with */
    struct buf *words;
    uint32_t count;
};

void values_release(struct values *v);

/*
 * values_fill(): replace such words of 'request', from its second word on; what was read is owned
 * by 'v' and has to outlive the request. Errors: ST_NOT_FOUND, ST_IO, ST_TOO_LARGE (over
 * VALUE_BYTES_MAX), ST_BAD_VALUE (no UTF-8), ST_USAGE (standard input twice), ST_NO_MEMORY
 */
MUST_USE enum status values_fill(struct values *v, struct control_request *request,
                                 struct fault *f);

#endif
