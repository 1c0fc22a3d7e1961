#include "replicas/kit.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/export.h"
#include "replicas/git.h"
#include "replicas/kit_page.h"
#include "replicas/sheets.h"
#include "replicas/sshsig.h"
#include "replicas/tree.h"

const char kit_namespace[] = "minga-kit";

enum {
    NAME_BYTES = NAME_BYTES_MAX + 16, /* of a file */
    CHUNK_BYTES = 4096,
};

struct name {
    char text[NAME_BYTES + 8]; /* with its folder */
};

struct writing {
    const struct kit_options *options;
    struct replica *replica;
    struct book *book;
    struct kit_report *report;
    struct fault *fault;
    struct buf names; /* struct name of each file */
    char csv[HOME_PATH_MAX];
};

static enum status no_memory(struct fault *f)
{
    return fault_set(f, ST_NO_MEMORY, "no memory to write the kit");
}

static void note(struct writing *w, const char *folder, const char *file)
{
    struct name name = {""};
    snprintf(name.text, sizeof name.text, "%s%s", folder, file);
    buf_add(&w->names, &name, sizeof name);
}

static enum status put(struct writing *w, const char *name, struct bytes content)
{
    note(w, "", name);
    return export_file(w->options->dir, name, content, w->fault);
}

/* ---- What the state stands on ---- */

/* Every head has to be in the repository that is bundled, whatever came since. */
static enum status check_heads(struct writing *w)
{
    char path[HOME_PATH_MAX];
    git_repository *git = NULL;
    git_odb *odb = NULL;
    uint32_t count;
    struct graph *graph = replica_graph(w->replica);
    const uint32_t *heads = graph_heads(graph, &count);
    const struct oid *state = w->options->state;
    enum status st = home_path(w->options->home, "repo.git", path, w->fault);
    if (st == ST_OK && count == 0) {
        st = fault_set(w->fault, ST_NOT_FOUND, "there is no history yet");
        fault_fix(w->fault, "write something first");
    }
    if (st != ST_OK)
        return st;
    int code = git_repository_open_bare(&git, path);
    if (code == 0)
        code = git_repository_odb(&odb, git);
    if (code < 0)
        st = git_fault(w->fault, code, "opening %s", path);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        git_oid id;
        memcpy(id.id, graph_node(graph, heads[i])->id.id, OID_BYTES);
        if (!git_odb_exists(odb, &id))
            st = fault_set(w->fault, ST_WAITING, "commits came while the kit was being made");
    }
    if (st == ST_OK && state != NULL && !oid_equal(state, replica_state(w->replica)))
        st = fault_set(w->fault, ST_WAITING, "commits came while the kit was being made");
    if (st == ST_WAITING)
        fault_fix(w->fault, "make it again");
    git_odb_free(odb);
    git_repository_free(git);
    return st;
}

static enum status write_heads(struct writing *w)
{
    struct graph *graph = replica_graph(w->replica);
    struct buf text = {0};
    uint32_t count;
    const uint32_t *heads = graph_heads(graph, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct graph_node *node = graph_node(graph, heads[i]);
        char hex[OID_TEXT + 1];
        hex_encode(node->id.id, OID_BYTES, hex);
        buf_add_format(&text, "%s %s\n", hex, graph_key(graph, node->key)->label);
    }
    enum status st =
        buf_status(&text) == ST_OK ? put(w, "heads", buf_bytes(&text)) : no_memory(w->fault);
    buf_release(&text);
    return st;
}

/* ---- Keys ---- */

struct line {
    char text[256]; /* label, options, key */
};

