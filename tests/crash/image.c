#include "tests/crash/image.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/mem.h"

enum { SECTOR_BYTES = 512, PATH_BYTES = 1024, OPEN_MAX_FOLDERS = 16 };

const char *const image_words[IMAGE_KINDS] = {
    [IMAGE_NOTHING] = "nothing", [IMAGE_ALL] = "all",     [IMAGE_SOME] = "some",
    [IMAGE_TORN] = "torn",       [IMAGE_NAMES] = "names", [IMAGE_CONTENT] = "content",
};

struct image {
    const struct trace *r;
    size_t boundary;
    enum image_kind kind;
    uint64_t seed;
    uint8_t *kept; /* of each event below the boundary */
    uint8_t *torn; /* a write of which each sector is drawn */
    struct trace_entry *names;
    uint32_t name_count;
    size_t missing;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static bool is_content(const struct trace_event *e)
{
    return e->kind == TRACE_WRITE || e->kind == TRACE_CUT;
}

/* Whether a sync before the boundary covers the event. */
static bool is_durable(const struct image *m, size_t at)
{
    const struct trace_event *e = &m->r->events[at];
    for (size_t i = at + 1; i < m->boundary; i++) {
        const struct trace_event *s = &m->r->events[i];
        if (s->kind != TRACE_SYNC)
            continue;
        if (is_content(e)
                ? s->inode == e->inode
                : s->inode == e->folder || (e->kind == TRACE_RENAME && s->inode == e->to_folder))
            return true;
    }
    return false;
}

/* Each seed has its own odds: near all, near nothing and in between leave different traces. */
static bool draw(const struct image *m, size_t event)
{
    uint64_t odds = 1 + mix(m->seed, 7) % 15;
    return mix(m->seed * 3 + 1, event) % 16 < odds;
}

static void choose(struct image *m)
{
    for (size_t i = 0; i < m->boundary; i++) {
        const struct trace_event *e = &m->r->events[i];
        bool keep = m->kind == IMAGE_ALL || is_durable(m, i);
        if (!keep && (m->kind == IMAGE_SOME || m->kind == IMAGE_TORN))
            keep = draw(m, i);
        if (!keep && m->kind == IMAGE_TORN && e->kind == TRACE_WRITE) {
            m->torn[i] = 1;
            keep = true;
        }
        if (!keep && m->kind == IMAGE_NAMES)
            keep = !is_content(e);
        if (!keep && m->kind == IMAGE_CONTENT)
            keep = is_content(e);
        m->kept[i] = keep;
        m->missing += e->kind != TRACE_SYNC && (!keep || m->torn[i]);
    }
}

/* ---- names ---- */

static void set_name(struct image *m, uint32_t folder, const char *name, uint32_t inode)
{
    uint32_t at = 0;
    while (at < m->name_count &&
           (m->names[at].folder != folder || strcmp(m->names[at].name, name) != 0))
        at++;
    if (inode == TRACE_NONE) {
        if (at < m->name_count)
            m->names[at] = m->names[--m->name_count];
        return;
    }
    if (at == m->name_count)
        m->name_count++;
    m->names[at] = (struct trace_entry){.folder = folder, .inode = inode};
    memcpy(m->names[at].name, name, strlen(name) + 1);
}

static void make_names(struct image *m)
{
    for (uint32_t i = 0; i < m->r->entry_count; i++)
        m->names[m->name_count++] = m->r->entries[i];
    for (size_t i = 0; i < m->boundary; i++) {
        const struct trace_event *e = &m->r->events[i];
        if (!m->kept[i] || is_content(e) || e->kind == TRACE_SYNC)
            continue;
        bool goes = e->kind == TRACE_REMOVE || e->kind == TRACE_RENAME;
        set_name(m, e->folder, e->name, goes ? TRACE_NONE : e->inode);
        if (e->kind == TRACE_RENAME)
            set_name(m, e->to_folder, e->to_name, e->inode);
    }
}

/* ---- content ---- */

static void set_size(struct buf *content, size_t size)
{
    if (size > content->count) {
        uint8_t *room = buf_reserve(content, size - content->count);
        if (room == NULL)
            trace_die("out of memory", "");
        memset(room, 0, size - content->count);
    }
    content->count = size;
}

/* The sectors of a write that were drawn. Whether its new size came too is drawn apart. */
static void put_torn(const struct image *m, size_t event, struct buf *content)
{
    const struct trace_event *e = &m->r->events[event];
    const uint8_t *data = m->r->arena.data + e->data;
    size_t end = (size_t)e->at + e->count;
    if (mix(m->seed, event * 5) % 4 == 0 && end > content->count)
        set_size(content, end);
    for (size_t at = (size_t)e->at; at < end;) {
        size_t next = (at / SECTOR_BYTES + 1) * SECTOR_BYTES;
        next = next < end ? next : end;
        if (mix(mix(m->seed, event), at / SECTOR_BYTES) % 2 == 0) {
            if (next > content->count)
                set_size(content, next);
            memcpy(content->data + at, data + (at - (size_t)e->at), next - at);
        }
        at = next;
    }
}

static void make_content(const struct image *m, uint32_t inode, struct buf *out)
{
    buf_reset(out);
    buf_add_bytes(out, buf_bytes(&m->r->inodes[inode].content));
    for (size_t i = 0; i < m->boundary; i++) {
        const struct trace_event *e = &m->r->events[i];
        if (!m->kept[i] || !is_content(e) || e->inode != inode)
            continue;
        if (e->kind == TRACE_CUT) {
            set_size(out, (size_t)e->at);
        } else if (m->torn[i]) {
            put_torn(m, i, out);
        } else {
            if (e->at + e->count > out->count)
                set_size(out, (size_t)e->at + e->count);
            memcpy(out->data + e->at, m->r->arena.data + e->data, e->count);
        }
    }
    if (out->failed)
        trace_die("out of memory", "");
}

static void write_file(const char *path, struct bytes content)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t done = 0;
    while (descriptor >= 0 && done < content.count) {
        ssize_t put = write(descriptor, content.data + done, content.count - done);
        if (put <= 0)
            break;
        done += (size_t)put;
    }
    if (descriptor < 0 || done < content.count || close(descriptor) != 0)
        trace_die("cannot write", path);
}

