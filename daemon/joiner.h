/*
 * joiner: pair once, in the foreground: dial the inviter of a link, prove its secret, keep the
 * charter that names us, end. What `minga join` runs.
 *
 * In a home of the same network and label it joins again, with a fresh key in identity.join: the
 * charters that came are kept first, then identity.join becomes identity in one step. A crash
 * before that leaves the home as it was, and the same command goes on with the same key.
 */
#ifndef DAEMON_JOINER_H
#define DAEMON_JOINER_H

struct joiner_options {
    const char *home, *link;
    const char *listen;          /* where others can reach us; NULL: nowhere */
    const char *passphrase_file; /* of the key that joins; NULL: a fresh one gets none */
    unsigned timeout_s;
};

/* joiner_run(): prints one JSON object on standard output (network, network_id, office, role,
 * fingerprint, again), before it {"proposed":true} where the admins have to approve first; or one
 * with error, text, fix and exit on standard error. The process's exit code.
 */
int joiner_run(const struct joiner_options *o);

#endif
