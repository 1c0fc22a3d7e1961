/* charter: what is taken is written again byte for byte; a chain takes nothing that is not signed.
 */
#include <string.h>

#include "proto/check.h"
#include "replicas/charter.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = {data, size};
    struct charter_chain chain = {0};
    struct charter *c = NULL;
    struct fault f;
    if (charter_parse(file, &c, &f) == ST_OK) {
        struct buf body = {0}, again = {0};
        struct digest hash;
        charter_file_add_body(c, &body);
        charter_file_add(c, buf_bytes(&body), &again);
        charter_file_hash(buf_bytes(&body), &hash);
        CHECK(bytes_equal(buf_bytes(&again), file));
        CHECK(memcmp(&hash, &c->hash, sizeof hash) == 0);
        CHECK(c->member_count > 0 && c->schema != NULL && c->signature_count > 0);
        buf_release(&again);
        buf_release(&body);
    }
    charter_file_free(c);
    enum status status = charter_chain_add(&chain, file, NULL, &f);
    CHECK((status == ST_OK) == (chain.count == 1));
    charter_chain_release(&chain);
    return 0;
}