/* ---- the folder ---- */

struct place { /* a folder on its way */
    uint32_t inode;
    char path[PATH_BYTES];
};

static void begin(struct image *m, const struct trace *r, size_t boundary, enum image_kind kind,
                  uint64_t seed)
{
    *m = (struct image){.r = r, .boundary = boundary, .kind = kind, .seed = seed};
    m->kept = mem_alloc(boundary + 1);
    m->torn = mem_alloc(boundary + 1);
    m->names = mem_array(r->entry_count + 2 * boundary + 1, sizeof *m->names);
    if (m->kept == NULL || m->torn == NULL || m->names == NULL)
        trace_die("out of memory", "");
    choose(m);
    make_names(m);
}

static void end(struct image *m)
{
    mem_free(m->kept);
    mem_free(m->torn);
    mem_free(m->names);
}

/* Each name of the image, folders before what is in them. */
static void walk(const struct image *m, const char *root,
                 void (*each)(void *user, uint32_t inode, const char *path), void *user)
{
    struct place *todo = mem_array(m->name_count + 1, sizeof *todo);
    uint32_t count = 1;
    if (todo == NULL)
        trace_die("out of memory", "");
    todo[0].inode = 0;
    snprintf(todo[0].path, sizeof todo[0].path, "%s", root);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t n = 0; n < m->name_count; n++) {
            const struct trace_entry *e = &m->names[n];
            char path[PATH_BYTES];
            if (e->folder != todo[i].inode)
                continue;
            int used = snprintf(path, sizeof path, "%s/%s", todo[i].path, e->name);
            if (used < 0 || (size_t)used >= sizeof path)
                trace_die("a path that is too long", e->name);
            each(user, e->inode, path);
            if (m->r->inodes[e->inode].folder && count <= m->name_count) {
                todo[count].inode = e->inode;
                memcpy(todo[count++].path, path, (size_t)used + 1);
            }
        }
    mem_free(todo);
}

