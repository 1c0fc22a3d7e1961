#include "tests/crash/trace.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/mem.h"
#include "tests/crash/image.h"

enum { PATH_BYTES = 1024, READ_BYTES = 64 * 1024 };

static struct trace now;
static bool on;
static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; /* packs merge on a thread */
static char root[PATH_BYTES];

_Noreturn void trace_die(const char *what, const char *path)
{
    fprintf(stderr, "minga-crash: the record does not know this: %s %s\n", what, path);
    exit(2);
}

static void *grow(void *list, uint32_t count, uint32_t *room, size_t each)
{
    if (count < *room)
        return list;
    *room = *room > 0 ? *room * 2 : 64;
    void *fresh = mem_resize(list, *room * each);
    if (fresh == NULL)
        trace_die("out of memory", "");
    return fresh;
}

static bool ends_with(const char *name, const char *end)
{
    size_t count = strlen(name), tail = strlen(end);
    return count >= tail && strcmp(name + count - tail, end) == 0;
}

static uint32_t add_inode(const struct stat *about, const char *name, bool folder)
{
    for (uint32_t i = 0; i < now.inode_count; i++) /* the number of one that is gone is used anew */
        if (now.inodes[i].number == about->st_ino && now.inodes[i].device == about->st_dev)
            now.inodes[i].number = 0;
    now.inodes = grow(now.inodes, now.inode_count, &now.inode_room, sizeof *now.inodes);
    now.inodes[now.inode_count] = (struct trace_inode){.device = about->st_dev,
                                                       .number = about->st_ino,
                                                       .folder = folder,
                                                       .unknown = ends_with(name, "-shm")};
    return now.inode_count++;
}

static struct trace_event *add_event(enum trace_kind kind)
{
    if (now.event_count == now.event_room) {
        now.event_room = now.event_room > 0 ? now.event_room * 2 : 256;
        now.events = mem_resize(now.events, now.event_room * sizeof *now.events);
        if (now.events == NULL)
            trace_die("out of memory", "");
    }
    struct trace_event *e = &now.events[now.event_count++];
    *e = (struct trace_event){.kind = kind};
    return e;
}

static uint32_t find_inode(const struct stat *about)
{
    for (uint32_t i = now.inode_count; i-- > 0;)
        if (now.inodes[i].number == about->st_ino && now.inodes[i].device == about->st_dev)
            return i;
    return TRACE_NONE;
}

bool trace_is_on(void)
{
    return on;
}

size_t trace_count(void)
{
    return on ? now.event_count : 0;
}

bool trace_is_unknown(uint32_t inode)
{
    pthread_mutex_lock(&mutex);
    bool unknown = now.inodes[inode].unknown;
    pthread_mutex_unlock(&mutex);
    return unknown;
}

uint32_t trace_of(int descriptor)
{
    struct stat about;
    pthread_mutex_lock(&mutex);
    uint32_t inode = fstat(descriptor, &about) == 0 ? find_inode(&about) : TRACE_NONE;
    pthread_mutex_unlock(&mutex);
    return inode;
}

bool trace_place(int folder, const char *path, struct trace_place *out)
{
    char parent[PATH_BYTES];
    struct stat about;
    size_t count = strlen(path);
    while (count > 1 && path[count - 1] == '/')
        count--;
    size_t name = count;
    while (name > 0 && path[name - 1] != '/')
        name--;
    if (count >= sizeof parent || count == name)
        return false;
    memcpy(parent, name > 0 ? path : ".", name > 0 ? name : 1);
    parent[name > 0 ? name : 1] = '\0';
    if (fstatat(folder, parent, &about, 0) != 0)
        return false;
    pthread_mutex_lock(&mutex);
    out->folder = find_inode(&about);
    pthread_mutex_unlock(&mutex);
    if (out->folder == TRACE_NONE)
        return false;
    if (count - name >= sizeof out->name)
        trace_die("a name that is too long", path);
    memcpy(out->name, path + name, count - name);
    out->name[count - name] = '\0';
    return true;
}

static void put_name(char to[static TRACE_NAME_BYTES], const char *name)
{
    memcpy(to, name, strlen(name) + 1);
}

