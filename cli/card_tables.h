/*
 * card_tables: the tables of the programme card, for a terminal and for a page.
 */
#ifndef CLI_CARD_TABLES_H
#define CLI_CARD_TABLES_H

#include "cli/grid.h"
#include "cli/report.h"

/* Each begins the grid, which the caller releases. people: promised and reached. shares: of the
 * money in a currency. split: enterprises by line or stage, under 'head'. budget, offices: what was
 * allotted and spent in a currency. */
void card_tables_people(const struct report *r, struct grid *g);
void card_tables_shares(const struct report *r, const char *currency, struct grid *g);
void card_tables_split(const struct report *r, enum indicator_by by, const char *head,
                       struct grid *g);
void card_tables_budget(const struct report *r, const char *currency, struct grid *g);
void card_tables_offices(const struct report *r, const char *currency, struct grid *g);

#endif
