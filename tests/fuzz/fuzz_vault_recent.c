/* vault_recent: any bytes as a row of the vault's newest items: what is taken is written again byte
 * for byte, and each item of it is found. */
#include <string.h>

#include "proto/check.h"
#include "replicas/vault_recent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vault_recent row = {0}, again = {0};
    struct bytes rest = {data, size};
    if (vault_recent_load(&row, rest) != ST_OK) {
        CHECK(row.count == 0 && row.bytes.count == 0);
        vault_recent_release(&row);
        return 0;
    }
    while (rest.count > 0) {
        struct vault_facts facts;
        struct bytes item, found;
        bool sound = vault_recent_next(&rest, &facts, &item);
        CHECK(sound && vault_recent_find(&row, &facts.name, NULL, &found));
        CHECK(bytes_equal(found, item));
        enum status status = vault_recent_add(&again, &facts, item);
        CHECK(status == ST_OK);
    }
    CHECK(again.bytes.count == size && (size == 0 || memcmp(again.bytes.data, data, size) == 0));
    vault_recent_release(&again);
    vault_recent_release(&row);
    return 0;
}
