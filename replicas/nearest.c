#include "replicas/nearest.h"

#include "proto/check.h"

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

unsigned nearest_distance(struct bytes a, struct bytes b)
{
    if (a.count > NEAREST_BYTES_MAX || b.count > NEAREST_BYTES_MAX)
        return NEAREST_BYTES_MAX + 1;
    unsigned row[NEAREST_BYTES_MAX + 1];
    for (unsigned j = 0; j <= b.count; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.count; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.count; j++) {
            unsigned replaced = diagonal + (a.data[i - 1] != b.data[j - 1]);
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    CHECK(row[b.count] <= NEAREST_BYTES_MAX);
    return row[b.count];
}

void nearest_offer(struct nearest *n, const char *name)
{
    unsigned distance = nearest_distance(n->wanted, bytes_of_text(name));
    /* A third of the letters wrong is still a slip; more is another word. */
    size_t slip = n->wanted.count / 3 + 1;
    if (distance > slip || (n->best != NULL && distance >= n->distance))
        return;
    n->best = name;
    n->distance = distance;
}
