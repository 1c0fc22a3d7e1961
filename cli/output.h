/*
 * output: what reaches a terminal, a file or another program. Record text comes from other people:
 * nothing of it may move a cursor, turn the reading direction or become a formula.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "proto/bytes.h"

/* output_safe(): 'text' appended with control characters, bidirectional and invisible format
 * characters as \xNN or \uNNNN, and bytes that are no UTF-8 as \xNN. */
void output_safe(struct bytes text, struct buf *out);

/* output_columns(): how wide a safe text is, in characters; combining accents have no width. */
size_t output_columns(struct bytes text);

/* output_cut(): how many bytes the first 'columns' characters have. */
size_t output_cut(struct bytes text, size_t columns);

/* output_line(): a formatted text, made safe as a whole, and a newline. */
void output_line(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* output_json(): a JSON object as one line: "schema":"minga.<verb>/1" is put first; characters that
 * output_safe() would show escaped become \uNNNN, which means the same to every reader. 'row' has
 * to be an object with its braces. */
void output_json(const char *verb, struct bytes row, struct buf *out);

/* output_csv(): one cell, quoted where it has to be; a formula gets a ' before it. */
void output_csv(struct bytes text, struct buf *out);

/* output_value(): a JSON value as a person reads it, appended, not yet safe: text bare, a list with
 * commas, "-" for null. */
void output_value(const json_t *value, struct buf *out);

/* output_text(): a member of an object as text: "" where it is missing. Borrowed. */
const char *output_text(const json_t *object, const char *name);

/* ---- Tables: rows are kept until the end, then every column is as wide as its widest cell. ----
 */

enum { OUTPUT_COLUMNS_MAX = 64, OUTPUT_CELL_COLUMNS_MAX = 40 };

struct output_table {
    struct buf text;  /* cells, each with a NUL behind it */
    uint32_t columns; /* 1 .. OUTPUT_COLUMNS_MAX */
    size_t widths[OUTPUT_COLUMNS_MAX];
    uint64_t cells;
    size_t cell_columns_max; /* longer cells are cut; 0: never */
    uint64_t right;          /* bit of each column that stands at the right, as numbers do */
};

void output_table_init(struct output_table *t, uint32_t columns);
void output_table_add(struct output_table *t, struct bytes cell);
/* output_table_print(): only whole rows; releases the table. */
void output_table_print(struct output_table *t, FILE *file);

#endif
