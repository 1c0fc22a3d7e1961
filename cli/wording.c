#include "cli/wording.h"

#include <string.h>

#include "replicas/finding.h"

enum { PARTS_MAX = 9 };

/* %1 .. %9 stand for what is named, in the English sentence in this order. */
static const struct language_entry SENTENCES[] = {
    {"%1 cannot be reached: %2", "no se puede llegar a %1: %2"},
    {"%1 records hold an open conflict", "%1 registros tienen un conflicto abierto"},
    {"%1 commits of others were refused since the start",
     "se rechazaron %1 commits de otros desde el inicio"},
    {"%1 signed two commits of one number, %2: %3 and %4 (%5): both are kept, and joined since",
     "%1 firmó dos commits con un mismo número, el %2: %3 y %4 (%5): se guardan los dos, y ya "
     "están "
     "unidos"},
    {"%1 signed two commits of one number, %2: %3 and %4 (%5): both are kept and joined; its next "
     "commit merges them",
     "%1 firmó dos commits con un mismo número, el %2: %3 y %4 (%5): se guardan y se unen los dos; "
     "su próximo commit los junta"},
    {"the key of %1 signed more than %2 commits of one number (%3): what it writes counts only "
     "through others",
     "la clave de %1 firmó más de %2 commits con un mismo número (%3): lo que escribe solo cuenta "
     "a "
     "través de otros"},
    {"%1 commits of %2 wait in quarantine and do not count, the first of %3: its key was retired "
     "or frozen",
     "%1 commits de %2 esperan en cuarentena y no cuentan, el primero del %3: su clave fue "
     "retirada "
     "o congelada"},
    {"%1 commits of %2 wait in quarantine and do not count, the first of %3: its key was retired "
     "or frozen; more of them are not kept",
     "%1 commits de %2 esperan en cuarentena y no cuentan, el primero del %3: su clave fue "
     "retirada "
     "o congelada; no se guardan más"},
    {"a commit by a retired key of %1, %2 (%3), counts though it was not kept: %4 had merged or "
     "adopted it",
     "un commit de una clave retirada de %1, %2 (%3), cuenta aunque no se conservó: %4 lo había "
     "unido o adoptado"},
    {"the admins decide: minga member remove %1",
     "deciden los administradores: minga member remove %1"},
    {"look: minga member show %1; if they are right: minga member adopt %2",
     "mírelos: minga member show %1; si son correctos: minga member adopt %2"},
    {"ask %1 why; see: minga log --by %2", "pregunte a %1 por qué; vea: minga log --by %2"},
    {"restored from a backup of %1; %2 newer commits of our own came back from the others",
     "restaurada de una copia del %1; de las otras volvieron %2 commits propios más nuevos"},
    {"restored from a backup of %1; %2 newer commit of our own came back from the others",
     "restaurada de una copia del %1; de las otras volvió %2 commit propio más nuevo"},
    {"restored from a backup of %1; no newer commit of our own has come back from the others",
     "restaurada de una copia del %1; de las otras no ha vuelto ningún commit propio más nuevo"},
    {"nothing; with a new backup this note goes: minga backup FILE",
     "nada; con una copia nueva este aviso desaparece: minga backup ARCHIVO"},
    {"the admins have not yet approved %1 as a new member",
     "los administradores todavía no han aprobado a %1 como miembro nuevo"},
    {"the invitation for %1 has expired", "la invitación para %1 ha vencido"},
    {"the invitation for %1 was used already, by another key",
     "otra clave ya usó la invitación para %1"},
    {"the inviter at %1 could not be reached", "no se pudo llegar a quien invita, en %1"},
    {"ask there whether a backup was restored or a disk copied",
     "pregunte allí si se restauró una copia o se clonó un disco"},
    {"was this office restored from a backup, or its disk copied? If neither, its key is in other "
     "hands: minga member rotate",
     "¿se restauró esta oficina de una copia, o se clonó su disco? Si no, otros tienen su clave: "
     "minga member rotate"},
    {"ask who has a copy of this key; then: minga member rotate",
     "averigüe quién tiene una copia de esta clave; luego: minga member rotate"},
    {"there is no type '%1'", "no existe el tipo '%1'"},
    {"did you mean '%1'?", "¿quiso decir '%1'?"},
    {"types: %1", "tipos: %1"},
    {"%1 has no field '%2'", "%1 no tiene el campo '%2'"},
    {"'%1' is no id", "'%1' no es un identificador"},
    {"no member is called '%1'", "ningún miembro se llama '%1'"},
    {"there is no record '%1' here", "aquí no hay ningún registro '%1'"},
    {"no entry, receipt or record here is called '%1'",
     "aquí no hay ningún asiento, boleta ni registro llamado '%1'"},
    {"'%1' is more than one: %2", "'%1' es más de una cosa: %2"},
    {"a %1 has no part in money", "un registro '%1' no tiene que ver con dinero"},
    {"see what was done to it: minga log %1", "vea qué se le hizo: minga log %1"},
    {"'%1' is no commit", "'%1' no es un commit"},
    {"there is no commit '%1' here", "aquí no hay ningún commit '%1'"},
    {"something is missing behind '%1'", "falta algo detrás de '%1'"},
    {"use: minga %1", "uso: minga %1"},
    {"%1 is a partner, which reads and writes nothing", "%1 es partner: lee, y no escribe nada"},
    {"%1, as %2, may not write %3", "%1, como %2, no puede escribir %3"},
    {"%1 may not be read here", "%1 no se puede leer aquí"},
    {"%1 is not here yet: its list is on its way", "%1 aún no está aquí: su lista viene en camino"},
    {"%1 was erased", "%1 fue borrado"},
    {"%1 has no file of that name", "%1 no tiene ningún archivo con ese nombre"},
    {"minga show %1 lists its files", "minga show %1 muestra sus archivos"},
    {"%1: \"%2\" is no whole number", "%1: \"%2\" no es un número entero"},
    {"there is a member '%1' already", "ya hay un miembro '%1'"},
    {"'%1' cannot be a label", "'%1' no puede ser una etiqueta"},
    {"there is no role '%1'", "no existe el rol '%1'"},
    {"there is no right '%1'", "no existe el derecho '%1'"},
    {"'%1' is no span of time", "'%1' no es un plazo"},
    {"'%1' is no date", "'%1' no es una fecha"},
    {"nobody has proposed to erase %1", "nadie ha propuesto borrar %1"},
    {"minga erase %1 --reason TEXT proposes it", "para proponerlo: minga erase %1 --reason TEXTO"},
    {"%1 proposed this itself, so another office has to approve it",
     "lo propuso %1 misma, así que tiene que aprobarlo otra oficina"},
    {"at another office: minga erase %1 --approve", "en otra oficina: minga erase %1 --approve"},
    {"another office: minga erase %1 --approve", "otra oficina: minga erase %1 --approve"},
    {"%1 proposes to erase %2", "%1 propone borrar %2"},
    {"erasing %1 waits for another office's approval",
     "borrar %1 espera la aprobación de otra oficina"},
    {"%1 may not order to erase: offices do", "%1 no puede ordenar borrar: lo hacen las oficinas"},
    {"%1 is in use by process %2", "%1 está en uso por el proceso %2"},
    {"%1 of %2 is not in conflict", "%1 de %2 no está en conflicto"},
    {"to change it: minga set %1", "para cambiarlo: minga set %1"},
    {"minga explain %1 shows who holds what", "minga explain %1 muestra quién tiene qué"},
    {"%1 is an office, which reads everything already", "%1 es una oficina, que ya lee todo"},
    {"%1 is an open field: every member reads it",
     "%1 es un campo abierto: lo leen todos los miembros"},
    {"%1 is a partner, which cannot be admin", "%1 es partner, y no puede ser administrador"},
    {"charter %1 waits for %2 of: %3", "la carta %1 espera a %2 de: %3"},
    {"a change of the charter waits for %1 of: %2", "un cambio de la carta espera a %1 de: %2"},
    {"there is no motion %1", "no hay ninguna moción %1"},
    {"only %1 members are admins", "solo %1 miembros son administradores"},
    {"%1 was not there yet at %2", "%1 aún no existía el %2"},
    {"the key of %1 is not in force any more", "la clave de %1 ya no está en vigor"},
    {"the account %1 of %2 holds %3 %4, which does not cover %5",
     "la cuenta %1 de %2 tiene %3 %4, y no alcanza para %5"},
    {"ask the treasurer for an allotment, or check the amount",
     "pida una asignación a tesorería, o revise el monto"},
    {"register the grant or the exchange first, or check the amount",
     "registre primero la subvención o el cambio de moneda, o revise el monto"},
    {"it was spent twice: ask the auditor, then for an allotment",
     "se gastó dos veces: consulte a auditoría, y pida luego una asignación"},
    {"this %1 cannot be reversed: it is itself one",
     "este registro (%1) no se puede reversar: es en sí un reverso"},
    {"this %1 cannot be reversed: it moves no money and names no writer",
     "este registro (%1) no se puede reversar: no mueve dinero ni nombra a quien lo escribió"},
    {"this %1 can be reversed by %2 only, who wrote it",
     "este registro (%1) solo lo puede reversar %2, que lo escribió"},
    {"this %1 can be reversed by %2 only, whose %3 account gives the money back",
     "este registro (%1) solo lo puede reversar %2, cuya cuenta %3 devuelve el dinero"},
    {"this %1 can be reversed by %2 only, whose money it was",
     "este registro (%1) solo lo puede reversar %2, de quien era el dinero"},
    {"ask %1 to reverse it", "pida a %1 que lo reverse"},
    {"there is no entry %1 here to reverse", "aquí no hay ningún registro %1 que reversar"},
    {"check its id; one that another office wrote has to arrive here first",
     "revise su identificador; el que escribió otra oficina tiene que llegar antes aquí"},
    {"this %1 is recorded already: %2", "este registro (%1) ya está anotado: %2"},
    {"%1 is there already", "%1 ya existe"},
    {"%1 may not attest: offices and auditors do",
     "%1 no puede atestar: lo hacen las oficinas y los auditores"},
    {"%1 of %2 holds %3, which does not cover %4", "%1 de %2 tiene %3, que no cubre %4"},
    {"%1 could allot %2: minga %3", "%1 podría asignar %2: minga %3"},
    {"%1 could pass %2: minga %3", "%1 podría traspasar %2: minga %3"},
    {"no office has %1 for %2 to spare: check the amount",
     "ninguna oficina tiene %1 libres para %2: revise el monto"},
    {"register the grant or the exchange that brings %1 more, or check the amount",
     "registre la subvención o el cambio que traiga %1 más, o revise el monto"},
    {"the date %1 is still to come", "la fecha %1 aún no llega"},
    {"the enterprise %1 is of %2, not of %3", "el emprendimiento %1 es de %2, no de %3"},
    {"the purchase %1 is of %2, not of %3", "la compra %1 es de %2, no de %3"},
    {"the purchase %1 was reversed", "la compra %1 fue reversada"},
    {"what was bought as %1 is handed over since %2",
     "lo comprado como %1 está entregado desde el %2"},
    {"%1 cannot reverse %2: the account is of %3", "%1 no puede reversar %2: la cuenta es de %3"},
    {"at %1: minga fund %2", "en %1: minga fund %2"},
    {"%1 cannot reverse %2: %3 wrote it", "%1 no puede reversar %2: lo escribió %3"},
    {"%1 was reversed already, by %2", "%1 ya fue reversado, por %2"},
    {"%1 alone spends from its accounts, and this is %2",
     "solo %1 gasta de sus cuentas, y esta es %2"},
    {"type it at %1, or pass it what it needs: minga fund pass",
     "escríbalo en %1, o traspásele lo que necesita: minga fund pass"},
    {"%1 has written %2 already, and it says something else",
     "%1 ya escribió %2, y dice otra cosa"},
    {"look at it: minga %1", "mírelo: minga %1"},
    {"%1 may not write entries of type %2", "%1 no puede escribir asientos de tipo %2"},
    {"there is no budget line '%1'", "no existe la línea '%1'"},
    {"there is no 'fund %1'", "no existe 'fund %1'"},
    {"did you mean: minga %1", "¿quiso decir: minga %1?"},
    {"there is no %1 '%2' here", "aquí no hay ningún %1 '%2'"},
    {"'%1' names more than one entry: %2", "'%1' nombra más de un asiento: %2"},
    {"%1 needs --%2", "%1 necesita --%2"},
    {"%1 has no option --%2", "%1 no tiene la opción --%2"},
    {"fund balance takes no '%1'", "fund balance no lleva '%1'"},
    {"too many words behind '%1'", "sobran palabras detrás de '%1'"},
    {"give its number, or the first digits of its id: minga list %1 shows them",
     "dé su número, o los primeros dígitos de su identificador: los muestra minga list %1"},
    {"minga list %1 shows them; give the key or the id",
     "los muestra minga list %1; dé la clave o el identificador"},
    {"the %1 posts twice to %2's %3 in %4",
     "este %1 cargaría y abonaría una misma cuenta: %3 de %2 en %4"},
    {"%1: \"%2\" is no date (YYYY-MM-DD, such as 2009-07-31)",
     "%1: \"%2\" no es una fecha (AAAA-MM-DD, como 2009-07-31)"},
    {"%1: an amount is above zero", "%1: un monto es mayor que cero"},
    {"%1: \"%2\" is no amount of this currency", "%1: \"%2\" no es un monto de esta moneda"},
    {"%1 has no minor unit: write whole units, without points or commas",
     "%1 no tiene decimales: escriba unidades enteras, sin puntos ni comas"},
    {"%1 has %2 decimals: write it as %3, without marks for thousands",
     "%1 tiene %2 decimales: escríbalo como %3, sin separador de miles"},
    {"%1: \"%2\" is beyond 2^53 - 1 minor units", "%1: \"%2\" supera 2^53 - 1 unidades menores"},
    {"%1: \"%2\" is no ISO 4217 currency, such as CLP",
     "%1: \"%2\" no es una moneda ISO 4217, como CLP"},
    {"%1: \"%2\" is none of its choices", "%1: \"%2\" no es una de sus opciones"},
    {"did you mean \"%1\"? It is one of: %2", "¿quiso decir \"%1\"? Es una de: %2"},
    {"line %1 says a total of %2, but the rows sum to %3",
     "la línea %1 dice un total de %2, pero las filas suman %3"},
    {"line %1: of which column is %2 the total?", "línea %1: ¿de qué columna es %2 el total?"},
    {"line %1: there is no column of amounts '%2'",
     "línea %1: no hay ninguna columna de montos '%2'"},
    {"the rows also sum to %1, of which no total is said",
     "las filas suman además %1, de lo que no se dice ningún total"},
    {"nothing was imported: add a line: %1", "no se importó nada: agregue una línea: %1"},
    {"%1: there is no %2 '%3' here", "%1: aquí no hay ningún %2 '%3'"},
};

