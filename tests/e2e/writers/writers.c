/*
 * writers: what the writers make of books made by hand, as files for judges that are not ours:
 * writers DIR
 */
#include <stdio.h>

#include "replicas/beancount.h"
#include "replicas/iati.h"
#include "replicas/ledger.h"
#include "tests/unit/replicas/sample_book.h"

static void put(const char *dir, const char *name, struct buf *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && !text->failed);
    CHECK(text->count == 0 || fwrite(text->data, 1, text->count, file) == text->count);
    CHECK(fclose(file) == 0);
    buf_release(text);
}

/* owner, line, currency and balance, as the book has them. */
static void put_balances(const char *dir, const char *name, const struct book *b)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        buf_add_format(&text, "%s:%s %s ", book_text(b, a->owner), book_text(b, a->line),
                       a->currency);
        book_amount(a->credited - a->debited, a->currency, &text);
        buf_add_byte(&text, '\n');
    }
    put(dir, name, &text);
}

static void put_all(const char *dir, const char *name, const struct book *b)
{
    char file[64];
    struct buf text = {0};
    CHECK(ledger_write(b, &text) == ST_OK);
    snprintf(file, sizeof file, "%s.ledger", name);
    put(dir, file, &text);
    CHECK(beancount_write(b, &text) == ST_OK);
    snprintf(file, sizeof file, "%s.beancount", name);
    put(dir, file, &text);
    const struct iati_options options = {"XX-TEST-1", sample_nasty[3], "CL", 5};
    CHECK(iati_write(b, &options, NULL, &text) == ST_OK);
    snprintf(file, sizeof file, "%s.xml", name);
    put(dir, file, &text);
    snprintf(file, sizeof file, "%s.balances", name);
    put_balances(dir, file, b);
}

int main(int argc, char **argv)
{
    struct sample s = {.made = 0};
    CHECK(argc == 2);
    sample_close(&s);
    put_all(argv[1], "empty", &s.b);
    sample_release(&s);
    sample_fill(&s);
    put_all(argv[1], "everything", &s.b);
    sample_release(&s);
    return 0;
}
