#include "cli/unbundle.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/porter.h"
#include "proto/mem.h"
#include "replicas/bundle.h"
#include "replicas/json.h"
#include "replicas/receipt.h"

static const char *const COUNTS[] = {"new",     "known",  "waiting",  "quarantined",  "charters",
                                     "motions", "sealed", "unwanted", "refused_count"};
enum {
    NEW,
    KNOWN,
    WAITING,
    QUARANTINED,
    CHARTERS,
    MOTIONS,
    SEALED,
    UNWANTED,
    REFUSED,
    COUNT_COUNT
};

enum { REFUSED_SHOWN = 10 };

struct file { /* one that was named */
    const char *path;
    enum bundle_kind kind;
    struct bundle_head head;
    uint32_t group; /* files of one bundle have the number of the first of them */
};

struct reader {
    struct porter porter;
    int descriptor;
    struct buf in, plain;
    size_t used;     /* of 'in' */
    uint64_t offset; /* in the file, of what 'in' begins with behind 'used' */
    struct bundle_stream stream;
    char sender[2 * KEY_BYTES + 1], label[LABEL_BYTES_MAX + 1];
    bool removed;
    uint64_t counts[COUNT_COUNT];
    json_t *commits; /* label: number */
    json_t *refused;
    char receipt[HOME_PATH_MAX];
};

/* ---- files ---- */

static enum status damaged(struct reader *r, const char *path, const char *why)
{
    fault_set(&r->porter.fault, ST_CORRUPT, "%s: %s", path, why);
    fault_fix(&r->porter.fault, tr("copy the file again, or ask for a new one"));
    return ST_CORRUPT;
}

