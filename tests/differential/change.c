#include "tests/differential/change.h"

#include <string.h>

#include "proto/limits.h"

enum { LINES_MAX = 64, ENTRIES_MAX = 512 };

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof *(list)))

uint32_t chance_below(struct chance *c, uint32_t bound)
{
    c->state = c->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(c->state >> 33) % bound;
}

static const char *const idents[] = {
    "a <>",
    "a < >",
    "a < b>",
    "a <b >",
    ". <.>",
    "\"a\" <b>",
    "'a' <b>",
    "a, <a,>",
    "a: b; <c@d>",
    "\xc3\xa9 <\xc3\xa9@\xc3\xa9>",
    "\xe2\x80\xae <b>",
    "\xef\xbb\xbf <b>",
    "\xc2\xa0 <b>",
    "a\xc2\x85 <b>",
    "\xf0\x9f\x8c\xb1 <b>",
    "a  b <c>",
    "a <b c d>",
    "0 <0> 0 +0000",
    "a <b>> ",
    "a <b> c <d>",
    " a <b>",
    "a<b>",
    "a <b",
    "<b>",
    "- <->",
    "=1 <=1>",
    "$(a) <`b`>",
    "%n <%an>",
    "a\\ <b\\>",
    "a# <b#>",
    "tree <parent>",
};

static void change_author(struct item *item, struct chance *c, struct buf *room)
{
    size_t first = room->count;
    if (chance_below(c, 4) == 0) {
        item->author = bytes_of_text(idents[chance_below(c, COUNT(idents))]);
        return;
    }
    uint32_t name = 1 + chance_below(c, 50), mail = chance_below(c, 60);
    for (uint32_t i = 0; i < name + mail + 3; i++) {
        if (i == name)
            buf_add_text(room, " <");
        else if (i != name + 1 && i != name + mail + 2)
            buf_add_byte(room, (uint8_t)(' ' + chance_below(c, 95)));
        else if (i == name + mail + 2)
            buf_add_byte(room, '>');
    }
    item->author = (struct bytes){room->data + first, room->count - first};
}

static int64_t a_time(struct chance *c)
{
    static const int64_t edges[] = {0,          1,          59,          2147483647,  2147483648,
                                    4294967295, 4294967296, 99999999999, 253402300799};
    if (chance_below(c, 4) == 0)
        return ITEM_TIME_MAX + 1 - chance_below(c, 3);
    if (chance_below(c, 2) == 0)
        return edges[chance_below(c, COUNT(edges))];
    return (int64_t)chance_below(c, UINT32_C(1) << 31) << chance_below(c, 22);
}

static uint64_t a_counter(struct chance *c)
{
    return 1 + ((uint64_t)chance_below(c, UINT32_C(1) << 31) << chance_below(c, 22));
}

static void sort_parents(struct item *item)
{
    for (uint32_t i = 1; i < item->parent_count; i++)
        for (uint32_t k = i; k > 0 && oid_compare(&item->parents[k - 1], &item->parents[k]) > 0;
             k--) {
            struct oid swap = item->parents[k];
            item->parents[k] = item->parents[k - 1];
            item->parents[k - 1] = swap;
        }
}

static void change_parents(struct item *item, const struct oid *other, struct chance *c)
{
    switch (chance_below(c, 5)) {
    case 0:
        item->parent_count = 0;
        break;
    case 1:
        if (item->parent_count > 0)
            item->parents[chance_below(c, item->parent_count)] = *other;
        break;
    case 2: /* one that there is not */
        if (item->parent_count > 0)
            item->parents[0].id[chance_below(c, OID_BYTES)] ^= (uint8_t)(1 + chance_below(c, 255));
        break;
    default:
        if (item->parent_count < PARENTS_MAX)
            item->parents[item->parent_count++] = *other;
        break;
    }
    if (chance_below(c, 8) > 0)
        sort_parents(item);
}

static void change_subject(struct bytes *subject, struct chance *c, struct buf *room)
{
    static const char *const subjects[] = {
        "-",          "#",        "fixup! x", "tree a", "Minga-Seq: 1", "From: a",
        "Subject: b", "\xc3\xa9", "a\tb",     "",       " a",           "a "};
    size_t first = room->count;
    if (chance_below(c, 3) == 0) {
        *subject = bytes_of_text(subjects[chance_below(c, COUNT(subjects))]);
        return;
    }
    for (uint32_t left = 1 + chance_below(c, 74); left > 0; left--)
        buf_add_byte(room, (uint8_t)(' ' + chance_below(c, 95)));
    *subject = (struct bytes){room->data + first, room->count - first};
}

static void change_label(struct item *item, struct chance *c)
{
    static const char *const labels[] = {
        "iquique", "alto-hospicio", "santiago",      "main", "a",  "ab",
        "A1",      "a_b",           "a-----------b", "zz9",  "-a", "a-"};
    item->label = bytes_of_text(labels[chance_below(c, COUNT(labels))]);
}

