/*
 * jfolder: which segments stand in the folder journal/, and which of them still count.
 *
 * A segment becomes durable as a feed before its log goes, and a merged feed before the feeds that
 * it holds go; so after a crash both may be there, and what a feed holds counts no more elsewhere.
 */
#ifndef REPLICAS_JFOLDER_H
#define REPLICAS_JFOLDER_H

#include "replicas/feed.h"

/* Who is told of damage, so that a check can go on behind it. */
struct jfolder_report {
    void (*each)(void *user, const char *text);
    void *user;
    bool any; /* it was told of some */
};

struct jfolder {
    uint32_t *logs, *names; /* generations of the .log and .feed files, rising */
    size_t log_count, log_capacity, name_count, name_capacity;
    struct feed **feeds; /* opened by jfolder_open(): those that count, in order */
    size_t feed_count;
};

/*
 * jfolder_list(): *out is empty where there is no folder. Names of another form are passed over.
 * Errors: ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status jfolder_list(struct disk *disk, struct jfolder *out, struct fault *f);

/* jfolder_release(): closes the feeds too, unless they were taken out of it. */
void jfolder_release(struct jfolder *l);

/*
 * jfolder_open(): open the feeds that count.
 *
 * report  NULL: the first damage ends it. Else it is told and the feed is left out.
 *
 * Errors: ST_CORRUPT  a damaged or missing feed; with a report only after everything was looked at
 *         ST_WRONG_NETWORK, ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status jfolder_open(struct disk *disk, struct jfolder *l,
                                  const struct digest *network, struct jfolder_report *report,
                                  struct fault *f);

/*
 * jfolder_log(): the generation of the open segment, once the feeds are open.
 *
 * exists_out  false: a crash came after the last segment became a feed and before the next began.
 *
 * Errors: ST_CORRUPT  it is missing, or there are several
 */
MUST_USE enum status jfolder_log(const struct jfolder *l, uint32_t *generation_out,
                                 bool *exists_out, struct fault *f);

/*
 * jfolder_next(): what the header of the segment behind the last feed holds, but for its salt.
 */
struct jframe_log jfolder_next(const struct feed *last, const struct digest *network);

/* jfolder_follows(): whether 'log' is the segment behind the feed 'last'; NULL: the first of all.
 * Errors: ST_CORRUPT  it is not */
MUST_USE enum status jfolder_follows(const struct feed *last, const struct jframe_log *log,
                                     struct fault *f);

/*
 * jfolder_clean(): remove temporary files and what a feed holds. Everything that counts must be
 * durable by now, names too. Errors: ST_IO, ST_NO_MEMORY.
 */
MUST_USE enum status jfolder_clean(struct disk *disk, const struct jfolder *l, struct fault *f);

#endif
