#include "cli/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/file.h"
#include "cli/language.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/records.h"
#include "cli/verbs.h"
#include "proto/mem.h"
#include "replicas/attachment.h"
#include "replicas/json.h"
#include "replicas/upload.h"

enum {
    PART_BYTES = UPLOAD_PART_CHUNKS * ATTACHMENT_CHUNK_BYTES,
    BASE64_BYTES = sodium_base64_ENCODED_LEN(PART_BYTES, sodium_base64_VARIANT_ORIGINAL),
    NUMBER_BYTES = 24,
    MIB_SHOWN = 1024 * 1024,
};
static_assert(BASE64_BYTES + 64 * 1024 < CONTROL_BYTES_MAX, "a part fits a request");

const char *attach_media(const char *path)
{
    static const struct {
        const char *end, *media;
    } types[] = {
        {".csv", "text/csv"},
        {".doc", "application/msword"},
        {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {".heic", "image/heic"},
        {".htm", "text/html"},
        {".html", "text/html"},
        {".jpeg", "image/jpeg"},
        {".jpg", "image/jpeg"},
        {".json", "application/json"},
        {".m4a", "audio/mp4"},
        {".mp3", "audio/mpeg"},
        {".mp4", "video/mp4"},
        {".odp", "application/vnd.oasis.opendocument.presentation"},
        {".ods", "application/vnd.oasis.opendocument.spreadsheet"},
        {".odt", "application/vnd.oasis.opendocument.text"},
        {".ogg", "audio/ogg"},
        {".pdf", "application/pdf"},
        {".png", "image/png"},
        {".ppt", "application/vnd.ms-powerpoint"},
        {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
        {".svg", "image/svg+xml"},
        {".tif", "image/tiff"},
        {".tiff", "image/tiff"},
        {".txt", "text/plain"},
        {".webp", "image/webp"},
        {".xls", "application/vnd.ms-excel"},
        {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {".xml", "application/xml"},
        {".zip", "application/zip"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot, types[i].end) == 0)
            return types[i].media;
    return "application/octet-stream";
}

/* What one command holds. */
struct transfer {
    struct call *call;
    struct client *client;
    struct client_end end;
    struct fault fault;
    int descriptor;
    uint64_t bytes, offset;
    struct buf plain; /* of a part */
    struct buf text;  /* its base64 */
    struct buf row;   /* the last row of an answer */
};

static void release(struct transfer *t)
{
    if (t->descriptor >= 0)
        close(t->descriptor);
    client_close(t->client);
    buf_release(&t->plain);
    buf_release(&t->text);
    buf_release(&t->row);
}

static void on_row(void *user, struct bytes json)
{
    struct transfer *t = user;
    buf_reset(&t->row);
    buf_add_bytes(&t->row, json);
}

static void add_option(struct control_request *q, const char *name, struct bytes value)
{
    for (uint32_t i = 0; i < q->option_count; i++)
        if (bytes_equal_text(q->options[i].name, name))
            return; /* the person gave it */
    q->options[q->option_count++] =
        (struct control_option){.name = bytes_of_text(name), .value = value};
}

/* Only where a person waits for more than one part; 'done' takes the line away. */
static void show_progress(const struct transfer *t, bool done)
{
    if (t->call->quiet || t->call->json || t->bytes <= PART_BYTES || isatty(STDERR_FILENO) != 1)
        return;
    if (done)
        fputs("\r                              \r", stderr);
    else
        fprintf(stderr, "\r%3llu %% (%llu / %llu MiB)",
                (unsigned long long)(t->offset * 100 / t->bytes),
                (unsigned long long)(t->offset / MIB_SHOWN),
                (unsigned long long)(t->bytes / MIB_SHOWN));
    fflush(stderr);
}

/* ---- attach ---- */

static enum status changed(struct transfer *t)
{
    fault_set(&t->fault, ST_BAD_VALUE, tr("%s changed while it was read: nothing was attached"),
              t->call->words[1]);
    fault_fix(&t->fault, tr("wait until it is whole, then attach it again"));
    return ST_BAD_VALUE;
}

static enum status open_file(struct transfer *t, struct stat *about)
{
    const char *path = t->call->words[1];
    t->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (t->descriptor < 0 && errno == ENOENT)
        return file_missing(path, &t->fault);
    if (t->descriptor < 0 || fstat(t->descriptor, about) != 0)
        return fault_errno(&t->fault, errno, tr("cannot open %s"), path);
    if (!S_ISREG(about->st_mode))
        return fault_set(&t->fault, ST_BAD_VALUE, tr("%s is no file"), path);
    t->bytes = (uint64_t)about->st_size;
    if (t->bytes <= ATTACHMENT_BYTES_MAX)
        return ST_OK;
    fault_set(&t->fault, ST_TOO_LARGE, tr("%s has %llu bytes, and at most %u are taken"), path,
              (unsigned long long)t->bytes, (unsigned)ATTACHMENT_BYTES_MAX);
    fault_fix(&t->fault, tr("make it smaller, or attach it in pieces"));
    return ST_TOO_LARGE;
}

/* The next part, whole; behind the last one the file has to be as it was. */
static enum status read_part(struct transfer *t, const struct stat *about)
{
    uint64_t left = t->bytes - t->offset;
    size_t wanted = left < PART_BYTES ? (size_t)left : (size_t)PART_BYTES;
    buf_reset(&t->plain);
    uint8_t *room = buf_reserve(&t->plain, PART_BYTES + 1);
    if (room == NULL)
        return fault_set(&t->fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    bool last = wanted == left; /* then one byte more is asked for, which must not be there */
    while (t->plain.count < wanted + (last ? 1 : 0)) {
        ssize_t got =
            read(t->descriptor, room + t->plain.count, wanted + (last ? 1 : 0) - t->plain.count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_unread(errno, t->call->words[1], &t->fault);
        if (got == 0)
            break;
        t->plain.count += (size_t)got;
    }
    struct stat now;
    if (t->plain.count != wanted)
        return changed(t);
    if (fstat(t->descriptor, &now) != 0 || now.st_size != about->st_size ||
        now.st_mtim.tv_sec != about->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != about->st_mtim.tv_nsec)
        return changed(t);
    return ST_OK;
}

static struct bytes number(char out[static NUMBER_BYTES], uint64_t n)
{
    snprintf(out, NUMBER_BYTES, "%llu", (unsigned long long)n);
    return bytes_of_text(out);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum status send_part(struct transfer *t, const char *upload, bool abandon)
{
    struct control_request request;
    char bytes[NUMBER_BYTES], offset[NUMBER_BYTES];
    ask_request(t->call, &request);
    request.word_count = 1;
    add_option(&request, "upload", bytes_of_text(upload));
    add_option(&request, "bytes", number(bytes, t->bytes));
    add_option(&request, "offset", number(offset, t->offset));
    add_option(&request, "name", bytes_of_text(file_name(t->call->words[1])));
    add_option(&request, "media", bytes_of_text(attach_media(t->call->words[1])));
    if (abandon)
        add_option(&request, "abandon", BYTES(""));
    buf_reset(&t->text);
    char *text = (char *)buf_reserve(&t->text, BASE64_BYTES);
    if (text == NULL)
        return fault_set(&t->fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    sodium_bin2base64(text, BASE64_BYTES, t->plain.data, abandon ? 0 : t->plain.count,
                      sodium_base64_VARIANT_ORIGINAL);
    add_option(&request, "content", bytes_of_text(text));
    return client_run(t->client, &request, on_row, t, &t->end, &t->fault);
}

static enum status send_all(struct transfer *t, const struct stat *about)
{
    uint8_t id[UPLOAD_NAME_BYTES / 2];
    char upload[UPLOAD_NAME_BYTES + 1];
    bool begun = false;
    randombytes_buf(id, sizeof id);
    hex_encode(id, sizeof id, upload);
    enum status st;
    do {
        st = read_part(t, about);
        if (st == ST_OK)
            st = send_part(t, upload, false);
        if (st != ST_OK || t->end.exit != CALL_DONE)
            break;
        begun = true;
        t->offset += t->plain.count;
        show_progress(t, false);
    } while (t->offset < t->bytes && !call_has(t->call, "dry-run"));
    show_progress(t, true);
    if (begun && st != ST_OK && st != ST_CLOSED) {
        struct fault first = t->fault;
        enum status gone = send_part(t, upload, true);
        (void)gone; /* the daemon sweeps what is silent for long */
        t->fault = first;
    }
    return st;
}

static void show_attached(const struct transfer *t)
{
    struct call *c = t->call;
    if (c->json) {
        call_row(c, buf_bytes(&t->row));
        return;
    }
    json_t *row = json_loadb((const char *)t->row.data, t->row.count, 0, NULL);
    if (call_has(c, "dry-run"))
        call_say(c, "%s", tr("Nothing was written: this was a dry run."));
    else
        output_line(stdout, "%s", output_text(row, "id"));
    json_decref(row);
}

int attach_run(struct call *c)
{
    struct transfer t = {.call = c, .descriptor = -1, .end = {.exit = CALL_DONE}};
    struct stat about;
    enum status st = open_file(&t, &about);
    if (st == ST_OK)
        st = ask_open(c, &t.client, &t.fault);
    if (st == ST_OK)
        st = send_all(&t, &about);
    int exit;
    if (st != ST_OK) {
        exit = call_fail(c, &t.fault);
    } else {
        exit = call_end(c, t.end.code, t.end.text, t.end.fix, t.end.exit);
        if (exit == CALL_DONE)
            show_attached(&t);
    }
    release(&t);
    return exit;
}

/* The same as if somebody had typed "attach ID FILE --class internal". */
static void make_call(const struct call *c, const char *id, const char *path, struct call *out)
{
    const char *author = call_option(c, "author");
    *out = (struct call){.verb = verbs_find("attach"),
                         .home_is_default = c->home_is_default,
                         .json = c->json,
                         .quiet = c->quiet,
                         .word_count = 2,
                         .words = {id, path}};
    memcpy(out->home, c->home, sizeof out->home);
    out->options[out->option_count++] = (struct call_option){"class", "internal"};
    if (author != NULL)
        out->options[out->option_count++] = (struct call_option){"author", author};
}

enum status attach_file(const struct call *c, const char *id, const char *path, struct buf *row_out,
                        struct client_end *end_out, struct fault *f)
{
    struct call own;
    struct stat about;
    make_call(c, id, path, &own);
    struct transfer t = {.call = &own, .descriptor = -1, .end = {.exit = CALL_DONE}};
    enum status st = open_file(&t, &about);
    if (st == ST_OK)
        st = ask_open(&own, &t.client, &t.fault);
    if (st == ST_OK)
        st = send_all(&t, &about);
    buf_add_bytes(row_out, buf_bytes(&t.row));
    *end_out = t.end;
    *f = t.fault;
    release(&t);
    return st;
}

enum status attach_check(const struct call *c, const char *path, struct fault *f)
{
    struct call own;
    struct stat about;
    make_call(c, "", path, &own);
    struct transfer t = {.call = &own, .descriptor = -1};
    enum status st = open_file(&t, &about);
    *f = t.fault;
    release(&t);
    return st;
}

/* ---- fetch ---- */

struct fetch {
    struct transfer transfer;
    json_t *files; /* the rows */
    char path[HOME_PATH_MAX], temporary[HOME_PATH_MAX + 8];
    crypto_generichash_state hash;
};

static void on_file(void *user, struct bytes json)
{
    struct fetch *x = user;
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    if (row != NULL)
        (void)json_array_append_new(x->files, row);
}

static void show_file(const struct call *c, const json_t *row)
{
    if (c->json) {
        struct buf text = {0};
        output_value(row, &text);
        if (buf_status(&text) == ST_OK)
            call_row(c, buf_bytes(&text));
        buf_release(&text);
        return;
    }
    output_line(
        stdout, "%.*s  %-10s  %10lld  %-24s  %s (%lld/%lld)", RECORDS_ID_DIGITS,
        output_text(row, "id"), output_text(row, "type"),
        (long long)json_integer_value(json_object_get(row, "bytes")), output_text(row, "media"),
        json_is_string(json_object_get(row, "name")) ? output_text(row, "name")
                                                     : network_unread(output_text(row, "state")),
        (long long)json_integer_value(json_object_get(row, "held")),
        (long long)json_integer_value(json_object_get(row, "chunks")));
}

/* Where to: --out, else its own name in this folder, never over what is there. */
static enum status choose_path(struct fetch *x, const json_t *file)
{
    struct transfer *t = &x->transfer;
    const char *out = call_option(t->call, "out"), *name = output_text(file, "name");
    const char *last = file_name(name);
    bool plain = last[0] != '\0' && last[0] != '.';
    for (const char *at = last; *at != '\0'; at++)
        plain = plain && (uint8_t)*at >= ' ' && *at != 0x7f; /* somebody else chose this name */
    int used = snprintf(x->path, sizeof x->path, "%s",
                        out != NULL ? out
                        : plain     ? last
                                    : output_text(file, "id"));
    if (used < 0 || used >= (int)sizeof x->path)
        return fault_set(&t->fault, ST_TOO_LARGE, tr("the path of the file is too long"));
    if (out == NULL && access(x->path, F_OK) == 0) {
        fault_set(&t->fault, ST_EXISTS, tr("there is a file %s here already"), x->path);
        fault_fix(&t->fault, tr("name another one: --out FILE"));
        return ST_EXISTS;
    }
    snprintf(x->temporary, sizeof x->temporary, "%s.XXXXXX", x->path);
    return ST_OK;
}

static enum status put(struct transfer *t, const char *path, const uint8_t *data, size_t count)
{
    while (count > 0) {
        ssize_t got = write(t->descriptor, data, count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(&t->fault, errno, tr("cannot write %s"), path);
        data += got;
        count -= (size_t)got;
    }
    return ST_OK;
}

/* One part from the daemon, into the file and the hash. */
static enum status take_part(struct fetch *x, const char *id)
{
    struct transfer *t = &x->transfer;
    struct control_request request;
    char offset[NUMBER_BYTES];
    size_t count = 0;
    ask_request(t->call, &request);
    request.word_count = 1;
    request.words[0] = bytes_of_text(id);
    request.option_count = 0;
    add_option(&request, "offset", number(offset, t->offset));
    enum status st = client_run(t->client, &request, on_row, t, &t->end, &t->fault);
    if (st != ST_OK || t->end.exit != CALL_DONE)
        return st;
    json_t *row = json_loadb((const char *)t->row.data, t->row.count, 0, NULL);
    const char *text = output_text(row, "content");
    buf_reset(&t->plain);
    uint8_t *room = buf_reserve(&t->plain, PART_BYTES);
    if (room == NULL)
        st = fault_set(&t->fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    else if (sodium_base642bin(room, PART_BYTES, text, strlen(text), NULL, &count, NULL,
                               sodium_base64_VARIANT_ORIGINAL) != 0 ||
             count == 0 || count > t->bytes - t->offset)
        st = fault_set(&t->fault, ST_PROTOCOL, tr("the daemon's answer makes no sense: %s"),
                       "content");
    json_decref(row);
    if (st != ST_OK)
        return st;
    crypto_generichash_update(&x->hash, room, count);
    t->offset += count;
    return put(t, x->temporary, room, count);
}

static enum status check_hash(struct fetch *x, const json_t *file)
{
    struct transfer *t = &x->transfer;
    uint8_t hash[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    crypto_generichash_final(&x->hash, hash, sizeof hash);
    hex_encode(hash, sizeof hash, hex);
    if (strcmp(hex, output_text(file, "file")) == 0)
        return ST_OK;
    return fault_set(&t->fault, ST_CORRUPT, tr("the file's content is not what was attached"));
}

static enum status take_file(struct fetch *x, const json_t *file)
{
    struct transfer *t = &x->transfer;
    t->bytes = (uint64_t)json_integer_value(json_object_get(file, "bytes"));
    enum status st = choose_path(x, file);
    if (st != ST_OK)
        return st;
    crypto_generichash_init(&x->hash, NULL, 0, DIGEST_BYTES);
    t->descriptor = mkostemp(x->temporary, O_CLOEXEC); /* 0600, and nothing that was there */
    if (t->descriptor < 0)
        return fault_errno(&t->fault, errno, tr("cannot open %s"), x->temporary);
    while (st == ST_OK && t->end.exit == CALL_DONE && t->offset < t->bytes) {
        st = take_part(x, output_text(file, "id"));
        show_progress(t, false);
    }
    show_progress(t, true);
    if (st == ST_OK && t->end.exit == CALL_DONE)
        st = check_hash(x, file);
    bool whole = st == ST_OK && t->end.exit == CALL_DONE;
    if (whole && (fsync(t->descriptor) != 0 || rename(x->temporary, x->path) != 0))
        st = fault_errno(&t->fault, errno, tr("cannot write %s"), x->path);
    if (!whole || st != ST_OK)
        unlink(x->temporary);
    return st;
}

static void show_fetched(const struct fetch *x, const json_t *file)
{
    const struct call *c = x->transfer.call;
    if (!c->json) {
        output_line(stdout, "%s", x->path);
        return;
    }
    struct buf row = {0}, path = {0};
    json_t *copy = json_deep_copy(file);
    output_safe(bytes_of_text(x->path), &path);
    if (copy != NULL && json_object_set_new(copy, "path", json_string(buf_text(&path))) == 0) {
        output_value(copy, &row);
        call_row(c, buf_bytes(&row));
    }
    json_decref(copy);
    buf_release(&row);
    buf_release(&path);
}

int attach_fetch(struct call *c)
{
    struct fetch x = {
        .transfer = {.call = c, .descriptor = -1, .end = {.exit = CALL_DONE}},
        .files = json_array(),
    };
    struct transfer *t = &x.transfer;
    struct control_request request;
    ask_request(c, &request);
    request.option_count = 0;
    enum status st = ask_open(c, &t->client, &t->fault);
    if (st == ST_OK)
        st = client_run(t->client, &request, on_file, &x, &t->end, &t->fault);
    size_t count = json_array_size(x.files);
    bool one = st == ST_OK && count == 1 && t->end.exit == CALL_DONE;
    if (one)
        st = take_file(&x, json_array_get(x.files, 0));
    int exit;
    if (st != ST_OK) {
        exit = call_fail(c, &t->fault);
    } else {
        exit = call_end(c, t->end.code, t->end.text, t->end.fix, t->end.exit);
        if (exit == CALL_DONE && one)
            show_fetched(&x, json_array_get(x.files, 0));
        for (size_t i = 0; i < count && !(exit == CALL_DONE && one); i++)
            show_file(c, json_array_get(x.files, i));
        if (count > 1)
            call_say(c, "%s", tr("Several files: say which by its name or the digits of its id."));
    }
    release(t);
    json_decref(x.files);
    return exit;
}
