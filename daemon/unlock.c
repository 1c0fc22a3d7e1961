#include "daemon/unlock.h"

#include <sodium.h>
#include <stdio.h>

enum { PROMPT_BYTES = HOME_PATH_MAX + 64 };

bool unlock_needed(const char *home)
{
    struct key key;
    bool wrapped = false;
    struct fault ignored = {0};
    return home_public(home, "identity", &key, &wrapped, &ignored) == ST_OK && wrapped;
}

enum status unlock_ask(const char *file, const char *prompt, struct passphrase *out,
                       struct fault *f)
{
    if (file != NULL)
        return passphrase_read(file, out, f);
    enum status st = passphrase_credential(out, f);
    if (st != ST_NOT_FOUND)
        return st;
    if (passphrase_can_ask())
        return passphrase_ask(prompt, out, f);
    fault_set(f, ST_USAGE, "the key is under a passphrase, and there is no terminal to ask for it");
    fault_fix(f, "use --passphrase-file FILE, or in a systemd unit "
                 "LoadCredential=minga-passphrase:FILE");
    return ST_USAGE;
}

enum status unlock_home(const char *home, const char *file, struct home_identity *out,
                        struct fault *f)
{
    char prompt[PROMPT_BYTES];
    struct passphrase secret = {.count = 0};
    if (!unlock_needed(home))
        return home_identity(home, out, f);
    snprintf(prompt, sizeof prompt, "Passphrase of %s: ", home);
    enum status st = unlock_ask(file, prompt, &secret, f);
    if (st == ST_OK)
        st = home_unlock(home, passphrase_bytes(&secret), out, f);
    passphrase_wipe(&secret);
    return st;
}
