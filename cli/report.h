/*
 * report: the command of that name, and what its pages are made of: the programme card (card.h) and
 * the way of the money (flowsheet.h). Reads a home without its daemon, or a clone of the history.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/call.h"
#include "replicas/audit.h"
#include "replicas/indicator.h"

struct report { /* all lent */
    const struct book *book;
    const struct schema *schema;
    const struct indicators *reached;
    const struct audit_result *audit; /* NULL: nobody audited */
    const char *network;
    uint32_t k; /* counts below are not shown; 0: all are */
};

/* report_run(): returns the exit code. */
int report_run(struct call *c);

/* report_footer(): on what the report stands, what is not shown, as a page's last lines. */
void report_footer(const struct report *r, struct buf *out);

#endif