void change_item(struct item *item, struct bytes *subject, const struct oid *other,
                 const struct oid *tree, struct chance *c, struct buf *room)
{
    (void)buf_reserve(room, 1024); /* what is borrowed from it does not move */
    for (uint32_t left = 1 + chance_below(c, 2); left > 0; left--) {
        switch (chance_below(c, 12)) {
        case 0:
        case 1:
            change_author(item, c, room);
            break;
        case 2:
        case 3:
            item->author_time = a_time(c);
            break;
        case 4:
        case 5:
            item->commit_time = a_time(c);
            break;
        case 6:
            change_parents(item, other, c);
            break;
        case 7:
            item->tree = *tree;
            item->tree.id[0] ^= (uint8_t)(chance_below(c, 4) == 0 ? 1 : 0);
            break;
        case 8:
            change_subject(subject, c, room);
            break;
        case 9:
            change_label(item, c);
            break;
        case 10:
            item->digest.id[chance_below(c, DIGEST_BYTES)] ^= (uint8_t)(1 + chance_below(c, 255));
            break;
        default:
            if (chance_below(c, 2) == 0)
                item->seq = a_counter(c);
            else
                item->height = a_counter(c);
            break;
        }
    }
}

void change_bytes(struct bytes in, struct chance *c, struct buf *out)
{
    static const uint8_t marks[] = {0, '\n', '\r', ' ', '\t', '<', '>', 0x7f, 0xff, '+', '-', '0'};
    uint32_t at = chance_below(c, (uint32_t)in.count + 1), way = chance_below(c, 4);
    uint32_t cut = way == 0 ? 1 + chance_below(c, 3) : way == 1 ? 1 : 0;
    cut = cut > in.count - at ? (uint32_t)in.count - at : cut;
    buf_add(out, in.data, at);
    if (way == 1)
        buf_add_byte(out, (uint8_t)(in.data[at < in.count ? at : 0] ^ 1u << chance_below(c, 8)));
    else if (way == 2)
        buf_add_byte(out, marks[chance_below(c, sizeof marks)]);
    else if (way == 3)
        buf_add(out, in.data + at, in.count - at < 8 ? in.count - at : 8);
    buf_add(out, in.data + at + cut, in.count - at - cut);
}

static const char *const headers[] = {
    "encoding UTF-8\n",
    "encoding ISO-8859-1\n",
    "encoding \n",
    "mergetag object 0\n",
    "gpgsig-sha256 a\n b\n",
    "HG:extra a\n",
    "x y\n z\n",
    " folded\n",
    "parent 0000000000000000000000000000000000000000\n",
    "author a <b> 0 +0000\n",
    "author a <b> 0 -0000\n",
    "author a <b> 00 +0000\n",
    "author a <b> 0 +0100\n",
    "author a <b> -1 +0000\n",
    "author a <b> 9007199254740992 +0000\n",
    "author a <b> 18446744073709551616 +0000\n",
    "author a <b>\n",
    "committer santiago <santiago@minga> 0 +0000 \n",
    "\n",
    "\r\n",
};

void change_text(struct bytes in, struct chance *c, struct buf *out)
{
    struct bytes lines[LINES_MAX];
    uint32_t count = 0;
    if (chance_below(c, 4) == 0) {
        change_bytes(in, c, out);
        return;
    }
    for (size_t at = 0; at < in.count && count < LINES_MAX; count++) {
        const uint8_t *end = memchr(in.data + at, '\n', in.count - at);
        size_t to = end != NULL ? (size_t)(end - in.data) + 1 : in.count;
        lines[count] = (struct bytes){in.data + at, to - at};
        at = to;
    }
    uint32_t at = chance_below(c, count), from = chance_below(c, count), way = chance_below(c, 6);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes line = lines[way == 1 && i == at ? from : way == 1 && i == from ? at : i];
        if (way == 0 && i == at)
            continue;
        if (way == 2 && i == at)
            buf_add_bytes(out, line);
        if ((way == 3 || way == 4) && i == at)
            buf_add_text(out, headers[chance_below(c, COUNT(headers))]);
        if (way == 5 && i == at)
            change_bytes(line, c, out);
        else if (way != 4 || i != at)
            buf_add_bytes(out, line);
    }
}

