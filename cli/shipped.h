/*
 * shipped: files that are compiled in (cmake/embed.cmake).
 */
#ifndef CLI_SHIPPED_H
#define CLI_SHIPPED_H

#include <stddef.h>

/* replicas/schema/microenterprise.json: the schema of a network that was given none. */
extern const unsigned char shipped_schema[];
extern const size_t shipped_schema_bytes;

#endif