static bool is_part(const char *at)
{
    return at[0] == '%' && at[1] >= '1' && at[1] <= '9';
}

/* Whether 'text' is this sentence; what it names goes to 'parts'. */
static bool match(const char *sentence, const char *text, struct bytes parts[static PARTS_MAX])
{
    while (*sentence != '\0') {
        if (!is_part(sentence)) {
            if (*sentence++ != *text++)
                return false;
            continue;
        }
        size_t literal = strcspn(sentence + 2, "%"), used = strlen(text);
        struct bytes *part = &parts[sentence[1] - '1'];
        sentence += 2;
        for (const char *at = text; literal > 0 && *at != '\0'; at++)
            if (strncmp(at, sentence, literal) == 0 &&
                (sentence[literal] != '\0' || at[literal] == '\0')) {
                used = (size_t)(at - text);
                break;
            }
        *part = (struct bytes){(const uint8_t *)text, used};
        text += used;
    }
    return *text == '\0';
}

/* What is named may be a sentence of its own: the reason why somebody cannot be reached. */
static void fill(const char *sentence, const struct bytes parts[static PARTS_MAX], struct buf *out)
{
    char part[128];
    for (; *sentence != '\0'; sentence++) {
        if (!is_part(sentence)) {
            buf_add(out, sentence, 1);
            continue;
        }
        struct bytes named = parts[*++sentence - '1'];
        if (named.count >= sizeof part) {
            buf_add_bytes(out, named);
            continue;
        }
        memcpy(part, named.data, named.count);
        part[named.count] = '\0';
        buf_add_text(out, language_text(part));
    }
}

