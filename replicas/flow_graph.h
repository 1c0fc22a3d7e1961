/*
 * flow_graph: the graph that a flow is, under way: nodes that are made when they are named, links
 * that add up, names of which the small ones become one. Private to flow*.c; failure is sticky in
 * flow.failed.
 */
#ifndef REPLICAS_FLOW_GRAPH_H
#define REPLICAS_FLOW_GRAPH_H

#include "replicas/flow.h"

enum { FLOW_GRAPH_NAMES_MAX = 256 };

struct flow_graph_names { /* and how much went to each */
    const char *name[FLOW_GRAPH_NAMES_MAX];
    int64_t amount[FLOW_GRAPH_NAMES_MAX];
    uint32_t count;
};

/* flow_graph_grow(): room for one more of 'count' elements of a list; false: no memory. */
bool flow_graph_grow(struct flow *f, void **list, uint32_t count, uint32_t *capacity, size_t each);

/* flow_graph_node(): the node, made where there is none; 0 after a failure. flow_graph_role(): in
 * the column of its role. */
uint32_t flow_graph_node(struct flow *f, enum flow_role role, uint32_t column, const char *name,
                         const char *currency);
uint32_t flow_graph_role(struct flow *f, enum flow_role role, const char *name,
                         const char *currency);

/* flow_graph_link(): more between two nodes; nothing where the amount is not above 0. */
void flow_graph_link(struct flow *f, uint32_t from, uint32_t to, enum flow_proof proof,
                     int64_t amount);

/* flow_graph_weigh(): more for a name; beyond the most names it is left out. */
void flow_graph_weigh(struct flow_graph_names *n, const char *name, int64_t amount);

/* flow_graph_drawn(): the name itself, or INDICATOR_OTHERS for the smaller ones of many. */
const char *flow_graph_drawn(const struct flow_graph_names *n, const char *name);

/* flow_graph_order(): nodes nothing flows through are dropped, the others put in order, and the
 * links with them. Errors: ST_NO_MEMORY */
MUST_USE enum status flow_graph_order(struct flow *f);

#endif