static int by_line(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static void add_signer(const struct charter_member *m, struct buf *lines)
{
    uint8_t blob[SSHSIG_KEY_BYTES];
    char base64[2 * SSHSIG_KEY_BYTES];
    struct line line = {""};
    sshsig_key(&m->key, blob);
    sodium_bin2base64(base64, sizeof base64, blob, sizeof blob, sodium_base64_VARIANT_ORIGINAL);
    snprintf(line.text, sizeof line.text, "%s namespaces=\"git,%s\" ssh-ed25519 %s\n", m->label,
             kit_namespace, base64);
    buf_add(lines, &line, sizeof line);
}

/* The keys of every charter version that is in the state's tree: an auditor finds them there. */
static enum status write_signers(struct writing *w)
{
    const struct charter_chain *chain = replica_charters(w->replica);
    struct buf lines = {0}, text = {0};
    enum status st = ST_OK;
    for (uint32_t v = 0; st == ST_OK && v < chain->count; v++) {
        char path[64];
        struct oid blob;
        snprintf(path, sizeof path, "charter/%04u.json", v + 1);
        st = tree_find(replica_store(w->replica), replica_state(w->replica), path, &blob, w->fault);
        for (uint32_t m = 0; st == ST_OK && m < chain->versions[v]->member_count; m++)
            add_signer(&chain->versions[v]->members[m], &lines);
    }
    st = st == ST_NOT_FOUND ? ST_OK : st;
    size_t count = lines.count / sizeof(struct line);
    struct line *sorted = (struct line *)(void *)lines.data;
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, by_line);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(sorted[i].text, sorted[i - 1].text) != 0)
            buf_add_text(&text, sorted[i].text);
    if (st == ST_OK)
        st = lines.failed || text.failed ? no_memory(w->fault)
                                         : put(w, "allowed_signers", buf_bytes(&text));
    buf_release(&lines);
    buf_release(&text);
    return st;
}

/* Under which label the office's key is in the history's charters; "": under none. */
static const char *signer_label(const struct writing *w)
{
    const struct charter *newest = charter_newest(replica_charters(w->replica));
    const struct home_identity *self = w->options->identity;
    for (uint32_t m = 0; self != NULL && m < newest->member_count; m++)
        if (memcmp(&newest->members[m].key, &self->key, sizeof self->key) == 0)
            return newest->members[m].label;
    return "";
}

/* ---- Books ---- */

static enum status put_sheet(void *user, const char *name, struct bytes csv, struct fault *f)
{
    struct writing *w = user;
    char file[NAME_BYTES];
    snprintf(file, sizeof file, "%s.csv", name);
    note(w, "csv/", file);
    return export_file(w->csv, file, csv, f);
}

static enum status put_book(struct writing *w, const char *name, enum export_format format)
{
    const struct export_options usual = {.reporter = NULL};
    struct buf out = {0};
    uint32_t left_out = 0;
    enum status st = export_book(w->replica, w->book, format, &usual, &left_out, &out, w->fault);
    if (st == ST_OK)
        st = put(w, name, buf_bytes(&out));
    w->report->left_out += left_out;
    buf_release(&out);
    return st;
}

static enum status put_books(struct writing *w)
{
    enum status st = put_book(w, "journal.ledger", EXPORT_LEDGER);
    if (st == ST_OK)
        st = put_book(w, "books.beancount", EXPORT_BEANCOUNT);
    if (st == ST_OK)
        st = put_book(w, "iati.xml", EXPORT_IATI);
    if (st == ST_OK)
        st = home_path(w->options->dir, "csv", w->csv, w->fault);
    if (st == ST_OK)
        st = export_folder(w->csv, w->fault);
    if (st == ST_OK)
        st = sheets_write(w->replica, w->book, put_sheet, w, w->fault);
    return st;
}

static enum status put_page(struct writing *w)
{
    char network[2 * DIGEST_BYTES + 1], state[OID_TEXT + 1];
    struct buf page = {0};
    hex_encode(replica_network(w->replica)->id, DIGEST_BYTES, network);
    hex_encode(w->book->state.id, OID_BYTES, state);
    struct kit_page_facts facts = {
        .network = charter_newest(replica_charters(w->replica))->network,
        .network_id = network,
        .state = state,
        .signer = w->report->signer,
        .iati_whole = w->report->left_out == 0,
    };
    kit_page(&facts, &page);
    enum status st =
        buf_status(&page) == ST_OK ? put(w, "CHECK.txt", buf_bytes(&page)) : no_memory(w->fault);
    buf_release(&page);
    return st;
}

/* ---- The list of digests ---- */

static enum status digest_file(struct writing *w, const char *name, char out[static 65])
{
    crypto_hash_sha256_state hash;
    uint8_t chunk[CHUNK_BYTES], digest[crypto_hash_sha256_BYTES];
    char path[HOME_PATH_MAX];
    ssize_t count = 0;
    enum status st = home_path(w->options->dir, name, path, w->fault);
    if (st != ST_OK)
        return st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(w->fault, errno, "cannot read %s", path);
    crypto_hash_sha256_init(&hash);
    while ((count = read(fd, chunk, sizeof chunk)) > 0)
        crypto_hash_sha256_update(&hash, chunk, (unsigned long long)count);
    if (count < 0)
        st = fault_errno(w->fault, errno, "cannot read %s", path);
    close(fd);
    crypto_hash_sha256_final(&hash, digest);
    hex_encode(digest, sizeof digest, out);
    return st;
}

