#include "replicas/restoration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/check.h"

enum { NUMBERS = 3, DAY_BYTES = 16, SENTENCE_BYTES = 256 };

static const char magic[] = "minga-restoration 1";

void restoration_write(const struct restoration *r, struct buf *out)
{
    CHECK(r->made <= INT64_MAX && r->restored <= INT64_MAX);
    buf_add_format(out, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", magic, r->made, r->restored,
                   r->seq);
}

/* " <number>": digits without a leading zero, up to INT64_MAX. */
static bool take_number(struct bytes *text, uint64_t *out)
{
    size_t i = 1;
    *out = 0;
    if (text->count < 2 || text->data[0] != ' ')
        return false;
    for (; i < text->count && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text->data[i] - '0');
        if (*out > (INT64_MAX - digit) / 10 || (i > 1 && *out == 0))
            return false;
        *out = *out * 10 + digit;
    }
    *text = (struct bytes){text->data + i, text->count - i};
    return i > 1;
}

enum status restoration_read(struct bytes text, struct restoration *out)
{
    uint64_t numbers[NUMBERS];
    size_t start = sizeof magic - 1;
    if (text.count < start || memcmp(text.data, magic, start) != 0)
        return ST_MALFORMED;
    text = (struct bytes){text.data + start, text.count - start};
    for (int i = 0; i < NUMBERS; i++)
        if (!take_number(&text, &numbers[i]))
            return ST_MALFORMED;
    if (!bytes_equal(text, BYTES("\n")))
        return ST_MALFORMED;
    *out = (struct restoration){numbers[0], numbers[1], numbers[2]};
    return ST_OK;
}

enum status restoration_of(const struct replica *r, struct restoration *out)
{
    struct disk disk = {0};
    struct buf text = {0};
    struct fault ignored = {0};
    if (replica_home(r) == NULL)
        return ST_NOT_FOUND;
    enum status st = disk_files(replica_home(r), &disk, &ignored);
    if (st == ST_OK)
        st = disk_get(&disk, "restoration", RESTORATION_TEXT_MAX, &text, &ignored);
    if (st == ST_OK)
        st = restoration_read(buf_bytes(&text), out);
    disk_release(&disk);
    buf_release(&text);
    return st == ST_OK ? ST_OK : ST_NOT_FOUND;
}

/* Our commits that are newer than the backup and older than its return: others had kept them. By
 * their own dates, which is good enough for a sentence. */
static uint64_t count_returned(struct replica *r, const struct restoration *what)
{
    struct graph *g = replica_graph(r);
    uint32_t own = graph_key_find(g, &replica_identity(r)->key);
    uint64_t count = 0;
    for (uint32_t i = 0; own != GRAPH_NONE && i < graph_count(g); i++) {
        const struct graph_node *n = graph_node(g, i);
        if (n->key == own && n->seq > what->seq && n->time <= (int64_t)what->restored)
            count++;
    }
    return count;
}

bool restoration_tell(struct replica *r, char *out, size_t room)
{
    struct restoration what;
    char day[DAY_BYTES];
    struct tm parts;
    if (restoration_of(r, &what) != ST_OK)
        return false;
    time_t made = (time_t)what.made;
    if (gmtime_r(&made, &parts) == NULL || strftime(day, sizeof day, "%Y-%m-%d", &parts) == 0)
        return false;
    uint64_t count = count_returned(r, &what);
    if (count == 0)
        snprintf(out, room,
                 "restored from a backup of %s; no newer commit of our own has come back from the "
                 "others",
                 day);
    else
        snprintf(out, room,
                 "restored from a backup of %s; %" PRIu64
                 " newer commit%s of our own came back from the others",
                 day, count, count == 1 ? "" : "s");
    return true;
}

void restoration_health(struct replica *r, restoration_health_fn each, void *user)
{
    char text[SENTENCE_BYTES];
    if (restoration_tell(r, text, sizeof text))
        each(user, "notice", text, "nothing; with a new backup this note goes: minga backup FILE");
}
