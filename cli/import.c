#include "cli/import.h"

#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/file.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "replicas/import.h"
#include "replicas/import_total.h"
#include "replicas/json.h"

enum { REJECTS_SHOWN = 10 };

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

static const char *const COUNTS[] = {"added", "changed", "same", "skipped", "rejected", "commits"};
enum { ADDED, CHANGED, SAME, SKIPPED, REJECTED, COMMITS, COUNT_COUNT };

struct import {
    struct call *call;
    struct client *client;
    struct fault fault;
    struct buf content;
    size_t start; /* where its header begins: behind the lines of totals */
    uint64_t start_lines;
    struct import_total_list said, sums;
    bool summing; /* the rows are only added up, before any of them goes in */
    uint64_t unread;
    char first_unread[FAULT_TEXT_BYTES];
    long long counts[COUNT_COUNT];
    struct buf rejects; /* the reject file */
    char reject_path[HOME_PATH_MAX];
    json_t *left_out, *filled;
    uint64_t rejects_told;
};

size_t import_cut(struct bytes content, size_t bytes_max)
{
    if (content.count <= bytes_max)
        return content.count;
    bool quoted = false, cell_begins = true;
    size_t end = 0; /* behind the last whole row */
    for (size_t i = 0; i < content.count; i++) {
        uint8_t byte = content.data[i];
        bool doubled = quoted && byte == '"' && i + 1 < content.count && content.data[i + 1] == '"';
        if (doubled)
            i++;
        else if (byte == '"' && (quoted || cell_begins))
            quoted = !quoted;
        cell_begins = !quoted && (byte == ',' || byte == '\n');
        if (byte != '\n' || quoted)
            continue;
        if (i + 1 > bytes_max && end > 0)
            return end;
        end = i + 1;
        if (end >= bytes_max)
            return end;
    }
    return end > 0 ? end : content.count;
}

uint64_t import_lines(struct bytes content)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < content.count; i++)
        lines += content.data[i] == '\n' ? 1 : 0;
    return lines;
}

/* ---- What the daemon answers ---- */

static void add_reject(struct import *im, const json_t *reject)
{
    long long line = (long long)json_integer_value(json_object_get(reject, "line"));
    const char *why = output_text(reject, "why"), *raw = output_text(reject, "raw");
    if (im->rejects.count == 0)
        buf_add_text(&im->rejects, "line,reason,row\r\n");
    buf_add_format(&im->rejects, "%lld,", line);
    output_csv(bytes_of_text(why), &im->rejects);
    buf_add_byte(&im->rejects, ',');
    output_csv(bytes_of_text(raw), &im->rejects);
    buf_add_text(&im->rejects, "\r\n");
    if (im->rejects_told < REJECTS_SHOWN)
        call_say(im->call, tr("line %lld: %s"), line, why);
    im->rejects_told++;
}

/* The names that are not in 'out' yet. */
static void add_names(json_t *out, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        size_t at = 0;
        while (at < json_array_size(out) && !json_equal(json_array_get(out, at), name))
            at++;
        if (at == json_array_size(out))
            (void)json_array_append_new(out, json_deep_copy(name));
    }
}

/* The sums of one part. */
static void add_sums(struct import *im, const json_t *row)
{
    const json_t *sums = json_object_get(row, "sums");
    long long unread = (long long)json_integer_value(json_object_get(row, "unread"));
    if (im->unread == 0 && unread > 0)
        snprintf(im->first_unread, sizeof im->first_unread, "%s", output_text(row, "first"));
    im->unread += (uint64_t)unread;
    for (size_t i = 0; i < json_array_size(sums) && im->fault.code == ST_OK; i++) {
        const json_t *sum = json_array_get(sums, i);
        enum status st = import_total_add(
            &im->sums, output_text(sum, "column"), bytes_of_text(output_text(sum, "currency")),
            (int64_t)json_integer_value(json_object_get(sum, "amount")), &im->fault);
        (void)st; /* the fault keeps it */
    }
}

static void on_row(void *user, struct bytes json)
{
    struct import *im = user;
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    if (im->summing)
        add_sums(im, row);
    for (int i = 0; i < COUNT_COUNT; i++)
        im->counts[i] += (long long)json_integer_value(json_object_get(row, COUNTS[i]));
    const json_t *rejects = json_object_get(row, "rejects");
    for (size_t i = 0; i < json_array_size(rejects); i++)
        add_reject(im, json_array_get(rejects, i));
    add_names(im->left_out, json_object_get(row, "left_out"));
    add_names(im->filled, json_object_get(row, "filled"));
    json_decref(row);
}

/* ---- Sending ---- */

static void add_option(struct control_request *q, const char *name, struct bytes value)
{
    q->options[q->option_count++] =
        (struct control_option){.name = bytes_of_text(name), .value = value};
}

