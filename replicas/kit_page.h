/*
 * kit_page: the page of a kit: what an auditor types to hold its files against each other with
 * stock tools, and what each command must print. A line that begins with four spaces is a command;
 * together they are one script for bash. Pure.
 */
#ifndef REPLICAS_KIT_PAGE_H
#define REPLICAS_KIT_PAGE_H

#include "proto/bytes.h"

struct kit_page_facts {
    const char *network;    /* its name */
    const char *network_id; /* hex */
    const char *state;      /* hex */
    const char *signer;     /* label of who signed SHA256SUMS; "": nobody */
    bool iati_whole;        /* iati.xml tells every payment */
};

/* kit_page(): the page, appended. Check buf_status(). */
void kit_page(const struct kit_page_facts *facts, struct buf *out);

#endif
