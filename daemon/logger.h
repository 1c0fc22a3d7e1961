/*
 * logger: lines on standard error for journald and people: "<6>event=link_up peer=iquique". Never
 * case content.
 */
#ifndef DAEMON_LOGGER_H
#define DAEMON_LOGGER_H

enum logger_level {
    LOGGER_ERROR = 3,
    LOGGER_WARNING = 4,
    LOGGER_NOTICE = 5,
    LOGGER_INFO = 6,
    LOGGER_DEBUG = 7
};

/* logger_set_level(): lines above 'level' are dropped; the default is LOGGER_INFO. */
void logger_set_level(enum logger_level level);

/* logger_say(): one line; control characters of the text are replaced by '?'. */
void logger_say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
