#include "cli/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/language.h"
#include "cli/output.h"
#include "cli/porter.h"
#include "cli/unbundle.h"
#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/bundle.h"
#include "replicas/cargo.h"
#include "replicas/json.h"

enum {
    HISTORY_SHARE = 2,                                  /* see the header: half of a part */
    LEADS_SHARE = 4,                                    /* leads leave room for what they lead to */
    COUNTS = 3,                                         /* stages of the history */
    RECORD_BYTES = NAME_BYTES_MAX + RECORD_ID_TEXT + 2, /* "type id" and its NUL */
};

static const char UNFINISHED[] = ".unfinished";
static const char *const STAGES[COUNTS] = {"charters", "motions", "history"};

struct writer {
    struct porter porter;
    const char *path, *label; /* FILE; of the recipient */
    uint64_t bytes_max;       /* of a part; UINT64_MAX: no bound */
    struct bundle_head head;  /* of the part under way */
    struct bundle_stream stream;
    struct buf *done; /* encoded heads of the parts before; of them and this one: head.part */
    int descriptor;
    uint64_t part_bytes, total_bytes;
    struct buf known, tips, last, chunk, out;
    char (*records)[RECORD_BYTES]; /* "type id" of those that the history touches */
    size_t record_count, record_capacity;
    uint64_t charter, until;
    uint64_t counts[COUNTS];
    uint64_t sealed;
    bool whole_history; /* every part carries it */
    bool first_pass;
};

/* ---- files ---- */

static void name_part(const struct writer *w, uint32_t part, bool finished, uint32_t parts,
                      char out[static HOME_PATH_MAX])
{
    if (finished && parts == 1)
        snprintf(out, HOME_PATH_MAX, "%s", w->path);
    else
        snprintf(out, HOME_PATH_MAX, "%s.%u%s", w->path, part, finished ? "" : UNFINISHED);
}

static enum status write_all(struct writer *w, struct bytes data)
{
    while (data.count > 0) {
        ssize_t put = write(w->descriptor, data.data, data.count);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fault_errno(&w->porter.fault, errno, tr("cannot write %s"), w->path);
        w->part_bytes += (uint64_t)put;
        data = (struct bytes){data.data + put, data.count - (size_t)put};
    }
    return ST_OK;
}

static void discard(struct writer *w)
{
    char name[HOME_PATH_MAX];
    if (w->descriptor >= 0)
        close(w->descriptor);
    w->descriptor = -1;
    for (uint32_t part = 1; part <= w->head.part; part++) {
        name_part(w, part, false, 0, name);
        unlink(name);
    }
}

/* ---- parts ---- */

