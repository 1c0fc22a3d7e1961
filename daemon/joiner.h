/*
 * joiner: pair once, in the foreground: dial the inviter of a link, prove its secret, keep the
 * charter that names us, end. What `minga join` runs.
 */
#ifndef DAEMON_JOINER_H
#define DAEMON_JOINER_H

struct joiner_options {
    const char *home, *link;
    const char *listen; /* where others can reach us; NULL: nowhere */
    unsigned timeout_s;
};

/* joiner_run(): prints one JSON object on standard output (network, network_id, office, role,
 * fingerprint), or one with error, text, fix and exit on standard error. The process's exit code.
 */
int joiner_run(const struct joiner_options *o);

#endif
