/*
 * commit: the git commit that an item stands for: its exact bytes, digest and SSH signature.
 *
 *   tree <hex>
 *   parent <hex> …                     in the item's order
 *   author <ident> <seconds> +0000
 *   committer <label> <<label>@minga> <seconds> +0000
 *   gpgsig -----BEGIN SSH SIGNATURE-----
 *    … (SSHSIG, namespace git, sha512, Ed25519, 70 characters a line)
 *
 *   <subject>
 *
 *   Minga-Writer: <label>
 *   Minga-Seq: <n>
 *   Minga-Height: <n>
 *   Minga-Charter: <version> <hash, base32>
 *   Minga-Change: <digest, base32>
 *
 * sshsig.h holds the armour; both are byte for byte what git and ssh-keygen make.
 */
#ifndef REPLICAS_COMMIT_H
#define REPLICAS_COMMIT_H

#include "proto/item.h"
#include "replicas/fault.h"

/* commit_digest(): BLAKE2b-256 over "minga/commit/1", network, label, key, seq, height, charter
 * hash, the parents' digests in order and the operations, each with its length (u64 big endian). */
void commit_digest(const struct digest *network, const struct key *key, const struct item *item,
                   const struct digest *parent_digests, struct digest *out);

/* commit_encode(): the whole commit; 'subject' as op_subject() gives it; 'key' the writer's. */
void commit_encode(const struct item *item, const struct key *key, struct bytes subject,
                   struct buf *out);

/* commit_sign(): fill item->signature. 'secret' is libsodium's 64-byte Ed25519 form. */
MUST_USE enum status commit_sign(struct item *item, struct bytes subject,
                                 const uint8_t secret[static 64]);

/* Errors: ST_BAD_SIGNATURE, ST_NO_MEMORY */
MUST_USE enum status commit_verify(const struct item *item, const struct key *key,
                                   struct bytes subject);

/*
 * commit_parse(): a commit as git holds it, into an item (operations empty), the key inside its
 * signature and its subject; all borrow from 'data'. Strict: rebuilds the bytes and compares.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NO_MEMORY
 */
MUST_USE enum status commit_parse(struct bytes data, struct item *out, struct key *key_out,
                                  struct bytes *subject_out);

/* commit_allowed_signer(): one line of an allowed_signers file for ssh-keygen and git:
 * "<label> namespaces=\"git\" ssh-ed25519 <base64>\n". */
void commit_allowed_signer(struct bytes label, const struct key *key, struct buf *out);

/* commit_key_line(): "ssh-ed25519 <base64> <label>\n", the OpenSSH form of identity.pub. */
void commit_key_line(struct bytes label, const struct key *key, struct buf *out);

#endif
