/*
 * sankey: a flow of money as a picture: nodes in columns, ribbons as wide as their sums, in SVG for
 * a page. What a receipt stands behind is coloured, what none does is grey and hatched, what is not
 * spent is pale and dotted.
 *
 * Invariant: at every node the ribbons that come in are together as wide as its bar, and so are
 * those that go out, where there are any.
 */
#ifndef CLI_SANKEY_H
#define CLI_SANKEY_H

#include "replicas/flow.h"

struct sankey_bar {
    double x, y, height; /* of a node [SVG units] */
};

struct sankey_ribbon {
    double from_y, to_y, width; /* upper edges of a link's ends */
};

struct sankey {
    double width, height;          /* of the picture */
    struct sankey_bar *bars;       /* a node each */
    struct sankey_ribbon *ribbons; /* a link each */
};

enum { SANKEY_BAR_WIDTH = 14, SANKEY_LABEL_HEIGHT = 30, SANKEY_NAME_COLUMNS = 22 };

/* sankey_lay(): release it. Errors: ST_NO_MEMORY */
MUST_USE enum status sankey_lay(const struct flow *f, struct sankey *out);
void sankey_release(struct sankey *s);

/* sankey_name(): what a node is called, in the chosen language, appended. */
void sankey_name(const struct flow_node *n, struct buf *out);

/* sankey_proof(): what a ribbon's look means. */
const char *sankey_proof(enum flow_proof proof);

/* sankey_swatch(): a small <svg> of that look, for a legend; 'index' as sankey_draw()'s. */
void sankey_swatch(enum flow_proof proof, uint32_t index, struct buf *out);

/* sankey_draw(): an <svg> with role, <title> and <desc>; 'index' tells several of one page apart.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status sankey_draw(const struct flow *f, uint32_t index, struct buf *out);

#endif