/* More of the file behind what is in 'in', until 'wanted' bytes are there or it ends. */
static enum status fill(struct reader *r, const char *path, size_t wanted)
{
    buf_drop_front(&r->in, r->used);
    r->used = 0;
    while (r->in.count < wanted) {
        uint8_t *room = buf_reserve(&r->in, wanted - r->in.count);
        if (room == NULL)
            return fault_set(&r->porter.fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        ssize_t got = read(r->descriptor, room, wanted - r->in.count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_unread(errno, path, &r->porter.fault);
        if (got == 0)
            return ST_OK;
        r->in.count += (size_t)got;
    }
    return ST_OK;
}

static enum status open_file(struct reader *r, const char *path)
{
    buf_reset(&r->in);
    r->used = 0;
    r->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (r->descriptor >= 0)
        return ST_OK;
    if (errno == ENOENT)
        return file_missing(path, &r->porter.fault);
    return fault_errno(&r->porter.fault, errno, tr("cannot open %s"), path);
}

static void close_file(struct reader *r)
{
    if (r->descriptor >= 0)
        close(r->descriptor);
    r->descriptor = -1;
}

/* What stands in the head against what the file is. */
static enum status check_size(struct reader *r, const struct file *file)
{
    struct stat about;
    char why[160];
    if (fstat(r->descriptor, &about) != 0 || !S_ISREG(about.st_mode))
        return ST_OK;
    uint64_t has = (uint64_t)about.st_size, wanted = BUNDLE_HEAD_BYTES + file->head.body_bytes;
    if (has == wanted)
        return ST_OK;
    if (has < wanted)
        snprintf(why, sizeof why, tr("it was cut short: %llu of %llu bytes are there"),
                 (unsigned long long)has, (unsigned long long)wanted);
    else
        snprintf(why, sizeof why, tr("%llu bytes stand behind its end"),
                 (unsigned long long)(has - wanted));
    return damaged(r, file->path, why);
}

/* What kind of file it is, and the head of a bundle. */
static enum status look_at(struct reader *r, struct file *file)
{
    enum status st = open_file(r, file->path);
    if (st == ST_OK)
        st = fill(r, file->path, BUNDLE_HEAD_BYTES);
    if (st == ST_OK && r->in.count == 0)
        st = damaged(r, file->path, tr("it is empty"));
    if (st == ST_OK && bundle_kind_of(buf_bytes(&r->in), &file->kind) != ST_OK)
        st = damaged(r, file->path,
                     tr("this is no bundle and no receipt, or it was never finished"));
    if (st == ST_OK && file->kind == BUNDLE_FILE && r->in.count < BUNDLE_HEAD_BYTES)
        st = damaged(r, file->path, tr("it was cut short within its beginning"));
    if (st == ST_OK && file->kind == BUNDLE_FILE &&
        bundle_decode(buf_bytes(&r->in), &file->head) != ST_OK)
        st = damaged(r, file->path, tr("its beginning is damaged"));
    if (st == ST_OK && file->kind == BUNDLE_FILE)
        st = check_size(r, file);
    close_file(r);
    return st;
}

/* ---- one bundle ---- */

static enum status open_stream(struct reader *r, const struct file *file)
{
    struct buf key = {0};
    struct porter *p = &r->porter;
    enum status st = fill(r, file->path, BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES);
    if (st == ST_OK && r->in.count < BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES)
        st = damaged(r, file->path, tr("it was cut short within its beginning"));
    if (st != ST_OK)
        return st;
    porter_bytes(p, "head", (struct bytes){r->in.data, BUNDLE_HEAD_BYTES});
    st = porter_ask(p, "open");
    if (st != ST_OK)
        return fault_context(&p->fault, st, "%s", file->path);
    snprintf(r->sender, sizeof r->sender, "%s", output_text(p->row, "sender"));
    snprintf(r->label, sizeof r->label, "%.*s", LABEL_BYTES_MAX, output_text(p->row, "label"));
    r->removed = strcmp(output_text(p->row, "standing"), "removed") == 0;
    st = porter_take_bytes(p, "key", &key);
    if (st == ST_OK && key.count != BUNDLE_KEY_BYTES)
        st = fault_set(&p->fault, ST_PROTOCOL, "%s", status_text(ST_PROTOCOL));
    if (st == ST_OK && bundle_pull_begin(&r->stream, &file->head, key.data,
                                         (struct bytes){r->in.data + BUNDLE_HEAD_BYTES,
                                                        BUNDLE_START_BYTES}) != ST_OK)
        st = damaged(r, file->path, tr("its beginning is damaged"));
    r->used = BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES;
    r->offset = r->used;
    if (key.data != NULL)
        sodium_memzero(key.data, key.count);
    buf_release(&key);
    return st;
}

/* The next chunk, decrypted, into r->plain. */
static enum status next_chunk(struct reader *r, const struct file *file)
{
    char why[160];
    buf_reset(&r->plain);
    for (;;) {
        size_t used, wanted;
        struct bytes in = {r->in.data + r->used, r->in.count - r->used};
        enum status st = bundle_pull(&r->stream, in, &r->plain, &used, &wanted);
        if (st == ST_OK) {
            r->used += used;
            r->offset += used;
            return ST_OK;
        }
        if (st == ST_NO_MEMORY)
            return fault_set(&r->porter.fault, st, "%s", status_text(st));
        if (st != ST_AGAIN) {
            snprintf(why, sizeof why, tr("it is damaged at byte %llu; what stood before was taken"),
                     (unsigned long long)r->offset);
            return damaged(r, file->path, why);
        }
        st = fill(r, file->path, wanted);
        if (st != ST_OK)
            return st;
        if (r->in.count < wanted)
            return damaged(r, file->path, tr("it was cut short; what stood before was taken"));
    }
}

static void add_answer(struct reader *r)
{
    const json_t *row = r->porter.row;
    const char *label;
    json_t *number;
    for (int i = 0; i < COUNT_COUNT; i++)
        r->counts[i] += porter_take_number(&r->porter, COUNTS[i]);
    json_object_foreach(json_object_get(row, "commits"), label, number)
    {
        json_int_t sum =
            json_integer_value(json_object_get(r->commits, label)) + json_integer_value(number);
        (void)json_object_set_new(r->commits, label, json_integer(sum));
    }
    const json_t *refused = json_object_get(row, "refused");
    for (size_t i = 0; i < json_array_size(refused); i++)
        (void)json_array_append(r->refused, json_array_get(refused, i));
}

static enum status take_all(struct reader *r, const struct file *file)
{
    while (!r->stream.ended) {
        enum status st = next_chunk(r, file);
        if (st != ST_OK)
            return st;
        porter_bytes(&r->porter, "chunk", buf_bytes(&r->plain));
        porter_text(&r->porter, "sender", r->sender);
        st = porter_ask(&r->porter, "take");
        if (st != ST_OK)
            return fault_context(&r->porter.fault, st, "%s", file->path);
        add_answer(r);
    }
    if (bundle_pull_end(&r->stream, &file->head) != ST_OK)
        return damaged(r, file->path, tr("it is not what its sender signed"));
    return ST_OK;
}

/* Beside the bundle; a stick that is for reading only keeps nobody from reading. */
static enum status write_receipt(struct reader *r, const struct file *file)
{
    struct buf head = {0}, receipt = {0};
    int used = snprintf(r->receipt, sizeof r->receipt, "%s.receipt", file->path);
    bundle_encode(&file->head, &head);
    enum status st = buf_status(&head);
    if (st == ST_OK && (used < 0 || used >= (int)sizeof r->receipt))
        st = fault_set(&r->porter.fault, ST_TOO_LARGE, tr("the name of the file is too long"));
    if (st == ST_OK) {
        porter_bytes(&r->porter, "head", buf_bytes(&head));
        st = porter_ask(&r->porter, "receipt");
    }
    if (st == ST_OK)
        st = porter_take_bytes(&r->porter, "receipt", &receipt);
    if (st == ST_OK)
        st = file_write(r->receipt, buf_bytes(&receipt), &r->porter.fault);
    if (st != ST_OK)
        r->receipt[0] = '\0';
    buf_release(&head);
    buf_release(&receipt);
    return st;
}

/* ---- what a person sees ---- */

static void add_path(struct buf *row, const char *name, const char *path)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(path), &safe);
    buf_add_format(row, "%s\"%s\":", row->count > 1 ? "," : "", name);
    if (safe.count > 0)
        json_add_text(row, buf_bytes(&safe));
    else
        buf_add_text(row, "null");
    buf_release(&safe);
}

