/*
 * book_keep: a replica's own book of its state: made when somebody asks for it, followed
 * afterwards, let go when nobody waits. One that took long to read goes into the home's file
 * book.cache first. Behind replica_book() and replica_rest().
 */
#ifndef REPLICAS_BOOK_KEEP_H
#define REPLICAS_BOOK_KEEP_H

#include "replicas/book.h"

/* book_keep(): the book, from book.cache where that is sound and of this history; lent until the
 * replica changes or rests. Errors: as book_read() */
MUST_USE enum status book_keep(struct replica *r, const struct book **out, struct fault *f);

/* book_keep_rest(): let it go. */
void book_keep_rest(struct replica *r);

#endif
