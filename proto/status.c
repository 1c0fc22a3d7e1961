#include "proto/status.h"

#include "proto/check.h"

#define STATUS_TEXT(code, class, text) text,
static const char *const texts[STATUS_COUNT] = {STATUS_LIST(STATUS_TEXT)};
#undef STATUS_TEXT

#define STATUS_CLASS(code, class, text) STATUS_##class,
static const enum status_class classes[STATUS_COUNT] = {STATUS_LIST(STATUS_CLASS)};
#undef STATUS_CLASS

#define STATUS_NAME(code, class, text) #code,
static const char *const names[STATUS_COUNT] = {STATUS_LIST(STATUS_NAME)};
#undef STATUS_NAME

enum { WORD_BYTES_MAX = 24 };

const char *status_text(enum status code)
{
    CHECK((unsigned)code < STATUS_COUNT);
    return texts[code];
}

const char *status_word(enum status code)
{
    /* Filled as they are asked for, one a code, so that two may stand in one sentence. */
    static _Thread_local char words[STATUS_COUNT][WORD_BYTES_MAX];
    CHECK((unsigned)code < STATUS_COUNT);
    char *word = words[code];
    const char *name = names[code] + 3; /* behind "ST_" */
    unsigned i = 0;
    for (; name[i] != '\0' && i < WORD_BYTES_MAX - 1; i++)
        word[i] = name[i] == '_' ? '-' : (char)(name[i] | 0x20);
    word[i] = '\0';
    return word;
}

enum status_class status_class(enum status code)
{
    CHECK((unsigned)code < STATUS_COUNT);
    return classes[code];
}
