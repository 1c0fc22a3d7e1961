/*
 * sshsig: OpenSSH signatures of files (PROTOCOL.sshsig), as `ssh-keygen -Y sign -n git` makes them
 * with an Ed25519 key: version 1, namespace "git", no reserved bytes, SHA-512.
 *
 *   what is signed   "SSHSIG" string(namespace) string(reserved) string(hash name) string(hash)
 *   the signature    "SSHSIG" u32(1) string(public key) string(namespace) string(reserved)
 *                    string(hash name) string(signature); base64, 70 characters a line, between
 *                    "-----BEGIN SSH SIGNATURE-----" and "-----END SSH SIGNATURE-----"
 *
 * Every part but key and signature is constant, so reading is building and comparing.
 */
#ifndef REPLICAS_SSHSIG_H
#define REPLICAS_SSHSIG_H

#include "proto/bytes.h"
#include "proto/id.h"

enum {
    SSHSIG_KEY_BYTES = 51, /* string("ssh-ed25519") string(key) */
    SSHSIG_BLOB_BYTES = 173,
    SSHSIG_LINE_TEXT = 70,
    SSHSIG_ARMOUR_TEXT = 294, /* with the newline behind each line */
    SSHSIG_SECRET_BYTES = 64, /* libsodium's Ed25519 form: seed and public key */
};

/* sshsig_sign(): deterministic, as Ed25519 is. 'message' is what git would hand to ssh-keygen. */
void sshsig_sign(struct bytes message, const uint8_t secret[static SSHSIG_SECRET_BYTES],
                 uint8_t signature_out[static SIGNATURE_BYTES]);

/* Errors: ST_BAD_SIGNATURE */
MUST_USE enum status sshsig_verify(struct bytes message, const struct key *key,
                                   const uint8_t signature[static SIGNATURE_BYTES]);

/* sshsig_armour(): the text, SSHSIG_ARMOUR_TEXT characters, appended to 'out'. */
void sshsig_armour(const struct key *key, const uint8_t signature[static SIGNATURE_BYTES],
                   struct buf *out);

/*
 * sshsig_parse(): key and signature out of exactly one such text; verifies nothing.
 * Errors: ST_MALFORMED      not that text at all
 *         ST_NOT_CANONICAL  another spelling, namespace or hash of one
 */
MUST_USE enum status sshsig_parse(struct bytes text, struct key *key_out,
                                  uint8_t signature_out[static SIGNATURE_BYTES]);

/*
 * The same for another namespace (1 .. 32 characters; a constant of the program), so that a
 * signature made for one purpose is worth nothing for another. SSHSIG_BLOB_BYTES and
 * SSHSIG_ARMOUR_TEXT are those of "git".
 */
void sshsig_sign_as(const char *namespace, struct bytes message,
                    const uint8_t secret[static SSHSIG_SECRET_BYTES],
                    uint8_t signature_out[static SIGNATURE_BYTES]);
MUST_USE enum status sshsig_verify_as(const char *namespace, struct bytes message,
                                      const struct key *key,
                                      const uint8_t signature[static SIGNATURE_BYTES]);
void sshsig_armour_as(const char *namespace, const struct key *key,
                      const uint8_t signature[static SIGNATURE_BYTES], struct buf *out);
MUST_USE enum status sshsig_parse_as(const char *namespace, struct bytes text, struct key *key_out,
                                     uint8_t signature_out[static SIGNATURE_BYTES]);

/* sshsig_key(): string("ssh-ed25519") string(key), the public key as OpenSSH writes it. */
void sshsig_key(const struct key *key, uint8_t out[static SSHSIG_KEY_BYTES]);

#endif
