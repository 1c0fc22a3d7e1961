#include "replicas/pack_index.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "replicas/pack_file.h"

enum {
    HEAD_BYTES = 8,
    FANOUT = 256,
    FANOUT_BYTES = 4 * FANOUT,
    EACH_BYTES = OID_BYTES + 4 + 4,
    LONG_OFFSET_BYTES = 8,
};

static const uint8_t head[HEAD_BYTES] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t fanout(const struct pack_index *x, unsigned first)
{
    return read_u32(x->fanout + 4 * (size_t)first);
}

static bool ids_are_ascending(const struct pack_index *x)
{
    uint32_t at = 0;
    for (unsigned first = 0; first < FANOUT; first++) {
        uint32_t end = fanout(x, first);
        if (end < at || end > x->count)
            return false;
        for (; at < end; at++)
            if (x->ids[OID_BYTES * (size_t)at] != first)
                return false;
    }
    for (uint32_t i = 1; i < x->count; i++)
        if (memcmp(x->ids + OID_BYTES * (size_t)(i - 1), x->ids + OID_BYTES * (size_t)i,
                   OID_BYTES) >= 0)
            return false;
    return at == x->count;
}

enum status pack_index_parse(struct bytes data, struct pack_index *out)
{
    struct pack_index x = {.count = 0};
    size_t fixed = HEAD_BYTES + FANOUT_BYTES + PACK_INDEX_TRAILER_BYTES;
    if (data.count < fixed || memcmp(data.data, head, HEAD_BYTES) != 0)
        return ST_MALFORMED;
    x.fanout = data.data + HEAD_BYTES;
    x.count = fanout(&x, FANOUT - 1);
    if (x.count > (data.count - fixed) / EACH_BYTES)
        return ST_MALFORMED;
    size_t more = data.count - fixed - EACH_BYTES * (size_t)x.count;
    if (more % LONG_OFFSET_BYTES != 0 || more / LONG_OFFSET_BYTES > x.count)
        return ST_MALFORMED;
    x.ids = x.fanout + FANOUT_BYTES;
    x.crcs = x.ids + OID_BYTES * (size_t)x.count;
    x.offsets = x.crcs + 4 * (size_t)x.count;
    memcpy(x.pack_hash.id, data.data + data.count - PACK_INDEX_TRAILER_BYTES, OID_BYTES);
    if (!ids_are_ascending(&x))
        return ST_MALFORMED;
    x.data = out->data;
    *out = x;
    return ST_OK;
}

static enum status damaged(struct fault *f, const char *path)
{
    fault_set(f, ST_CORRUPT, "the file %s is damaged", path);
    fault_fix(f, "put it back from a copy, or fetch the history again from a peer");
    return ST_CORRUPT;
}

static enum status read_at(int fd, uint64_t offset, uint8_t *out, size_t count)
{
    while (count > 0) {
        ssize_t got = pread(fd, out, count, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? ST_IO : ST_CORRUPT;
        out += got;
        offset += (uint64_t)got;
        count -= (size_t)got;
    }
    return ST_OK;
}

static enum status open_sized(const char *path, int *fd_out, uint64_t *bytes_out, struct fault *f)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return fault_set(f, ST_CORRUPT, "the file %s is missing", path);
    if (fd < 0)
        return fault_errno(f, errno, "cannot open %s", path);
    if (fstat(fd, &info) != 0) {
        int error = errno;
        close(fd);
        return fault_errno(f, error, "cannot read %s", path);
    }
    *fd_out = fd;
    *bytes_out = (uint64_t)info.st_size;
    return ST_OK;
}

/* The head and the tail of the pack beside the index: all but damage in the middle. */
static enum status check_pack(const char *index_path, struct pack_index *x, struct fault *f)
{
    char path[PACK_PATH_MAX];
    uint8_t start[PACK_HEADER_BYTES], end[PACK_TRAILER_BYTES];
    size_t stem = strlen(index_path) - strlen(".idx");
    int fd = -1;
    snprintf(path, sizeof path, "%.*s.pack", (int)stem, index_path);
    enum status st = open_sized(path, &fd, &x->pack_bytes, f);
    if (st != ST_OK)
        return st;
    if (x->pack_bytes < PACK_HEADER_BYTES + PACK_TRAILER_BYTES)
        st = ST_CORRUPT;
    if (st == ST_OK)
        st = read_at(fd, 0, start, sizeof start);
    if (st == ST_OK)
        st = read_at(fd, x->pack_bytes - sizeof end, end, sizeof end);
    close(fd);
    if (st == ST_IO)
        return fault_errno(f, errno, "cannot read %s", path);
    if (st != ST_OK || memcmp(start, "PACK\0\0\0\2", 8) != 0 || read_u32(start + 8) != x->count ||
        memcmp(end, x->pack_hash.id, sizeof end) != 0)
        return damaged(f, path);
    return ST_OK;
}

static bool sum_is_right(const struct buf *data)
{
    struct sha1_ctx sha1;
    uint8_t hash[OID_BYTES];
    sha1_init(&sha1);
    sha1_update(&sha1, data->count - OID_BYTES, data->data);
    sha1_digest(&sha1, sizeof hash, hash);
    return memcmp(hash, data->data + data->count - OID_BYTES, sizeof hash) == 0;
}

enum status pack_index_open(const char *path, struct pack_index *out, struct fault *f)
{
    uint64_t bytes = 0;
    int fd = -1;
    *out = (struct pack_index){.count = 0};
    size_t count = strlen(path);
    CHECK(count > 4 && count < PACK_PATH_MAX && strcmp(path + count - 4, ".idx") == 0);
    enum status st = open_sized(path, &fd, &bytes, f);
    if (st != ST_OK)
        return st;
    uint8_t *at = buf_reserve(&out->data, (size_t)bytes + 1); /* an empty file too */
    if (at == NULL)
        st = fault_set(f, ST_NO_MEMORY, "no memory to read %s", path);
    else
        st = read_at(fd, 0, at, (size_t)bytes);
    if (st == ST_IO)
        fault_errno(f, errno, "cannot read %s", path);
    close(fd);
    if (st == ST_OK) {
        out->data.count = (size_t)bytes;
        if (pack_index_parse(buf_bytes(&out->data), out) != ST_OK || !sum_is_right(&out->data))
            st = damaged(f, path);
    }
    if (st == ST_OK)
        st = check_pack(path, out, f);
    if (st != ST_OK)
        pack_index_release(out);
    return st;
}

void pack_index_release(struct pack_index *x)
{
    if (x == NULL)
        return;
    buf_release(&x->data);
    memset(x, 0, sizeof *x);
}

void pack_index_id(const struct pack_index *x, uint32_t at, struct oid *out)
{
    CHECK(at < x->count);
    memcpy(out->id, x->ids + OID_BYTES * (size_t)at, OID_BYTES);
}

uint32_t pack_index_crc(const struct pack_index *x, uint32_t at)
{
    CHECK(at < x->count);
    return read_u32(x->crcs + 4 * (size_t)at);
}

uint32_t pack_index_offset(const struct pack_index *x, uint32_t at)
{
    CHECK(at < x->count);
    uint32_t offset = read_u32(x->offsets + 4 * (size_t)at);
    return offset > INT32_MAX ? UINT32_MAX : offset;
}

bool pack_index_find(const struct pack_index *x, const struct oid *id, uint32_t *at_out)
{
    uint32_t low = id->id[0] > 0 ? fanout(x, id->id[0] - 1u) : 0, high = fanout(x, id->id[0]);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(id->id, x->ids + OID_BYTES * (size_t)middle, OID_BYTES);
        if (order == 0) {
            *at_out = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
