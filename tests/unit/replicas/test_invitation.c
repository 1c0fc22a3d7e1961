#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "proto/mem.h"
#include "replicas/invitation.h"

static struct invitation sample(void)
{
    struct invitation i = {.role = CHARTER_AUDITOR, .expires = 1777629720};
    for (unsigned n = 0; n < DIGEST_BYTES; n++) {
        i.network.id[n] = (uint8_t)n;
        i.charter.id[n] = (uint8_t)(n + 100);
        i.inviter.id[n] = (uint8_t)(255 - n);
        i.secret[n] = (uint8_t)(7 * n);
    }
    for (unsigned n = 0; n < INVITATION_ID_BYTES; n++)
        i.id[n] = (uint8_t)(3 * n);
    snprintf(i.address, sizeof i.address, "santiago.example.org:7717");
    snprintf(i.label, sizeof i.label, "alto-hospicio");
    return i;
}

static struct buf link_of(const struct invitation *i)
{
    struct buf out = {0};
    invitation_encode(i, &out);
    assert_int_equal(buf_status(&out), ST_OK);
    return out;
}

static void a_link_comes_back_as_it_was(void **state)
{
    (void)state;
    struct invitation i = sample(), back;
    struct fault f = {0};
    struct buf link = link_of(&i), spaced = {0};
    memset(&back, 0, sizeof back);
    assert_memory_equal(link.data, "minga:", 6);
    assert_true(link.count <= INVITATION_LINK_MAX);
    assert_int_equal(invitation_decode(buf_bytes(&link), &back, &f), ST_OK);
    assert_memory_equal(back.network.id, i.network.id, DIGEST_BYTES);
    assert_memory_equal(back.charter.id, i.charter.id, DIGEST_BYTES);
    assert_memory_equal(back.inviter.id, i.inviter.id, KEY_BYTES);
    assert_memory_equal(back.id, i.id, INVITATION_ID_BYTES);
    assert_memory_equal(back.secret, i.secret, INVITATION_SECRET_BYTES);
    assert_string_equal(back.address, i.address);
    assert_string_equal(back.label, i.label);
    assert_int_equal(back.role, i.role);
    assert_int_equal(back.expires, i.expires);
    buf_add_text(&spaced, "  ");
    buf_add_bytes(&spaced, buf_bytes(&link));
    buf_add_text(&spaced, "\r\n");
    assert_int_equal(invitation_decode(buf_bytes(&spaced), &back, &f), ST_OK);
    buf_release(&spaced);
    buf_release(&link);
}

static void the_longest_link_fits(void **state)
{
    (void)state;
    struct invitation i = sample(), back;
    memset(i.address, 'a', ADDRESS_BYTES_MAX);
    i.address[ADDRESS_BYTES_MAX] = '\0';
    memset(i.label, 'l', LABEL_BYTES_MAX);
    i.label[LABEL_BYTES_MAX] = '\0';
    i.expires = (INT64_C(1) << SAFE_INTEGER_BITS) - 1;
    struct buf link = link_of(&i);
    assert_true(link.count <= INVITATION_LINK_MAX);
    assert_int_equal(invitation_decode(buf_bytes(&link), &back, NULL), ST_OK);
    assert_string_equal(back.address, i.address);
    buf_release(&link);
}

static void every_cut_and_every_mistyped_character_is_told(void **state)
{
    (void)state;
    struct invitation i = sample(), back;
    struct fault f = {0};
    struct buf link = link_of(&i);
    for (size_t n = 0; n < link.count; n++) {
        struct bytes cut = {link.data, n};
        assert_int_equal(invitation_decode(cut, &back, &f), ST_MALFORMED);
        assert_string_not_equal(f.fix, "");
        for (unsigned bit = 0; bit < 8; bit++) {
            link.data[n] ^= (uint8_t)(1 << bit);
            if (invitation_decode(buf_bytes(&link), &back, &f) != ST_MALFORMED)
                fail_msg("byte %zu of %zu as %u", n, link.count, link.data[n]);
            link.data[n] ^= (uint8_t)(1 << bit);
        }
    }
    buf_add_byte(&link, 'A');
    assert_int_equal(invitation_decode(buf_bytes(&link), &back, &f), ST_MALFORMED);
    buf_release(&link);
}

static void out_of_memory_is_told(void **state)
{
    (void)state;
    struct invitation i = sample();
    for (uint64_t n = 1;; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        invitation_encode(&i, &out);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_comes_back_as_it_was),
        cmocka_unit_test(the_longest_link_fits),
        cmocka_unit_test(every_cut_and_every_mistyped_character_is_told),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
