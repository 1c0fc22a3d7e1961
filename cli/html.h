/*
 * html: one self-contained page: no script, nothing from outside, well-formed as XML too. What
 * comes from records goes through html_text() and cannot be anything but text.
 */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include "proto/bytes.h"

enum html_page { HTML_PORTRAIT, HTML_LANDSCAPE }; /* of A4 */

/* html_begin(): up to the open <body>, in the chosen language. html_end(): its end. */
void html_begin(struct buf *out, const char *title, enum html_page page);
void html_end(struct buf *out);

/* html_text(): for content and for attribute values in double quotes. Characters that act
 * (controls, turns of the reading direction) and bytes that are no UTF-8 are shown as \xNN or
 * \uNNNN. */
void html_text(struct buf *out, const char *text);

/* html_cut(): the same, of at most 'columns' characters, then "…". */
void html_cut(struct buf *out, const char *text, size_t columns);

/* html_element(): <tag>text</tag>; 'attributes' as they are to stand there ("scope=\"row\""), or
 * "". */
void html_element(struct buf *out, const char *tag, const char *attributes, const char *text);

#endif
