#include "replicas/book_keep.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/book_cache.h"
#include "replicas/booking.h"
#include "replicas/engine.h"

static const char file_name[] = "book.cache";

enum {
    CACHE_BYTES_MAX = 512 * MIB, /* some million entries */
    SAVE_ROWS_MIN = 5000,        /* entries and commits that take long enough to read again */
    SAVE_COMMITS_MIN = 500,      /* that the file may lack: following them takes no time */
};

static bool fits(struct replica *r, const struct book *b, const struct book_cache_place *place)
{
    struct digest nodes;
    if (memcmp(place->network.id, replica_network(r)->id, DIGEST_BYTES) != 0 ||
        b->inside->nodes > graph_count(replica_graph(r)))
        return false;
    book_cache_nodes(replica_graph(r), b->inside->nodes, &nodes);
    return memcmp(nodes.id, place->nodes.id, DIGEST_BYTES) == 0;
}

/* The home's book, if it was read from a beginning of this history. Whatever is wrong with it, the
 * book can be read anew. */
static enum status load(struct replica *r, struct book **out)
{
    struct book_cache_place place;
    struct buf file = {0};
    struct book *b = NULL;
    if (r->home == NULL || r->disk == NULL)
        return ST_NOT_FOUND;
    enum status status = disk_get(r->disk, file_name, CACHE_BYTES_MAX, &file, NULL);
    if (status == ST_OK)
        status = book_cache_decode(buf_bytes(&file), &place, &b);
    buf_release(&file);
    if (status == ST_OK && !fits(r, b, &place))
        status = ST_NOT_FOUND;
    if (status == ST_OK)
        *out = b;
    else
        book_free(b);
    return status;
}

static enum status save(struct replica *r, const struct book *b)
{
    struct book_cache_place place = {.network = *replica_network(r)};
    struct buf file = {0};
    book_cache_nodes(replica_graph(r), b->inside->nodes, &place.nodes);
    enum status status = book_cache_encode(b, &place, &file);
    if (status == ST_OK && file.count > CACHE_BYTES_MAX)
        status = ST_TOO_LARGE;
    if (status == ST_OK)
        status = disk_put(r->disk, "", file_name, buf_bytes(&file), NULL);
    buf_release(&file);
    return status;
}

enum status book_keep(struct replica *r, const struct book **out, struct fault *f)
{
    *out = NULL;
    if (r->book == NULL) {
        enum status status = load(r, &r->book);
        if (status == ST_NO_MEMORY)
            return fault_set(f, status, "no memory to read the accounts");
        r->book_saved = status == ST_OK ? r->book->inside->nodes : 0;
    }
    enum status status = r->book != NULL ? book_follow(r, &r->book, f) : book_read(r, &r->book, f);
    *out = r->book;
    return status;
}

void book_keep_rest(struct replica *r)
{
    const struct book *b = r->book;
    if (b == NULL)
        return;
    bool keeps = r->home != NULL && !r->readonly && !r->failed;
    bool large = b->entry_count >= SAVE_ROWS_MIN || b->inside->nodes >= SAVE_ROWS_MIN;
    bool behind = r->book_saved == 0 || b->inside->nodes - r->book_saved >= SAVE_COMMITS_MIN;
    if (keeps && large && behind) {
        if (save(r, b) == ST_OK) /* else it is read anew then */
            r->book_saved = b->inside->nodes;
    }
    book_free(r->book);
    r->book = NULL;
}
