#include "tests/sim/saying.h"

#include <stdio.h>
#include <string.h>

#include "replicas/council.h"
#include "replicas/verb.h"

static void forget_row(void *user, struct bytes json)
{
    (void)user;
    (void)json;
}

enum status saying_run(struct replica *r, const char *label, const char *const *words,
                       saying_row_fn row, void *user, struct fault *f)
{
    static struct control_request q;
    struct buf author = {0};
    q = (struct control_request){.verb = bytes_of_text(words[0])};
    buf_add_format(&author, "person <person@%s>", label);
    for (uint32_t i = 1; words[i] != NULL; i++) {
        const char *equals = strchr(words[i], '=');
        if (strncmp(words[i], "--", 2) != 0) {
            q.words[q.word_count++] = bytes_of_text(words[i]);
            continue;
        }
        size_t bytes = equals != NULL ? (size_t)(equals - words[i]) - 2 : strlen(words[i]) - 2;
        struct control_option *o = &q.options[q.option_count++];
        o->name = (struct bytes){(const uint8_t *)words[i] + 2, bytes};
        o->value = bytes_of_text(equals != NULL ? equals + 1 : "");
    }
    struct verb_call call = {.replica = r,
                             .request = &q,
                             .author = buf_bytes(&author),
                             .listen = "",
                             .user = user,
                             .row = row != NULL ? row : forget_row};
    enum status st = verb_run(&call, f);
    buf_release(&author);
    return st;
}

bool saying_motion(struct replica *r, char out[static SAYING_NUMBER_BYTES])
{
    struct council_motion motions[PROPOSALS_MAX];
    uint32_t count = council_ask_motions(r, motions), number = 0;
    while (number < count && !motions[number].wanted)
        number++;
    snprintf(out, SAYING_NUMBER_BYTES, "%u", number + 1);
    return number < count;
}
