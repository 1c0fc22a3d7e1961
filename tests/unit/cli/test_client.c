#include "tests/unit/cli/fake_daemon.h"

#include "cli/client.h"
#include "proto/mem.h"

struct seen {
    uint32_t rows;
    struct buf text;
};

static void on_row(void *user, struct bytes json)
{
    struct seen *s = user;
    s->rows++;
    buf_add_bytes(&s->text, json);
}

static enum status ask(struct fake *d, const char *verb, struct seen *seen, struct client_end *end,
                       struct fault *f)
{
    char path[128];
    struct client *client = NULL;
    struct control_request request = {.verb = bytes_of_text(verb)};
    snprintf(path, sizeof path, "%s/control.sock", d->home);
    enum status st = client_open(path, &client, f);
    if (st == ST_OK)
        st = client_run(client, &request, on_row, seen, end, f);
    client_close(client);
    return st;
}

static void reads_rows_and_their_end(void **state)
{
    (void)state;
    struct fake d;
    struct seen seen = {0};
    struct client_end end;
    struct fault f = {0};
    fake_home(&d);
    fake_row(&d, "{\"a\":1}");
    fake_row(&d, "{\"b\":2}");
    fake_end(&d, "partly", "some failed", "look", 3);
    fake_start(&d);
    assert_int_equal(ask(&d, "list", &seen, &end, &f), ST_OK);
    assert_int_equal(seen.rows, 2);
    assert_string_equal(buf_text(&seen.text), "{\"a\":1}{\"b\":2}");
    assert_string_equal(end.code, "partly");
    assert_string_equal(end.text, "some failed");
    assert_string_equal(end.fix, "look");
    assert_int_equal(end.exit, 3);
    struct control_request asked;
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_true(bytes_equal_text(asked.verb, "list"));
    fake_stop(&d);
    buf_release(&seen.text);
}

static void says_that_nobody_listens(void **state)
{
    (void)state;
    struct fake d;
    struct seen seen = {0};
    struct client_end end;
    struct fault f = {0};
    fake_home(&d);
    assert_int_equal(ask(&d, "list", &seen, &end, &f), ST_NO_DAEMON);
    struct sockaddr_un address = {.sun_family = AF_UNIX}; /* a socket that a crash left behind */
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", d.home);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof address), 0);
    close(stale);
    assert_int_equal(ask(&d, "list", &seen, &end, &f), ST_NO_DAEMON);
    fake_stop(&d);
}

static void says_that_the_daemon_went_away(void **state)
{
    (void)state;
    struct fake d;
    struct client_end end;
    struct fault f = {0};
    fake_home(&d);
    fake_row(&d, "{\"a\":1}");
    fake_end(&d, "ok", "", "", 0);
    size_t whole = d.answers[0].count;
    for (size_t cut = 0; cut < whole; cut++) { /* wherever it breaks off */
        struct seen seen = {0};
        struct fake broken;
        fake_home(&broken);
        broken.answer_count = 1;
        buf_add(&broken.answers[0], d.answers[0].data, cut);
        fake_start(&broken);
        assert_int_equal(ask(&broken, "list", &seen, &end, &f), ST_CLOSED);
        fake_stop(&broken);
        buf_release(&seen.text);
    }
    fake_stop(&d);
}

static void refuses_answers_that_make_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } answers[] = {
        {"\xff\xff\xff\xff", 4},                  /* too long */
        {"\0\0\0\1\xc0", 5},                      /* no array */
        {"\0\0\0\3\x92\5\xa0", 7},                /* no kind of answer */
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28}, /* another program */
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct fake d;
        struct seen seen = {0};
        struct client_end end;
        struct fault f = {0};
        fake_home(&d);
        d.answer_count = 1;
        buf_add(&d.answers[0], answers[i].bytes, answers[i].count);
        fake_start(&d);
        assert_int_equal(ask(&d, "list", &seen, &end, &f), ST_PROTOCOL);
        assert_int_equal(seen.rows, 0);
        fake_stop(&d);
    }
}

static void refuses_rows_that_are_no_objects(void **state)
{
    (void)state;
    struct fake d;
    struct seen seen = {0};
    struct client_end end;
    struct fault f = {0};
    fake_home(&d);
    fake_row(&d, "[1]");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    assert_int_equal(ask(&d, "list", &seen, &end, &f), ST_PROTOCOL);
    fake_stop(&d);
}

static void refuses_words_that_are_no_text(void **state)
{
    (void)state;
    int pair[2];
    struct client *client = NULL;
    struct client_end end;
    struct fault f = {0};
    struct control_request request = {.verb = BYTES("add"), .word_count = 1};
    request.words[0] = BYTES("name=\xe9");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(client_adopt(pair[0], &client, &f), ST_OK);
    assert_int_equal(client_run(client, &request, on_row, NULL, &end, &f), ST_BAD_VALUE);
    static uint8_t large[CONTROL_BYTES_MAX + 1];
    memset(large, 'a', sizeof large);
    request.words[0] = (struct bytes){large, sizeof large};
    assert_int_equal(client_run(client, &request, on_row, NULL, &end, &f), ST_TOO_LARGE);
    client_close(client);
    close(pair[1]);
}

static void cuts_long_texts_between_characters(void **state)
{
    (void)state;
    struct fake d;
    struct seen seen = {0};
    struct client_end end;
    struct fault f = {0};
    char text[FAULT_TEXT_BYTES + 20];
    memset(text, 'x', sizeof text);
    for (size_t i = FAULT_TEXT_BYTES - 4; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xb1", 2); /* one of them would be cut in two */
    text[sizeof text - 2] = '\0';
    fake_home(&d);
    fake_end(&d, "bad-value", text, "", 2);
    fake_start(&d);
    assert_int_equal(ask(&d, "add", &seen, &end, &f), ST_OK);
    assert_true(bytes_are_utf8(bytes_of_text(end.text)));
    assert_int_equal(strlen(end.text), FAULT_TEXT_BYTES - 2);
    fake_stop(&d);
}

static void fails_without_memory(void **state)
{
    (void)state;
    int pair[2];
    struct client *client = NULL;
    struct fault f = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    mem_fail_at(1);
    assert_int_equal(client_adopt(pair[0], &client, &f), ST_NO_MEMORY);
    mem_fail_at(0);
    assert_null(client);
    close(pair[1]);
    client_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows_and_their_end),
        cmocka_unit_test(says_that_nobody_listens),
        cmocka_unit_test(says_that_the_daemon_went_away),
        cmocka_unit_test(refuses_answers_that_make_no_sense),
        cmocka_unit_test(refuses_rows_that_are_no_objects),
        cmocka_unit_test(refuses_words_that_are_no_text),
        cmocka_unit_test(cuts_long_texts_between_characters),
        cmocka_unit_test(fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