void trace_made(const struct trace_place *p, int descriptor, bool folder)
{
    pthread_mutex_lock(&mutex);
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        trace_die("fstat", p->name);
    uint32_t inode = add_inode(&about, p->name, folder);
    struct trace_event *e = add_event(folder ? TRACE_FOLDER : TRACE_CREATE);
    e->inode = inode;
    e->folder = p->folder;
    put_name(e->name, p->name);
    pthread_mutex_unlock(&mutex);
}

/* What is found under a name as the log has it so far. */
static uint32_t find_name(const struct trace_place *p)
{
    uint32_t found = TRACE_NONE;
    for (uint32_t i = 0; i < now.entry_count; i++)
        if (now.entries[i].folder == p->folder && strcmp(now.entries[i].name, p->name) == 0)
            found = now.entries[i].inode;
    for (size_t i = 0; i < now.event_count; i++) {
        const struct trace_event *e = &now.events[i];
        bool here = e->folder == p->folder && strcmp(e->name, p->name) == 0;
        if (here && (e->kind == TRACE_REMOVE || e->kind == TRACE_RENAME))
            found = TRACE_NONE;
        else if (here &&
                 (e->kind == TRACE_CREATE || e->kind == TRACE_FOLDER || e->kind == TRACE_LINK))
            found = e->inode;
        if (e->kind == TRACE_RENAME && e->to_folder == p->folder &&
            strcmp(e->to_name, p->name) == 0)
            found = e->inode;
    }
    if (found == TRACE_NONE)
        trace_die("a name that was never made", p->name);
    return found;
}

void trace_linked(const struct trace_place *from, const struct trace_place *to)
{
    pthread_mutex_lock(&mutex);
    uint32_t inode = find_name(from);
    struct trace_event *e = add_event(TRACE_LINK);
    e->inode = inode;
    e->folder = to->folder;
    put_name(e->name, to->name);
    pthread_mutex_unlock(&mutex);
}

void trace_written(uint32_t inode, uint64_t at, const void *data, size_t count)
{
    pthread_mutex_lock(&mutex);
    struct trace_event *e = add_event(TRACE_WRITE);
    e->inode = inode;
    e->at = at;
    e->count = count;
    e->data = now.arena.count;
    buf_add(&now.arena, data, count);
    if (now.arena.failed)
        trace_die("out of memory", "");
    pthread_mutex_unlock(&mutex);
}

void trace_cut(uint32_t inode, uint64_t size)
{
    pthread_mutex_lock(&mutex);
    struct trace_event *e = add_event(TRACE_CUT);
    e->inode = inode;
    e->at = size;
    pthread_mutex_unlock(&mutex);
}

void trace_synced(uint32_t inode)
{
    pthread_mutex_lock(&mutex);
    add_event(TRACE_SYNC)->inode = inode;
    pthread_mutex_unlock(&mutex);
}

void trace_renamed(const struct trace_place *from, const struct trace_place *to)
{
    pthread_mutex_lock(&mutex);
    uint32_t inode = find_name(from);
    struct trace_event *e = add_event(TRACE_RENAME);
    e->inode = inode;
    e->folder = from->folder;
    e->to_folder = to->folder;
    put_name(e->name, from->name);
    put_name(e->to_name, to->name);
    pthread_mutex_unlock(&mutex);
}

void trace_removed(const struct trace_place *p)
{
    pthread_mutex_lock(&mutex);
    uint32_t inode = find_name(p);
    struct trace_event *e = add_event(TRACE_REMOVE);
    e->inode = inode;
    e->folder = p->folder;
    put_name(e->name, p->name);
    pthread_mutex_unlock(&mutex);
}

/* ---- the beginning ---- */

static void read_content(const char *path, struct buf *out)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    if (descriptor < 0)
        trace_die("cannot read", path);
    for (;;) {
        uint8_t *room = buf_reserve(out, READ_BYTES);
        got = room != NULL ? read(descriptor, room, READ_BYTES) : -1;
        if (got <= 0)
            break;
        out->count += (size_t)got;
    }
    if (got < 0)
        trace_die("cannot read", path);
    close(descriptor);
}

