#include "cli/language.h"

static const struct language_entry ENTRIES[] = {
    {"the programme on one page; the way of the money as a picture",
     "el programa en una página; el camino del dinero como un dibujo"},
    {"programme: what was promised and reached, and the money by line and office. trail: from the "
     "grant to receipts and to what was handed over; grey where no receipt stands behind it. "
     "--html writes a page that needs nothing else and prints on A4. --k N leaves out counts of "
     "people below N and what would tell them, as partners see it by themselves. Works without "
     "the daemon; --repo takes a clone instead of this office.",
     "programme: lo comprometido y lo alcanzado, y el dinero por línea y oficina. trail: del "
     "aporte a los recibos y a lo entregado; gris donde no hay recibo. --html escribe una página "
     "que no necesita nada más y se imprime en A4. --k N omite los conteos de personas menores "
     "que N y lo que los revelaría, como lo ven por sí solos los partner. Funciona sin el "
     "servicio; --repo toma un clon en vez de esta oficina."},
    {"--k %.40s is no bound for small groups", "--k %.40s no es un límite para grupos pequeños"},
    {"0 shows all; else a number from %d to %d: below, it would tell the count",
     "0 muestra todo; si no, un número de %d a %d: uno menor revelaría el conteo"},
    {"--k goes with report programme", "--k va con report programme"},
    {"report trail shows money only, which is never hidden",
     "report trail solo muestra dinero, que nunca se oculta"},
    {"there is no report \"%s\"", "no hay ningún informe «%s»"},
    {"use: minga report programme|trail", "uso: minga report programme|trail"},
    {"no programme is on record here", "aquí no hay ningún programa registrado"},
    {"a treasurer adds it: minga import programme FILE.json",
     "lo agrega un treasurer: minga import programme ARCHIVO.json"},
    {"no money is on record here", "aquí no hay dinero registrado"},
    {"minga fund grant, or minga import, puts it on record",
     "se registra con minga fund grant o minga import"},
    {"%s: written; a browser shows and prints it",
     "%s: escrito; un navegador lo muestra y lo imprime"},
    /* The programme card. */
    {"Place", "Lugar"},
    {"Period", "Período"},
    {"Partners", "Socios"},
    {"Funding", "Financiamiento"},
    {"Objectives", "Objetivos"},
    {"Component", "Componente"},
    {"Stages", "Etapas"},
    {"Contributions", "Aportes"},
    {"%s, to %s, %s: ", "%s, a %s, %s: "},
    {"; and %u more", "; y %u más"},
    {"A programme without a title", "Un programa sin título"},
    {"Promised and reached", "Comprometido y alcanzado"},
    {"Number", "Número"},
    {"Share", "Parte"},
    {"No answer", "Sin respuesta"},
    {"not shown", "no se muestra"},
    {"(not said)", "(no dicho)"},
    {"Enterprises", "Emprendimientos"},
    {"Line of contribution", "Línea de aporte"},
    {"Stage", "Etapa"},
    {"Families", "Familias"},
    {"People", "Personas"},
    {"Money in %s", "Dinero en %s"},
    {"Budget line", "Línea de presupuesto"},
    {"Allotted", "Asignado"},
    {"Left", "Queda"},
    {"Together", "En total"},
    {"Grant", "Aporte"},
    {"Exchange", "Cambio"},
    {"Of", "De"},
    {"Spent", "Gastado"},
    {"Office", "Oficina"},
    {"Audit", "Auditoría"},
    {"Audit: not asked here; minga audit gives it.",
     "Auditoría: no se hizo aquí; la da minga audit."},
    {"Audit of accounts and rules: clean.", "Auditoría de cuentas y reglas: sin observaciones."},
    {"Audit of accounts and rules: %u errors, %u warnings, %u notices; minga audit lists them.",
     "Auditoría de cuentas y reglas: %u errores, %u advertencias, %u avisos; los muestra minga "
     "audit."},
    {"Counts below %u, and what would tell them, are not shown.",
     "No se muestran los conteos menores que %u ni lo que los revelaría."},
    {"Counted from the records of the network %s, state %.*s, by Minga %s.",
     "Contado de los registros de la red %s, estado %.*s, por Minga %s."},
    /* The way of the money. */
    {"The way of the money: %s", "El camino del dinero: %s"},
    {"The way of the money in %s", "El camino del dinero en %s"},
    {"From whoever gave it on the left to what became of it on the right; the wider, the more. The "
     "table below says the same in numbers.",
     "De quien lo dio, a la izquierda, a lo que fue de él, a la derecha; cuanto más ancho, más. La "
     "tabla de abajo dice lo mismo en números."},
    {"The same in numbers", "Lo mismo en números"},
    {"From", "De dónde"},
    {"To", "Adónde"},
    {"With receipt", "Con recibo"},
    {"No receipt", "Sin recibo"},
    {"not spent", "sin gastar"},
    {"Not spent", "Sin gastar"},
    {"a receipt stands behind it", "hay un recibo detrás"},
    {"no receipt stands behind it", "no hay ningún recibo detrás"},
    {"unnamed funder", "financiador sin nombre"},
    {"exchanged from %s", "cambiado desde %s"},
    {"exchanged to %s", "cambiado a %s"},
    {"spent beyond what was there", "gastado más de lo que había"},
    {"to allot", "por asignar"},
    {"no office named", "sin oficina"},
    {"not allotted", "sin asignar"},
    {"no line named", "sin línea"},
    {"paid to enterprises", "pagado a emprendim."},
    {"all expenses", "gastos en total"},
    {"purchases with receipt", "compras con recibo"},
    {"purchases, no receipt", "compras sin recibo"},
    {"no purchase yet", "aún sin compra"},
    {"expenses with receipt", "gastos con recibo"},
    {"expenses, no receipt", "gastos sin recibo"},
    {"the grant", "el aporte"},
    {"handed over to owners", "entregado a sus dueños"},
    {"not handed over", "sin entregar"},
};

const struct language_entry *spanish_report_entries(unsigned *count_out)
{
    *count_out = sizeof ENTRIES / sizeof ENTRIES[0];
    return ENTRIES;
}
