#include "proto/address.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"

enum { IP_BYTES = 16, IPV4_PREFIX_BYTES = 12, IPV4_PARTS = 4, IPV6_GROUPS = 8 };

enum status address_read(const char *text, struct address *out)
{
    struct address a = {0};
    const char *place = text;
    const char *equals = strchr(text, '=');
    if (equals != NULL) {
        struct bytes label = {(const uint8_t *)text, (size_t)(equals - text)};
        if (!label_is_valid(label))
            return ST_MALFORMED;
        memcpy(a.label, label.data, label.count);
        place = equals + 1;
    }
    size_t length = strlen(place);
    if (length > ADDRESS_BYTES_MAX)
        return ST_TOO_LARGE;
    if (length == 0)
        return ST_MALFORMED;
    memcpy(a.place, place, length);
    *out = a;
    return ST_OK;
}

/* The value of a digit in this base, or -1. */
static int digit_of(char c, int base)
{
    int value = -1;
    if (c >= '0' && c <= '9')
        value = c - '0';
    else if (c >= 'a' && c <= 'f')
        value = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
        value = c - 'A' + 10;
    return value < base ? value : -1;
}

/* A number of at most 'digits_max' digits at '*at', which moves on; -1: none, or above 'max'. */
static long read_number(const char **at, int base, int digits_max, long max)
{
    long number = 0;
    int digits = 0;
    while (digits < digits_max && digit_of(**at, base) >= 0) {
        number = number * base + digit_of(**at, base);
        digits++;
        (*at)++;
    }
    return digits > 0 && number <= max ? number : -1;
}

static bool read_ipv4(const char *text, uint8_t ip[static IP_BYTES])
{
    memset(ip, 0, IP_BYTES);
    ip[10] = ip[11] = UINT8_MAX;
    for (int i = 0; i < IPV4_PARTS; i++) {
        if (i > 0 && *text++ != '.')
            return false;
        long part = read_number(&text, 10, 3, UINT8_MAX);
        if (part < 0)
            return false;
        ip[IPV4_PREFIX_BYTES + i] = (uint8_t)part;
    }
    return *text == '\0';
}

/* Groups of hex digits with one gap "::" at most; a zone behind '%' does not matter. */
static bool read_ipv6(const char *text, uint8_t ip[static IP_BYTES])
{
    uint16_t groups[IPV6_GROUPS] = {0};
    int count = 0, gap = -1;
    while (*text != '\0' && *text != '%') {
        if (text[0] == ':' && text[1] == ':' && gap < 0) {
            gap = count;
            text += 2;
            continue;
        }
        if (count > 0 && gap != count && *text++ != ':')
            return false;
        long group = read_number(&text, 16, 4, UINT16_MAX);
        if (group < 0 || count == IPV6_GROUPS)
            return false;
        groups[count++] = (uint16_t)group;
    }
    if (gap < 0 ? count != IPV6_GROUPS : count >= IPV6_GROUPS)
        return false;
    memset(ip, 0, IP_BYTES);
    for (int i = 0; i < count; i++) {
        int place = gap < 0 || i < gap ? i : IPV6_GROUPS - count + i;
        CHECK(place < IPV6_GROUPS);
        ip[2 * place] = (uint8_t)(groups[i] >> 8);
        ip[2 * place + 1] = (uint8_t)groups[i];
    }
    return true;
}

struct limiter_address address_of_stranger(const char *text)
{
    struct limiter_address a = {{0}};
    if (text == NULL)
        text = "";
    if (strncmp(text, "::ffff:", 7) == 0 && read_ipv4(text + 7, a.ip))
        return a;
    if (read_ipv4(text, a.ip) || read_ipv6(text, a.ip))
        return a;
    (void)crypto_generichash(a.ip, sizeof(a.ip), (const uint8_t *)text, strlen(text), NULL, 0);
    return a;
}
