/*
 * fund: the commands about money: each makes one entry of the schema's types, through the same code
 * as `add`, after asking what speaks against it, and says which account goes from what to what.
 *
 *   fund grant CUR AMOUNT                      fund award ENTERPRISE CUR AMOUNT
 *   fund exchange CUR AMOUNT CUR AMOUNT        fund pay ENTERPRISE CUR AMOUNT
 *   fund allot OFFICE LINE CUR AMOUNT          fund purchase ENTERPRISE CUR AMOUNT ITEM
 *   fund pass OFFICE LINE CUR AMOUNT           fund expense LINE CUR AMOUNT
 *   fund transfer PURCHASE                     fund reverse ENTRY --because TEXT
 *   fund balance
 *
 * An entry without --ref gets "<label>-<number of the commit that writes it>": one commit of an
 * office has one number, and an entry more than its number. The same --ref with the same content is
 * the same entry, and is not written again.
 *
 * What the rules of an audit would find in it, and a few things that no rule asks, is refused
 * unless --anyway is given: the commands are for people, who mistype. An import is not asked.
 */
#ifndef REPLICAS_FUND_H
#define REPLICAS_FUND_H

#include "replicas/verb.h"

/*
 * fund_run(): options date, today (the day of who asks: a date that is left out, and what is still
 * to come), ref, from, to, to-line, note, receipt, supplier, paper (a file will be attached),
 * because, anyway, dry-run; of balance: office, line, currency.
 *
 * Row: action, type, id, ref, commit, change, about (the number of what it names), fields, accounts
 * [{office, line, currency, before, after}], enterprise {number, currency, awarded, disbursed,
 * purchased}, overridden [text]; "dry_run", "unchanged". Of balance a row an account: office, line,
 * currency, credited, debited, balance. Amounts are in minor units.
 * Errors: ST_NEEDS_PERSON  refused unless --anyway; ST_OVERDRAWN, ST_NOT_ALLOWED, ST_EXISTS,
 *         ST_AMBIGUOUS, ST_NOT_FOUND, ST_BAD_VALUE, ST_USAGE: nothing was written
 */
MUST_USE enum status fund_run(const struct verb_call *call, struct fault *f);

#endif