/* One part; a part with rejected rows does not end the import. */
static enum status send_part(struct import *im, struct bytes part, struct bytes header,
                             uint64_t first_line, struct client_end *end)
{
    struct control_request request;
    char line[24];
    ask_request(im->call, &request);
    request.word_count = 1;
    snprintf(line, sizeof line, "%llu", (unsigned long long)first_line);
    add_option(&request, "content", part);
    add_option(&request, "first-line", bytes_of_text(line));
    if (header.count > 0)
        add_option(&request, "header", header);
    if (im->summing)
        add_option(&request, "sums", BYTES(""));
    return client_run(im->client, &request, on_row, im, end, &im->fault);
}

static bool goes_on(const struct client_end *end)
{
    return end->exit == CALL_DONE || end->exit == CALL_PARTLY;
}

static enum status endless_row(struct import *im, uint64_t line)
{
    fault_set(&im->fault, ST_BAD_VALUE, tr("the row at line %llu does not end"),
              (unsigned long long)line);
    fault_fix(&im->fault, tr("look for a quotation mark that is opened and never closed"));
    return ST_BAD_VALUE;
}

static bool is_marked(struct bytes text)
{
    return text.count >= sizeof BYTE_ORDER_MARK - 1 &&
           memcmp(text.data, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1) == 0;
}

/* Only where a person waits for more than one part; the last one takes the line away. */
static void show_progress(const struct import *im, size_t bytes_left)
{
    if (im->call->quiet || im->call->json || im->content.count <= IMPORT_PART_BYTES ||
        isatty(STDERR_FILENO) != 1)
        return;
    if (bytes_left > 0)
        fprintf(stderr, "\r%3zu %%", (im->content.count - bytes_left) * 100 / im->content.count);
    else
        fputs("\r     \r", stderr);
    fflush(stderr);
}

static enum status send_all(struct import *im, struct client_end *end)
{
    struct bytes all = {im->content.data + im->start, im->content.count - im->start};
    struct bytes left = all, header = {0};
    bool whole = strcmp(im->call->words[0], "programme") == 0;
    uint64_t line = 1 + im->start_lines;
    enum status st = ST_OK;
    size_t mark = is_marked(left) ? sizeof BYTE_ORDER_MARK - 1 : 0;
    size_t first = import_cut(left, 1); /* the header's row */
    do {
        size_t bytes = whole ? left.count : import_cut(left, IMPORT_PART_BYTES);
        if (bytes > IMPORT_PART_BYTES + IMPORT_ROW_BYTES_MAX && !whole)
            return endless_row(im, line);
        struct bytes part = {left.data, bytes};
        st = send_part(im, part, header, line, end);
        header = (struct bytes){all.data + mark, first - mark};
        line += import_lines(part);
        left = (struct bytes){left.data + bytes, left.count - bytes};
        show_progress(im, left.count);
    } while (st == ST_OK && left.count > 0 && goes_on(end));
    return st;
}

/* ---- Totals ---- */

static enum status compare_sums(struct import *im)
{
    if (im->fault.code != ST_OK)
        return im->fault.code;
    if (im->unread == 0)
        return import_total_compare(&im->said, &im->sums, &im->fault);
    fault_set(&im->fault, ST_BAD_VALUE, tr("the total cannot be checked: %s"), im->first_unread);
    fault_fix(&im->fault, tr("nothing was imported: correct the row, or take the lines of totals "
                             "away"));
    return ST_BAD_VALUE;
}

/* A file that says what it sums to goes in only where its rows sum to that. */
static enum status check_totals(struct import *im, struct client_end *end)
{
    bool programme = strcmp(im->call->words[0], "programme") == 0;
    enum status st = programme ? ST_OK
                               : import_total_read(buf_bytes(&im->content), &im->said, &im->start,
                                                   &im->start_lines, &im->fault);
    if (st != ST_OK)
        fault_context(&im->fault, st, "%s", im->call->words[1]);
    if (st != ST_OK || im->said.count == 0)
        return st;
    im->summing = true;
    st = send_all(im, end);
    im->summing = false;
    return st == ST_OK && end->exit == CALL_DONE ? compare_sums(im) : st;
}

/* ---- What a person sees ---- */

static enum status write_rejects(struct import *im)
{
    const char *path = im->call->words[1];
    if (im->rejects.count == 0 || call_has(im->call, "dry-run"))
        return ST_OK;
    bool piped = strcmp(path, "-") == 0;
    size_t bytes = strlen(path), suffix = strlen(".csv");
    if (bytes > suffix && strcmp(path + bytes - suffix, ".csv") == 0)
        bytes -= suffix;
    int used = snprintf(im->reject_path, sizeof im->reject_path, "%.*s.rejects.csv",
                        piped ? (int)strlen(im->call->words[0]) : (int)bytes,
                        piped ? im->call->words[0] : path);
    enum status st = buf_status(&im->rejects);
    if (st != ST_OK || used < 0 || used >= (int)sizeof im->reject_path) {
        im->reject_path[0] = '\0';
        return fault_set(&im->fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    }
    st = file_write(im->reject_path, buf_bytes(&im->rejects), &im->fault);
    if (st != ST_OK)
        im->reject_path[0] = '\0';
    return st;
}

static void print_names(struct buf *row, const char *member, const json_t *names)
{
    buf_add_format(row, ",\"%s\":[", member);
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        buf_add_text(row, i > 0 ? "," : "");
        json_add_text(row, bytes_of_text(name != NULL ? name : ""));
    }
    buf_add_text(row, "]");
}

