#include "cli/language.h"

static const struct language_entry ENTRIES[] = {
    {"money: each command makes one entry, and says what is left",
     "dinero: cada orden hace un asiento y dice qué queda"},
    {"grant CUR AMOUNT --from FUNDER; exchange CUR AMOUNT CUR AMOUNT; allot OFFICE LINE CUR "
     "AMOUNT; pass OFFICE LINE CUR AMOUNT [--to-line LINE]; award ENTERPRISE CUR AMOUNT; pay "
     "ENTERPRISE CUR AMOUNT; purchase ENTERPRISE CUR AMOUNT ITEM --receipt NUMBER; expense "
     "LINE CUR AMOUNT --receipt NUMBER; transfer PURCHASE; reverse ENTRY --because TEXT; "
     "balance [--office L] [--line L] [--currency C]. What the audit would list is refused "
     "unless --anyway is given. Amounts are typed without marks for thousands.",
     "grant MONEDA MONTO --from FINANCIADOR; exchange MONEDA MONTO MONEDA MONTO; allot OFICINA "
     "LÍNEA MONEDA MONTO; pass OFICINA LÍNEA MONEDA MONTO [--to-line LÍNEA]; award "
     "EMPRENDIMIENTO MONEDA MONTO; pay EMPRENDIMIENTO MONEDA MONTO; purchase EMPRENDIMIENTO "
     "MONEDA MONTO OBJETO --receipt NÚMERO; expense LÍNEA MONEDA MONTO --receipt NÚMERO; "
     "transfer COMPRA; reverse ASIENTO --because TEXTO; balance [--office O] [--line L] "
     "[--currency M]. Lo que la auditoría anotaría se rechaza, salvo con --anyway. Los montos "
     "se escriben sin separador de miles."},
    {"Money", "Dinero"},
    {"grant of %s by %s", "subvención de %s, de %s"},
    {"exchange of %s for %s", "cambio de %s por %s"},
    {"allotment of %s to %s for %s", "asignación de %s a %s para %s"},
    {"%s passed from %s to %s of %s", "traspaso de %s, de %s a %s de %s"},
    {"award of %s to %s", "adjudicación de %s a %s"},
    {"payment of %s to %s", "pago de %s a %s"},
    {"purchase of %s for %s, %s", "compra de %s para %s, %s"},
    {"expense of %s on %s", "gasto de %s en %s"},
    {"transfer of ownership of %s", "entrega en propiedad de %s"},
    {"reversal of %s", "reverso de %s"},
    {"; %s of %s: from %s to %s", "; %s de %s: de %s a %s"},
    {"; %s of %s: %s left", "; %s de %s: quedan %s"},
    {"; %s of %s: now %s", "; %s de %s: ahora %s"},
    {"; awarded in all: %s, still to be paid: %s",
     "; adjudicado en total: %s, por pagar todavía: %s"},
    {"; paid to it: %s, not covered by purchases yet: %s",
     "; se le ha pagado: %s, aún sin compras que lo cubran: %s"},
    {"Would be written: %s", "Se escribiría: %s"},
    {"Written: %s (%s%s%.*s)", "Escrito: %s (%s%s%.*s)"},
    {"Written before: %s (%s%s%.*s)", "Escrito antes: %s (%s%s%.*s)"},
    {"All the same: %s", "Con todo: %s"},
    {"It was not written again: it has that number and says the same.",
     "No se escribió otra vez: tiene ese número y dice lo mismo."},
    {"type it again as it stands: under one number it is written once",
     "escríbalo de nuevo tal cual: con un mismo número se escribe una sola vez"},
    {"it may have been written: minga log --limit 1 shows it; with --ref NUMBER it can be typed "
     "again",
     "puede que esté escrito: lo muestra minga log --limit 1; con --ref NÚMERO se puede repetir"},
    {"the entry %.*s stands, but %s was not attached: %.200s",
     "el asiento %.*s queda, pero no se adjuntó %s: %.200s"},
    {"line", "línea"},
    {"currency", "moneda"},
    {"credited", "abonado"},
    {"debited", "cargado"},
    {"balance", "saldo"},
    {"in all", "en total"},
    {"No such account holds or held anything.", "Ninguna cuenta así tiene ni tuvo nada."},
    {"if it is right all the same: --anyway writes it, and the audit will list it",
     "si aun así es correcto: --anyway lo escribe, y la auditoría lo anotará"},
    {"what was written by mistake is taken back by: minga fund reverse",
     "lo escrito por error se anula con: minga fund reverse"},
    {"the total cannot be checked: %s", "no se puede comprobar el total: %s"},
    {"nothing was imported: correct the row, or take the lines of totals away",
     "no se importó nada: corrija la fila, o quite las líneas de totales"},
    {"nothing was imported: find the rows that are missing or wrong, or correct the total",
     "no se importó nada: busque las filas que faltan o sobran, o corrija el total"},
    {"nothing was imported: name it behind the amount, as in # total USD 100 from_amount",
     "no se importó nada: nómbrela detrás del monto, como en # total USD 100 from_amount"},
    {"write it as: # total CLP 12750002, and the column behind it where there are several of "
     "amounts",
     "escríbalo así: # total CLP 12750002, y detrás la columna si hay varias de montos"},
    {"give the digits of its id", "dé los dígitos de su identificador"},
    {"a reversal is not reversed", "un reverso no se reversa"},
    {"write the entry anew that it took back", "escriba de nuevo el asiento que anuló"},
    {"a treasurer writes them; minga member list shows who is one",
     "los escribe quien es treasurer; minga member list muestra quién lo es"},
    {"offices write them; minga member list shows who is what",
     "los escriben las oficinas; minga member list muestra quién es qué"},
};

const struct language_entry *spanish_money_entries(unsigned *count_out)
{
    *count_out = sizeof ENTRIES / sizeof ENTRIES[0];
    return ENTRIES;
}