static int by_name(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static enum status sign(struct writing *w, struct bytes sums)
{
    const struct home_identity *self = w->options->identity;
    uint8_t signature[SIGNATURE_BYTES];
    struct buf armour = {0};
    sshsig_sign_as(kit_namespace, sums, self->secret, signature);
    sshsig_armour_as(kit_namespace, &self->key, signature, &armour);
    enum status st = buf_status(&armour) == ST_OK ? export_file(w->options->dir, "SHA256SUMS.sig",
                                                                buf_bytes(&armour), w->fault)
                                                  : no_memory(w->fault);
    buf_release(&armour);
    return st;
}

static enum status put_sums(struct writing *w)
{
    size_t count = w->names.count / sizeof(struct name);
    struct name *names = (struct name *)(void *)w->names.data;
    struct buf text = {0};
    enum status st = buf_status(&w->names) == ST_OK ? ST_OK : no_memory(w->fault);
    if (st == ST_OK)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; st == ST_OK && i < count; i++) {
        char hex[KIT_DIGEST_TEXT + 1];
        st = digest_file(w, names[i].text, hex);
        if (st == ST_OK)
            buf_add_format(&text, "%s  %s\n", hex, names[i].text);
    }
    if (st == ST_OK && buf_status(&text) != ST_OK)
        st = no_memory(w->fault);
    if (st == ST_OK)
        st = export_file(w->options->dir, "SHA256SUMS", buf_bytes(&text), w->fault);
    if (st == ST_OK && w->report->signer[0] != '\0')
        st = sign(w, buf_bytes(&text));
    if (st == ST_OK) {
        uint8_t digest[crypto_hash_sha256_BYTES];
        crypto_hash_sha256(digest, text.data, text.count);
        hex_encode(digest, sizeof digest, w->report->digest);
        w->report->files = (uint32_t)count;
    }
    buf_release(&text);
    return st;
}

/* ---- All of it ---- */

/* A kit that could not be finished: its folder is empty again. */
static void take_back(struct writing *w)
{
    char path[HOME_PATH_MAX];
    static const char *const last[] = {"SHA256SUMS", "SHA256SUMS.sig"};
    const struct name *names = (const struct name *)(const void *)w->names.data;
    for (size_t i = 0; i < 2; i++)
        if (home_path(w->options->dir, last[i], path, NULL) == ST_OK)
            unlink(path);
    for (size_t i = 0; i < w->names.count / sizeof *names; i++)
        if (home_path(w->options->dir, names[i].text, path, NULL) == ST_OK)
            unlink(path);
    if (w->csv[0] != '\0')
        rmdir(w->csv);
}

static enum status put_all(struct writing *w)
{
    const struct kit_options *o = w->options;
    char bundle[HOME_PATH_MAX];
    struct export_report packed;
    enum status st = home_path(o->dir, "minga.bundle", bundle, w->fault);
    note(w, "", "minga.bundle");
    if (st == ST_OK)
        st = export_repository(o->home, bundle, &packed, w->fault);
    if (st == ST_OK)
        st = write_heads(w);
    if (st == ST_OK)
        st = write_signers(w);
    if (st == ST_OK)
        st = put_books(w);
    for (uint32_t i = 0; st == ST_OK && i < o->extra_count; i++)
        st = put(w, o->extras[i].name, o->extras[i].content);
    if (st == ST_OK)
        st = put_page(w);
    return st == ST_OK ? put_sums(w) : st;
}

enum status kit_write(const struct kit_options *o, struct kit_report *out, struct fault *f)
{
    struct replica_options options = {.home = o->home, .readonly = true};
    struct writing w = {.options = o, .report = out, .fault = f};
    CHECK(o->extra_count <= KIT_EXTRAS_MAX);
    *out = (struct kit_report){.files = 0};
    enum status st = replica_open(&options, &w.replica, f);
    if (st == ST_OK)
        st = check_heads(&w);
    if (st == ST_OK)
        st = book_read(w.replica, &w.book, f);
    if (st == ST_OK) {
        snprintf(out->signer, sizeof out->signer, "%s", signer_label(&w));
        st = export_folder(o->dir, f);
    }
    if (st == ST_OK) {
        st = put_all(&w);
        if (st != ST_OK)
            take_back(&w);
    }
    book_free(w.book);
    if (w.replica != NULL)
        replica_drop(w.replica);
    buf_release(&w.names);
    return st;
}
