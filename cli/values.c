#include "cli/values.h"

#include <string.h>

#include "cli/file.h"
#include "cli/language.h"
#include "proto/mem.h"

void values_release(struct values *v)
{
    for (uint32_t i = 0; i < v->count; i++)
        buf_release(&v->words[i]);
    mem_free(v->words);
    *v = (struct values){.words = NULL};
}

static enum status read_value(const char *path, struct buf *out, struct fault *f)
{
    size_t before = out->count;
    enum status st = file_read(path, VALUE_BYTES_MAX, out, f);
    if (st == ST_TOO_LARGE)
        fault_fix(f, tr("a longer text is kept as an attachment"));
    if (st != ST_OK)
        return st;
    struct bytes read = {out->data + before, out->count - before};
    st = file_check_utf8(read, 1, path, f);
    if (st == ST_OK && read.count > 0 && read.data[read.count - 1] == '\n')
        out->count--;
    return st;
}

static enum status fill_word(struct bytes *word, struct buf *owned, bool *stdin_used,
                             struct fault *f)
{
    const uint8_t *equals = memchr(word->data, '=', word->count);
    if (equals == NULL)
        return ST_OK;
    size_t name_bytes = (size_t)(equals - word->data) + 1;
    struct bytes value = {equals + 1, word->count - name_bytes};
    bool dash = bytes_equal(value, BYTES("-")), at = value.count > 1 && value.data[0] == '@';
    if (!dash && !at)
        return ST_OK;
    if (dash && *stdin_used)
        return fault_set(f, ST_USAGE, "%s", tr("standard input can be read once only"));
    *stdin_used = *stdin_used || dash;
    buf_add(owned, word->data, name_bytes);
    enum status st = ST_OK;
    if (at && value.data[1] == '@')
        buf_add(owned, value.data + 1, value.count - 1);
    else /* the words of a call are C strings */
        st = read_value(dash ? "-" : (const char *)value.data + 1, owned, f);
    if (st == ST_OK && buf_status(owned) != ST_OK)
        st = fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    *word = buf_bytes(owned);
    return st;
}

enum status values_fill(struct values *v, struct control_request *request, struct fault *f)
{
    bool stdin_used = false;
    v->words = mem_array(request->word_count, sizeof *v->words);
    if (v->words == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    v->count = request->word_count;
    enum status st = ST_OK;
    for (uint32_t i = 1; i < request->word_count && st == ST_OK; i++)
        st = fill_word(&request->words[i], &v->words[i], &stdin_used, f);
    return st;
}