static void add_json(struct buf *row, const char *name, const json_t *value)
{
    size_t bytes = json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_SORT_KEYS);
    buf_add_format(row, ",\"%s\":", name);
    char *room = (char *)buf_reserve(row, bytes);
    if (room != NULL)
        row->count += json_dumpb(value, room, bytes, JSON_COMPACT | JSON_SORT_KEYS);
}

static void print_json(const struct reader *r, const struct file *file)
{
    struct buf row = {0};
    buf_add_byte(&row, '{');
    add_path(&row, "file", file->path);
    buf_add_format(&row, ",\"from\":\"%s\",\"part\":%u,\"parts\":%u", r->label, file->head.part,
                   file->head.parts);
    for (int i = 0; i < COUNT_COUNT; i++)
        buf_add_format(&row, ",\"%s\":%llu", COUNTS[i], (unsigned long long)r->counts[i]);
    add_json(&row, "commits", r->commits);
    add_json(&row, "refused", r->refused);
    add_path(&row, "receipt", r->receipt);
    buf_add_byte(&row, '}');
    if (buf_status(&row) == ST_OK)
        call_row(r->porter.call, buf_bytes(&row));
    buf_release(&row);
}

static void print_refused(const struct reader *r)
{
    for (size_t i = 0; i < json_array_size(r->refused) && i < REFUSED_SHOWN; i++) {
        const json_t *one = json_array_get(r->refused, i);
        const char *commit = output_text(one, "commit"), *item = output_text(one, "item");
        output_line(stdout, tr("  refused: %s: %s"), commit[0] != '\0' ? commit : item,
                    output_text(one, "reason"));
    }
    if (r->counts[REFUSED] > REFUSED_SHOWN)
        output_line(stdout, tr("  ... and %llu more"),
                    (unsigned long long)(r->counts[REFUSED] - REFUSED_SHOWN));
}

