#include "replicas/pack_merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/pack_index.h"

enum { LEFT_MAX = 4, READ_BYTES = 256 * KIB, NO_OFFSET = 0 };

struct source {
    struct pack_index index;
    int fd;                /* 0: none */
    uint32_t *order;       /* positions in the index, by offset */
    uint32_t *new_offsets; /* by position in the index; NO_OFFSET: an earlier source has it */
    struct buf window;     /* of the pack */
    uint64_t window_start;
};

struct merge {
    const char *folder;
    const struct pack_merge_list *list;
    struct source *sources; /* list->count */
    struct pack_file out;
    struct fault *f;
};

static enum status join_path(const char *folder, const char *name, const char *suffix,
                             char out[static PACK_PATH_MAX], struct fault *f)
{
    int count = snprintf(out, PACK_PATH_MAX, "%s/%s%s", folder, name, suffix);
    return count > 0 && count < PACK_PATH_MAX
               ? ST_OK
               : fault_set(f, ST_TOO_LARGE, "the path %s is too long", folder);
}

static void list_add(struct pack_merge_list *l, const char *folder, const char *file)
{
    char path[PACK_PATH_MAX], name[PACK_NAME_BYTES];
    struct stat info;
    size_t count = strlen(file);
    if (l->count == PACK_MERGE_MAX || count < 9 || count - 4 >= sizeof name ||
        strncmp(file, "pack-", 5) != 0 || strcmp(file + count - 4, ".idx") != 0)
        return;
    memcpy(name, file, count - 4);
    name[count - 4] = '\0';
    if (join_path(folder, name, ".keep", path, NULL) != ST_OK || access(path, F_OK) == 0)
        return;
    if (join_path(folder, name, ".pack", path, NULL) != ST_OK || stat(path, &info) != 0)
        return;
    size_t at = l->count++;
    for (; at > 0 && l->bytes[at - 1] > (uint64_t)info.st_size; at--) {
        memcpy(l->names[at], l->names[at - 1], sizeof *l->names);
        l->bytes[at] = l->bytes[at - 1];
    }
    memcpy(l->names[at], name, sizeof name);
    l->bytes[at] = (uint64_t)info.st_size;
}

enum status pack_merge_list(const char *folder, struct pack_merge_list *out, struct fault *f)
{
    out->count = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return fault_errno(f, errno, "cannot list %s", folder);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        list_add(out, folder, e->d_name);
    closedir(dir);
    return ST_OK;
}

void pack_merge_choose(struct pack_merge_list *list)
{
    uint64_t sum = 0;
    size_t take = 0;
    for (; take < list->count; take++) {
        uint64_t bytes = list->bytes[take];
        bool few = list->count - take <= LEFT_MAX;
        if ((take >= 2 && few && bytes >= 2 * sum) || sum + bytes > PACK_BYTES_MAX)
            break;
        sum += bytes;
    }
    list->count = take >= 2 ? take : 0;
}

