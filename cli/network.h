/*
 * network: what the newest charter in the home says, for showing things to people: nothing here is
 * verified, and nothing is decided by it.
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include <jansson.h>

#include "proto/id.h"
#include "replicas/home.h"

/* network_charter(): the body of the newest version in 'home'; NULL: none can be read. */
json_t *network_charter(const char *home);

/* network_member(): the member of that key; borrowed; NULL: none. */
const json_t *network_member(const json_t *charter, const struct key *key);

/* network_add_value(): a field's value for people, appended: amounts in major units ("12.50"), as
 * they are typed. 'fields' holds the field and its currency. The charter may be NULL. */
void network_add_value(const json_t *charter, const char *type, const json_t *fields,
                       const char *name, struct buf *out);

/* network_unread(): why a sealed value is not shown, for people; 'word' as the rows have it. */
const char *network_unread(const char *word);

#endif
