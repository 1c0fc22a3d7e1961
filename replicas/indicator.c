#include "replicas/indicator.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/indicator_cells.h"
#include "replicas/indicator_money.h"
#include "replicas/indicator_reach.h"
#include "replicas/tally.h"

enum { PERCENT = 100, HALVES = 2 };

#define NOTHING                                                                                    \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

static const struct indicator_facts FACTS[INDICATORS] = {
    [INDICATOR_FAMILIES_REACHED] = {"families-reached",
                                    INDICATOR_OF_FAMILIES,
                                    {"families reached", "familias alcanzadas"},
                                    {"families promised", "familias comprometidas"},
                                    NOTHING},
    [INDICATOR_PEOPLE_REACHED] = {"people-reached",
                                  INDICATOR_OF_PEOPLE,
                                  {"people in these families", "personas en esas familias"},
                                  {"people promised", "personas comprometidas"},
                                  {"families that did not say how many they are",
                                   "familias que no dijeron cuántas personas son"}},
    [INDICATOR_FAMILIES_VISITED] = {"families-visited",
                                    INDICATOR_OF_FAMILIES,
                                    {"families visited", "familias visitadas"},
                                    {"families reached", "familias alcanzadas"},
                                    {"visits that name no family on record",
                                     "visitas que no nombran una familia registrada"}},
    [INDICATOR_FAMILIES_FEASIBLE] = {"families-feasible",
                                     INDICATOR_OF_FAMILIES,
                                     {"families feasible at their last visit",
                                      "familias factibles en su última visita"},
                                     {"families visited", "familias visitadas"},
                                     {"families whose last visit does not say",
                                      "familias cuya última visita no lo dice"}},
    [INDICATOR_FAMILIES_SELECTED] = {"families-selected",
                                     INDICATOR_OF_FAMILIES,
                                     {"families selected", "familias seleccionadas"},
                                     {"families visited", "familias visitadas"},
                                     {"families whose last visit does not say",
                                      "familias cuya última visita no lo dice"}},
    [INDICATOR_ENTERPRISES] = {"enterprises",
                               INDICATOR_OF_ENTERPRISES,
                               {"enterprises", "emprendimientos"},
                               {"enterprises promised", "emprendimientos comprometidos"},
                               {"enterprises without a line of contribution",
                                "emprendimientos sin línea de aporte"}},
    [INDICATOR_SESSIONS_INDIVIDUAL] = {"sessions-individual",
                                       INDICATOR_OF_SESSIONS,
                                       {"individual sessions held",
                                        "sesiones individuales realizadas"},
                                       {"due to the enterprises", "debidas a los emprendimientos"},
                                       {"individual sessions that name no enterprise on record",
                                        "sesiones individuales que no nombran un emprendimiento "
                                        "registrado"}},
    [INDICATOR_SESSIONS_GROUP] = {"sessions-group",
                                  INDICATOR_OF_SESSIONS,
                                  {"group sessions held", "sesiones grupales realizadas"},
                                  {"due in offices that have enterprises",
                                   "debidas en oficinas con emprendimientos"},
                                  {"group sessions that name no office",
                                   "sesiones grupales que no nombran una oficina"}},
    [INDICATOR_INCOME_HIGHER] = {"income-higher",
                                 INDICATOR_OF_ENTERPRISES,
                                 {"enterprises with a higher income at the end",
                                  "emprendimientos con más ingreso al final"},
                                 {"measured at baseline and follow-up",
                                  "medidos al inicio y en el seguimiento"},
                                 {"enterprises not measured at both",
                                  "emprendimientos no medidos en ambos"}},
    [INDICATOR_CONTACTS] = {"contacts",
                            INDICATOR_OF_CONTACTS,
                            {"contacts with institutions", "contactos con instituciones"},
                            NOTHING,
                            NOTHING},
    [INDICATOR_ATTENDEES] = {"attendees",
                             INDICATOR_OF_PEOPLE,
                             {"people who attended them", "personas que asistieron a ellos"},
                             NOTHING,
                             {"contacts that say no number", "contactos que no dicen cuántas"}},
    [INDICATOR_GRANTED] =
        {"granted", INDICATOR_OF_MONEY, {"granted", "otorgado"}, NOTHING, NOTHING},
    [INDICATOR_ALLOTTED] = {"allotted",
                            INDICATOR_OF_MONEY,
                            {"allotted to offices", "asignado a oficinas"},
                            {"granted and exchanged", "otorgado y cambiado"},
                            NOTHING},
    [INDICATOR_SPENT] =
        {"spent", INDICATOR_OF_MONEY, {"spent", "gastado"}, {"allotted", "asignado"}, NOTHING},
    [INDICATOR_DISBURSED] = {"disbursed",
                             INDICATOR_OF_MONEY,
                             {"disbursed to enterprises", "desembolsado a emprendimientos"},
                             {"allotted for enterprises", "asignado para emprendimientos"},
                             NOTHING},
    [INDICATOR_PURCHASED] = {"purchased",
                             INDICATOR_OF_MONEY,
                             {"covered by purchases", "cubierto por compras"},
                             {"disbursed", "desembolsado"},
                             {"disbursements to enterprises without a purchase",
                              "desembolsos a emprendimientos sin compra"}},
    [INDICATOR_RECEIPTED] = {"receipted",
                             INDICATOR_OF_MONEY,
                             {"with a receipt", "con recibo"},
                             {"purchases and expenses", "compras y gastos"},
                             {"entries without a receipt", "asientos sin recibo"}},
    [INDICATOR_HANDED_OVER] = {"handed-over",
                               INDICATOR_OF_MONEY,
                               {"handed over to their owners", "entregado a sus dueños"},
                               {"purchases", "compras"},
                               {"purchases not handed over", "compras sin entregar"}},
};

