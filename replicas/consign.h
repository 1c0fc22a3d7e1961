/*
 * consign: what goes into a bundle, chunk by chunk: the outgoing words of courier.h. Each answer
 * follows from its request alone, so that a command may ask for the same chunk twice.
 */
#ifndef REPLICAS_CONSIGN_H
#define REPLICAS_CONSIGN_H

#include "replicas/verb.h"

/* Each runs one word of courier.h. Errors: as courier_run() */
MUST_USE enum status consign_plan(const struct verb_call *call, struct fault *f);
MUST_USE enum status consign_charters(const struct verb_call *call, struct fault *f);
MUST_USE enum status consign_motions(const struct verb_call *call, struct fault *f);
MUST_USE enum status consign_history(const struct verb_call *call, struct fault *f);
MUST_USE enum status consign_heads(const struct verb_call *call, struct fault *f);
MUST_USE enum status consign_sign(const struct verb_call *call, struct fault *f);
MUST_USE enum status consign_given(const struct verb_call *call, struct fault *f);

#endif
