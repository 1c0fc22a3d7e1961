/*
 * language: English and Spanish for what a person reads. The language comes from LANGUAGE, LC_ALL,
 * LC_MESSAGES and LANG, read by ourselves: no locale has to be generated on the machine.
 *
 * The English sentence is the key. tr() around a literal translates it; trn() only marks one in a
 * table that is translated when it is shown. A text that has no entry stays English.
 */
#ifndef CLI_LANGUAGE_H
#define CLI_LANGUAGE_H

#include <stdbool.h>

enum language { LANGUAGE_ENGLISH, LANGUAGE_SPANISH };

struct language_entry {
    const char *english, *spanish;
};

/* spanish_entries(): the table, in spanish.c; *count_out entries. spanish_money_entries(): what is
 * said of money, in spanish_money.c; spanish_report_entries(): what reports say, in
 * spanish_report.c. No sentence stands in two. */
const struct language_entry *spanish_entries(unsigned *count_out);
const struct language_entry *spanish_money_entries(unsigned *count_out);
const struct language_entry *spanish_report_entries(unsigned *count_out);

/* language_choose(): by the environment; the order is gettext's. Call once, first. */
void language_choose(void);

/* language_of(): what these four variables (each may be NULL) ask for. */
enum language language_of(const char *language, const char *lc_all, const char *lc_messages,
                          const char *lang);
void language_set(enum language language);
enum language language_now(void);

/* language_text(): 'english' in the chosen language; a constant, or 'english' itself. */
const char *language_text(const char *english) __attribute__((format_arg(1)));

#define tr(english) language_text(english)
#define trn(english) english

#endif