/* The folder 'inode' at 'path': its names. Folders among them come to their turn later. */
static void read_folder(uint32_t inode, const char *path, char (**paths)[PATH_BYTES],
                        uint32_t *room)
{
    DIR *names = opendir(path);
    if (names == NULL)
        trace_die("cannot list", path);
    for (struct dirent *d = readdir(names); d != NULL; d = readdir(names)) {
        struct stat about;
        char below[PATH_BYTES];
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int used = snprintf(below, sizeof below, "%s/%s", path, d->d_name);
        if (used < 0 || (size_t)used >= sizeof below || lstat(below, &about) != 0 ||
            strlen(d->d_name) >= TRACE_NAME_BYTES ||
            !(S_ISDIR(about.st_mode) || S_ISREG(about.st_mode)))
            trace_die("this file", below);
        uint32_t fresh = find_inode(&about);
        if (fresh == TRACE_NONE) {
            fresh = add_inode(&about, d->d_name, S_ISDIR(about.st_mode));
            if (S_ISREG(about.st_mode))
                read_content(below, &now.inodes[fresh].content);
        }
        *paths = grow(*paths, fresh, room, sizeof **paths);
        memcpy((*paths)[fresh], below, (size_t)used + 1);
        now.entries = grow(now.entries, now.entry_count, &now.entry_room, sizeof *now.entries);
        struct trace_entry *e = &now.entries[now.entry_count++];
        *e = (struct trace_entry){.folder = inode, .inode = fresh};
        put_name(e->name, d->d_name);
    }
    closedir(names);
}

void trace_begin(const char *path)
{
    struct stat about;
    uint32_t room = 0;
    now = (struct trace){.inode_count = 0};
    snprintf(root, sizeof root, "%s", path);
    if (stat(root, &about) != 0)
        trace_die("cannot find", root);
    add_inode(&about, root, true);
    char(*paths)[PATH_BYTES] = grow(NULL, 0, &room, sizeof *paths);
    snprintf(paths[0], sizeof paths[0], "%s", root);
    for (uint32_t i = 0; i < now.inode_count; i++) /* grows as folders are read */
        if (now.inodes[i].folder)
            read_folder(i, paths[i], &paths, &room);
    mem_free(paths);
    on = true;
}

void trace_end(struct trace *out)
{
    char why[PATH_BYTES];
    on = false;
    if (!image_is(&now, root, why, sizeof why))
        trace_die("a change that no call told of:", why);
    *out = now;
    now = (struct trace){.inode_count = 0};
}

void trace_release(struct trace *r)
{
    for (uint32_t i = 0; i < r->inode_count; i++)
        buf_release(&r->inodes[i].content);
    mem_free(r->inodes);
    mem_free(r->entries);
    mem_free(r->events);
    buf_release(&r->arena);
    *r = (struct trace){.inode_count = 0};
}

/* The name that an inode had last. */
static const char *name_of(const struct trace *r, uint32_t inode)
{
    const char *name = inode == 0 ? "." : "?";
    for (uint32_t i = 0; i < r->entry_count; i++)
        if (r->entries[i].inode == inode)
            name = r->entries[i].name;
    for (size_t i = 0; i < r->event_count; i++) {
        const struct trace_event *e = &r->events[i];
        if (e->inode == inode && e->kind <= TRACE_LINK)
            name = e->name;
        if (e->inode == inode && e->kind == TRACE_RENAME)
            name = e->to_name;
    }
    return name;
}

void trace_text(const struct trace *r, size_t event, char *out, size_t bytes)
{
    static const char *const words[] = {
        [TRACE_CREATE] = "create", [TRACE_FOLDER] = "mkdir",  [TRACE_LINK] = "link",
        [TRACE_WRITE] = "write",   [TRACE_CUT] = "truncate",  [TRACE_SYNC] = "sync",
        [TRACE_RENAME] = "rename", [TRACE_REMOVE] = "remove",
    };
    const struct trace_event *e = &r->events[event];
    if (e->kind == TRACE_WRITE || e->kind == TRACE_CUT)
        snprintf(out, bytes, "%s %s at %llu, %zu bytes", words[e->kind], name_of(r, e->inode),
                 (unsigned long long)e->at, e->count);
    else if (e->kind == TRACE_SYNC)
        snprintf(out, bytes, "sync %s", name_of(r, e->inode));
    else
        snprintf(out, bytes, "%s %s/%s%s%s", words[e->kind], name_of(r, e->folder), e->name,
                 e->kind == TRACE_RENAME ? " to " : "", e->to_name);
}