struct place {
    uint32_t offset, at;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static enum status corrupt(const struct merge *m, const struct source *s, const struct oid *id)
{
    char hex[OID_TEXT + 1];
    hex_encode(id->id, OID_BYTES, hex);
    fault_set(m->f, ST_CORRUPT, "object %s in %s/%s.pack is damaged", hex, m->folder,
              m->list->names[s - m->sources]);
    fault_fix(m->f, "fetch the history again from a peer");
    return ST_CORRUPT;
}

/* Order the entries by offset; every one must lie inside the pack. */
static enum status order_source(const struct merge *m, struct source *s)
{
    uint32_t count = s->index.count;
    struct place *places = mem_array(count, sizeof *places);
    s->order = mem_array(count, sizeof *s->order);
    s->new_offsets = mem_array(count, sizeof *s->new_offsets);
    enum status st = ST_OK;
    if (places == NULL || s->order == NULL || s->new_offsets == NULL)
        st = fault_set(m->f, ST_NO_MEMORY, "no memory to merge packs");
    for (uint32_t i = 0; i < count && st == ST_OK; i++)
        places[i] = (struct place){pack_index_offset(&s->index, i), i};
    if (st == ST_OK && count > 0)
        qsort(places, count, sizeof *places, compare_places);
    for (uint32_t i = 0; i < count && st == ST_OK; i++) {
        uint32_t low = i > 0 ? places[i - 1].offset + 1 : PACK_HEADER_BYTES;
        s->order[i] = places[i].at;
        if (places[i].offset < low ||
            places[i].offset >= s->index.pack_bytes - PACK_TRAILER_BYTES) {
            struct oid id;
            pack_index_id(&s->index, places[i].at, &id);
            st = corrupt(m, s, &id);
        }
    }
    mem_free(places);
    return st;
}

static enum status open_source(struct merge *m, size_t number)
{
    char path[PACK_PATH_MAX];
    struct source *s = &m->sources[number];
    const char *name = m->list->names[number];
    enum status st = join_path(m->folder, name, ".idx", path, m->f);
    if (st == ST_OK)
        st = pack_index_open(path, &s->index, m->f);
    if (st == ST_OK)
        st = order_source(m, s);
    if (st == ST_OK)
        st = join_path(m->folder, name, ".pack", path, m->f);
    if (st != ST_OK)
        return st;
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    return s->fd >= 0 ? ST_OK : fault_errno(m->f, errno, "cannot open %s", path);
}

/* Whether a source before 's' has the object, and where it stands in the new pack. */
static bool find_earlier(const struct merge *m, const struct source *s, const struct oid *id,
                         uint32_t *offset_out)
{
    for (const struct source *t = m->sources; t < s; t++) {
        uint32_t at;
        if (pack_index_find(&t->index, id, &at) && t->new_offsets[at] != NO_OFFSET) {
            *offset_out = t->new_offsets[at];
            return true;
        }
    }
    return false;
}

/* How many different objects there are. New offsets serve as marks: 1, will be written. */
static uint32_t count_objects(struct merge *m)
{
    uint32_t count = 0, ignored;
    for (size_t k = 0; k < m->list->count; k++) {
        struct source *s = &m->sources[k];
        for (uint32_t i = 0; i < s->index.count; i++) {
            struct oid id;
            pack_index_id(&s->index, i, &id);
            if (find_earlier(m, s, &id, &ignored))
                continue;
            s->new_offsets[i] = 1;
            count++;
        }
    }
    return count;
}

/* 'count' bytes of a source's pack at 'offset', lent until the next call. Reads ahead. */
static enum status read_source(const struct merge *m, struct source *s, uint64_t offset,
                               size_t count, const uint8_t **out)
{
    uint64_t end = s->window_start + s->window.count;
    if (offset < s->window_start || offset + count > end) {
        uint64_t left = s->index.pack_bytes - offset;
        size_t wanted = count > READ_BYTES ? count : READ_BYTES;
        if (wanted > left)
            wanted = (size_t)left;
        buf_reset(&s->window);
        uint8_t *at = buf_reserve(&s->window, wanted);
        if (at == NULL)
            return fault_set(m->f, ST_NO_MEMORY, "no memory to merge packs");
        while (s->window.count < wanted) {
            ssize_t got = pread(s->fd, at + s->window.count, wanted - s->window.count,
                                (off_t)(offset + s->window.count));
            if (got < 0 && errno == EINTR)
                continue;
            if (got <= 0)
                return fault_errno(m->f, got < 0 ? errno : EIO, "reading a pack failed");
            s->window.count += (size_t)got;
        }
        s->window_start = offset;
    }
    *out = s->window.data + (offset - s->window_start);
    return ST_OK;
}

struct entry_head {
    unsigned type;
    uint64_t size, distance;
    size_t count; /* bytes of it */
};

static bool read_head(struct bytes entry, struct entry_head *out)
{
    size_t at = 0;
    unsigned shift = 4;
    uint8_t c = entry.data[at++];
    *out = (struct entry_head){.type = c >> 4 & 7, .size = c & 15};
    while ((c & 0x80) != 0) {
        if (at == entry.count || shift > 56)
            return false;
        c = entry.data[at++];
        out->size |= (uint64_t)(c & 0x7f) << shift;
        shift += 7;
    }
    if (out->type == PACK_OFS_DELTA) {
        do {
            if (at == entry.count || out->distance > PACK_BYTES_MAX)
                return false;
            c = entry.data[at++];
            out->distance = (out->distance << 7) + (c & 0x7f) + ((c & 0x80) != 0 ? 1 : 0);
        } while ((c & 0x80) != 0);
    }
    out->count = at;
    bool known = (out->type >= PACK_COMMIT && out->type <= PACK_TAG) ||
                 (out->type >= PACK_OFS_DELTA && out->type <= PACK_REF_DELTA);
    return known && (out->type != PACK_OFS_DELTA || out->distance > 0);
}

/* Where the object at 'offset' of a source stands in the new pack; NO_OFFSET where nothing does. */
static uint32_t moved_to(const struct merge *m, const struct source *s, uint64_t offset)
{
    uint32_t low = 0, high = s->index.count, found = NO_OFFSET;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, at = s->order[middle];
        uint64_t here = pack_index_offset(&s->index, at);
        if (here == offset) {
            struct oid id;
            found = s->new_offsets[at];
            pack_index_id(&s->index, at, &id);
            if (found == NO_OFFSET && !find_earlier(m, s, &id, &found))
                found = NO_OFFSET;
            break;
        }
        if (here < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return found;
}

/* The distance to a base may change, and with it the entry's head; the rest stays as it is. */
static enum status copy_entry(struct merge *m, struct source *s, uint32_t number)
{
    uint32_t at = s->order[number];
    uint64_t offset = pack_index_offset(&s->index, at);
    uint64_t end = number + 1 < s->index.count ? pack_index_offset(&s->index, s->order[number + 1])
                                               : s->index.pack_bytes - PACK_TRAILER_BYTES;
    struct oid id;
    struct entry_head head;
    struct bytes entry = {NULL, (size_t)(end - offset)};
    pack_index_id(&s->index, at, &id);
    enum status st = read_source(m, s, offset, entry.count, &entry.data);
    if (st != ST_OK)
        return st;
    if (libdeflate_crc32(0, entry.data, entry.count) != pack_index_crc(&s->index, at) ||
        !read_head(entry, &head))
        return corrupt(m, s, &id);
    uint8_t text[PACK_ENTRY_HEADER_MAX];
    struct bytes new_head = {entry.data, head.count};
    uint32_t here = (uint32_t)m->out.offset;
    if (head.type == PACK_OFS_DELTA) {
        uint32_t base = head.distance < offset ? moved_to(m, s, offset - head.distance) : NO_OFFSET;
        if (base == NO_OFFSET || base >= here)
            return corrupt(m, s, &id);
        new_head.data = text;
        new_head.count = pack_file_entry_header(PACK_OFS_DELTA, head.size, here - base, text);
    }
    s->new_offsets[at] = here;
    return pack_file_add(&m->out, &id, new_head,
                         (struct bytes){entry.data + head.count, entry.count - head.count}, m->f);
}

static enum status copy_all(struct merge *m, const atomic_bool *cancel)
{
    for (size_t k = 0; k < m->list->count; k++) {
        struct source *s = &m->sources[k];
        for (uint32_t i = 0; i < s->index.count; i++) {
            if (s->new_offsets[s->order[i]] == NO_OFFSET)
                continue;
            if (atomic_load(cancel))
                return fault_set(m->f, ST_CLOSED, "the merging of packs was stopped");
            enum status st = copy_entry(m, s, i);
            if (st != ST_OK)
                return st;
        }
        buf_release(&s->window);
    }
    return ST_OK;
}

enum status pack_merge_run(const char *folder, const struct pack_merge_list *list,
                           const atomic_bool *cancel, char name_out[OID_TEXT + 1], struct fault *f)
{
    CHECK(list->count >= 1 && list->count <= PACK_MERGE_MAX);
    struct merge m = {.folder = folder, .list = list, .f = f};
    enum status st = ST_OK;
    m.sources = mem_array(list->count, sizeof *m.sources);
    if (m.sources == NULL)
        st = fault_set(f, ST_NO_MEMORY, "no memory to merge packs");
    for (size_t k = 0; k < list->count && st == ST_OK; k++)
        st = open_source(&m, k);
    if (st == ST_OK)
        st = pack_file_create(folder, count_objects(&m), &m.out, f);
    if (st == ST_OK)
        st = copy_all(&m, cancel);
    if (st == ST_OK)
        st = pack_file_finish(&m.out, name_out, f);
    pack_file_release(&m.out);
    for (size_t k = 0; m.sources != NULL && k < list->count; k++) {
        struct source *s = &m.sources[k];
        if (s->fd > 0)
            close(s->fd);
        pack_index_release(&s->index);
        mem_free(s->order);
        mem_free(s->new_offsets);
        buf_release(&s->window);
    }
    mem_free(m.sources);
    return st;
}

/* Remove the files of the listed packs but 'kept' that end in 'suffix'. */
static enum status drop_files(const char *folder, const struct pack_merge_list *list,
                              const char *kept, const char *suffix, struct fault *f)
{
    char path[PACK_PATH_MAX];
    enum status st = ST_OK;
    for (size_t k = 0; k < list->count && st == ST_OK; k++) {
        if (strcmp(list->names[k] + strlen("pack-"), kept) == 0)
            continue;
        st = join_path(folder, list->names[k], suffix, path, f);
        if (st == ST_OK && unlink(path) != 0 && errno != ENOENT)
            st = fault_errno(f, errno, "cannot remove %s", path);
    }
    return st;
}

enum status pack_merge_drop(const char *folder, const struct pack_merge_list *list,
                            const char *kept, struct fault *f)
{
    /* Of git's files beside a pack; without its index nothing reads the others. */
    static const char *const suffixes[] = {".rev", ".bitmap", ".mtimes", ".pack"};
    char path[PACK_PATH_MAX];
    enum status st = join_path(folder, "multi-pack-index", "", path, f);
    if (st == ST_OK && unlink(path) != 0 && errno != ENOENT)
        st = fault_errno(f, errno, "cannot remove %s", path);
    if (st == ST_OK)
        st = drop_files(folder, list, kept, ".idx", f);
    /* For good, first: an index whose pack is gone reads as a loss. */
    if (st == ST_OK)
        st = pack_file_sync_folder(folder, f);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && st == ST_OK; i++)
        st = drop_files(folder, list, kept, suffixes[i], f);
    return st == ST_OK ? pack_file_sync_folder(folder, f) : st;
}
