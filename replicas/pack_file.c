#include "replicas/pack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"

enum { OUT_BYTES = 256 * KIB, FANOUT = 256, NAME_MAX_BYTES = 64 };

static const char temp_pack[] = "tmp_pack";
static const char temp_index[] = "tmp_idx";
static atomic_uint temp_count; /* a merge and a checkpoint may write at one time */

static enum status path_of(const struct pack_file *p, const char *name,
                           char out[static PACK_PATH_MAX], struct fault *f)
{
    int count = snprintf(out, PACK_PATH_MAX, "%s/%s", p->folder, name);
    return count > 0 && count < PACK_PATH_MAX
               ? ST_OK
               : fault_set(f, ST_TOO_LARGE, "the path %s is too long", p->folder);
}

static enum status temp_path(const struct pack_file *p, const char *stem,
                             char out[static PACK_PATH_MAX], struct fault *f)
{
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "%s_minga_%ld_%u", stem, (long)getpid(), p->number);
    return path_of(p, name, out, f);
}

static enum status write_all(int fd, const uint8_t *data, size_t count, struct fault *f)
{
    while (count > 0) {
        ssize_t written = write(fd, data, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fault_errno(f, written < 0 ? errno : ENOSPC, "writing a pack failed");
        data += written;
        count -= (size_t)written;
    }
    return ST_OK;
}

static enum status drain(struct pack_file *p, struct fault *f)
{
    if (buf_status(&p->out) != ST_OK)
        return fault_set(f, ST_NO_MEMORY, "no memory to write a pack");
    if (p->out.count == 0)
        return ST_OK;
    sha1_update(&p->sha1, p->out.count, p->out.data);
    enum status st = write_all(p->fd, p->out.data, p->out.count, f);
    buf_reset(&p->out);
    return st;
}

static enum status drain_when_full(struct pack_file *p, struct fault *f)
{
    return p->out.count >= OUT_BYTES || p->out.failed ? drain(p, f) : ST_OK;
}

static enum status put(struct pack_file *p, struct bytes data, struct fault *f)
{
    buf_add_bytes(&p->out, data);
    p->offset += data.count;
    return drain_when_full(p, f);
}

enum status pack_file_create(const char *folder, uint32_t count, struct pack_file *out,
                             struct fault *f)
{
    char path[PACK_PATH_MAX];
    struct buf header = {0};
    *out =
        (struct pack_file){.count_planned = count, .number = 1 + atomic_fetch_add(&temp_count, 1)};
    if (strlen(folder) >= sizeof out->folder)
        return fault_set(f, ST_TOO_LARGE, "the path %s is too long", folder);
    snprintf(out->folder, sizeof out->folder, "%s", folder);
    sha1_init(&out->sha1);
    enum status st = temp_path(out, temp_pack, path, f);
    if (st == ST_OK) {
        out->entries = mem_array(count, sizeof *out->entries);
        if (out->entries == NULL)
            st = fault_set(f, ST_NO_MEMORY, "no memory for a pack of %u objects", count);
    }
    if (st == ST_OK) {
        /* Read-only as git's own, so that no tool changes what is named by its hash. */
        out->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0400);
        if (out->fd < 0)
            st = fault_errno(f, errno, "cannot create %s", path);
    }
    if (st == ST_OK) {
        buf_add_text(&header, "PACK");
        buf_add_u32be(&header, 2);
        buf_add_u32be(&header, count);
        st = buf_status(&header);
        if (st != ST_OK)
            fault_set(f, st, "no memory to write a pack");
    }
    if (st == ST_OK) {
        st = put(out, buf_bytes(&header), f);
    }
    buf_release(&header);
    if (st != ST_OK)
        pack_file_release(out);
    return st;
}

size_t pack_file_entry_header(unsigned type, uint64_t size, uint64_t distance,
                              uint8_t out[static PACK_ENTRY_HEADER_MAX])
{
    CHECK(type >= PACK_COMMIT && type <= PACK_REF_DELTA);
    CHECK((type == PACK_OFS_DELTA) == (distance > 0));
    size_t count = 0;
    out[count] = (uint8_t)(type << 4 | (size & 15));
    for (size >>= 4; size > 0; size >>= 7) {
        out[count++] |= 0x80;
        out[count] = (uint8_t)(size & 0x7f);
    }
    count++;
    if (type != PACK_OFS_DELTA)
        return count;
    /* Big endian groups of seven bits; each further one counts from one more. */
    uint8_t groups[10];
    size_t used = 0;
    groups[used++] = (uint8_t)(distance & 0x7f);
    for (distance >>= 7; distance > 0; distance >>= 7)
        groups[used++] = (uint8_t)(0x80 | (--distance & 0x7f));
    while (used > 0)
        out[count++] = groups[--used];
    return count;
}

enum status pack_file_add(struct pack_file *p, const struct oid *id, struct bytes header,
                          struct bytes deflated, struct fault *f)
{
    CHECK(p->count < p->count_planned);
    if (p->offset + header.count + deflated.count + PACK_TRAILER_BYTES > PACK_BYTES_MAX)
        return fault_set(f, ST_TOO_LARGE, "a pack would pass 2 GiB");
    uint32_t crc = libdeflate_crc32(0, header.data, header.count);
    crc = libdeflate_crc32(crc, deflated.data, deflated.count);
    p->entries[p->count++] =
        (struct pack_file_entry){.id = *id, .crc = crc, .offset = (uint32_t)p->offset};
    enum status st = put(p, header, f);
    return st == ST_OK ? put(p, deflated, f) : st;
}

static int compare_places(const void *a, const void *b, void *context)
{
    const struct pack_file_entry *entries = context;
    return oid_compare(&entries[*(const uint32_t *)a].id, &entries[*(const uint32_t *)b].id);
}

