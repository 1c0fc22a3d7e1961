/*
 * booking: the making of a book: rows out of the records, entries and stubs of a state, the commits
 * of entries out of the history, then order and references. Private to book*.c.
 *
 * A book is made by bringing an empty one to a state, and followed by bringing it from the state it
 * stands at to another: the same steps over a larger or a smaller difference of trees.
 */
#ifndef REPLICAS_BOOKING_H
#define REPLICAS_BOOKING_H

#include "replicas/book.h"
#include "replicas/record.h"

enum booking_list {
    BOOKING_ENTRIES,
    BOOKING_POSTINGS,
    BOOKING_ACCOUNTS,
    BOOKING_ENTERPRISES,
    BOOKING_HOUSEHOLDS,
    BOOKING_VISITS,
    BOOKING_SESSIONS,
    BOOKING_INCOMES,
    BOOKING_CONTACTS,
    BOOKING_PROGRAMMES,
    BOOKING_DOCUMENTS,
    BOOKING_CONFLICTS,
    BOOKING_LISTS,
};

/* Of book_entry.documents while a book is made: its content was not read yet. */
enum { BOOKING_UNREAD = UINT32_MAX };

enum { BOOKING_KEY_BYTES = 16, BOOKING_ENTRY_BYTES = 20, BOOKING_RECORD_BYTES = 12 };

struct booking_link { /* one row that names another, ascending by (to, from) */
    uint32_t to, from;
};

/* What a book keeps beside its rows, for finding in it and for following. */
struct book_inside {
    uint32_t room[BOOKING_LISTS]; /* of each array [rows] */
    uint32_t *words;              /* texts by their hash: offsets; 0: free */
    uint32_t word_slots, word_count;
    uint8_t key[BOOKING_KEY_BYTES]; /* of that hash */
    uint32_t *by_id;                /* entries by their id: index + 1; 0: free */
    uint32_t id_slots;
    struct booking_link *of_enterprise, *about;
    uint32_t of_enterprise_count, about_count;
    bool *counted; /* of each commit of the history that it was read from */
    uint32_t nodes;
    struct digest charter; /* the hash of the newest version then */
    size_t texts_whole;    /* bytes of texts when it was last read whole */
};

struct booking_stub { /* an entry's posting as the state has it */
    uint32_t account;
    uint8_t entry[BOOKING_ENTRY_BYTES];
    struct oid blob;
};

/* A book under way. */
struct booking {
    struct replica *replica;
    struct book *book;
    struct buf scratch;
    struct booking_stub *stubs;
    uint32_t stub_count, stub_room;
    uint32_t reads; /* since the store was tidied */
    bool changed;   /* a row came, or an entry's commit is another */
    bool anew;      /* something went away: only reading it whole tells what is left */
    struct fault *fault;
};

/* booking_grow(): one zeroed row at the end of a list. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_grow(struct book *b, enum booking_list list, void **row_out);

/* booking_reserve(): room for that many rows in a list that has none. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_reserve(struct book *b, enum booking_list list, uint32_t count);

/* booking_rows(): the rows of a list; booking_row_bytes(): of one of them. */
void *booking_rows(const struct book *b, enum booking_list list, uint32_t *count_out);
size_t booking_row_bytes(enum booking_list list);

/* booking_word(): the offset of a text, added where it is new. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_word(struct book *b, struct bytes text, book_text_at *out);

/* booking_index(): entries by their id. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_index(struct book *b);

/* booking_find(): book_find(). */
uint32_t booking_find(const struct book *b, const uint8_t id[static BOOKING_ENTRY_BYTES]);

/* booking_records_take(): the rows of one record or entry of the state. 'replaced': the book may
 * have it already. Errors: ST_CORRUPT, ST_IO, ST_NO_MEMORY */
MUST_USE enum status booking_records_take(struct booking *w, const char *path,
                                          const struct oid *blob, bool replaced);

/* booking_records_content(): what an entry's content says, into its row. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_records_content(struct booking *w, struct book_entry *e,
                                             struct bytes content);

/* booking_order_stub(): one stub of an account, noted. Errors: ST_CORRUPT (no path of one),
 * ST_NO_MEMORY
 */
MUST_USE enum status booking_order_stub(struct booking *w, const char *path,
                                        const struct oid *blob);

/* booking_origin(): the first commit of each entry, from what counts now and did not before. */
MUST_USE enum status booking_origin(struct booking *w);

/* booking_order(): everything in its order, with its references, sums and indexes.
 * Errors: ST_CORRUPT (a stub), ST_IO, ST_NO_MEMORY */
MUST_USE enum status booking_order(struct booking *w);

/* booking_order_links(): the indexes of rows by what they name. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_order_links(struct book *b);

/* booking_empty(): a book of nothing. Errors: ST_NO_MEMORY */
MUST_USE enum status booking_empty(struct book **out);

/* booking_charter(): the hash of the newest version here. */
void booking_charter(struct replica *r, struct digest *out);

/* booking_run(): bring w->book to the replica's state. w->anew says that it could not. */
MUST_USE enum status booking_run(struct booking *w);

#endif
