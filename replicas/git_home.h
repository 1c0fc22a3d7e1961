/*
 * git_home: the folder of a git repository before and beside libgit2: where objects are, whether
 * packs can be believed, what a crash left behind, what other programs are told.
 */
#ifndef REPLICAS_GIT_HOME_H
#define REPLICAS_GIT_HOME_H

#include <git2.h>

#include "replicas/pack_file.h"

enum { GIT_HOME_FOLDERS_MAX = 8 }; /* objects/ and its alternates */

struct git_home {
    char folders[GIT_HOME_FOLDERS_MAX][PACK_PATH_MAX]; /* objects/, its own first */
    size_t count;
    char packs[PACK_PATH_MAX]; /* its own objects/pack */
};

/* git_home_folders(): objects/ and the folders that objects/info/alternates names, theirs too.
 * Errors: ST_TOO_LARGE */
MUST_USE enum status git_home_folders(git_repository *git, struct git_home *out, struct fault *f);

/* git_home_check_packs(): every index in 'folder', and the ends of every pack: what libgit2 would
 * believe unseen. Errors: ST_CORRUPT  with the file's name; ST_IO, ST_NO_MEMORY */
MUST_USE enum status git_home_check_packs(const char *folder, struct fault *f);

/* git_home_check_refs(): that each file below refs/ is one; libgit2 passes over others in silence.
 * Errors: ST_CORRUPT  with the file's name; ST_IO */
MUST_USE enum status git_home_check_refs(git_repository *git, struct fault *f);

/* git_home_remove_ref(): remove the file of a ref, whatever it holds. Returns whether it was there.
 */
bool git_home_remove_ref(git_repository *git, const char *name);

/* git_home_sweep(): remove locks and unfinished packs. The caller holds the home's own lock, so
 * nobody works behind them. */
void git_home_sweep(git_repository *git);

/* git_home_configure(): keep other programs from losing what only we know is needed, and from
 * moving refs under our feet. What the user has set stays. Errors: as git_fault() */
MUST_USE enum status git_home_configure(git_repository *git, struct fault *f);

#endif
