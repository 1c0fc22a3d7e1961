#include "replicas/replica.h"

uint32_t replica_motions(struct replica *r, const struct bytes **out)
{
    (void)r;
    *out = NULL;
    return 0;
}

enum status replica_offer_motions(struct replica *r, const struct bytes *motions, uint32_t count,
                                  bool *grown_out, struct fault *f)
{
    (void)r;
    (void)motions;
    (void)count;
    (void)f;
    *grown_out = false;
    return ST_OK;
}

enum status replica_heard_peer(struct replica *r, struct fault *f)
{
    (void)r;
    (void)f;
    return ST_OK;
}
