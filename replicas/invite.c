#include "replicas/invite.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/mp.h"
#include "replicas/disk.h"
#include "replicas/json.h"
#include "replicas/words.h"

enum {
    VERSION = 1,
    ELEMENTS = 9,
    FILE_BYTES_MAX = 1024,
    NAME_HEX_BYTES = 2 * INVITATION_ID_BYTES + 1,
    PATH_BYTES_MAX = 64,
    EXPIRES_DEFAULT = 7 * 24 * 60 * 60,
};

static const char FOLDER[] = "invitations";

static const struct charter *newest_of(const struct replica *r)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    CHECK(newest != NULL);
    return newest;
}

/* ---- Stored invitations ---- */

static enum status open_disk(const struct replica *r, struct disk *out, struct fault *f)
{
    if (replica_home(r) == NULL)
        return fault_set(f, ST_BAD_CONFIG, "this replica has no folder for invitations");
    return disk_files(replica_home(r), out, f);
}

static enum status store_invitation(struct disk *d, const struct invite *i, struct fault *f)
{
    char name[NAME_HEX_BYTES];
    struct buf file = {0};
    hex_encode(i->id, INVITATION_ID_BYTES, name);
    mp_write_array(&file, ELEMENTS);
    mp_write_uint(&file, VERSION);
    mp_write_binary(&file, (struct bytes){i->id, INVITATION_ID_BYTES});
    mp_write_binary(&file, (struct bytes){i->secret, INVITATION_SECRET_BYTES});
    mp_write_text(&file, bytes_of_text(i->label));
    mp_write_text(&file, bytes_of_text(charter_role_text(i->role)));
    mp_write_bool(&file, i->admin);
    mp_write_bool(&file, i->treasurer);
    mp_write_uint(&file, (uint64_t)i->expires);
    mp_write_binary(&file, (struct bytes){i->used_by.id, i->used ? KEY_BYTES : 0});
    enum status status = buf_status(&file);
    if (status == ST_OK)
        status = d->make_folder(d->context, FOLDER, f);
    if (status == ST_OK)
        status = disk_put(d, FOLDER, name, buf_bytes(&file), f);
    if (file.data != NULL)
        sodium_memzero(file.data, file.count);
    buf_release(&file);
    return status;
}

static enum status parse_invitation(struct bytes file, struct invite *out)
{
    struct mp_reader r;
    mp_read(&r, file);
    mp_read_array(&r, ELEMENTS, ELEMENTS);
    if (mp_read_uint(&r, UINT32_MAX) != VERSION)
        mp_fail(&r, ST_MALFORMED);
    mp_read_fixed(&r, out->id, INVITATION_ID_BYTES);
    mp_read_fixed(&r, out->secret, INVITATION_SECRET_BYTES);
    struct bytes label = mp_read_text(&r, LABEL_BYTES_MAX);
    struct bytes role = mp_read_text(&r, NAME_BYTES_MAX);
    out->admin = mp_read_bool(&r);
    out->treasurer = mp_read_bool(&r);
    out->expires = (int64_t)mp_read_uint(&r, INT64_MAX);
    struct bytes used_by = mp_read_binary(&r, KEY_BYTES);
    if (!label_is_valid(label) || !charter_role_parse(role, &out->role) ||
        (used_by.count != 0 && used_by.count != KEY_BYTES))
        mp_fail(&r, ST_MALFORMED);
    enum status status = mp_end(&r);
    if (status != ST_OK)
        return status;
    memcpy(out->label, label.data, label.count);
    out->used = used_by.count == KEY_BYTES;
    if (out->used)
        memcpy(out->used_by.id, used_by.data, KEY_BYTES);
    out->expired = out->expires <= (int64_t)time(NULL);
    return ST_OK;
}

static void path_of(const char *name, char out[static PATH_BYTES_MAX])
{
    int used = snprintf(out, PATH_BYTES_MAX, "%s/%s", FOLDER, name);
    CHECK(used > 0 && used < PATH_BYTES_MAX);
}