static void print(const struct reader *r, const struct file *file)
{
    const uint64_t *n = r->counts;
    const char *label;
    json_t *number;
    if (r->porter.call->json) {
        print_json(r, file);
        return;
    }
    output_line(stdout, tr("%s: from %s, part %u of %u"), file->path, r->label, file->head.part,
                file->head.parts);
    output_line(stdout, tr("  commits: %llu new, %llu known before"), (unsigned long long)n[NEW],
                (unsigned long long)n[KNOWN]);
    json_object_foreach(r->commits, label, number)
    {
        output_line(stdout, "    %s: %lld", label, (long long)json_integer_value(number));
    }
    output_line(stdout, tr("  charter versions: %llu new"), (unsigned long long)n[CHARTERS]);
    output_line(stdout, tr("  sealed items: %llu new"), (unsigned long long)n[SEALED]);
    if (n[UNWANTED] > 0)
        output_line(stdout, tr("  sealed items that nothing here names: %llu"),
                    (unsigned long long)n[UNWANTED]);
    if (n[WAITING] > 0)
        output_line(stdout, tr("  waiting for others before them: %llu"),
                    (unsigned long long)n[WAITING]);
    if (n[QUARANTINED] > 0)
        output_line(stdout, tr("  of a removed member, in quarantine: %llu"),
                    (unsigned long long)n[QUARANTINED]);
    print_refused(r);
    if (r->removed)
        call_say(r->porter.call, tr("%s is no member any more: what counts of it was taken"),
                 r->label);
    if (r->receipt[0] != '\0')
        call_say(r->porter.call, tr("Take it back to %s, and read it there: %s"), r->label,
                 r->receipt);
}

static void say_waiting(const struct reader *r, const struct file *file)
{
    char text[FAULT_TEXT_BYTES];
    snprintf(text, sizeof text, tr("%.200s: commits wait for others that are not here"),
             file->path);
    (void)call_end(r->porter.call, status_word(ST_PARTLY), text,
                   file->head.part > 1 ? tr("read the parts before it, then this one again")
                                       : tr("take the receipt back: the next bundle has them"),
                   CALL_PARTLY);
}

/* How it ended for one file; the file was read. Whether others have what it waits for is not known
 * yet. */
static int end_of(const struct reader *r, const struct file *file)
{
    char text[FAULT_TEXT_BYTES];
    if (r->counts[WAITING] > 0)
        return CALL_PARTLY;
    if (r->counts[REFUSED] == 0)
        return CALL_DONE;
    snprintf(text, sizeof text, tr("%.200s: %llu were refused"), file->path,
             (unsigned long long)r->counts[REFUSED]);
    return call_end(r->porter.call, status_word(ST_PARTLY), text, "", CALL_PARTLY);
}

static int read_bundle(struct reader *r, const struct file *file)
{
    memset(r->counts, 0, sizeof r->counts);
    json_object_clear(r->commits);
    json_array_clear(r->refused);
    r->receipt[0] = '\0';
    enum status st = open_file(r, file->path);
    if (st == ST_OK)
        st = open_stream(r, file);
    if (st == ST_OK)
        st = take_all(r, file);
    bundle_stream_wipe(&r->stream);
    close_file(r);
    if (st != ST_OK)
        return call_fail(r->porter.call, &r->porter.fault);
    st = write_receipt(r, file);
    print(r, file);
    fflush(stdout);
    if (st != ST_OK)
        call_say(r->porter.call, tr("No receipt was written: %s"), r->porter.fault.text);
    return end_of(r, file);
}