/* Positions in p->entries by id; NULL: no memory. */
static uint32_t *order_entries(struct pack_file *p)
{
    uint32_t *order = mem_array(p->count, sizeof *order);
    for (uint32_t i = 0; order != NULL && i < p->count; i++)
        order[i] = i;
    if (order != NULL)
        qsort_r(order, p->count, sizeof *order, compare_places, p->entries);
    return order;
}

/* The index's bytes, through p->out into p->fd, with their own sum. */
static enum status put_index(struct pack_file *p, const uint32_t *order,
                             const struct oid *pack_hash, struct fault *f)
{
    enum status st = ST_OK;
    uint32_t below = 0;
    struct oid sum;
    sha1_init(&p->sha1);
    buf_add(&p->out, "\377tOc", 4);
    buf_add_u32be(&p->out, 2);
    for (unsigned first = 0; first < FANOUT; first++) {
        while (below < p->count && p->entries[order[below]].id.id[0] <= first)
            below++;
        buf_add_u32be(&p->out, below);
    }
    for (uint32_t i = 0; i < p->count && st == ST_OK; i++) {
        buf_add(&p->out, p->entries[order[i]].id.id, OID_BYTES);
        st = drain_when_full(p, f);
    }
    for (uint32_t i = 0; i < p->count && st == ST_OK; i++) {
        buf_add_u32be(&p->out, p->entries[order[i]].crc);
        st = drain_when_full(p, f);
    }
    for (uint32_t i = 0; i < p->count && st == ST_OK; i++) {
        buf_add_u32be(&p->out, p->entries[order[i]].offset);
        st = drain_when_full(p, f);
    }
    buf_add(&p->out, pack_hash->id, OID_BYTES);
    if (st == ST_OK)
        st = drain(p, f);
    sha1_digest(&p->sha1, OID_BYTES, sum.id);
    return st == ST_OK ? write_all(p->fd, sum.id, OID_BYTES, f) : st;
}

static enum status sync_and_close(int *fd, struct fault *f)
{
    enum status st = fsync(*fd) == 0 ? ST_OK : fault_errno(f, errno, "syncing a pack failed");
    if (close(*fd) != 0 && st == ST_OK)
        st = fault_errno(f, errno, "closing a pack failed");
    *fd = 0;
    return st;
}

static enum status write_index(struct pack_file *p, const struct oid *pack_hash, struct fault *f)
{
    char path[PACK_PATH_MAX];
    uint32_t *order = order_entries(p);
    enum status st = temp_path(p, temp_index, path, f);
    if (order == NULL)
        st = fault_set(f, ST_NO_MEMORY, "no memory for the index of a pack");
    if (st == ST_OK) {
        p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0400);
        if (p->fd < 0)
            st = fault_errno(f, errno, "cannot create %s", path);
    }
    if (st == ST_OK)
        st = put_index(p, order, pack_hash, f);
    if (st == ST_OK)
        st = sync_and_close(&p->fd, f);
    mem_free(order);
    return st;
}

static enum status rename_in(const struct pack_file *p, const char *from, const char *hex,
                             const char *suffix, struct fault *f)
{
    char name[NAME_MAX_BYTES], old_path[PACK_PATH_MAX], new_path[PACK_PATH_MAX];
    snprintf(name, sizeof name, "pack-%s.%s", hex, suffix);
    enum status st = temp_path(p, from, old_path, f);
    if (st == ST_OK)
        st = path_of(p, name, new_path, f);
    if (st == ST_OK && rename(old_path, new_path) != 0)
        st = fault_errno(f, errno, "cannot make %s", new_path);
    return st;
}

enum status pack_file_sync_folder(const char *folder, struct fault *f)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(f, errno, "cannot open the folder %s", folder);
    enum status st = fsync(fd) == 0 ? ST_OK : fault_errno(f, errno, "syncing %s failed", folder);
    close(fd);
    return st;
}

enum status pack_file_finish(struct pack_file *p, char name_out[OID_TEXT + 1], struct fault *f)
{
    CHECK(p->count == p->count_planned);
    struct oid hash;
    char hex[OID_TEXT + 1];
    enum status st = drain(p, f);
    if (st != ST_OK)
        return st;
    sha1_digest(&p->sha1, OID_BYTES, hash.id);
    hex_encode(hash.id, OID_BYTES, hex);
    st = write_all(p->fd, hash.id, OID_BYTES, f);
    if (st == ST_OK)
        st = sync_and_close(&p->fd, f);
    if (st == ST_OK)
        st = write_index(p, &hash, f);
    if (st == ST_OK)
        st = rename_in(p, temp_pack, hex, "pack", f);
    if (st == ST_OK)
        st = pack_file_sync_folder(p->folder, f); /* a disk may keep the later name alone */
    if (st == ST_OK)
        st = rename_in(p, temp_index, hex, "idx", f);
    if (st == ST_OK)
        st = pack_file_sync_folder(p->folder, f);
    if (st == ST_OK)
        p->number = 0;
    if (st == ST_OK && name_out != NULL)
        memcpy(name_out, hex, sizeof hex);
    return st;
}

void pack_file_release(struct pack_file *p)
{
    if (p == NULL)
        return;
    char path[PACK_PATH_MAX];
    if (p->fd > 0)
        close(p->fd);
    if (p->number > 0 && temp_path(p, temp_pack, path, NULL) == ST_OK)
        unlink(path);
    if (p->number > 0 && temp_path(p, temp_index, path, NULL) == ST_OK)
        unlink(path);
    buf_release(&p->out);
    mem_free(p->entries);
    memset(p, 0, sizeof *p);
}
