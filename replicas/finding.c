#include "replicas/finding.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

/* Every rule. A sentence says what is wrong, never who is to blame. */
static const struct finding_facts FACTS[FINDING_RULES] = {
    [FINDING_DISBURSEMENT_ABOVE_AWARD] =
        {"disbursement-above-award",
         FINDING_ERROR,
         false,
         {{"enterprise %1 of %2 was paid %3 %4, above the %3 %5 that it was awarded",
           "al emprendimiento %1 de %2 se le pagó %3 %4, más que los %3 %5 que se le otorgaron"},
          {"enterprise %1 of %2 was paid %3 %4, above the %3 %5 of its line (%6)",
           "al emprendimiento %1 de %2 se le pagó %3 %4, más que los %3 %5 de su línea (%6)"}}},
    [FINDING_AWARD_ABOVE_LINE] =
        {"award-above-line",
         FINDING_ERROR,
         false,
         {{"enterprise %1 of %2 was awarded %3 %4, above the %3 %5 of its line (%6)",
           "al emprendimiento %1 de %2 se le otorgó %3 %4, más que los %3 %5 de su línea (%6)"}}},
    [FINDING_PURCHASE_ABOVE_DISBURSEMENT] =
        {"purchase-above-disbursement",
         FINDING_ERROR,
         false,
         {{"for enterprise %1 of %2 goods of %3 %4 were bought, above the %3 %5 paid for it",
           "para el emprendimiento %1 de %2 se compró por %3 %4, más que los %3 %5 pagados"}}},
    [FINDING_PURCHASE_BELOW_DISBURSEMENT] =
        {"purchase-below-disbursement",
         FINDING_WARNING,
         true,
         {{"for enterprise %1 of %2 goods of %3 %4 were bought, of the %3 %5 paid for it",
           "para el emprendimiento %1 de %2 se compró por %3 %4, de los %3 %5 pagados"}}},
    [FINDING_RECEIPT_TWICE] =
        {"receipt-twice",
         FINDING_ERROR,
         false,
         {{"receipt %1 of %2 is used %3 times: by %4",
           "el comprobante %1 de %2 se usó %3 veces: por %4"},
          {"receipt %1 is used %3 times, and the supplier is not always named: by %4",
           "el comprobante %1 se usó %3 veces, y no siempre consta el proveedor: por %4"}}},
    [FINDING_NO_RECEIPT] = {"no-receipt",
                            FINDING_WARNING,
                            false,
                            {{"the purchase %1 of %2 (%3 %4, %5) has no receipt",
                              "la compra %1 de %2 (%3 %4, %5) no tiene comprobante"},
                             {"the expense %1 of %2 (%3 %4, %5) has no receipt",
                              "el gasto %1 de %2 (%3 %4, %5) no tiene comprobante"}}},
    [FINDING_NOT_HANDED_OVER] =
        {"not-handed-over",
         FINDING_WARNING,
         false,
         {{"what %2 bought as %1 (%3 %4, %5) was not handed over to enterprise %6",
           "lo que %2 compró como %1 (%3 %4, %5) no se entregó al emprendimiento %6"}}},
    [FINDING_OUTLAY_BEFORE_ACT] =
        {"outlay-before-act",
         FINDING_WARNING,
         false,
         {{"disbursement %1 of %2 for enterprise %3 is dated %4, before its award (%5)",
           "el desembolso %1 de %2 para el emprendimiento %3 es del %4, antes de su adjudicación "
           "(%5)"},
          {"disbursement %1 of %2 for enterprise %3 is dated %4, before the visit that selected "
           "its household (%5)",
           "el desembolso %1 de %2 para el emprendimiento %3 es del %4, antes de la visita que "
           "eligió a su hogar (%5)"},
          {"disbursement %1 of %2 (%4) for enterprise %3 stands on no award, and on no visit that "
           "selected its household",
           "el desembolso %1 de %2 (%4) para el emprendimiento %3 no se apoya en una adjudicación "
           "ni en una visita que eligiera a su hogar"},
          {"purchase %1 of %2 for enterprise %3 is dated %4, before the first disbursement for it "
           "(%5)",
           "la compra %1 de %2 para el emprendimiento %3 es del %4, antes del primer desembolso "
           "para él (%5)"}}},
    [FINDING_OUTSIDE_PERIOD] =
        {"outside-period",
         FINDING_WARNING,
         false,
         {{"%1 %2 of %3 (%4 %5) is dated %6, outside the programme's period (%7 to %8)",
           "%1 %2 de %3 (%4 %5) es del %6, fuera del período del programa (%7 a %8)"}}},
    [FINDING_SESSIONS_MISSING] =
        {"sessions-missing",
         FINDING_WARNING,
         true,
         {{"enterprise %1 of %2 had %3 of %4 individual sessions",
           "el emprendimiento %1 de %2 tuvo %3 de %4 sesiones individuales"},
          {"%1 held %2 of %3 group sessions", "%1 hizo %2 de %3 sesiones de grupo"}}},
    [FINDING_CONFLICT_ON_MONEY] = {"conflict-on-money",
                                   FINDING_ERROR,
                                   false,
                                   {{"%1 %2 has several values of %3, and nobody has chosen",
                                     "%1 %2 tiene varios valores de %3, y nadie ha elegido"}}},
    [FINDING_STATEMENT_DIFFERS] =
        {"statement-differs",
         FINDING_ERROR,
         false,
         {{"the statement %1 of %2 says %3 %4 on %5; the entries up to that day give %3 %6",
           "el estado %1 de %2 dice %3 %4 al %5; los asientos hasta ese día dan %3 %6"},
          {"the statement %1 of %2 says %3 %4 on %7 on %5; the entries up to that day give %3 %6",
           "el estado %1 de %2 dice %3 %4 en %7 al %5; los asientos hasta ese día dan %3 %6"}}},
    [FINDING_GRANT_TWICE] =
        {"grant-twice",
         FINDING_ERROR,
         false,
         {{"the grant of %1 of %2 (%3 %4) is registered %5 times: by %6",
           "la donación de %1 del %2 (%3 %4) está registrada %5 veces: por %6"}}},
    [FINDING_OVERDRAWN] =
        {"overdrawn",
         FINDING_ERROR,
         false,
         {{"the account %1/%2 stands at %3 %4: two branches of one key spent the same money",
           "la cuenta %1/%2 está en %3 %4: dos ramas de una clave gastaron el mismo dinero"}}},
    [FINDING_BACK_DATED] =
        {"back-dated",
         FINDING_WARNING,
         false,
         {{"%1 dated %2 of its commits otherwise than the others' commits allow, first %3 (%4)",
           "%1 fechó %2 de sus commits fuera de lo que permiten los de otras, primero %3 (%4)"}}},
    [FINDING_FORK] =
        {"fork",
         FINDING_WARNING,
         false,
         {{"%1 signed two commits of one number, %2: %3 and %4",
           "%1 firmó dos commits con un mismo número, el %2: %3 y %4"},
          {"%1 signed two commits of one number, %2: %3 and %4; they are joined since",
           "%1 firmó dos commits con un mismo número, el %2: %3 y %4; ya están unidos"}}},
    [FINDING_FROZEN] =
        {"frozen",
         FINDING_ERROR,
         false,
         {{"the key of %1 is frozen: it signed many commits of one number, %2: %3, %4",
           "la clave de %1 está congelada: firmó muchos commits con un número, el %2: %3, %4"}}},
    [FINDING_QUARANTINE] =
        {"quarantine",
         FINDING_WARNING,
         false,
         {{"%2 commits of %1 wait in quarantine and do not count, the oldest is %3",
           "%2 commits de %1 esperan en cuarentena y no cuentan, el más antiguo es %3"}}},
    [FINDING_UNKEPT] =
        {"unkept",
         FINDING_NOTICE,
         false,
         {{"%3 by a retired key of %1 counts though it was not kept: %2 had merged or adopted it",
           "%3, de una clave retirada de %1, cuenta sin haberse conservado: %2 lo había unido"}}},
};