/* NULL: it is another sentence. */
static const char *translate(const struct language_entry *entry, const char *english,
                             struct buf *room)
{
    struct bytes parts[PARTS_MAX] = {{0}};
    if (!match(entry->english, english, parts))
        return NULL;
    buf_reset(room);
    fill(entry->spanish, parts, room);
    return buf_status(room) == ST_OK ? buf_text(room) : NULL;
}

const char *wording_text(const char *english, struct buf *room)
{
    const char *known = language_text(english);
    if (language_now() == LANGUAGE_ENGLISH || known != english)
        return known;
    const char *spanish = NULL;
    for (size_t i = 0; i < sizeof SENTENCES / sizeof *SENTENCES && spanish == NULL; i++)
        spanish = translate(&SENTENCES[i], english, room);
    for (unsigned i = 0; i < FINDING_RULES * FINDING_VARIANTS && spanish == NULL; i++) {
        const struct finding_facts *rule = finding_facts(i / FINDING_VARIANTS);
        const char *const *said = rule->sentence[i % FINDING_VARIANTS];
        const struct language_entry entry = {said[FINDING_ENGLISH], said[FINDING_SPANISH]};
        if (entry.english != NULL)
            spanish = translate(&entry, english, room);
    }
    return spanish != NULL ? spanish : english;
}
