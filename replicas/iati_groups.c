#include "replicas/iati_groups.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/tally.h"

struct spent {
    const char *currency, *line;
    int32_t day, month; /* month: whole months since the year 0, for comparing */
    int64_t amount;
    uint32_t enterprise, entry;
    bool of_people; /* paid to an enterprise, known or not */
};

struct grouping {
    struct spent *spent;
    uint32_t spent_count;
    struct iati_groups *groups;
    uint32_t *seen; /* of each enterprise: the number of the group that it was last seen in */
    uint32_t number, small_cell;
};

static int32_t month_of(int32_t day)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    if (text[0] == '\0')
        return 0;
    return ((text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0') *
               12 +
           (text[5] - '0') * 10 + text[6] - '0';
}

static int by_line(const void *left, const void *right)
{
    const struct spent *a = left, *b = right;
    int order = strcmp(a->currency, b->currency);
    if (order == 0)
        order = strcmp(a->line, b->line);
    if (order != 0)
        return order;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static void collect(struct grouping *g, const struct book *b)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        bool spends = e->kind == BOOK_DISBURSEMENT || e->kind == BOOK_EXPENSE;
        if (!spends || e->reversed_by != BOOK_NONE || e->money.amount <= 0)
            continue;
        int32_t day = e->day != BOOK_NO_DAY ? e->day : e->written;
        g->spent[g->spent_count++] = (struct spent){
            .currency = e->money.currency,
            .line = book_text(b, e->line),
            .day = day,
            .month = month_of(day),
            .amount = e->money.amount,
            .enterprise = e->enterprise,
            .entry = i,
            .of_people = e->kind == BOOK_DISBURSEMENT,
        };
    }
    if (g->spent_count > 0)
        qsort(g->spent, g->spent_count, sizeof *g->spent, by_line);
}

/* Whether its sum can be told: to nobody in person, or to enough. */
static bool can_stand(const struct grouping *g, const struct iati_group *group)
{
    return !group->of_people || group->enterprises >= g->small_cell;
}

static void add(struct grouping *g, struct iati_group *group, const struct spent *s)
{
    if (group->entries == 0)
        *group = (struct iati_group){
            .currency = s->currency, .line = s->line, .first = s->day, .last = s->day};
    group->first = s->day < group->first ? s->day : group->first;
    group->last = s->day > group->last ? s->day : group->last;
    tally_add(&group->amount, s->amount);
    group->entries++;
    group->of_people = group->of_people || s->of_people;
    if (s->enterprise != BOOK_NONE && g->seen[s->enterprise] != g->number) {
        g->seen[s->enterprise] = g->number;
        group->enterprises++;
    }
}

/* Spent first .. end - 1 as one group: enterprises are counted once. */
static struct iati_group gather(struct grouping *g, uint32_t first, uint32_t end)
{
    struct iati_group group = {.entries = 0};
    g->number++;
    for (uint32_t i = first; i < end; i++)
        add(g, &group, &g->spent[i]);
    return group;
}

/* One line, spent first .. end - 1, which can stand as a whole: month by month, each as long as it
 * takes until it can stand; what is left at the end goes with as many before as that takes. */
static void group_line(struct grouping *g, uint32_t first, uint32_t end)
{
    struct iati_groups *groups = g->groups;
    uint32_t from = first, before = groups->count;
    for (uint32_t i = first + 1; i <= end; i++) {
        if (i < end && g->spent[i].month == g->spent[i - 1].month)
            continue;
        struct iati_group group = gather(g, from, i);
        while (i == end && !can_stand(g, &group)) {
            CHECK(groups->count > before);
            from -= groups->items[--groups->count].entries;
            group = gather(g, from, i);
        }
        if (!can_stand(g, &group))
            continue;
        groups->items[groups->count++] = group;
        from = i;
    }
}

/* A line that cannot stand alone: with some other group of its currency; else it is not told. */
static void join(struct grouping *g, const struct iati_group *alone)
{
    for (uint32_t i = g->groups->count; i > 0; i--) {
        struct iati_group *with = &g->groups->items[i - 1];
        if (strcmp(with->currency, alone->currency) != 0)
            continue;
        with->line = NULL;
        with->first = alone->first < with->first ? alone->first : with->first;
        with->last = alone->last > with->last ? alone->last : with->last;
        tally_add(&with->amount, alone->amount);
        with->entries += alone->entries;
        return;
    }
    g->groups->left_out += alone->entries;
}

static bool is_of_line(const struct spent *a, const struct spent *b)
{
    return strcmp(a->currency, b->currency) == 0 && strcmp(a->line, b->line) == 0;
}

static void group_all(struct grouping *g)
{
    for (int pass = 0; pass < 2; pass++) { /* first what stands alone, then what does not */
        uint32_t first = 0;
        for (uint32_t i = 1; i <= g->spent_count; i++) {
            if (i < g->spent_count && is_of_line(&g->spent[i], &g->spent[first]))
                continue;
            struct iati_group whole = gather(g, first, i);
            bool stands = can_stand(g, &whole);
            if (pass == 0 && stands)
                group_line(g, first, i);
            if (pass == 1 && !stands)
                join(g, &whole);
            first = i;
        }
    }
}

enum status iati_groups_init(const struct book *b, uint32_t small_cell, struct iati_groups *out)
{
    struct grouping g = {.groups = out, .small_cell = small_cell};
    *out = (struct iati_groups){.items = mem_array(b->entry_count, sizeof *out->items)};
    g.spent = mem_array(b->entry_count, sizeof *g.spent);
    g.seen = mem_array(b->enterprise_count, sizeof *g.seen);
    bool made = out->items != NULL && g.spent != NULL && g.seen != NULL;
    if (made) {
        collect(&g, b);
        group_all(&g);
    } else {
        iati_groups_release(out);
    }
    mem_free(g.spent);
    mem_free(g.seen);
    return made ? ST_OK : ST_NO_MEMORY;
}

void iati_groups_release(struct iati_groups *g)
{
    mem_free(g->items);
    *g = (struct iati_groups){.items = NULL};
}
