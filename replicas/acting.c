#include "replicas/acting.h"

#include "proto/check.h"

size_t acting_bytes(struct bytes text)
{
    CHECK(text.count > 0);
    const uint8_t *at = text.data;
    if (at[0] < ' ' || at[0] == 0x7f)
        return at[0] == '\n' || at[0] == '\t' ? 0 : 1;
    if (text.count >= 2 && ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xd8 && at[1] == 0x9c)))
        return 2;
    if (text.count < 3 || at[0] != 0xe2)
        return 0;
    bool acts = (at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f)) ||
                (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
                (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
    return acts ? 3 : 0;
}

bool acting_anywhere(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++)
        if (acting_bytes((struct bytes){text.data + i, text.count - i}) > 0)
            return true;
    return false;
}
