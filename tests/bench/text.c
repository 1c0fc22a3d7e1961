#include "tests/bench/text.h"

#include <stdio.h>
#include <string.h>

enum {
    WORDS = 8192,
    WORD_BYTES_MIN = 3,
    WORD_BYTES_MAX = 10,
    TOPIC_BYTES = 880,
    SEED = 20261123,
};

static char words[WORDS][WORD_BYTES_MAX + 1];

/* splitmix64: one number a call, from a state that the caller keeps. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* One of 'count', the low ones more often, as letters and words are in any language. */
static uint64_t low(uint64_t *state, uint64_t count)
{
    uint64_t a = draw(state) % count, b = draw(state) % count;
    return a < b ? a : b;
}

static void make_words(void)
{
    uint64_t state = SEED;
    for (size_t i = 0; i < WORDS; i++) {
        size_t count =
            WORD_BYTES_MIN + (size_t)(draw(&state) % (WORD_BYTES_MAX - WORD_BYTES_MIN + 1));
        for (size_t k = 0; k < count; k++)
            words[i][k] = (char)('a' + (int)low(&state, 26));
    }
}

struct row {
    uint32_t number;
    unsigned month, day, kind;
    char topic[TOPIC_BYTES + WORD_BYTES_MAX + 2];
};

static void make_row(uint32_t number, uint32_t revision, struct row *out)
{
    if (words[0][0] == '\0')
        make_words();
    uint64_t state = SEED + ((uint64_t)number << 32) + revision;
    size_t used = 0;
    out->number = number;
    out->month = 1 + (unsigned)(draw(&state) % 12);
    out->day = 1 + (unsigned)(draw(&state) % 28);
    out->kind = (unsigned)(draw(&state) % 2);
    while (used < TOPIC_BYTES) {
        const char *word = words[low(&state, WORDS)];
        int count = snprintf(out->topic + used, sizeof out->topic - used, "%s%s",
                             used > 0 ? " " : "", word);
        used += (size_t)count;
    }
}

static const char *const kinds[] = {"individual", "group"};

void text_csv(uint32_t first, uint32_t count, uint32_t revision, struct buf *out)
{
    struct row row;
    buf_add_text(out, "session,office,kind,number,date,topic\n");
    for (uint32_t i = first; i < first + count; i++) {
        make_row(i, revision, &row);
        buf_add_format(out, "S%06u,santiago,%s,%u,2026-%02u-%02u,%s\n", i, kinds[row.kind], i % 100,
                       row.month, row.day, row.topic);
    }
}

void text_json(uint32_t number, uint32_t revision, struct buf *out)
{
    struct row row;
    make_row(number, revision, &row);
    buf_add_format(out,
                   "{\"type\":\"session\",\n\"date\":\"2026-%02u-%02u\",\n\"kind\":\"%s\",\n"
                   "\"number\":%u,\n\"office\":\"santiago\",\n\"session\":\"S%06u\",\n"
                   "\"topic\":\"%s\"}\n",
                   row.month, row.day, kinds[row.kind], number % 100, number, row.topic);
}

void text_path(uint32_t number, char out[static TEXT_PATH_BYTES])
{
    uint64_t state = number, high = draw(&state);
    char id[25];
    snprintf(id, sizeof id, "%016llx%08llx", (unsigned long long)high,
             (unsigned long long)(draw(&state) >> 32));
    snprintf(out, TEXT_PATH_BYTES, "records/session/%c/%c/%c/%s.json", id[0], id[1], id[2], id);
}

void text_import(uint32_t count, struct buf *out)
{
    static const char message[] = "session: rows added";
    char path[TEXT_PATH_BYTES];
    struct buf file = {0};
    buf_add_format(out,
                   "commit refs/heads/main\ncommitter santiago <santiago@minga> 1764000000 +0000\n"
                   "data %zu\n%s\n",
                   strlen(message), message);
    for (uint32_t i = 0; i < count; i++) {
        buf_reset(&file);
        text_json(i, 0, &file);
        text_path(i, path);
        buf_add_format(out, "M 100644 inline %s\ndata %zu\n", path, file.count);
        buf_add_bytes(out, buf_bytes(&file));
        buf_add_byte(out, '\n');
    }
    buf_release(&file);
}
