/*
 * book_cache: a book as a file of the home, book.cache, so that a cold start does not read a large
 * history again. Derived: it can be deleted at any time; one that is damaged, of another network or
 * of a history that is not the beginning of this one is left alone and the book is read anew. It
 * holds what a book holds: open fields only. docs/FORMATS.md has its bytes.
 */
#ifndef REPLICAS_BOOK_CACHE_H
#define REPLICAS_BOOK_CACHE_H

#include "replicas/book.h"

/* What a book is about beside the bytes of its rows. */
struct book_cache_place {
    struct digest network;
    struct digest nodes; /* book_cache_nodes() of the commits that it was read from */
};

/* book_cache_nodes(): BLAKE2b-256 over the ids of the first 'count' commits, in their order here.
 */
void book_cache_nodes(const struct graph *g, uint32_t count, struct digest *out);

/* book_cache_encode(): the bytes of a book, appended; the same for every book of one content,
 * however it came about. Errors: ST_NO_MEMORY */
MUST_USE enum status book_cache_encode(const struct book *b, const struct book_cache_place *place,
                                       struct buf *out);

/* book_cache_decode(): a book out of such bytes; free it with book_free().
 * Errors: ST_MALFORMED, ST_TOO_LARGE (a sum that does not fit), ST_NO_MEMORY */
MUST_USE enum status book_cache_decode(struct bytes in, struct book_cache_place *place,
                                       struct book **out);

#endif
