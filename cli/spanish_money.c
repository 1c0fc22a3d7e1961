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
    {"the way of money: up to the grant, down to the receipts",
     "el camino del dinero: hasta la subvención y hasta las boletas"},
    {"From any entry or record: what it was paid out of and all that fed that account, up to "
     "the grant; and what was bought, handed over, taken back. Each step with who signed it, "
     "the signature checked anew, and how many offices have it. --limit: how many of a kind "
     "are listed one by one, 0 for all.",
     "Desde cualquier asiento o registro: de qué cuenta se pagó y todo lo que la alimentó, hasta "
     "la subvención; y qué se compró, se entregó o se anuló. Cada paso con quién lo firmó, la "
     "firma comprobada de nuevo, y cuántas oficinas lo tienen. --limit: cuántos de cada clase se "
     "muestran uno por uno, 0 para todos."},
    {"grant", "subvención"},
    {"exchange", "cambio de moneda"},
    {"allotment", "asignación"},
    {"pass", "traspaso"},
    {"award", "adjudicación"},
    {"disbursement", "desembolso"},
    {"purchase", "compra"},
    {"transfer of ownership", "entrega en propiedad"},
    {"expense", "gasto"},
    {"reversal", "reverso"},
    {"statement of a balance", "saldo declarado"},
    {"enterprise", "emprendimiento"},
    {"household", "hogar"},
    {"visit", "visita"},
    {"session", "sesión"},
    {"income", "ingreso"},
    {"contact", "contacto"},
    {"programme", "programa"},
    {"document", "documento"},
    {"attachment", "adjunto"},
    {"of", "de"},
    {"awarded", "adjudicado"},
    {"paid", "pagado"},
    {"bought", "comprado"},
    {"handed over", "entregado"},
    {"takes back", "anula"},
    {"taken back by", "anulado por"},
    {"out of", "desde"},
    {"fed by", "alimentada por"},
    {"into", "hacia"},
    {"spent", "gastado"},
    {"given back", "devuelto"},
    {"and more", "y además"},
    {"nothing was awarded to this enterprise", "a este emprendimiento no se le adjudicó nada"},
    {"nothing was paid to this enterprise", "a este emprendimiento no se le pagó nada"},
    {"no grant is behind these accounts", "no hay ninguna subvención detrás de estas cuentas"},
    {"no money goes through this record", "por este registro no pasa dinero"},
    {"what it names is not here", "lo que nombra no está aquí"},
    {"key in force", "clave vigente"},
    {"key retired since", "clave retirada después"},
    {"key frozen", "clave congelada"},
    {"key of nobody", "clave de nadie"},
    {", handed over on %s", ", entregado el %s"},
    {"taken back", "anulado"},
    {"account of %s, %s: %s in, %s out, %s left",
     "cuenta de %s, %s: entraron %s, salieron %s, quedan %s"},
    {", %lld with a receipt", ", %lld con boleta"},
    {", %lld handed over", ", %lld entregados"},
    {"signed by %s (%s), %s, commit %.*s: signature good, %s",
     "firmado por %s (%s), %s, commit %.*s: firma correcta, %s"},
    {"signed by %s (%s), %s, commit %.*s: SIGNATURE BAD, %s",
     "firmado por %s (%s), %s, commit %.*s: FIRMA INCORRECTA, %s"},
    {"; settled: %lld of %lld offices have it", "; asentado: lo tienen %lld de %lld oficinas"},
    {"; not settled: %lld of %lld offices have it",
     "; no asentado: lo tienen %lld de %lld oficinas"},
    {"%*sfile %.*s: %s, %lld bytes", "%*sarchivo %.*s: %s, %lld bytes"},
    {"where the money came from", "de dónde vino el dinero"},
    {"what became of it", "qué fue de él"},
    {"%*smoney in an account is one sum: no credit belongs to one payment, all of them stand "
     "behind it",
     "%*sel dinero de una cuenta es una sola suma: ningún abono corresponde a un pago, todos lo "
     "respaldan"},
};

const struct language_entry *spanish_money_entries(unsigned *count_out)
{
    *count_out = sizeof ENTRIES / sizeof ENTRIES[0];
    return ENTRIES;
}