struct building {
    const struct image *m;
    struct buf content;
};

static void build_one(void *user, uint32_t inode, const char *path)
{
    struct building *b = user;
    if (b->m->r->inodes[inode].folder) {
        if (mkdir(path, 0700) != 0)
            trace_die("cannot make", path);
        return;
    }
    make_content(b->m, inode, &b->content);
    write_file(path, buf_bytes(&b->content));
}

size_t image_build(const struct trace *r, size_t boundary, enum image_kind kind, uint64_t seed,
                   const char *to)
{
    struct image m;
    struct building b = {.m = &m};
    begin(&m, r, boundary, kind, seed);
    if (mkdir(to, 0700) != 0)
        trace_die("cannot make", to);
    walk(&m, to, build_one, &b);
    size_t missing = m.missing;
    buf_release(&b.content);
    end(&m);
    return missing;
}

/* ---- comparing ---- */

struct comparing {
    const struct image *m;
    struct buf content;
    char *why;
    size_t bytes;
    bool same;
};

static void differs(struct comparing *c, const char *what, const char *path)
{
    if (c->same)
        snprintf(c->why, c->bytes, "%s: %s", path, what);
    c->same = false;
}

static void compare_content(struct comparing *c, const char *path)
{
    uint8_t part[4096];
    size_t at = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;
    while ((got = descriptor >= 0 ? read(descriptor, part, sizeof part) : -1) > 0) {
        if (at + (size_t)got > c->content.count ||
            memcmp(c->content.data + at, part, (size_t)got) != 0)
            differs(c, "other content", path);
        at += (size_t)got;
    }
    if (got < 0 || at != c->content.count)
        differs(c, "another size", path);
    if (descriptor >= 0)
        close(descriptor);
}

static void compare_folder(struct comparing *c, uint32_t inode, const char *path)
{
    uint32_t wanted = 0, there = 0;
    for (uint32_t n = 0; n < c->m->name_count; n++)
        wanted += c->m->names[n].folder == inode;
    DIR *names = opendir(path);
    for (struct dirent *d = names != NULL ? readdir(names) : NULL; d != NULL; d = readdir(names))
        there += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
    if (names != NULL)
        closedir(names);
    if (names == NULL || wanted != there)
        differs(c, "other names", path);
}

static void compare_one(void *user, uint32_t inode, const char *path)
{
    struct comparing *c = user;
    if (c->m->r->inodes[inode].folder) {
        compare_folder(c, inode, path);
    } else if (!c->m->r->inodes[inode].unknown) {
        make_content(c->m, inode, &c->content);
        compare_content(c, path);
    } else if (access(path, F_OK) != 0) {
        differs(c, "not there", path);
    }
}

bool image_is(const struct trace *r, const char *folder, char *why, size_t bytes)
{
    struct image m;
    struct comparing c = {.m = &m, .why = why, .bytes = bytes, .same = true};
    begin(&m, r, r->event_count, IMAGE_ALL, 0);
    compare_folder(&c, 0, folder);
    walk(&m, folder, compare_one, &c);
    buf_release(&c.content);
    end(&m);
    return c.same;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

void image_remove(const char *folder)
{
    if (access(folder, F_OK) == 0 &&
        nftw(folder, remove_one, OPEN_MAX_FOLDERS, FTW_DEPTH | FTW_PHYS) != 0)
        trace_die("cannot remove", folder);
}
