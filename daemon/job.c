#include <sodium.h>

#include "daemon/worker.h"
#include "proto/mem.h"

struct job *job_new(enum job_kind kind)
{
    struct job *j = mem_alloc(sizeof *j);
    if (j != NULL)
        j->kind = kind;
    return j;
}

void job_free(struct job *j)
{
    if (j == NULL)
        return;
    buf_release(&j->data);
    buf_release(&j->rows);
    buf_release(&j->health);
    mem_free(j->items);
    mem_free(j->ids);
    mem_free(j->verdicts);
    mem_free(j->missing);
    mem_free(j->commits);
    mem_free(j->heads);
    mem_free(j->members);
    mem_free(j->keys);
    mem_free(j->names);
    mem_free(j->wishes);
    mem_free(j->pieces);
    if (j->invites != NULL)
        sodium_memzero(j->invites, j->invite_count * sizeof *j->invites);
    mem_free(j->invites);
    mem_free(j);
}
