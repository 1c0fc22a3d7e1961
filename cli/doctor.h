/*
 * doctor: what is not well here, in plain sentences, each with what to do about it.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/call.h"

/* doctor_run(): 0 where nothing is an error; the exit code. */
int doctor_run(struct call *c);

#endif
