/*
 * status: every outcome that a function of this project can report.
 *
 * One table (code, class, text). The class says whose affair it is:
 *   OUTCOME  an ordinary answer (done, nothing there, more input wanted)
 *   PEER     what a peer or a file from outside sent is wrong; never our state
 *   LOCAL    this machine cannot (memory, disk, configuration)
 */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#define STATUS_LIST(X)                                                                             \
    X(ST_OK, OUTCOME, "done")                                                                      \
    X(ST_AGAIN, OUTCOME, "more input is needed")                                                   \
    X(ST_NOT_FOUND, OUTCOME, "not found")                                                          \
    X(ST_EXISTS, OUTCOME, "exists already")                                                        \
    X(ST_AMBIGUOUS, OUTCOME, "matches more than one")                                              \
    X(ST_NOTHING, OUTCOME, "nothing to change")                                                    \
    X(ST_WAITING, OUTCOME, "waits for what it builds on")                                          \
    X(ST_OVER_QUOTA, OUTCOME, "more than is kept of a key whose commits do not count")             \
    X(ST_CLOSED, OUTCOME, "closed")                                                                \
    X(ST_USAGE, OUTCOME, "wrong usage")                                                            \
    X(ST_PARTLY, OUTCOME, "done in part")                                                          \
    X(ST_NEEDS_PERSON, OUTCOME, "needs a person to decide")                                        \
    X(ST_TIMEOUT, OUTCOME, "timed out")                                                            \
    X(ST_WRONG_KEY, OUTCOME, "wrong passphrase or key")                                            \
    X(ST_BAD_VALUE, PEER, "a value does not fit its field")                                        \
    X(ST_MALFORMED, PEER, "malformed bytes")                                                       \
    X(ST_NOT_CANONICAL, PEER, "not in canonical form")                                             \
    X(ST_TOO_LARGE, PEER, "over a limit")                                                          \
    X(ST_BAD_MAC, PEER, "authentication of a frame failed")                                        \
    X(ST_BAD_SIGNATURE, PEER, "the signature does not verify")                                     \
    X(ST_WRONG_ROOT, PEER, "replay does not reach the signed tree")                                \
    X(ST_WRONG_WRITER, PEER, "the key is not in force for this label")                             \
    X(ST_WRONG_SEQ, PEER, "the sequence number is not the next of its key")                        \
    X(ST_WRONG_HEIGHT, PEER, "the height is not one above its parents'")                           \
    X(ST_WRONG_DIGEST, PEER, "the digest does not match the content")                              \
    X(ST_WRONG_PARENTS, PEER, "the parents are not an antichain of accepted commits")              \
    X(ST_WRONG_CHARTER, PEER, "the charter named is older than a parent's, or forged")             \
    X(ST_WRONG_OPERATION, PEER, "an operation changes nothing or names what is not there")         \
    X(ST_NOT_ALLOWED, PEER, "the role may not do this")                                            \
    X(ST_NOT_SCHEMA, PEER, "no such type, field or shape in the schema")                           \
    X(ST_OVERDRAWN, PEER, "the account does not cover the debit")                                  \
    X(ST_NOT_MEMBER, PEER, "the key is not a member's")                                            \
    X(ST_RETIRED, PEER, "the key is retired: it was removed from the charter")                     \
    X(ST_WRONG_NETWORK, PEER, "belongs to another network")                                        \
    X(ST_PROTOCOL, PEER, "a message that this state does not allow")                               \
    X(ST_STALLED, PEER, "the peer stalled")                                                        \
    X(ST_EXPIRED, PEER, "the invitation has expired")                                              \
    X(ST_USED, PEER, "the invitation was used by another key")                                     \
    X(ST_NO_MEMORY, LOCAL, "out of memory")                                                        \
    X(ST_IO, LOCAL, "reading or writing failed")                                                   \
    X(ST_DISK_FULL, LOCAL, "the disk is full")                                                     \
    X(ST_CORRUPT, LOCAL, "stored bytes are damaged")                                               \
    X(ST_LOCKED, LOCAL, "locked by another process")                                               \
    X(ST_NO_REPLICA, LOCAL, "no replica here")                                                     \
    X(ST_NO_DAEMON, LOCAL, "the daemon is not running")                                            \
    X(ST_BAD_CONFIG, LOCAL, "the configuration is not valid")                                      \
    X(ST_UNREACHABLE, LOCAL, "the peer cannot be reached")

#define STATUS_ENUM(code, class, text) code,
enum status { STATUS_LIST(STATUS_ENUM) STATUS_COUNT };
#undef STATUS_ENUM

enum status_class { STATUS_OUTCOME, STATUS_PEER, STATUS_LOCAL };

#define MUST_USE __attribute__((warn_unused_result))

/* status_text(): one English clause without a full stop; a constant. 'code' 0 .. STATUS_COUNT - 1.
 */
const char *status_text(enum status code);

/* status_word(): the stable word of a code, as "error" in JSON: "not-found" for ST_NOT_FOUND. */
const char *status_word(enum status code);

enum status_class status_class(enum status code);

#endif