void change_armour(struct bytes armour, struct chance *c, struct buf *out)
{
    uint32_t way = chance_below(c, 4) == 0 ? chance_below(c, 6) : 9;
    size_t width = way == 0 ? 1 + chance_below(c, 75) : SIZE_MAX, column = 0;
    buf_add_text(out, way == 1 ? "gpgsig  " : way == 2 ? "gpgsig-sha256 " : "gpgsig ");
    for (size_t i = 0; i < armour.count; i++) {
        bool last = i + 1 == armour.count;
        bool body = i > 30 && armour.count - i > 30;
        buf_add_byte(out, armour.data[i]);
        if (armour.data[i] == '\n' && !last)
            buf_add_byte(out, ' ');
        column = armour.data[i] == '\n' ? 0 : column + 1;
        if (body && column == width) {
            buf_add_text(out, "\n ");
            column = 0;
        }
    }
    if (way == 3)
        buf_add_text(out, " \n");
    if (way == 4 && !out->failed)
        out->data[out->count - 1] = ' ';
    if (way == 5)
        buf_add_text(out, "gpgsig again\n");
}

void change_unsign(struct bytes commit, struct buf *out)
{
    bool within = false;
    for (size_t at = 0; at < commit.count;) {
        const uint8_t *end = memchr(commit.data + at, '\n', commit.count - at);
        size_t to = end != NULL ? (size_t)(end - commit.data) + 1 : commit.count;
        within = (within && commit.data[at] == ' ') ||
                 (commit.count - at > 7 && memcmp(commit.data + at, "gpgsig ", 7) == 0);
        if (!within)
            buf_add(out, commit.data + at, to - at);
        at = to;
    }
}

static uint32_t split_tree(struct bytes in, struct bytes entries[static ENTRIES_MAX])
{
    uint32_t count = 0;
    while (in.count > 0 && count < ENTRIES_MAX) {
        const uint8_t *nul = memchr(in.data, 0, in.count);
        size_t bytes = nul != NULL ? (size_t)(nul - in.data) + 1 + OID_BYTES : in.count;
        bytes = bytes < in.count ? bytes : in.count;
        entries[count++] = (struct bytes){in.data, bytes};
        in = (struct bytes){in.data + bytes, in.count - bytes};
    }
    return count;
}

bool change_descend(struct bytes tree, struct chance *c, struct oid *id)
{
    struct bytes entries[ENTRIES_MAX];
    uint32_t count = split_tree(tree, entries);
    if (count == 0)
        return false;
    struct bytes entry = entries[chance_below(c, count)];
    if (entry.count < 6 + OID_BYTES || memcmp(entry.data, "40000 ", 6) != 0)
        return false;
    memcpy(id->id, entry.data + entry.count - OID_BYTES, OID_BYTES);
    return true;
}

/* The entry under another mode or name; the object stays. */
static void add_other(struct bytes entry, struct chance *c, struct buf *out)
{
    static const char *const modes[] = {"100644 ", "40000 ",  "040000 ", "100755 ",
                                        "120000 ", "160000 ", "100664 ", "0 "};
    static const char *const names[] = {".git",
                                        ".GIT",
                                        "git~1",
                                        ".gitmodules",
                                        ".",
                                        "..",
                                        "a/b",
                                        "",
                                        "records",
                                        "a",
                                        "A",
                                        "\xc3\xa9",
                                        ".gi\xe2\x80\x8ct",
                                        "a\\b",
                                        "x",
                                        ".gitattributes"};
    const uint8_t *space = memchr(entry.data, ' ', entry.count);
    if (space == NULL || entry.count < OID_BYTES + 2) {
        buf_add_bytes(out, entry);
        return;
    }
    size_t mode = (size_t)(space - entry.data) + 1;
    uint32_t way = chance_below(c, 4);
    if (way == 0)
        buf_add_text(out, modes[chance_below(c, COUNT(modes))]);
    else
        buf_add(out, entry.data, mode);
    struct bytes name = {entry.data + mode, entry.count - mode - OID_BYTES - 1};
    if (way == 1)
        buf_add_text(out, names[chance_below(c, COUNT(names))]);
    else if (way == 2)
        change_bytes(name, c, out);
    else
        buf_add_bytes(out, name);
    buf_add_byte(out, 0);
    buf_add(out, entry.data + entry.count - OID_BYTES, OID_BYTES);
    if (way == 3 && !out->failed)
        memset(out->data + out->count - OID_BYTES, 0, chance_below(c, 2) * OID_BYTES);
}

void change_tree(struct bytes in, struct chance *c, struct buf *out)
{
    struct bytes entries[ENTRIES_MAX];
    uint32_t count = split_tree(in, entries);
    if (count == 0 || chance_below(c, 8) == 0) {
        change_bytes(in, c, out);
        return;
    }
    uint32_t at = chance_below(c, count), from = chance_below(c, count), way = chance_below(c, 6);
    for (uint32_t i = 0; i < count; i++) {
        if (way == 0 && i == at)
            continue;
        if (way == 1 && i == at)
            buf_add_bytes(out, entries[i]);
        struct bytes entry = entries[way == 2 && i == at ? from : way == 2 && i == from ? at : i];
        if (way > 2 && i == at)
            add_other(entry, c, out);
        else
            buf_add_bytes(out, entry);
    }
}
