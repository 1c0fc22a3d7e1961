/*
 * jobs_news: what the storage thread tells of the history.
 */
#ifndef DAEMON_JOBS_NEWS_H
#define DAEMON_JOBS_NEWS_H

#include "daemon/worker.h"

/* jobs_news_heads(): all tips into the job, grouped by the label that wrote them, ascending.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status jobs_news_heads(struct replica *r, struct job *j);

#endif