static int read_receipt(struct reader *r, const struct file *file)
{
    struct porter *p = &r->porter;
    struct buf bytes = {0}, row = {0};
    enum status st = file_read(file->path, RECEIPT_BYTES_MAX, &bytes, &p->fault);
    if (st == ST_OK) {
        porter_bytes(p, "receipt", buf_bytes(&bytes));
        st = porter_ask(p, "returned");
        if (st != ST_OK)
            (void)fault_context(&p->fault, st, "%s", file->path);
    }
    int exit = st == ST_OK ? CALL_DONE : call_fail(p->call, &p->fault);
    if (st == ST_OK && p->call->json) {
        buf_add_byte(&row, '{');
        add_path(&row, "file", file->path);
        buf_add_format(&row,
                       ",\"receipt_of\":\"%s\",\"heads\":%llu,\"unknown\":%llu,"
                       "\"wants\":%llu}",
                       output_text(p->row, "label"),
                       (unsigned long long)porter_take_number(p, "heads"),
                       (unsigned long long)porter_take_number(p, "unknown"),
                       (unsigned long long)porter_take_number(p, "wants"));
        if (buf_status(&row) == ST_OK)
            call_row(p->call, buf_bytes(&row));
    } else if (st == ST_OK) {
        output_line(stdout, tr("%s: a receipt of %s: the next bundle begins there"), file->path,
                    output_text(p->row, "label"));
    }
    buf_release(&row);
    buf_release(&bytes);
    return exit;
}

/* ---- all of them ---- */

static int by_part(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->head.part < y->head.part ? -1 : x->head.part > y->head.part;
}

/* Looks at every file; those that can be read, in the order in which they are. Others are said. */
static uint32_t choose(struct reader *r, struct file *files, uint32_t count, int *exit_out)
{
    uint32_t good = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct file one = {.path = r->porter.call->words[i + 1], .group = i};
        enum status st = look_at(r, &one);
        if (st != ST_OK) {
            *exit_out = call_fail(r->porter.call, &r->porter.fault);
            continue;
        }
        for (uint32_t k = 0; k < good && one.kind == BUNDLE_FILE; k++)
            if (files[k].kind == BUNDLE_FILE &&
                memcmp(files[k].head.id, one.head.id, BUNDLE_ID_BYTES) == 0)
                one.group = files[k].group;
        files[good++] = one;
    }
    qsort(files, good, sizeof *files, by_part);
    return good;
}

/* Every file; then, while that brought anything, those again that waited for what others held. */
static int read_all(struct reader *r, struct file *files, uint32_t count, int exit)
{
    uint32_t done = 0, left = count;
    for (bool again = true; again && left > 0;) {
        uint32_t waiting = 0;
        again = false;
        for (uint32_t i = 0; i < left; i++) {
            int one = files[i].kind == BUNDLE_FILE ? read_bundle(r, &files[i])
                                                   : read_receipt(r, &files[i]);
            bool waits =
                files[i].kind == BUNDLE_FILE && one == CALL_PARTLY && r->counts[WAITING] > 0;
            again =
                again || (one != CALL_FAILED && files[i].kind == BUNDLE_FILE && r->counts[NEW] > 0);
            done += one == CALL_DONE || one == CALL_PARTLY ? 1 : 0;
            if (waits)
                files[waiting++] = files[i];
            else
                exit = one != CALL_DONE ? one : exit;
        }
        left = waiting;
    }
    if (left > 0 || (exit != CALL_DONE && done > 0))
        exit = CALL_PARTLY;
    for (uint32_t i = 0; i < left; i++)
        say_waiting(r, &files[i]);
    return exit;
}

int unbundle_run(struct call *c)
{
    struct reader *r = mem_alloc(sizeof *r);
    struct file *files = mem_array(c->word_count, sizeof *files);
    struct fault f = {0};
    int exit = CALL_DONE;
    if (r == NULL || files == NULL) {
        fault_set(&f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        mem_free(r);
        mem_free(files);
        return call_fail(c, &f);
    }
    enum status st = porter_open(&r->porter, c);
    r->descriptor = -1;
    r->commits = json_object();
    r->refused = json_array();
    if (st != ST_OK) {
        exit = call_fail(c, &r->porter.fault);
    } else {
        uint32_t good = choose(r, files, c->word_count - 1, &exit);
        exit = read_all(r, files, good, exit);
    }
    json_decref(r->commits);
    json_decref(r->refused);
    buf_release(&r->in);
    buf_release(&r->plain);
    porter_release(&r->porter);
    mem_free(files);
    mem_free(r);
    return exit;
}
