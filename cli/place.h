/*
 * place: which programs stand beside this one.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "replicas/home.h"

/* place_program(): 'name' beside this program, where it is there; else its bare name, for PATH. */
void place_program(const char *name, char out[static HOME_PATH_MAX]);

#endif
