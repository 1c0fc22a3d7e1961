#include "replicas/fund_find.h"

#include <string.h>

#include "replicas/lookup.h"
#include "replicas/words.h"

struct search {
    const struct book *book;
    uint32_t found, count;
    struct buf list;
};

static void offer(struct search *s, uint32_t at)
{
    const struct book_entry *e = &s->book->entries[at];
    char id[ENTRY_ID_TEXT + 1];
    hex_encode(e->id, ENTRY_ID_BYTES, id);
    buf_add_format(&s->list, "%s%.8s (%s, %s)", s->count > 0 ? ", " : "", id, book_word(e->kind),
                   book_text(s->book, e->office));
    s->found = at;
    s->count++;
}

static bool begins(const struct book_entry *e, struct bytes digits)
{
    char id[ENTRY_ID_TEXT + 1];
    hex_encode(e->id, ENTRY_ID_BYTES, id);
    return digits.count >= LOOKUP_PREFIX_MIN && digits.count <= ENTRY_ID_TEXT &&
           memcmp(id, digits.data, digits.count) == 0;
}

enum status fund_find_entry(const struct book *b, const char *label, struct bytes text,
                            enum book_kind kind, uint32_t *out, struct fault *f)
{
    struct search s = {.book = b};
    enum { OWN, OTHERS, IDS, WAYS };
    for (int way = OWN; way < WAYS && s.count == 0; way++) {
        for (uint32_t i = 0; i < b->entry_count; i++) {
            const struct book_entry *e = &b->entries[i];
            bool own = strcmp(book_text(b, e->office), label) == 0;
            bool fits = way == IDS ? begins(e, text)
                                   : bytes_equal_text(text, book_text(b, e->ref)) &&
                                         e->kind != BOOK_REVERSAL && own == (way == OWN);
            if (fits && (kind == BOOK_KINDS || e->kind == kind))
                offer(&s, i);
        }
    }
    enum status status = s.count == 1 ? ST_OK : s.count == 0 ? ST_NOT_FOUND : ST_AMBIGUOUS;
    const char *what = kind == BOOK_KINDS ? "entry" : book_word(kind);
    if (status == ST_NOT_FOUND) {
        (void)fault_set(f, status, "there is no %s '%.*s' here", what, words_shown(text),
                        text.count > 0 ? (const char *)text.data : "");
        fault_fix(f, "give its number, or the first digits of its id: minga list %s shows them",
                  kind == BOOK_KINDS ? "disbursement" : what);
    } else if (status == ST_AMBIGUOUS) {
        (void)fault_set(f, status, "'%.*s' names more than one entry: %s", words_shown(text),
                        (const char *)text.data, buf_text(&s.list));
        fault_fix(f, "give the digits of its id");
    }
    *out = s.found;
    buf_release(&s.list);
    return status;
}
