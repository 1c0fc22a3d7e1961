/*
 * attachment: a file of a record. It is a record of its own, of type `attachment` (its name and
 * content are personal) or `document` (internal: receipts that an auditor reads), whose field
 * "record" names the record that it belongs to. Type and size stand in the open.
 *
 * The content is cut into chunks of ATTACHMENT_CHUNK_BYTES, the last one as long as what is left;
 * each is an item of the vault, and so is the list of their names, one behind the other. The value
 * of the field "content" is {"file":"<BLAKE2b-256 of the whole, hex>","list":"<name of the list>"}.
 * All are sealed with one class key and one salt; in seal.h's terms their fields are "content/list"
 * and "content/chunk", which no schema can have.
 */
#ifndef REPLICAS_ATTACHMENT_H
#define REPLICAS_ATTACHMENT_H

#include "replicas/sealed.h"
#include "replicas/vault.h"

enum {
    ATTACHMENT_CHUNK_BYTES = SEAL_PLAIN_BYTES_MAX,
    ATTACHMENT_CHUNKS_MAX =
        (ATTACHMENT_BYTES_MAX + ATTACHMENT_CHUNK_BYTES - 1) / ATTACHMENT_CHUNK_BYTES,
};
static_assert(ATTACHMENT_CHUNKS_MAX * DIGEST_BYTES <= SEAL_PLAIN_BYTES_MAX, "a list is one item");

#define ATTACHMENT_PERSONAL "attachment"
#define ATTACHMENT_INTERNAL "document"

/* attachment_is_type(): whether records of this type are files. */
bool attachment_is_type(struct bytes type);

/* attachment_chunks(): of a file of so many bytes. */
uint32_t attachment_chunks(uint64_t bytes);

struct attachment { /* as its record has it */
    char type[NAME_BYTES_MAX + 1];
    char id[RECORD_ID_TEXT + 1];
    char record[ENTRY_ID_TEXT + 1]; /* the one that it belongs to; "" where nothing says so */
    uint64_t bytes;                 /* 0 .. ATTACHMENT_BYTES_MAX */
    struct buf media;               /* owned */
    struct buf content, name;       /* owned: the values as the record holds them; may be empty */
};

/* attachment_take(): from its record. A member that makes no sense counts as missing.
 * Errors: ST_NO_MEMORY; release it either way */
MUST_USE enum status attachment_take(const struct record *record, struct attachment *out);
void attachment_release(struct attachment *a);

struct attachment_content {
    struct digest file; /* BLAKE2b-256 of all bytes */
    struct digest list; /* the name of the list of chunks */
};
void attachment_write_content(const struct attachment_content *content, struct buf *out);
/* attachment_read_content(): false where it is not exactly such a value. */
bool attachment_read_content(struct bytes json, struct attachment_content *out);

/* What a file's items are sealed with. */
struct attachment_seal {
    char type[NAME_BYTES_MAX + 1];
    char record[RECORD_ID_TEXT + 1]; /* the attachment's own id */
    enum schema_class class;
    struct seal_id key, salt;
};

/* attachment_put(): 'plain' as a chunk, or as the list, into the vault.
 * Errors: ST_NOT_FOUND  key or salt is not at hand; as vault_put() */
MUST_USE enum status attachment_put(struct replica *r, const struct attachment_seal *seal,
                                    enum vault_kind kind, struct bytes plain,
                                    struct digest *name_out, struct fault *f);

/* What of a file can be read here. Zeroed, it is released. */
struct attachment_view {
    enum sealed_state state;           /* of the content and of the list */
    struct attachment_seal seal;       /* READ, WAITING for the list */
    struct attachment_content content; /* the same */
    struct buf names;                  /* READ: of the chunks */
    uint32_t chunks, held;             /* READ: how many there are and are here */
};

/*
 * attachment_open(): content and list, as far as they are here. A list that is named and not here
 * is wanted from then on.
 * Errors: LOCAL only; release the view either way
 */
MUST_USE enum status attachment_open(struct replica *r, const struct attachment *a,
                                     struct attachment_view *out, struct fault *f);
void attachment_view_release(struct attachment_view *v);

/* attachment_want(): want the chunks that are not here. */
MUST_USE enum status attachment_want(struct replica *r, const struct attachment_view *v,
                                     struct fault *f);

/* attachment_chunk(): one chunk's bytes, appended. Errors: ST_NOT_FOUND  it is not here;
 * ST_CORRUPT  its bytes do not open, or are not as many as they should be; ST_IO, ST_NO_MEMORY */
MUST_USE enum status attachment_chunk(struct replica *r, const struct attachment *a,
                                      const struct attachment_view *v, uint32_t index,
                                      struct buf *out, struct fault *f);

/* attachment_each(): the files of one record, from the index, by type and id. */
typedef enum status (*attachment_fn)(void *user, const struct attachment *a);
MUST_USE enum status attachment_each(struct replica *r, struct bytes record, attachment_fn each,
                                     void *user, struct fault *f);

/* attachment_name(): its file name as a JSON text, appended; nothing where it cannot be read. */
MUST_USE enum status attachment_name(struct replica *r, const struct attachment *a,
                                     struct buf *json_out, struct fault *f);

/* attachment_copy(): a deep copy; release it either way. */
MUST_USE enum status attachment_copy(const struct attachment *from, struct attachment *to);

/* attachment_add_row(): "id", "type", "media", "bytes", "name" (null where it cannot be read),
 * "state", "chunks", "held" as members of an object that the caller opens and closes. */
MUST_USE enum status attachment_add_row(struct replica *r, const struct attachment *a,
                                        struct buf *out, struct fault *f);

/* attachment_add_list(): ',"attachments":[{…} …]' of a record; nothing where it has none. */
MUST_USE enum status attachment_add_list(struct replica *r, struct bytes record, struct buf *out,
                                         struct fault *f);

#endif