static enum status begin_part(struct writer *w)
{
    char name[HOME_PATH_MAX];
    uint8_t key[BUNDLE_KEY_BYTES], blank[BUNDLE_HEAD_BYTES] = {0};
    if (w->head.part == BUNDLE_PARTS_MAX)
        return fault_set(&w->porter.fault, ST_TOO_LARGE,
                         tr("more than %u parts: choose a larger --max"),
                         (unsigned)BUNDLE_PARTS_MAX);
    void *grown = mem_resize(w->done, (w->head.part + 1) * sizeof *w->done);
    if (grown == NULL)
        return fault_set(&w->porter.fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    w->done = grown;
    w->done[w->head.part++] = (struct buf){0};
    if (bundle_seal(&w->head, key) != ST_OK)
        return fault_set(&w->porter.fault, ST_BAD_VALUE, tr("the key of %s cannot be written for"),
                         w->label);
    name_part(w, w->head.part, false, 0, name);
    w->part_bytes = 0;
    buf_reset(&w->out);
    bundle_push_begin(&w->stream, &w->head, key, &w->out);
    sodium_memzero(key, sizeof key);
    w->descriptor = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (w->descriptor < 0)
        return fault_errno(&w->porter.fault, errno, tr("cannot write %s"), name);
    enum status st = write_all(w, (struct bytes){blank, sizeof blank});
    return st == ST_OK ? write_all(w, buf_bytes(&w->out)) : st;
}

static enum status put_chunk(struct writer *w, struct bytes plain, bool last)
{
    buf_reset(&w->out);
    if (bundle_push(&w->stream, plain, last, &w->out) != ST_OK)
        return fault_set(&w->porter.fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    return write_all(w, buf_bytes(&w->out));
}

static enum status end_part(struct writer *w)
{
    enum status st = put_chunk(w, buf_bytes(&w->last), true);
    if (st != ST_OK)
        return st;
    bundle_push_end(&w->stream, &w->head);
    w->head.parts = w->head.part; /* until all are counted */
    bundle_encode(&w->head, &w->done[w->head.part - 1]);
    w->total_bytes += w->part_bytes;
    if (fsync(w->descriptor) != 0)
        return fault_errno(&w->porter.fault, errno, tr("cannot write %s"), w->path);
    int failed = close(w->descriptor);
    w->descriptor = -1;
    return failed == 0 ? buf_status(&w->done[w->head.part - 1])
                       : fault_errno(&w->porter.fault, errno, tr("cannot write %s"), w->path);
}

/* Whether one more chunk leaves room for the one that ends the part. */
static bool fits(const struct writer *w, size_t bytes)
{
    uint64_t more = (uint64_t)bytes + w->last.count + 2ull * BUNDLE_CHUNK_MORE_BYTES;
    return w->part_bytes + more <= w->bytes_max;
}

static enum status roll(struct writer *w)
{
    enum status st = end_part(w);
    return st == ST_OK ? begin_part(w) : st;
}

/* ---- what goes in ---- */

static void stage_options(struct writer *w, int stage, uint64_t next)
{
    porter_number(&w->porter, "after", next);
    if (stage != COUNTS - 1)
        return;
    porter_bytes(&w->porter, "known", buf_bytes(&w->known));
    porter_number(&w->porter, "until", w->until);
}

static enum status note_records(struct writer *w)
{
    const json_t *records = json_object_get(w->porter.row, "records");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const char *text = json_string_value(json_array_get(records, i));
        if (text == NULL || strlen(text) >= RECORD_BYTES)
            continue;
        if (w->record_count == w->record_capacity) {
            size_t capacity = w->record_capacity > 0 ? 2 * w->record_capacity : 1024;
            void *grown = mem_resize(w->records, capacity * RECORD_BYTES);
            if (grown == NULL)
                return fault_set(&w->porter.fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
            w->records = grown;
            w->record_capacity = capacity;
        }
        snprintf(w->records[w->record_count++], RECORD_BYTES, "%s", text);
    }
    return ST_OK;
}

/* One stage of the history, every chunk of it. */
static enum status put_stage(struct writer *w, int stage)
{
    uint64_t next = stage == 0 ? w->charter : 0;
    for (bool more = true; more;) {
        stage_options(w, stage, next);
        enum status st = porter_ask(&w->porter, STAGES[stage]);
        buf_reset(&w->chunk);
        if (st == ST_OK)
            st = porter_take_bytes(&w->porter, "chunk", &w->chunk);
        if (st != ST_OK)
            return st;
        next = porter_take_number(&w->porter, "next");
        more = json_is_true(json_object_get(w->porter.row, "more"));
        if (w->first_pass) {
            w->counts[stage] += porter_take_number(&w->porter, "count");
            st = note_records(w);
        }
        if (st != ST_OK)
            return st;
        if (w->chunk.count == 0)
            continue;
        st = fits(w, w->chunk.count) ? ST_OK : roll(w);
        if (st == ST_OK)
            st = put_chunk(w, buf_bytes(&w->chunk), false);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status put_history(struct writer *w)
{
    enum status st = ST_OK;
    for (int stage = 0; st == ST_OK && stage < COUNTS; stage++)
        st = put_stage(w, stage);
    if (w->first_pass)
        w->whole_history = w->head.part == 1 && w->part_bytes <= w->bytes_max / HISTORY_SHARE;
    w->first_pass = false;
    return st;
}

/* ---- sealed items ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Each once: many commits touch one record. */
static void tidy_records(struct writer *w)
{
    size_t kept = 0;
    if (w->record_count > 0)
        qsort(w->records, w->record_count, RECORD_BYTES, by_text);
    for (size_t i = 0; i < w->record_count; i++)
        if (kept == 0 || strcmp(w->records[kept - 1], w->records[i]) != 0)
            memmove(w->records[kept++], w->records[i], RECORD_BYTES);
    w->record_count = kept;
}

static void items_options(struct writer *w, const char *records, uint64_t next)
{
    char to[2 * KEY_BYTES + 1];
    hex_encode(w->head.recipient.id, KEY_BYTES, to);
    porter_made_text(&w->porter, "to", to);
    porter_text(&w->porter, "records", records);
    porter_number(&w->porter, "after", next);
}

/* A part that begins in the middle of these records has the lists and keys of their files again, so
 * that the chunks in it are known for what they are. */
static enum status put_leads(struct writer *w, const char *records)
{
    uint64_t next = 0;
    enum status st = ST_OK;
    for (bool more = records[0] != '\0'; more && st == ST_OK;) {
        items_options(w, records, next);
        porter_text(&w->porter, "leads", "");
        st = porter_ask(&w->porter, "sealed");
        buf_reset(&w->chunk);
        if (st == ST_OK)
            st = porter_take_bytes(&w->porter, "chunk", &w->chunk);
        next = porter_take_number(&w->porter, "next");
        more = json_is_true(json_object_get(w->porter.row, "more"));
        if (st == ST_OK && w->chunk.count > 0 && fits(w, LEADS_SHARE * w->chunk.count))
            st = put_chunk(w, buf_bytes(&w->chunk), false);
    }
    return st;
}

/* Into this part or the next, which then begins with the history where that fits. */
static enum status put_item_chunk(struct writer *w, const char *records, struct bytes items)
{
    bool here = fits(w, items.count);
    enum status st = here ? ST_OK : roll(w);
    if (st == ST_OK && !here && w->whole_history)
        st = put_history(w);
    if (st == ST_OK && !here)
        st = put_leads(w, records);
    if (st == ST_OK &&
        !fits(w, items.count)) /* history and leads were too much: a part of its own */
        st = roll(w);
    return st == ST_OK ? put_chunk(w, items, false) : st;
}

/* Every chunk that the daemon has for 'word' and these records ("": it needs none). */
static enum status put_items(struct writer *w, const char *word, const char *records)
{
    struct buf items = {0};
    enum status st = ST_OK;
    uint64_t next = 0;
    for (bool more = true; more && st == ST_OK;) {
        items_options(w, records, next);
        st = porter_ask(&w->porter, word);
        buf_reset(&items);
        if (st == ST_OK)
            st = porter_take_bytes(&w->porter, "chunk", &items);
        next = porter_take_number(&w->porter, "next");
        more = json_is_true(json_object_get(w->porter.row, "more"));
        w->sealed += porter_take_number(&w->porter, "count");
        if (st == ST_OK && items.count > 0)
            st = put_item_chunk(w, records, buf_bytes(&items));
    }
    buf_release(&items);
    return st;
}

/* Of the records that the history touches, and what the last receipt asked for. */
static enum status put_sealed(struct writer *w)
{
    struct buf lines = {0};
    tidy_records(w);
    enum status st = put_items(w, "wanted", "");
    for (size_t at = 0; st == ST_OK && at < w->record_count;) {
        buf_reset(&lines);
        for (size_t i = 0; i < CARGO_RECORDS_MAX && at < w->record_count; i++) {
            buf_add_text(&lines, w->records[at++]);
            buf_add_byte(&lines, '\n');
        }
        st = buf_status(&lines);
        if (st == ST_OK)
            st = put_items(w, "sealed", buf_text(&lines));
        else
            fault_set(&w->porter.fault, st, "%s", status_text(st));
    }
    buf_release(&lines);
    return st;
}

/* ---- the end ---- */

static enum status finish_part(struct writer *w, uint32_t part)
{
    char from[HOME_PATH_MAX], to[HOME_PATH_MAX];
    struct bundle_head head;
    struct buf *bytes = &w->done[part - 1];
    enum status decoded = bundle_decode(buf_bytes(bytes), &head);
    CHECK(decoded == ST_OK);
    head.parts = w->head.part;
    buf_reset(bytes);
    bundle_encode(&head, bytes);
    porter_bytes(&w->porter, "head", buf_bytes(bytes));
    enum status st = porter_ask(&w->porter, "sign");
    buf_reset(bytes);
    if (st == ST_OK)
        st = porter_take_bytes(&w->porter, "head", bytes);
    if (st != ST_OK)
        return st;
    name_part(w, part, false, 0, from);
    name_part(w, part, true, w->head.part, to);
    int descriptor = open(from, O_WRONLY | O_CLOEXEC);
    if (descriptor >= 0)
        errno = EIO; /* what a short write is told as */
    bool put = descriptor >= 0 &&
               pwrite(descriptor, bytes->data, bytes->count, 0) == (ssize_t)bytes->count &&
               fsync(descriptor) == 0;
    int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!put)
        return fault_errno(&w->porter.fault, error, tr("cannot write %s"), from);
    return rename(from, to) == 0 ? ST_OK
                                 : fault_errno(&w->porter.fault, errno, tr("cannot write %s"), to);
}

static enum status finish(struct writer *w)
{
    enum status st = end_part(w);
    for (uint32_t part = 1; st == ST_OK && part <= w->head.part; part++)
        st = finish_part(w, part);
    if (st != ST_OK)
        return st;
    porter_text(&w->porter, "for", w->label);
    porter_bytes(&w->porter, "tips", buf_bytes(&w->tips));
    return porter_ask(&w->porter, "given");
}

static enum status plan(struct writer *w)
{
    struct porter *p = &w->porter;
    porter_text(p, "for", w->label);
    if (call_has(p->call, "since-last"))
        porter_text(p, "since-last", "");
    enum status st = porter_ask(p, "plan");
    if (st == ST_OK)
        st = porter_take_hex(p, "network", w->head.network.id, DIGEST_BYTES);
    if (st == ST_OK)
        st = porter_take_hex(p, "sender", w->head.sender.id, KEY_BYTES);
    if (st == ST_OK)
        st = porter_take_hex(p, "recipient", w->head.recipient.id, KEY_BYTES);
    if (st == ST_OK)
        st = porter_take_bytes(p, "known", &w->known);
    if (st == ST_OK)
        st = porter_take_bytes(p, "tips", &w->tips);
    if (st != ST_OK)
        return st;
    w->charter = porter_take_number(p, "charter");
    w->until = porter_take_number(p, "until");
    randombytes_buf(w->head.id, sizeof w->head.id);
    st = porter_ask(p, "heads");
    return st == ST_OK ? porter_take_bytes(p, "chunk", &w->last) : st;
}

/* "3900M": a whole number, and K, M or G for 1024, 1024^2, 1024^3 bytes. */
static enum status read_max(const struct call *c, uint64_t *out, struct fault *f)
{
    const char *text = call_option(c, "max");
    uint64_t n = 0;
    size_t i = 0;
    *out = UINT64_MAX;
    if (text == NULL)
        return ST_OK;
    for (; text[i] >= '0' && text[i] <= '9' && i < 12; i++)
        n = n * 10 + (uint64_t)(text[i] - '0');
    const char *units = "KMG", *unit = text[i] != '\0' ? strchr(units, text[i]) : NULL;
    bool good = i > 0 && (text[i] == '\0' || (unit != NULL && text[i + 1] == '\0'));
    for (ptrdiff_t k = 0; good && unit != NULL && k <= unit - units; k++)
        n *= 1024;
    if (good && n >= BUNDLE_PART_BYTES_MIN) {
        *out = n;
        return ST_OK;
    }
    fault_set(f, ST_USAGE, tr("--max has to be a size of 1M at least"));
    fault_fix(f, tr("as in --max 3900M, for a stick that takes no file of 4 GB"));
    return ST_USAGE;
}

/* ---- what a person sees ---- */

static void print(const struct writer *w)
{
    struct buf row = {0}, name = {0};
    char path[HOME_PATH_MAX];
    const struct call *c = w->porter.call;
    if (!c->json)
        output_line(
            stdout,
            tr("for %s: %llu commits, %llu charter versions, %llu sealed items; %llu bytes"),
            w->label, (unsigned long long)w->counts[2], (unsigned long long)w->counts[0],
            (unsigned long long)w->sealed, (unsigned long long)w->total_bytes);
    buf_add_format(&row,
                   "{\"for\":\"%s\",\"commits\":%llu,\"charters\":%llu,\"motions\":%llu,"
                   "\"sealed\":%llu,\"bytes\":%llu,\"files\":[",
                   w->label, (unsigned long long)w->counts[2], (unsigned long long)w->counts[0],
                   (unsigned long long)w->counts[1], (unsigned long long)w->sealed,
                   (unsigned long long)w->total_bytes);
    for (uint32_t part = 1; part <= w->head.part; part++) {
        name_part(w, part, true, w->head.part, path);
        buf_reset(&name);
        output_safe(bytes_of_text(path), &name);
        buf_add_text(&row, part > 1 ? "," : "");
        json_add_text(&row, buf_bytes(&name));
        if (!c->json)
            output_line(stdout, "%s", path);
    }
    buf_add_text(&row, "]}");
    if (c->json && buf_status(&row) == ST_OK)
        call_row(c, buf_bytes(&row));
    if (w->head.part > 1 && !w->whole_history)
        call_say(c, tr("The parts are read in this order, or in one command."));
    fflush(stdout);
    buf_release(&name);
    buf_release(&row);
}

static void writer_release(struct writer *w)
{
    for (uint32_t i = 0; i < w->head.part; i++)
        buf_release(&w->done[i]);
    mem_free(w->done);
    mem_free(w->records);
    bundle_stream_wipe(&w->stream);
    buf_release(&w->known);
    buf_release(&w->tips);
    buf_release(&w->last);
    buf_release(&w->chunk);
    buf_release(&w->out);
    porter_release(&w->porter);
    mem_free(w);
}

static int write_run(struct call *c)
{
    struct fault f = {0};
    struct writer *w = mem_alloc(sizeof *w);
    if (w == NULL) {
        fault_set(&f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        return call_fail(c, &f);
    }
    w->path = c->words[1];
    w->label = call_option(c, "for");
    w->descriptor = -1;
    w->first_pass = true;
    enum status st = porter_open(&w->porter, c);
    if (st == ST_OK)
        st = read_max(c, &w->bytes_max, &w->porter.fault);
    if (st == ST_OK)
        st = plan(w);
    if (st == ST_OK)
        st = begin_part(w);
    if (st == ST_OK)
        st = put_history(w);
    if (st == ST_OK)
        st = put_sealed(w);
    if (st == ST_OK)
        st = finish(w);
    int exit = CALL_DONE;
    if (st == ST_OK) {
        print(w);
    } else {
        discard(w);
        exit = call_fail(c, &w->porter.fault);
    }
    writer_release(w);
    return exit;
}

static int wrong_usage(const struct call *c, const char *text)
{
    struct fault f = {0};
    fault_set(&f, ST_USAGE, "%s", text);
    fault_fix(&f, tr("minga bundle write FILE --for LABEL, or minga bundle read FILE..."));
    return call_fail(c, &f);
}

int bundle_run(struct call *c)
{
    bool reads = strcmp(c->words[0], "read") == 0;
    if (reads && c->option_count > 0)
        return wrong_usage(c, tr("reading takes no options"));
    if (reads)
        return unbundle_run(c);
    if (strcmp(c->words[0], "write") != 0)
        return wrong_usage(c, tr("a bundle is written or read"));
    if (c->word_count != 2)
        return wrong_usage(c, tr("one bundle at a time is written"));
    if (!call_has(c, "for"))
        return wrong_usage(c, tr("for which office? --for LABEL"));
    if (strlen(c->words[1]) > HOME_PATH_MAX - 32)
        return wrong_usage(c, tr("the name of the file is too long"));
    return write_run(c);
}