const struct finding_facts *finding_facts(enum finding_rule rule)
{
    CHECK(rule < FINDING_RULES);
    return &FACTS[rule];
}

enum finding_rule finding_rule_of(struct bytes name)
{
    unsigned rule = 0;
    while (rule < FINDING_RULES && !bytes_equal_text(name, FACTS[rule].name))
        rule++;
    return (enum finding_rule)rule;
}

const char *finding_level_word(enum finding_level level)
{
    static const char *const words[FINDING_LEVELS] = {"notice", "warning", "error"};
    CHECK(level < FINDING_LEVELS);
    return words[level];
}

void finding_release(struct findings *f)
{
    mem_free(f->list);
    mem_free(f->records);
    buf_release(&f->texts);
    *f = (struct findings){0};
}

/* One more of an array; NULL: no memory, and the list says so from now on. */
static void *grow(struct findings *f, void *array, uint32_t count, uint32_t *capacity, size_t each)
{
    if (f->failed || count < *capacity)
        return f->failed ? NULL : array;
    uint32_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = wanted > count ? mem_resize(array, wanted * each) : NULL;
    if (grown == NULL)
        f->failed = true;
    else
        *capacity = wanted;
    return grown;
}

void finding_add(struct findings *f, enum finding_rule rule, uint32_t variant)
{
    CHECK(rule < FINDING_RULES && variant < FINDING_VARIANTS);
    CHECK(FACTS[rule].sentence[variant][FINDING_ENGLISH] != NULL);
    struct finding *grown = grow(f, f->list, f->count, &f->capacity, sizeof *f->list);
    if (grown == NULL)
        return;
    f->list = grown;
    f->list[f->count++] = (struct finding){.rule = rule,
                                           .level = FACTS[rule].level,
                                           .variant = variant,
                                           .record_first = f->record_count,
                                           .text_first = (uint32_t)f->texts.count,
                                           .since = INT32_MIN};
}

