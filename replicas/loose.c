#include "replicas/loose.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { PATH_BYTES_MAX = 4096, HEAD_TEXT_MAX = 32, GROWTH = 4, INFLATED_MIN = 4096 };

static const char *const kind_heads[] = {"", "commit ", "tree ", "blob "};

/* "<kind> <size>\0" in front of the content. */
static enum status split_head(struct bytes whole, enum store_kind *kind_out,
                              struct bytes *content_out)
{
    for (int kind = STORE_COMMIT; kind <= STORE_BLOB; kind++) {
        char head[HEAD_TEXT_MAX];
        size_t count = strlen(kind_heads[kind]);
        if (whole.count < count || memcmp(whole.data, kind_heads[kind], count) != 0)
            continue;
        const uint8_t *nul = memchr(whole.data, '\0', whole.count);
        if (nul == NULL)
            return ST_MALFORMED;
        size_t head_count = (size_t)(nul - whole.data) + 1;
        struct bytes content = {nul + 1, whole.count - head_count};
        snprintf(head, sizeof head, "%s%zu", kind_heads[kind], content.count);
        if (strlen(head) + 1 != head_count || memcmp(head, whole.data, head_count) != 0)
            return ST_MALFORMED;
        *kind_out = (enum store_kind)kind;
        *content_out = content;
        return ST_OK;
    }
    return ST_MALFORMED;
}

enum status loose_parse(struct bytes file, enum store_kind *kind_out, struct buf *out)
{
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    struct buf whole = {0};
    struct bytes content = BYTES("");
    enum status st = inflater != NULL ? ST_TOO_LARGE : ST_NO_MEMORY;
    /* The size stands inside: grow until it fits. */
    for (size_t room = INFLATED_MIN; st == ST_TOO_LARGE && room <= LOOSE_BYTES_MAX;
         room *= GROWTH) {
        size_t count = 0;
        uint8_t *at = buf_reserve(&whole, room);
        if (at == NULL) {
            st = ST_NO_MEMORY;
            break;
        }
        enum libdeflate_result result =
            libdeflate_zlib_decompress(inflater, file.data, file.count, at, room, &count);
        if (result == LIBDEFLATE_SUCCESS)
            st = split_head((struct bytes){at, count}, kind_out, &content);
        else if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            st = ST_MALFORMED;
    }
    if (st == ST_OK) {
        buf_add_bytes(out, content);
        st = buf_status(out);
    }
    if (inflater != NULL)
        libdeflate_free_decompressor(inflater);
    buf_release(&whole);
    return st;
}

static enum status read_file(const char *path, struct buf *out, struct fault *f)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return ST_NOT_FOUND;
    if (fd < 0)
        return fault_errno(f, errno, "cannot open %s", path);
    enum status st = ST_OK;
    for (;;) {
        uint8_t *at = buf_reserve(out, INFLATED_MIN);
        ssize_t got = at != NULL ? read(fd, at, INFLATED_MIN) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (at == NULL)
            st = fault_set(f, ST_NO_MEMORY, "no memory to read %s", path);
        else if (got < 0)
            st = fault_errno(f, errno, "cannot read %s", path);
        else if (out->count > LOOSE_BYTES_MAX)
            st = fault_set(f, ST_TOO_LARGE, "the object in %s is too large", path);
        if (st != ST_OK || got <= 0)
            break;
        out->count += (size_t)got;
    }
    close(fd);
    return st;
}

enum status loose_read(const char *folder, const struct oid *id, enum store_kind *kind_out,
                       struct buf *out, struct fault *f)
{
    char path[PATH_BYTES_MAX], hex[OID_TEXT + 1];
    struct buf file = {0};
    struct oid read;
    size_t before = out->count;
    hex_encode(id->id, OID_BYTES, hex);
    int count = snprintf(path, sizeof path, "%s/%.2s/%s", folder, hex, hex + 2);
    if (count < 0 || (size_t)count >= sizeof path)
        return fault_set(f, ST_TOO_LARGE, "the path %s is too long", folder);
    enum status st = read_file(path, &file, f);
    if (st == ST_OK) {
        st = loose_parse(buf_bytes(&file), kind_out, out);
        if (st == ST_OK) {
            store_hash(*kind_out, (struct bytes){out->data + before, out->count - before}, &read);
            st = oid_equal(&read, id) ? ST_OK : ST_MALFORMED;
        }
        if (st == ST_MALFORMED) {
            st = fault_set(f, ST_CORRUPT, "the object in %s is damaged", path);
            fault_fix(f, "put it back from a copy, or fetch the history again from a peer");
        } else if (st != ST_OK) {
            fault_set(f, st, "the object in %s cannot be read: %s", path, status_text(st));
        }
    }
    buf_release(&file);
    return st;
}
