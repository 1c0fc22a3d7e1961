/*
 * schema_system: the types that every network has, whatever schema it was founded with: what sealed
 * fields, decisions, erasures, disclosures and files are written in.
 */
#ifndef REPLICAS_SCHEMA_SYSTEM_H
#define REPLICAS_SCHEMA_SYSTEM_H

#include "proto/bytes.h"
#include "replicas/fault.h"

/* replicas/schema/system.json, compiled in. */
extern const unsigned char schema_system_json[];
extern const size_t schema_system_json_bytes;

/*
 * schema_system_merge(): a schema (any JSON text) and the system's types it lacks, as canonical
 * JSON, appended. A type of the system that it has must have the system's fields, as they are.
 * Errors: ST_NOT_SCHEMA (the fault names type and field), ST_NO_MEMORY
 */
MUST_USE enum status schema_system_merge(struct bytes json, struct buf *out, struct fault *f);

#endif
