/*
 * roster: who is a member: the verbs member and whoami.
 */
#ifndef REPLICAS_ROSTER_H
#define REPLICAS_ROSTER_H

#include "replicas/verb.h"

/* roster_member(): member [list] | show LABEL; a row each: label, role, rights, fingerprint, key,
 * address, self, seq. */
MUST_USE enum status roster_member(const struct verb_call *call, struct fault *f);

/* roster_whoami(): row: network, network_id, office, role, rights, fingerprint, key, address. */
MUST_USE enum status roster_whoami(const struct verb_call *call, struct fault *f);

enum { ROSTER_FINGERPRINT_BYTES = 64 };

/* roster_fingerprint(): "SHA256:…" as ssh-keygen -l shows it, with a NUL. */
void roster_fingerprint(const struct key *key, char out[static ROSTER_FINGERPRINT_BYTES]);

#endif
