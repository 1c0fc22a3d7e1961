/*
 * render: records and changes as rows of JSON, with who wrote what and when. The shapes are those
 * of
 * `--json`: docs/CLI.md.
 */
#ifndef REPLICAS_RENDER_H
#define REPLICAS_RENDER_H

#include "replicas/replica.h"
#include "replicas/words.h"

struct render_change {         /* where a value comes from */
    char commit[OID_TEXT + 1]; /* "" where the change is not known here */
    char office[LABEL_BYTES_MAX + 1];
    char author[IDENT_BYTES_MAX + 1]; /* "Name <mail>" */
    char time[WORDS_TIME_BYTES];      /* for people only */
    uint64_t height;
};

/* render_change(): who made a change that 'record' has seen. */
MUST_USE enum status render_change(struct replica *r, const struct record *record,
                                   const struct change *change, struct render_change *out,
                                   struct fault *f);

/* render_author_name(): the name of an ident, without the mail; borrowed. */
struct bytes render_author_name(const char *author);

/* render_text(): JSON text of a C string of valid UTF-8, appended. */
void render_text(struct buf *out, const char *text);

/* render_order(): the indices of a field's values, the least change first, the one that everyone
 * reads last; 'out' has room for field->count. */
void render_order(const struct record *record, const struct record_field *field, uint32_t *out);

/* render_values(): "[{"value", "office", "author", "time", "commit"} …]" of a field, in
 * render_order(), appended; with "sealed", a word, where the value cannot be read. */
MUST_USE enum status render_values(struct replica *r, const struct record *record,
                                   const struct record_field *field, struct buf *out,
                                   struct fault *f);

/* render_record(): "id", "type", "fields", "sealed" (where some field cannot be read: {name: word})
 * and "conflicts" as members of an object that the caller opens and closes, appended. */
MUST_USE enum status render_record(struct replica *r, const struct record *record, struct buf *out,
                                   struct fault *f);

/* render_name(): how people call it: its key's value where the type has one, else the first digits
 * of its id. Appended as plain text. */
void render_name(struct replica *r, const struct record *record, struct buf *out);

#endif
