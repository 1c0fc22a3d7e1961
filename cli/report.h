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

/* report_html(): the programme card, or the way of the money, as one page, appended.
 * Errors: ST_NOT_FOUND  there is nothing to report on; as book_read(), audit_run_book() */
MUST_USE enum status report_html(const struct call *c, struct replica *r, bool card,
                                 struct buf *out, struct fault *f);

/* report_footer(): on what the report stands, what is not shown, as a page's last lines. */
void report_footer(const struct report *r, struct buf *out);

#endif