void finding_level(struct findings *f, enum finding_level level)
{
    CHECK(level < FINDING_LEVELS);
    if (!f->failed)
        f->list[f->count - 1].level = level;
}

void finding_record(struct findings *f, const uint8_t *id, size_t id_bytes)
{
    CHECK(id_bytes <= OID_BYTES);
    struct finding_record *grown =
        grow(f, f->records, f->record_count, &f->record_capacity, sizeof *f->records);
    if (grown == NULL)
        return;
    f->records = grown;
    hex_encode(id, id_bytes, f->records[f->record_count++].id);
    f->list[f->count - 1].record_count++;
}

void finding_text(struct findings *f, const char *text)
{
    if (f->failed)
        return;
    size_t bytes = strlen(text), keep = bytes < FINDING_TEXT_BYTES ? bytes : FINDING_TEXT_BYTES - 1;
    while (keep < bytes && keep > 0 && ((unsigned char)text[keep] & 0xc0) == 0x80)
        keep--; /* not within a character */
    CHECK(f->list[f->count - 1].text_count < FINDING_TEXTS_MAX);
    buf_add(&f->texts, text, keep);
    buf_add_byte(&f->texts, '\0');
    f->list[f->count - 1].text_count++;
    f->failed = f->texts.failed || f->texts.count > UINT32_MAX;
}

void finding_number(struct findings *f, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    finding_text(f, text);
}

void finding_since(struct findings *f, int32_t day, const struct oid *commit)
{
    if (f->failed)
        return;
    struct finding *last = &f->list[f->count - 1];
    if (day < last->since || (day == last->since && oid_compare(commit, &last->commit) <= 0))
        return;
    last->since = day;
    last->commit = *commit;
}

/* ---- what comes first ---- */

static const char *texts_of(const struct findings *f, const struct finding *one)
{
    return one->text_count > 0 ? (const char *)f->texts.data + one->text_first : "";
}