static void print_json(const struct import *im)
{
    struct buf row = {0}, path = {0};
    buf_add_byte(&row, '{');
    for (int i = 0; i < COUNT_COUNT; i++)
        buf_add_format(&row, "\"%s\":%lld,", COUNTS[i], im->counts[i]);
    buf_add_text(&row, "\"reject_file\":");
    output_safe(bytes_of_text(im->reject_path), &path);
    if (path.count > 0)
        json_add_text(&row, buf_bytes(&path));
    else
        buf_add_text(&row, "null");
    print_names(&row, "left_out", im->left_out);
    print_names(&row, "filled", im->filled);
    buf_add_text(&row, "}");
    if (buf_status(&row) == ST_OK)
        call_row(im->call, buf_bytes(&row));
    buf_release(&path);
    buf_release(&row);
}

static void print_totals(const struct import *im)
{
    const struct call *c = im->call;
    const long long *n = im->counts;
    if (json_array_size(im->left_out) > 0) {
        struct buf names = {0};
        output_value(im->left_out, &names);
        call_say(c, tr("Left out, as personal data: %s"), buf_text(&names));
        buf_release(&names);
    }
    if (json_array_size(im->filled) > 0) {
        struct buf names = {0};
        output_value(im->filled, &names);
        call_say(c, tr("Not in the file, filled in for you: %s"), buf_text(&names));
        buf_release(&names);
    }
    if (im->rejects_told > REJECTS_SHOWN)
        call_say(c, tr("... more rejected rows: %llu"),
                 (unsigned long long)(im->rejects_told - REJECTS_SHOWN));
    if (c->json) {
        print_json(im);
        return;
    }
    output_line(stdout,
                tr("%s: %lld added, %lld changed, %lld the same, %lld rejected (%lld commits)"),
                c->words[0], n[ADDED], n[CHANGED], n[SAME], n[REJECTED], n[COMMITS]);
    if (n[SKIPPED] > 0)
        call_say(c, tr("rows passed over by --where: %lld"), n[SKIPPED]);
    if (im->reject_path[0] != '\0')
        call_say(c, tr("Rejected rows, with the reason: %s"), im->reject_path);
    if (call_has(c, "dry-run"))
        call_say(c, "%s", tr("Nothing was written: this was a dry run."));
}

static int finish(struct import *im, enum status st, const struct client_end *end)
{
    bool answered = im->counts[ADDED] + im->counts[CHANGED] + im->counts[SAME] +
                        im->counts[SKIPPED] + im->counts[REJECTED] >
                    0;
    struct fault broken = im->fault;
    enum status wrote = write_rejects(im);
    if (answered || (st == ST_OK && goes_on(end)))
        print_totals(im);
    fflush(stdout);
    if (st != ST_OK)
        return call_fail(im->call, &broken);
    if (wrote != ST_OK)
        return call_fail(im->call, &im->fault);
    if (!goes_on(end))
        return call_end(im->call, end->code, end->text, end->fix, end->exit);
    if (im->counts[REJECTED] == 0)
        return CALL_DONE;
    char text[128], fix[FAULT_FIX_BYTES] = "";
    snprintf(text, sizeof text, tr("rejected rows: %lld; the others are in"), im->counts[REJECTED]);
    if (im->reject_path[0] != '\0')
        snprintf(fix, sizeof fix, tr("correct them in the file and import it again: see %.160s"),
                 im->reject_path);
    return call_end(im->call, status_word(ST_PARTLY), text, fix, CALL_PARTLY);
}

int import_run(struct call *c)
{
    struct import im = {.call = c, .left_out = json_array(), .filled = json_array()};
    struct client_end end = {.exit = CALL_DONE};
    enum status st = file_read(c->words[1], IMPORT_FILE_BYTES_MAX, &im.content, &im.fault);
    if (st == ST_OK)
        st = file_check_utf8(buf_bytes(&im.content), 1, c->words[1], &im.fault);
    if (st == ST_OK && im.content.count == 0)
        st = fault_set(&im.fault, ST_BAD_VALUE, tr("%s is empty"), c->words[1]);
    if (st == ST_OK)
        st = ask_open(c, &im.client, &im.fault);
    int exit;
    if (st == ST_OK) {
        st = check_totals(&im, &end);
        if (st == ST_OK && end.exit == CALL_DONE)
            st = send_all(&im, &end);
        exit = finish(&im, st, &end);
    } else {
        exit = call_fail(c, &im.fault);
    }
    client_close(im.client);
    json_decref(im.left_out);
    json_decref(im.filled);
    buf_release(&im.content);
    buf_release(&im.rejects);
    return exit;
}