const struct indicator_facts *indicator_facts(enum indicator_what what)
{
    CHECK(what < INDICATORS);
    return &FACTS[what];
}

const char *indicator_by_word(enum indicator_by by)
{
    static const char *const WORDS[INDICATOR_BYS] = {
        [INDICATOR_ALL] = "",
        [INDICATOR_BY_OFFICE] = "office",
        [INDICATOR_BY_LINE] = "line",
        [INDICATOR_BY_STAGE] = "stage",
        [INDICATOR_BY_LINE_OFFICE] = "line-office",
        [INDICATOR_BY_STAGE_OFFICE] = "stage-office",
        [INDICATOR_BY_BUDGET] = "budget-line",
        [INDICATOR_BY_SECTOR] = "sector",
        [INDICATOR_BY_KIND] = "kind",
    };
    CHECK(by < INDICATOR_BYS);
    return WORDS[by];
}

const char *indicator_unit_word(enum indicator_unit unit)
{
    static const char *const WORDS[] = {
        [INDICATOR_OF_FAMILIES] = "families",       [INDICATOR_OF_PEOPLE] = "people",
        [INDICATOR_OF_ENTERPRISES] = "enterprises", [INDICATOR_OF_SESSIONS] = "sessions",
        [INDICATOR_OF_CONTACTS] = "contacts",       [INDICATOR_OF_MONEY] = "money",
    };
    return WORDS[unit];
}

enum status indicator_read(const struct book *b, const struct indicator_options *o,
                           struct indicators **out)
{
    struct tally t;
    enum status st = tally_begin(&t, b, o->schema);
    if (st == ST_OK)
        st = indicator_reach_count(&t);
    if (st == ST_OK)
        st = indicator_money_count(&t);
    if (st == ST_OK) {
        indicator_cells_lay(&t);
        st = tally_end(&t, o->k, out);
    }
    tally_release(&t);
    return st;
}

void indicator_free(struct indicators *i)
{
    if (i != NULL)
        mem_free(i->rows);
    mem_free(i);
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const struct indicator *indicator_find(const struct indicators *i, enum indicator_what what,
                                       enum indicator_by by, const char *value,
                                       const char *currency)
{
    for (uint32_t r = 0; r < i->count; r++) {
        const struct indicator *row = &i->rows[r];
        if (row->what == what && row->by == by && same(row->value, value) &&
            strcmp(row->currency, currency != NULL ? currency : "") == 0)
            return row;
    }
    return NULL;
}

int64_t indicator_percent(const struct indicator *row)
{
    int64_t n = row->numerator.count, of = row->denominator.count;
    if (n < 0 || of <= 0 || row->numerator.state != SMALLCELL_SHOWN ||
        row->denominator.state != SMALLCELL_SHOWN)
        return BOOK_UNKNOWN;
    while (n > (INT64_MAX - of) / (HALVES * PERCENT) || of > INT64_MAX / HALVES) {
        n /= HALVES; /* at that size the share is the same */
        of = of > 1 ? of / HALVES : 1;
    }
    return (HALVES * PERCENT * n + of) / (HALVES * of);
}
