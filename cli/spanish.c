#include "cli/language.h"

static const struct language_entry ENTRIES[] = {
    {"Examples", "Ejemplos"},
};

const struct language_entry *spanish_entries(unsigned *count_out)
{
    *count_out = sizeof ENTRIES / sizeof ENTRIES[0];
    return ENTRIES;
}
