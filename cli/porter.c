#include "cli/porter.h"

#include <sodium.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/language.h"
#include "cli/output.h"
#include "proto/check.h"

enum status porter_open(struct porter *p, const struct call *call)
{
    *p = (struct porter){.call = call};
    return ask_open(call, &p->client, &p->fault);
}

static void forget_options(struct porter *p)
{
    for (uint32_t i = 0; i < p->option_count; i++) {
        if (p->texts[i].data != NULL)
            sodium_memzero(p->texts[i].data, p->texts[i].count);
        buf_reset(&p->texts[i]);
    }
    p->option_count = 0;
}

void porter_release(struct porter *p)
{
    forget_options(p);
    for (uint32_t i = 0; i < PORTER_OPTIONS_MAX; i++)
        buf_release(&p->texts[i]);
    json_decref(p->row);
    client_close(p->client);
    p->row = NULL;
    p->client = NULL;
}

void porter_text(struct porter *p, const char *name, const char *text)
{
    CHECK(p->option_count < PORTER_OPTIONS_MAX);
    p->options[p->option_count++] =
        (struct control_option){bytes_of_text(name), bytes_of_text(text)};
}

void porter_bytes(struct porter *p, const char *name, struct bytes bytes)
{
    CHECK(p->option_count < PORTER_OPTIONS_MAX);
    struct buf *text = &p->texts[p->option_count];
    size_t room = sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_ORIGINAL);
    uint8_t *at = buf_reserve(text, room);
    if (at != NULL) {
        sodium_bin2base64((char *)at, room, bytes.data, bytes.count,
                          sodium_base64_VARIANT_ORIGINAL);
        text->count += room - 1;
    }
    p->options[p->option_count++] = (struct control_option){bytes_of_text(name), buf_bytes(text)};
}

void porter_made_text(struct porter *p, const char *name, const char *made)
{
    CHECK(p->option_count < PORTER_OPTIONS_MAX);
    struct buf *text = &p->texts[p->option_count];
    buf_add_text(text, made);
    p->options[p->option_count++] = (struct control_option){bytes_of_text(name), buf_bytes(text)};
}

void porter_number(struct porter *p, const char *name, uint64_t n)
{
    CHECK(p->option_count < PORTER_OPTIONS_MAX);
    struct buf *text = &p->texts[p->option_count];
    buf_add_format(text, "%llu", (unsigned long long)n);
    p->options[p->option_count++] = (struct control_option){bytes_of_text(name), buf_bytes(text)};
}

static void on_row(void *user, struct bytes json)
{
    struct porter *p = user;
    json_decref(p->row);
    p->row = json_loadb((const char *)json.data, json.count, 0, NULL);
}

/* The code whose word the daemon sent; one that is unknown here is a plain failure. */
static enum status code_of(const char *word)
{
    for (int i = 0; i < STATUS_COUNT; i++)
        if (strcmp(status_word((enum status)i), word) == 0)
            return (enum status)i;
    return ST_PROTOCOL;
}

static enum status no_memory(struct porter *p)
{
    return fault_set(&p->fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
}

enum status porter_ask(struct porter *p, const char *word)
{
    struct client_end end = {.exit = 0};
    struct control_request request = {
        .verb = BYTES("bundle"), .word_count = 1, .words = {bytes_of_text(word)}};
    enum status st = ST_OK;
    for (uint32_t i = 0; i < p->option_count; i++) {
        if (p->texts[i].failed)
            st = no_memory(p);
        request.options[request.option_count++] = p->options[i];
    }
    json_decref(p->row);
    p->row = NULL;
    if (st == ST_OK)
        st = client_run(p->client, &request, on_row, p, &end, &p->fault);
    forget_options(p);
    if (st != ST_OK)
        return st;
    st = code_of(end.code);
    if (st != ST_OK) {
        fault_set(&p->fault, st, "%s", language_text(end.text));
        fault_fix(&p->fault, "%s", language_text(end.fix));
    }
    return st;
}

static enum status senseless(struct porter *p, const char *name)
{
    fault_set(&p->fault, ST_PROTOCOL, tr("the daemon's answer makes no sense: %s"), name);
    fault_fix(&p->fault, tr("use minga and mingad of one version"));
    return ST_PROTOCOL;
}

uint64_t porter_take_number(const struct porter *p, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(p->row, name));
    return n > 0 ? (uint64_t)n : 0;
}

enum status porter_take_bytes(struct porter *p, const char *name, struct buf *out)
{
    const json_t *member = json_object_get(p->row, name);
    size_t text_count = json_string_length(member), count = 0, room = text_count / 4 * 3 + 3;
    if (!json_is_string(member))
        return senseless(p, name);
    uint8_t *at = buf_reserve(out, room);
    if (at == NULL)
        return no_memory(p);
    if (sodium_base642bin(at, room, json_string_value(member), text_count, NULL, &count, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return senseless(p, name);
    out->count += count;
    return ST_OK;
}

enum status porter_take_hex(struct porter *p, const char *name, uint8_t *out, size_t count)
{
    struct bytes text = bytes_of_text(output_text(p->row, name));
    return hex_decode(text, out, count) == ST_OK ? ST_OK : senseless(p, name);
}