static size_t texts_bytes(const struct findings *f, const struct finding *one)
{
    const char *at = texts_of(f, one), *from = at;
    for (uint32_t i = 0; i < one->text_count; i++)
        at += strlen(at) + 1;
    return (size_t)(at - from);
}

static struct bytes run_of(const struct findings *f, const struct finding *one)
{
    return (struct bytes){(const uint8_t *)texts_of(f, one), texts_bytes(f, one)};
}

static int compare_records(const struct findings *f, const struct finding *a,
                           const struct finding *b)
{
    uint32_t both = a->record_count < b->record_count ? a->record_count : b->record_count;
    for (uint32_t i = 0; i < both; i++) {
        int order = strcmp(f->records[a->record_first + i].id, f->records[b->record_first + i].id);
        if (order != 0)
            return order;
    }
    return a->record_count < b->record_count ? -1 : a->record_count > b->record_count;
}

/* qsort() hands no context over: each element brings its list. */
struct sorted {
    const struct findings *list;
    struct finding finding;
};

static int compare(const void *left, const void *right)
{
    const struct sorted *a = left, *b = right;
    if (a->finding.level != b->finding.level)
        return a->finding.level > b->finding.level ? -1 : 1;
    if (a->finding.rule != b->finding.rule)
        return a->finding.rule < b->finding.rule ? -1 : 1;
    int order = compare_records(a->list, &a->finding, &b->finding);
    if (order != 0)
        return order;
    return bytes_compare(run_of(a->list, &a->finding), run_of(b->list, &b->finding));
}

enum status finding_sort(struct findings *f)
{
    struct sorted *all = f->failed ? NULL : mem_array(f->count, sizeof *all);
    if (all == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < f->count; i++)
        all[i] = (struct sorted){f, f->list[i]};
    qsort(all, f->count, sizeof *all, compare);
    for (uint32_t i = 0; i < f->count; i++)
        f->list[i] = all[i].finding;
    mem_free(all);
    return ST_OK;
}

/* ---- in words, and as a digest ---- */

void finding_sentence(const struct findings *f, uint32_t index, enum finding_language language,
                      struct buf *out)
{
    CHECK(index < f->count && language < FINDING_LANGUAGES);
    const struct finding *one = &f->list[index];
    const char *parts[FINDING_TEXTS_MAX] = {0}, *at = texts_of(f, one);
    for (uint32_t i = 0; i < one->text_count; i++) {
        parts[i] = at;
        at += strlen(at) + 1;
    }
    for (at = FACTS[one->rule].sentence[one->variant][language]; *at != '\0'; at++) {
        if (*at != '%') {
            buf_add_byte(out, (uint8_t)*at);
            continue;
        }
        unsigned which = (unsigned)(*++at - '1');
        CHECK(which < one->text_count);
        buf_add_text(out, parts[which]);
    }
}

static void hash_number(crypto_generichash_state *hash, uint32_t n)
{
    uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    crypto_generichash_update(hash, bytes, sizeof bytes);
}

void finding_digest(const struct findings *f, struct digest *out)
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, DIGEST_BYTES);
    hash_number(&hash, f->count);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct finding *one = &f->list[i];
        const char *name = FACTS[one->rule].name;
        crypto_generichash_update(&hash, (const uint8_t *)name, strlen(name) + 1);
        hash_number(&hash, one->level);
        hash_number(&hash, one->variant);
        hash_number(&hash, one->record_count);
        for (uint32_t k = 0; k < one->record_count; k++) {
            const char *id = f->records[one->record_first + k].id;
            crypto_generichash_update(&hash, (const uint8_t *)id, strlen(id) + 1);
        }
        struct bytes texts = run_of(f, one);
        hash_number(&hash, one->text_count);
        crypto_generichash_update(&hash, texts.data, texts.count);
    }
    crypto_generichash_final(&hash, out->id, DIGEST_BYTES);
}
