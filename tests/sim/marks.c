#include "tests/sim/marks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/sometimes.h"

/* So many seeds have to reach it. SHOWN: nothing that the simulator plays brings it about by
 * chance; unit tests do. */
enum level { CI = 200, NIGHTLY = 20000, RELEASE = 1000000, SHOWN = INT32_MAX };

static const struct {
    const char *name;
    enum level level;
} marks[] = {
    {"a charter file is damaged", CI},
    {"a commit brings the next charter", CI},
    {"a commit counts by a retirement that keeps it", CI},
    {"a commit on parents that are not the heads is replayed", CI},
    {"a commit over its key's quota is dropped", SHOWN},
    {"a crash left a feed without the next segment", NIGHTLY},
    {"a dialler waits for its longest back-off", CI},
    {"a feed is merged into the next", CI},
    {"a feed that another one holds is swept", CI},
    {"a join is taken from those of before", CI},
    {"a judged commit does not get into the journal", NIGHTLY},
    {"a link ends for a key that was replaced", SHOWN},
    {"a link with a retired key ends", CI},
    {"a motion has its majority", CI},
    {"a motion that is held is heard again", CI},
    {"a peer wants items by their ids", CI},
    {"a proposer takes over the body of another", NIGHTLY},
    {"a quiet link tells its heads again", CI},
    {"a quota is lifted, since an honest office builds on what it dropped", SHOWN},
    {"a sealed item arrives that is wanted no more", SHOWN},
    {"a sealed item comes that was erased meanwhile, or is not for us", SHOWN},
    {"a second commit of one seq: its key has forked", CI},
    {"a segment refuses to grow, for its feed may be there", NIGHTLY},
    {"a temporary file of the journal is swept", CI},
    {"a torn tail of the journal is looked through", NIGHTLY},
    {"an account does not cover a debit", CI},
    {"an admin promises under a ballot of another", CI},
    {"an admin that came from a backup hears what it said before", CI},
    {"commits of a retired or frozen key are adopted", NIGHTLY},
    {"durable frames of the journal are damaged", NIGHTLY},
    {"frames behind the last checkpoint are judged again", CI},
    {"heads are merged before others are adopted", RELEASE},
    {"main stays while there are several heads", CI},
    {"more commits of one seq than a key may have: it is frozen", CI},
    {"nothing is sent before it is known where two histories meet", CI},
    {"of two links the newer ends", CI},
    {"the council falls back to what its disk holds", CI},
    {"the journal is behind the repository", NIGHTLY},
    {"the window takes no more items", SHOWN},
    {"there is no room for a motion", NIGHTLY},
    {"two charters of one version meet", NIGHTLY},
    {"what main named does not count any more", NIGHTLY},
};

enum { MARK_COUNT = sizeof marks / sizeof *marks };

static_assert((int)MARK_COUNT <= (int)MARKS_MAX, "all have a place");

void marks_take(uint64_t out[static MARKS_MAX])
{
    for (const struct sometimes *s = sometimes_first(); s != NULL; s = s->next) {
        uint32_t i = 0;
        while (i < MARK_COUNT && strcmp(marks[i].name, s->name) != 0)
            i++;
        if (i == MARK_COUNT) {
            fprintf(stderr, "FAILED: tests/sim/marks.c does not list the mark: %s\n", s->name);
            exit(1);
        }
        out[i] = s->count;
    }
}

uint32_t marks_print(const uint64_t counts[static MARKS_MAX], uint64_t seeds)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < MARK_COUNT; i++) {
        bool due = counts[i] == 0 && seeds >= (uint64_t)marks[i].level;
        printf("%10llu %s%s\n", (unsigned long long)counts[i], marks[i].name,
               due ? ": never, and it has to be" : "");
        missing += due;
    }
    return missing;
}
