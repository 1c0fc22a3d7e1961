#include "proto/control.h"

#include "proto/check.h"
#include "proto/mp.h"

enum {
    REQUEST_ELEMENTS = 3,
    ROW_ELEMENTS = 2,
    END_ELEMENTS = 5,
    EXIT_MAX = 14, /* the last of the table of exit codes */
};

static_assert(CONTROL_HEADER_BYTES == sizeof(uint32_t), "the header is a u32");

static const struct control_option *find(const struct control_request *q, const char *name)
{
    CHECK(q->option_count <= CONTROL_OPTIONS_MAX);
    for (uint32_t i = 0; i < q->option_count; i++)
        if (bytes_equal_text(q->options[i].name, name))
            return &q->options[i];
    return NULL;
}

struct bytes control_option(const struct control_request *q, const char *name)
{
    const struct control_option *option = find(q, name);
    return option != NULL ? option->value : (struct bytes){0};
}

bool control_has(const struct control_request *q, const char *name)
{
    return find(q, name) != NULL;
}

/* A message's header is written first and filled in when its length is known. */
static size_t begin_message(struct buf *out)
{
    size_t at = out->count;
    buf_add_u32be(out, 0);
    return at;
}

static void end_message(struct buf *out, size_t at)
{
    if (out->failed)
        return;
    CHECK(out->count >= at + CONTROL_HEADER_BYTES);
    size_t bytes = out->count - at - CONTROL_HEADER_BYTES;
    if (bytes > CONTROL_BYTES_MAX) {
        out->count = at;
        out->failed = true;
        return;
    }
    for (unsigned i = 0; i < CONTROL_HEADER_BYTES; i++)
        out->data[at + i] = (uint8_t)(bytes >> (8 * (CONTROL_HEADER_BYTES - 1 - i)));
}

/* Indices of the options by name; of one name the last given, so that later words override. */
static uint32_t order_options(const struct control_request *q, uint8_t order[CONTROL_OPTIONS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < q->option_count; i++) {
        uint32_t place = 0;
        int compared = 1;
        while (place < count) {
            compared = bytes_compare(q->options[order[place]].name, q->options[i].name);
            if (compared >= 0)
                break;
            place++;
        }
        if (place < count && compared == 0) {
            order[place] = (uint8_t)i;
            continue;
        }
        for (uint32_t k = count; k > place; k--)
            order[k] = order[k - 1];
        order[place] = (uint8_t)i;
        count++;
    }
    return count;
}

void control_write_request(const struct control_request *q, struct buf *out)
{
    CHECK(q->word_count <= CONTROL_WORDS_MAX && q->option_count <= CONTROL_OPTIONS_MAX);
    uint8_t order[CONTROL_OPTIONS_MAX];
    uint32_t count = order_options(q, order);
    size_t at = begin_message(out);
    mp_write_array(out, REQUEST_ELEMENTS);
    mp_write_text(out, q->verb);
    mp_write_array(out, q->word_count);
    for (uint32_t i = 0; i < q->word_count; i++)
        mp_write_text(out, q->words[i]);
    mp_write_map(out, count);
    for (uint32_t i = 0; i < count; i++) {
        mp_write_text(out, q->options[order[i]].name);
        mp_write_text(out, q->options[order[i]].value);
    }
    end_message(out, at);
}

void control_write_row(struct bytes json, struct buf *out)
{
    size_t at = begin_message(out);
    mp_write_array(out, ROW_ELEMENTS);
    mp_write_uint(out, CONTROL_ROW);
    mp_write_text(out, json);
    end_message(out, at);
}

void control_write_end(const struct control_answer *end, struct buf *out)
{
    CHECK(end->kind == CONTROL_END && end->exit <= EXIT_MAX);
    size_t at = begin_message(out);
    mp_write_array(out, END_ELEMENTS);
    mp_write_uint(out, CONTROL_END);
    mp_write_text(out, end->code);
    mp_write_text(out, end->text);
    mp_write_text(out, end->fix);
    mp_write_uint(out, end->exit);
    end_message(out, at);
}

enum status control_take(struct bytes in, struct bytes *body_out, size_t *used_out)
{
    *used_out = 0;
    if (in.count < CONTROL_HEADER_BYTES)
        return ST_AGAIN;
    size_t bytes = 0;
    for (unsigned i = 0; i < CONTROL_HEADER_BYTES; i++)
        bytes = bytes << 8 | in.data[i];
    if (bytes > CONTROL_BYTES_MAX)
        return ST_TOO_LARGE;
    if (in.count - CONTROL_HEADER_BYTES < bytes)
        return ST_AGAIN;
    *body_out = (struct bytes){in.data + CONTROL_HEADER_BYTES, bytes};
    *used_out = CONTROL_HEADER_BYTES + bytes;
    return ST_OK;
}

enum status control_read_request(struct bytes body, struct control_request *out)
{
    struct mp_reader r;
    mp_read(&r, body);
    mp_read_array(&r, REQUEST_ELEMENTS, REQUEST_ELEMENTS);
    out->verb = mp_read_text(&r, NAME_BYTES_MAX);
    if (out->verb.count == 0)
        mp_fail(&r, ST_MALFORMED);
    out->word_count = mp_read_array(&r, 0, CONTROL_WORDS_MAX);
    for (uint32_t i = 0; i < out->word_count; i++)
        out->words[i] = mp_read_text(&r, CONTROL_BYTES_MAX);
    out->option_count = mp_read_map(&r, CONTROL_OPTIONS_MAX);
    for (uint32_t i = 0; i < out->option_count; i++) {
        struct control_option *option = &out->options[i];
        option->name = mp_read_text(&r, NAME_BYTES_MAX);
        option->value = mp_read_text(&r, CONTROL_BYTES_MAX);
        if (i > 0 && bytes_compare(option[-1].name, option->name) >= 0)
            mp_fail(&r, ST_NOT_CANONICAL);
    }
    return mp_end(&r);
}

enum status control_read_answer(struct bytes body, struct control_answer *out)
{
    struct mp_reader r;
    mp_read(&r, body);
    *out = (struct control_answer){0};
    uint32_t elements = mp_read_array(&r, ROW_ELEMENTS, END_ELEMENTS);
    uint64_t kind = mp_read_uint(&r, UINT8_MAX);
    out->kind = kind == CONTROL_ROW ? CONTROL_ROW : CONTROL_END;
    if (kind > CONTROL_END || elements != (kind == CONTROL_ROW ? ROW_ELEMENTS : END_ELEMENTS))
        mp_fail(&r, ST_MALFORMED);
    if (out->kind == CONTROL_ROW) {
        out->row = mp_read_text(&r, CONTROL_BYTES_MAX);
        return mp_end(&r);
    }
    out->code = mp_read_text(&r, NAME_BYTES_MAX);
    out->text = mp_read_text(&r, CONTROL_BYTES_MAX);
    out->fix = mp_read_text(&r, CONTROL_BYTES_MAX);
    out->exit = (uint32_t)mp_read_uint(&r, EXIT_MAX);
    return mp_end(&r);
}
