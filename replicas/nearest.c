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
    /* Three rows of the table: a slip that swaps two neighbours looks two rows back. */
    unsigned rows[3][NEAREST_BYTES_MAX + 1] = {{0}};
    for (unsigned j = 0; j <= b.count; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.count; i++) {
        const unsigned *before = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
        unsigned *row = rows[i % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.count; j++) {
            unsigned replaced = before[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            row[j] = least(before[j] + 1, row[j - 1] + 1, replaced);
            bool swapped =
                i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
            if (swapped && second[j - 2] + 1 < row[j])
                row[j] = second[j - 2] + 1;
        }
    }
    CHECK(rows[a.count % 3][b.count] <= NEAREST_BYTES_MAX);
    return rows[a.count % 3][b.count];
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
