#include "cli/phrase.h"

#include "cli/language.h"

static enum status nobody(const char *from, bool optional, struct fault *f)
{
    fault_set(f, ST_USAGE, "%s", tr("a passphrase is wanted, and there is nobody to ask for it"));
    fault_fix(f,
              optional ? tr("use --%s FILE, or --no-passphrase; or run it at a terminal")
                       : tr("use --%s FILE, or run it at a terminal"),
              from);
    return ST_USAGE;
}

static bool can_ask(const struct call *c)
{
    return !c->no_input && passphrase_can_ask();
}

enum status phrase_old(const struct call *c, const char *from, const char *prompt,
                       struct passphrase *out, struct fault *f)
{
    const char *file = call_option(c, from);
    if (file != NULL)
        return passphrase_read(file, out, f);
    return can_ask(c) ? passphrase_ask(prompt, out, f) : nobody(from, false, f);
}

static enum status ask_twice(const char *prompt, struct passphrase *out, struct fault *f)
{
    struct passphrase again = {.count = 0};
    enum status st = passphrase_ask(prompt, out, f);
    if (st == ST_OK)
        st = passphrase_check(out, f);
    if (st == ST_OK)
        st = passphrase_ask(tr("The same again: "), &again, f);
    if (st == ST_OK && !bytes_equal(passphrase_bytes(out), passphrase_bytes(&again))) {
        st = fault_set(f, ST_USAGE, "%s", tr("the two passphrases differ"));
        fault_fix(f, "%s", tr("run the command again"));
    }
    passphrase_wipe(&again);
    return st;
}

enum status phrase_new(const struct call *c, const char *from, const char *prompt, bool optional,
                       struct passphrase *out, struct fault *f)
{
    const char *file = call_option(c, from);
    enum status st;
    out->count = 0;
    if (optional && call_has(c, "no-passphrase")) {
        if (file == NULL)
            return ST_OK;
        return fault_set(f, ST_USAGE, tr("--%s and --no-passphrase exclude each other"), from);
    }
    if (file != NULL) {
        st = passphrase_read(file, out, f);
        if (st == ST_OK)
            st = passphrase_check(out, f);
    } else {
        st = can_ask(c) ? ask_twice(prompt, out, f) : nobody(from, optional, f);
    }
    if (st != ST_OK)
        passphrase_wipe(out);
    return st;
}
