#include "cli/figure.h"

#include <string.h>

#include "cli/amount.h"
#include "cli/language.h"

void figure_count(int64_t count, struct buf *out)
{
    amount_number(count, "", out);
}

void figure_number(const struct indicator_number *n, uint32_t k, const char *currency,
                   struct buf *out)
{
    if (n->state == SMALLCELL_SMALL)
        buf_add_format(out, "<%u", k);
    else if (n->state == SMALLCELL_HIDDEN)
        buf_add_text(out, tr("not shown"));
    else if (n->count >= 0 && currency != NULL && currency[0] != '\0')
        amount_money(n->count, currency, out);
    else if (n->count >= 0)
        figure_count(n->count, out);
}

void figure_percent(int64_t percent, struct buf *out)
{
    if (percent < 0)
        return;
    figure_count(percent, out);
    buf_add_text(out, "\xc2\xa0%"); /* no line break before the sign */
}

const char *figure_word(const char *choice)
{
    static const struct language_entry WORDS[] = {
        {"strengthening", "fortalecimiento"},
        {"idea", "idea"},
        {"innovation", "innovación"},
        {"selection", "selección"},
        {"workshop", "taller"},
        {"purchase", "compra"},
        {"monitoring", "seguimiento"},
        {"enterprises", "emprendimientos"},
        {"workshops", "talleres"},
        {"counselling", "asesoría"},
        {"community", "comunidad"},
        {"administration", "administración"},
        {"reserve", "reserva"},
        {"health", "salud"},
        {"education", "educación"},
        {"employment", "empleo"},
        {"housing", "vivienda"},
        {"culture", "cultura"},
        {"formal approach", "acercamiento formal"},
        {"bilateral meeting", "reunión bilateral"},
        {"awareness workshop", "taller de sensibilización"},
    };
    if (strcmp(choice, INDICATOR_OTHERS) == 0)
        return tr("the others");
    if (language_now() != LANGUAGE_SPANISH)
        return choice;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(WORDS[i].english, choice) == 0)
            return WORDS[i].spanish;
    return choice;
}