static enum status load_invitation(struct disk *d, const char *name, struct invite *out,
                                   struct fault *f)
{
    char path[PATH_BYTES_MAX];
    struct buf file = {0};
    path_of(name, path);
    *out = (struct invite){.expires = 0};
    enum status status = disk_get(d, path, FILE_BYTES_MAX, &file, f);
    if (status == ST_OK && parse_invitation(buf_bytes(&file), out) != ST_OK) {
        status = fault_set(f, ST_CORRUPT, "%s is damaged", path);
        fault_fix(f, "remove that file, and invite again");
    }
    if (file.data != NULL)
        sodium_memzero(file.data, file.count);
    buf_release(&file);
    return status;
}

struct names {
    char (*list)[NAME_HEX_BYTES];
    uint32_t count;
};

static enum status take_name(void *user, const char *name)
{
    struct names *names = user;
    if (strlen(name) != NAME_HEX_BYTES - 1 || names->count == INVITATIONS_MAX)
        return ST_OK; /* a temporary file, or more than we ever keep */
    memcpy(names->list[names->count++], name, NAME_HEX_BYTES);
    return ST_OK;
}

static enum status list_names(struct disk *d, struct names *out, struct fault *f)
{
    *out = (struct names){.list = mem_array(INVITATIONS_MAX, sizeof *out->list)};
    if (out->list == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    enum status status = d->make_folder(d->context, FOLDER, f);
    if (status == ST_OK)
        status = d->list(d->context, FOLDER, take_name, out, f);
    return status;
}

enum status invite_each(struct replica *r, invite_fn each, void *user, struct fault *f)
{
    struct disk disk = {0};
    struct names names = {0};
    struct invite i = {.expires = 0};
    enum status status = open_disk(r, &disk, f);
    if (status == ST_OK)
        status = list_names(&disk, &names, f);
    for (uint32_t n = 0; n < names.count && status == ST_OK; n++) {
        enum status loaded = load_invitation(&disk, names.list[n], &i, f);
        if (loaded == ST_OK)
            each(user, &i);
        else if (loaded != ST_CORRUPT) /* a damaged one admits nobody, and stops nobody else */
            status = loaded;
    }
    sodium_memzero(&i, sizeof i);
    mem_free(names.list);
    disk_release(&disk);
    return status;
}

/* Room for one more: what has expired makes way. */
static enum status make_room(struct disk *d, struct fault *f)
{
    struct names names = {0};
    struct invite i = {.expires = 0};
    uint32_t left = 0;
    enum status status = list_names(d, &names, f);
    bool full = names.count == INVITATIONS_MAX;
    for (uint32_t n = 0; n < names.count && status == ST_OK && full; n++) {
        char path[PATH_BYTES_MAX];
        path_of(names.list[n], path);
        enum status loaded = load_invitation(d, names.list[n], &i, f);
        if (loaded == ST_CORRUPT || (loaded == ST_OK && i.expired))
            status = d->remove(d->context, path, f);
        else
            left++;
    }
    if (status == ST_OK && left == INVITATIONS_MAX) {
        status = fault_set(f, ST_TOO_LARGE, "%d invitations are open already", INVITATIONS_MAX);
        fault_fix(f, "wait until some have expired");
    }
    sodium_memzero(&i, sizeof i);
    mem_free(names.list);
    return status;
}

/* ---- invite ---- */

static enum status read_rights(struct bytes text, struct invite *out, struct fault *f)
{
    while (text.count > 0) {
        const uint8_t *comma = memchr(text.data, ',', text.count);
        size_t count = comma != NULL ? (size_t)(comma - text.data) : text.count;
        struct bytes right = {text.data, count};
        if (bytes_equal_text(right, "admin"))
            out->admin = true;
        else if (bytes_equal_text(right, "treasurer"))
            out->treasurer = true;
        else if (count > 0) {
            enum status status = fault_set(f, ST_USAGE, "there is no right '%.*s'",
                                           words_shown(right), (const char *)right.data);
            fault_fix(f, "rights are admin and treasurer");
            return status;
        }
        size_t step = comma != NULL ? count + 1 : count;
        text = (struct bytes){text.data + step, text.count - step};
    }
    if (out->admin && out->role == CHARTER_PARTNER)
        return fault_set(f, ST_USAGE, "a partner cannot be an admin");
    if (out->treasurer && out->role != CHARTER_OFFICE)
        return fault_set(f, ST_USAGE, "only an office can be a treasurer");
    return ST_OK;
}

static enum status read_label(struct replica *r, struct bytes label, struct invite *out,
                              struct fault *f)
{
    const struct charter *newest = newest_of(r);
    if (!label_is_valid(label)) {
        enum status status = fault_set(f, ST_USAGE, "'%.*s' cannot be a label", words_shown(label),
                                       label.count > 0 ? (const char *)label.data : "");
        fault_fix(f, "2 to 32 of a-z, 0-9 and '-', a letter first; not \"main\"");
        return status;
    }
    if (charter_by_label(newest, label) != NULL) {
        enum status status = fault_set(f, ST_EXISTS, "there is a member '%.*s' already",
                                       (int)label.count, (const char *)label.data);
        fault_fix(f, "choose another label; minga member list shows those taken");
        return status;
    }
    memcpy(out->label, label.data, label.count);
    return ST_OK;
}

static enum status read_invite(const struct verb_call *call, struct invite *out, struct fault *f)
{
    const struct control_request *q = call->request;
    struct bytes role = control_option(q, "role");
    int64_t span = EXPIRES_DEFAULT;
    if (q->word_count != 1) {
        enum status status = fault_set(f, ST_USAGE, "invite takes one label");
        fault_fix(f, "use: minga invite LABEL [--role office|auditor|partner] [--expires 7d]");
        return status;
    }
    enum status status = read_label(call->replica, q->words[0], out, f);
    if (status == ST_OK && role.count > 0 && !charter_role_parse(role, &out->role)) {
        status = fault_set(f, ST_USAGE, "there is no role '%.*s'", words_shown(role),
                           (const char *)role.data);
        fault_fix(f, "roles are office, auditor and partner");
    }
    if (status == ST_OK)
        status = read_rights(control_option(q, "rights"), out, f);
    if (status == ST_OK && control_has(q, "expires"))
        status = words_span(control_option(q, "expires"), &span, f);
    out->expires = (int64_t)time(NULL) + span;
    return status;
}

/* Whether an address names no host that another machine could dial. */
static bool is_wildcard(const char *address)
{
    return address[0] == '\0' || strncmp(address, "0.0.0.0:", 8) == 0 ||
           strncmp(address, "[::]:", 5) == 0 || address[0] == ':';
}

static enum status own_address(const struct verb_call *call, char out[ADDRESS_BYTES_MAX + 1],
                               struct fault *f)
{
    const struct charter_member *self =
        charter_by_label(newest_of(call->replica), bytes_of_text(replica_label(call->replica)));
    struct bytes given = control_option(call->request, "address");
    if (given.count == 0 && self != NULL && !is_wildcard(self->address))
        given = bytes_of_text(self->address);
    if (given.count == 0 && call->listen != NULL && !is_wildcard(call->listen))
        given = bytes_of_text(call->listen);
    if (given.count == 0 || given.count > ADDRESS_BYTES_MAX) {
        enum status status = fault_set(f, ST_BAD_CONFIG,
                                       "this office does not know the address at"
                                       " which the newcomer can reach it");
        fault_fix(f, "give it: minga invite LABEL --address HOST:PORT");
        return status;
    }
    memcpy(out, given.data, given.count);
    out[given.count] = '\0';
    return ST_OK;
}

static enum status check_admin(struct replica *r, struct fault *f)
{
    const struct charter_member *self =
        charter_by_label(newest_of(r), bytes_of_text(replica_label(r)));
    if (self != NULL && self->admin)
        return ST_OK;
    enum status status = fault_set(f, ST_NOT_ALLOWED, "only an admin can invite");
    fault_fix(f, "ask an admin: minga member list shows them");
    return status;
}

static enum status send_link(const struct verb_call *call, const struct invite *stored,
                             const char *address)
{
    struct replica *r = call->replica;
    struct invitation i = {
        .network = *replica_network(r),
        .charter = newest_of(r)->hash,
        .inviter = replica_identity(r)->key,
        .role = stored->role,
        .expires = stored->expires,
    };
    char expires[WORDS_TIME_BYTES];
    struct buf link = {0}, row = {0};
    memcpy(i.id, stored->id, sizeof i.id);
    memcpy(i.secret, stored->secret, sizeof i.secret);
    memcpy(i.label, stored->label, sizeof i.label);
    memcpy(i.address, address, sizeof i.address);
    words_time(i.expires, expires);
    invitation_encode(&i, &link);
    buf_add_text(&row, "{\"link\":");
    json_add_text(&row, buf_bytes(&link));
    buf_add_format(&row, ",\"expires\":\"%s\",\"role\":\"%s\",\"label\":\"%s\"}", expires,
                   charter_role_text(i.role), i.label);
    enum status status = link.failed ? ST_NO_MEMORY : verb_send(call, &row);
    sodium_memzero(&i, sizeof i);
    buf_release(&link);
    buf_release(&row);
    return status;
}

enum status invite_new(const struct verb_call *call, struct fault *f)
{
    struct invite i = {.role = CHARTER_OFFICE};
    struct disk disk = {0};
    char address[ADDRESS_BYTES_MAX + 1] = "";
    enum status status = check_admin(call->replica, f);
    if (status == ST_OK)
        status = read_invite(call, &i, f);
    if (status == ST_OK)
        status = own_address(call, address, f);
    if (status == ST_OK)
        status = open_disk(call->replica, &disk, f);
    if (status == ST_OK)
        status = make_room(&disk, f);
    if (status == ST_OK) {
        randombytes_buf(i.id, sizeof i.id);
        randombytes_buf(i.secret, sizeof i.secret);
        status = store_invitation(&disk, &i, f);
    }
    if (status == ST_OK)
        status = send_link(call, &i, address);
    sodium_memzero(&i, sizeof i);
    disk_release(&disk);
    return status;
}

/* ---- Admitting ---- */

static enum status check_open(const struct replica *r, const struct invite *i,
                              const struct key *key, bool *member_out, struct fault *f)
{
    const struct charter_member *taken = charter_by_label(newest_of(r), bytes_of_text(i->label));
    bool same = taken != NULL && memcmp(taken->key.id, key->id, KEY_BYTES) == 0;
    bool other = i->used && memcmp(i->used_by.id, key->id, KEY_BYTES) != 0;
    *member_out = same;
    if (same)
        return ST_OK; /* it asks again: an answer got lost */
    if (other || taken != NULL)
        return fault_set(f, ST_USED, "the invitation of %s was used by another key", i->label);
    if (i->expired)
        return fault_set(f, ST_EXPIRED, "the invitation of %s has expired", i->label);
    return ST_OK;
}

static enum status add_newcomer(struct replica *r, const struct invite *i, const struct key *key,
                                struct bytes address, struct fault *f)
{
    struct charter_member member = {
        .role = i->role,
        .admin = i->admin,
        .treasurer = i->treasurer,
        .key = *key,
    };
    if (address.count > ADDRESS_BYTES_MAX)
        return fault_set(f, ST_TOO_LARGE, "the newcomer's address is too long");
    memcpy(member.label, i->label, sizeof member.label);
    if (address.count > 0)
        memcpy(member.address, address.data, address.count);
    return replica_add_member(r, &member, f);
}

enum status invite_admit(struct replica *r, struct bytes id, const struct key *key,
                         struct bytes address, char *label_out, struct fault *f)
{
    struct disk disk = {0};
    struct invite i = {.expires = 0};
    char name[NAME_HEX_BYTES];
    bool member = false;
    if (id.count != INVITATION_ID_BYTES)
        return fault_set(f, ST_NOT_FOUND, "no such invitation");
    hex_encode(id.data, id.count, name);
    enum status status = open_disk(r, &disk, f);
    if (status == ST_OK)
        status = load_invitation(&disk, name, &i, f);
    if (status == ST_OK)
        status = check_open(r, &i, key, &member, f);
    if (status == ST_OK && !member)
        status = add_newcomer(r, &i, key, address, f);
    if (status == ST_OK && !i.used) { /* after the charter: a crash between finds it a member */
        i.used = true;
        i.used_by = *key;
        status = store_invitation(&disk, &i, f);
    }
    if (status == ST_OK)
        memcpy(label_out, i.label, sizeof i.label);
    sodium_memzero(&i, sizeof i);
    disk_release(&disk);
    return status;
}
