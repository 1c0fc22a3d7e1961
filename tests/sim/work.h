/*
 * work: what people write: fields and sets of a few records that they share, so that they collide,
 * and money: grants and allotments by the founder, expenses by everyone.
 */
#ifndef TESTS_SIM_WORK_H
#define TESTS_SIM_WORK_H

#include "tests/sim/ledger.h"

enum { WORK_RECORDS = 5, WORK_FIELDS = 3, WORK_ELEMENTS = 6, WORK_LINES = 2 };

/* The network's schema; its names. */
extern const char work_schema[];
extern const char *const work_fields[WORK_FIELDS];
extern const char *const work_lines[WORK_LINES];

/* Steps: the founder adds the next office, as often as it takes; somebody writes something. */
void work_admit(struct world *w, const struct step *s);
void work_step(struct world *w, const struct step *s);

/* work_write(): one write by 'm', drawn from the dice: it enters the ledger.
 * Errors: what replica_write() meets where the power goes */
MUST_USE enum status work_write(struct member *m, const struct step *s);

/* work_record_id(): of the shared record 'index'. */
void work_record_id(uint32_t index, uint8_t out[static RECORD_ID_BYTES]);

/* work_value(): the value with number 'token', and back: 0 where it is none. */
void work_value(uint32_t token, struct buf *out);
uint32_t work_token(struct bytes value_json);

/* work_balance(): what the account of 'member' holds; line WORK_LINES: its pool.
 * Errors: what reading meets where the disk fails */
MUST_USE enum status work_balance(const struct world *w, struct replica *r, uint32_t member,
                                  uint32_t line, int64_t *out);

#endif
