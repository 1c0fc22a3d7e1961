/*
 * folder: whole trees of small numbers of files, for backups: listed, made, removed.
 */
#ifndef REPLICAS_FOLDER_H
#define REPLICAS_FOLDER_H

#include "proto/bytes.h"
#include "replicas/backup.h"
#include "replicas/fault.h"

struct folder_name {
    char text[BACKUP_NAME_MAX + 1]; /* relative to the root */
};

struct folder_names {
    struct folder_name *list; /* ascending */
    uint32_t count;
};

/* folder_list(): every regular file below 'root' whose name a backup takes and 'wanted' (NULL: all)
 * wants; symbolic links are not followed. Release it with folder_names_release().
 * Errors: ST_TOO_LARGE  more than BACKUP_FILES_MAX; ST_IO, ST_NO_MEMORY */
MUST_USE enum status folder_list(const char *root, bool (*wanted)(const char *name),
                                 struct folder_names *out, struct fault *f);
void folder_names_release(struct folder_names *n);

/* folder_make_for(): the folders below 'root' that lead to the file 'name', 0700; durable.
 * Errors: ST_IO */
MUST_USE enum status folder_make_for(const char *root, const char *name, struct fault *f);

/* folder_sync(): every file and folder of the tree is durable, but for the name of 'root'. ST_IO */
MUST_USE enum status folder_sync(const char *root, struct fault *f);

/* folder_sync_name(): the name 'path' is durable, as it was made, changed or removed: the folder
 * that it is in is synced, where its owner lets us read it and its file system knows how.
 * Errors: ST_IO, ST_TOO_LARGE */
MUST_USE enum status folder_sync_name(const char *path, struct fault *f);

/* folder_remove(): the tree with its root; nothing where there is none. Errors: ST_IO */
MUST_USE enum status folder_remove(const char *root, struct fault *f);

#endif
