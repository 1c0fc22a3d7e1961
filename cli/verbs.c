#include "cli/verbs.h"

#include <string.h>

#include "cli/attach.h"
#include "cli/audit.h"
#include "cli/begin.h"
#include "cli/bundle.h"
#include "cli/care.h"
#include "cli/doctor.h"
#include "cli/erase.h"
#include "cli/fund.h"
#include "cli/help.h"
#include "cli/import.h"
#include "cli/language.h"
#include "cli/members.h"
#include "cli/records.h"
#include "cli/report.h"
#include "cli/rescue.h"
#include "cli/story.h"
#include "cli/sync.h"
#include "cli/trail.h"
#include "proto/check.h"
#include "replicas/nearest.h"

/* Every option that takes part: verbs_option() answers with a name of this table. */
static const char *const OPTION_NAMES[] = {
    "address",
    "anyway",
    "approve",
    "as",
    "as-of",
    "at",
    "author",
    "because",
    "by",
    "class",
    "close",
    "count",
    "country",
    "currency",
    "date",
    "dry-run",
    "equal",
    "expires",
    "fields",
    "file",
    "for",
    "from",
    "history",
    "html",
    "k",
    "keep",
    "key",
    "kit",
    "limit",
    "line",
    "list",
    "listen",
    "max",
    "media",
    "name",
    "network",
    "new-passphrase-file",
    "no-passphrase",
    "note",
    "office",
    "out",
    "passphrase-file",
    "qr",
    "reason",
    "receipt",
    "ref",
    "repo",
    "reporter",
    "restore",
    "rights",
    "role",
    "schema",
    "since",
    "since-last",
    "sort",
    "status",
    "supplier",
    "timeout",
    "to",
    "to-line",
    "wait",
    "where",
};

static const struct verbs_entry VERBS[] = {
    {"init",
     VERBS_BEGIN,
     "init NETWORK --as LABEL [--listen HOST:PORT] [--schema FILE] [--no-passphrase] | "
     "--restore FILE",
     trn("found a network: a home, a key and the first charter"),
     "as= listen= address= schema= restore= passphrase-file= no-passphrase",
     0,
     1,
     begin_init,
     {"init vicaria --as santiago --listen 0.0.0.0:7717",
      "init --restore /media/usb/santiago.minga"},
     trn("The founder is an office, admin and treasurer. The daemon is not needed, and not "
         "started. --restore makes the home that a backup holds.")},
    {"invite",
     VERBS_BEGIN,
     "invite LABEL [--role office|auditor|partner] [--rights admin,treasurer] [--expires 7d] "
     "[--qr]",
     trn("a link by which one more office joins"),
     "role= rights= expires= address= qr",
     1,
     1,
     begin_invite,
     {"invite iquique", "invite fosis --role partner --expires 2d"},
     trn("Whoever holds the link can join once: send it by a way that you trust. On a terminal, or "
         "with --qr, it is drawn as a QR code too.")},
    {"join",
     VERBS_BEGIN,
     "join LINK [--listen HOST:PORT] [--timeout SECONDS] [--no-passphrase]",
     trn("join a network by a link"),
     "listen= address= timeout= passphrase-file= no-passphrase",
     1,
     1,
     begin_join,
     {"join minga:AZQ... --listen 0.0.0.0:7717"},
     trn("The inviter's daemon has to be running. The daemon here is not needed, and not "
         "started.")},
    {"member",
     VERBS_BEGIN,
     "member [list | show LABEL | adopt LABEL [COMMIT] | remove LABEL | approve [N] | ...]",
     trn("who takes part, and in which role"),
     "role= rights= address=",
     0,
     3,
     members_member,
     {"member", "member remove iquique", "member change talca --rights admin", "member approve"},
     trn("Also: change LABEL [--role R] [--rights admin,treasurer|none] [--address A], rotate (a "
         "new "
         "key for this office), schema FILE, choose HASH. A change needs a majority of the admins: "
         "member list shows what is open, whom it waits for, and ends with exit code 4 while one "
         "waits for this office.")},
    {"peer",
     VERBS_BEGIN,
     "peer [list | add LABEL=HOST:PORT | remove LABEL]",
     trn("the links to the other offices"),
     "",
     0,
     2,
     members_peer,
     {"peer", "peer add iquique=iquique.example.org:7717"},
     NULL},

    {"add",
     VERBS_RECORDS,
     "add TYPE FIELD=VALUE...",
     trn("a new record; prints its id"),
     "dry-run author=",
     1,
     CONTROL_WORDS_MAX,
     records_add,
     {"add enterprise office=santiago stage=workshop", "add contact institution=@name.txt"},
     trn("A value @FILE is read from that file, - from standard input; @@ stands for an @.")},
    {"set",
     VERBS_RECORDS,
     "set ID FIELD=VALUE... [FIELD+=V] [FIELD-=V] [FIELD=] [--as-of COMMIT]",
     trn("change a record: set, add to a set, drop from it, clear"),
     "as-of= dry-run author=",
     2,
     CONTROL_WORDS_MAX,
     records_set,
     {"set 3fa9c0 stage=purchase", "set 3fa9c0 needs+=health needs-=housing"},
     trn("A value @FILE is read from that file, - from standard input; @@ stands for an @.")},
    {"show",
     VERBS_RECORDS,
     "show ID [--history] [--at COMMIT|DATE]",
     trn("a record as it is, or as it was"),
     "history at=",
     1,
     1,
     records_show,
     {"show 3fa9c0", "show 3fa9c0 --at 2026-05-01", "show 3fa9c0 --history"},
     trn("An id may be cut to any unique beginning of at least four digits.")},
    {"list",
     VERBS_RECORDS,
     "list TYPE [FIELD=VALUE...] [--sort FIELD] [--limit N] [--count]",
     trn("the records of a type; accents and case do not matter"),
     "sort= limit= count",
     1,
     CONTROL_WORDS_MAX,
     records_list,
     {"list enterprise stage=workshop", "list visit --sort -date --limit 10"},
     NULL},
    {"find",
     VERBS_RECORDS,
     "find TEXT [--limit N]",
     trn("records that hold a text anywhere"),
     "limit=",
     1,
     CONTROL_WORDS_MAX,
     records_find,
     {"find nunoa"},
     NULL},
    {"attach",
     VERBS_RECORDS,
     "attach ID FILE [--class personal|internal] [--name NAME] [--media TYPE]",
     trn("a file of a record: a photo, a letter, a receipt"),
     "class= name= media= dry-run author=",
     2,
     2,
     attach_run,
     {"attach 3fa9c0 letter.pdf", "attach 3fa9c0 receipt.jpg --class internal"},
     trn("It goes sealed to every office. Auditors read files of class internal, such as receipts; "
         "of personal ones they see type and size.")},
    {"fetch",
     VERBS_RECORDS,
     "fetch ID [NAME] [--out FILE]",
     trn("the files of a record"),
     "out=",
     1,
     2,
     attach_fetch,
     {"fetch 3fa9c0", "fetch 3fa9c0 letter.pdf --out /tmp/letter.pdf"},
     trn("Of several files it lists them; NAME is a file's name, or the first digits of its id. "
         "What is not here yet is on its way afterwards.")},
    {"erase",
     VERBS_RECORDS,
     "erase ID --reason TEXT | --approve | --status | erase --list",
     trn("erase personal data for good, everywhere"),
     "reason= approve status list dry-run author=",
     0,
     1,
     erase_run,
     {"erase 3fa9c0 --reason requested", "erase 3fa9c0 --approve", "erase 3fa9c0 --status"},
     trn("One office proposes, another approves; once a majority of the offices has the order, "
         "every member deletes the sealed values and files of the record, and confirms. --status "
         "is "
         "the certificate; it ends with exit code 4 while somebody has not confirmed. The history "
         "and every sum stay as they are.")},
    {"disclose",
     VERBS_RECORDS,
     "disclose ID --fields FIELD,... --to AUDITOR",
     trn("give an auditor some personal values of a record"),
     "fields= to= dry-run author=",
     1,
     1,
     erase_disclose,
     {"disclose 3fa9c0 --fields head_name,phone --to contraloria"},
     trn("Only the values as they are now, and only that auditor reads them; the history keeps who "
         "gave what to whom.")},
    {"import",
     VERBS_RECORDS,
     "import TYPE FILE.csv [--key COLUMN] [--where COLUMN=VALUE] [--dry-run]",
     trn("rows of a CSV file; importing them again changes nothing"),
     "key= where= dry-run author=",
     2,
     2,
     import_run,
     {"import household households.csv --where office=santiago", "import programme programme.json"},
     trn("Rows that do not fit go to FILE.rejects.csv with their line and the reason; the others "
         "go "
         "in. FILE may be - for standard input. Columns marked * are personal data and stay out.")},

    {"log",
     VERBS_STORY,
     "log [ID] [--by LABEL] [--since DATE] [--limit N]",
     trn("who changed what, newest first"),
     "by= since= limit=",
     0,
     1,
     story_log,
     {"log", "log 3fa9c0", "log --by iquique --since 2026-05-01"},
     NULL},
    {"conflicts",
     VERBS_STORY,
     "conflicts",
     trn("fields with several values: somebody has to choose"),
     "",
     0,
     0,
     story_conflicts,
     {"conflicts"},
     trn("Ends with exit code 4 while there are any.")},
    {"explain",
     VERBS_STORY,
     "explain ID",
     trn("how a conflict came about, and how to settle it"),
     "",
     1,
     1,
     story_explain,
     {"explain 3fa9c0"},
     NULL},
    {"resolve",
     VERBS_STORY,
     "resolve ID FIELD=VALUE | --keep LABEL [FIELD...] | --equal [FIELD...] [--because TEXT]",
     trn("settle a conflict"),
     "keep= equal because= dry-run author=",
     1,
     CONTROL_WORDS_MAX,
     story_resolve,
     {"resolve 3fa9c0 stage=purchase", "resolve 3fa9c0 --keep iquique"},
     NULL},

    {"fund",
     VERBS_FUNDS,
     "fund grant|exchange|allot|pass|award|pay|purchase|expense|transfer|reverse|balance ...",
     trn("money: each command makes one entry, and says what is left"),
     "anyway author= because= currency= date= dry-run file= from= line= note= office= receipt= "
     "ref= supplier= to= to-line=",
     1,
     FUND_WORDS_MAX,
     fund_command,
     {"fund pay E07 CLP 400000 --date 2009-09-01 --dry-run",
      "fund purchase E07 CLP 50000 mixer --receipt \"boleta 78625\" --file boleta.jpg",
      "fund reverse P001 --because \"the shop took it back\"", "fund balance --office iquique"},
     trn("grant CUR AMOUNT --from FUNDER; exchange CUR AMOUNT CUR AMOUNT; allot OFFICE LINE CUR "
         "AMOUNT; pass OFFICE LINE CUR AMOUNT [--to-line LINE]; award ENTERPRISE CUR AMOUNT; pay "
         "ENTERPRISE CUR AMOUNT; purchase ENTERPRISE CUR AMOUNT ITEM --receipt NUMBER; expense "
         "LINE CUR AMOUNT --receipt NUMBER; transfer PURCHASE; reverse ENTRY --because TEXT; "
         "balance [--office L] [--line L] [--currency C]. What the audit would list is refused "
         "unless --anyway is given. Amounts are typed without marks for thousands.")},
    {"trail",
     VERBS_FUNDS,
     "trail ID|NUMBER|RECEIPT [--limit N]",
     trn("the way of money: up to the grant, down to the receipts"),
     "limit=",
     1,
     TRAIL_WORDS_MAX,
     trail_command,
     {"trail boleta 78625", "trail D07", "trail 3fa9c04b --json"},
     trn("From any entry or record: what it was paid out of and all that fed that account, up to "
         "the grant; and what was bought, handed over, taken back. Each step with who signed it, "
         "the signature checked anew, and how many offices have it. --limit: how many of a kind "
         "are listed one by one, 0 for all.")},
    {"report",
     VERBS_FUNDS,
     "report programme|trail [--html FILE] [--k N] [--repo DIR]",
     trn("the programme on one page; the way of the money as a picture"),
     "html= k= repo=",
     1,
     1,
     report_run,
     {"report programme", "report programme --html card.html", "report trail --html trail.html"},
     trn("programme: what was promised and reached, and the money by line and office. trail: from "
         "the grant to receipts and to what was handed over; grey where no receipt stands behind "
         "it. --html writes a page that needs nothing else and prints on A4. --k N leaves out "
         "counts of people below N and what would tell them, as partners see it by themselves. "
         "Works without the daemon; --repo takes a clone instead of this office.")},

    {"status",
     VERBS_SYNC,
     "status [--wait [--timeout SECONDS]]",
     trn("office by office: contact, up to date, waiting"),
     "wait timeout=",
     0,
     0,
     sync_status,
     {"status", "status --wait --timeout 30"},
     trn("--wait returns when every connected office holds everything that is here.")},
    {"sync",
     VERBS_SYNC,
     "sync [LABEL] [--timeout SECONDS]",
     trn("exchange with the others now"),
     "timeout=",
     0,
     1,
     sync_now,
     {"sync", "sync iquique"},
     NULL},
    {"watch",
     VERBS_SYNC,
     "watch",
     trn("a line for each event, until Ctrl-C"),
     "",
     0,
     0,
     sync_watch,
     {"watch", "watch --json"},
     NULL},
    {"bundle",
     VERBS_SYNC,
     "bundle write FILE --for LABEL [--max SIZE] [--since-last] | bundle read FILE...",
     trn("exchange by a file, as on a USB stick"),
     "for= max= since-last",
     2,
     CONTROL_WORDS_MAX,
     bundle_run,
     {"bundle write /media/stick/iquique --for iquique --max 3900M",
      "bundle read /media/stick/iquique"},
     trn("Only the office that it is for can read it. Reading writes FILE.receipt: read that in "
         "turn "
         "where the bundle came from, and the next one begins where this one ended. --since-last "
         "begins there without one.")},

    {"verify",
     VERBS_CARE,
     "verify [--repo DIR [--network ID]]",
     trn("replay every commit and check every signature"),
     "repo= network=",
     0,
     0,
     care_verify,
     {"verify", "verify --repo vicaria.git"},
     trn("Needs no daemon. --repo checks a stock clone and says what cannot be checked there.")},
    {"audit",
     VERBS_CARE,
     "audit [--since last|ATTESTATION|COMMIT] [--repo DIR [--network ID]] [--close] [--kit DIR]",
     trn("verify, hold the accounts against the entries and the rules: one verdict"),
     "since= repo= network= close kit= passphrase-file=",
     0,
     0,
     audit_command,
     {"audit", "audit --since last", "audit --repo vicaria.git", "audit --kit vicaria"},
     trn("Needs no daemon. Ends with exit code 0 where nothing was found but notices, 4 with "
         "findings, 5 where the history is not sound. --since verifies only what an attestation "
         "does not cover; --close asks what is due at the end of a programme, as is done unasked "
         "once it is over. --kit makes a folder for an auditor who has only Debian: history, keys, "
         "books, reports, and the commands that hold each against the others.")},
    {"attest",
     VERBS_CARE,
     "attest [--since last|ATTESTATION|COMMIT] [--close]",
     trn("audit, and sign the result into the history"),
     "since= close author=",
     0,
     0,
     audit_attest,
     {"attest", "attest --since last"},
     trn("For offices and auditors. What is signed: the verdict, how many findings and their "
         "digest, the state, and whose commits it covers.")},
    {"doctor",
     VERBS_CARE,
     "doctor",
     trn("what is not well, each with what to do"),
     "",
     0,
     0,
     doctor_run,
     {"doctor"},
     NULL},
    {"repair",
     VERBS_CARE,
     "repair index|journal|refs|vault",
     trn("make anew what can be made anew"),
     "",
     1,
     1,
     care_repair,
     {"repair index"},
     trn("The daemon has to be stopped first.")},
    {"export",
     VERBS_CARE,
     "export ledger|beancount|iati FILE | csv|git DIR [--repo DIR] [--reporter ID] [--country CC]",
     trn("the books for other tools; the whole history for stock git"),
     "repo= reporter= country=",
     2,
     2,
     care_export,
     {"export ledger books.ledger", "export iati iati.xml --reporter CL-RUT-1234 --country CL",
      "export csv sheets", "export git vicaria"},
     trn("ledger: for hledger and ledger. iati: sums by month and line, never persons. csv: one "
         "file a type, as import reads them. FILE may be - for standard output. git: a bundle, the "
         "keys of all members, and a text that says how anyone checks them. --repo takes a clone "
         "instead of this office.")},
    {"backup",
     VERBS_CARE,
     "backup FILE [--passphrase-file FILE]",
     trn("everything of this office in one file, under a passphrase"),
     "passphrase-file=",
     1,
     1,
     rescue_backup,
     {"backup /media/usb/santiago.minga"},
     trn("While the daemon runs or not. Back into an empty home: minga init --restore FILE.")},
    {"passphrase",
     VERBS_CARE,
     "passphrase [set|remove] [--passphrase-file OLD] [--new-passphrase-file NEW]",
     trn("another passphrase for the key of this office, or none"),
     "passphrase-file= new-passphrase-file=",
     0,
     1,
     rescue_passphrase,
     {"passphrase", "passphrase remove"},
     trn("The daemon has to be stopped first.")},
    {"config",
     VERBS_CARE,
     "config [check|list]",
     trn("the configuration file"),
     "",
     0,
     1,
     care_config,
     {"config check", "config list"},
     NULL},
    {"help",
     VERBS_CARE,
     "help [COMMAND]",
     trn("this help, or that of a command"),
     "",
     0,
     1,
     help_run,
     {"help import"},
     NULL},
};

enum { VERB_COUNT = sizeof VERBS / sizeof VERBS[0] };

const struct verbs_entry *verbs_at(uint32_t index)
{
    return index < VERB_COUNT ? &VERBS[index] : NULL;
}

const struct verbs_entry *verbs_find(const char *name)
{
    for (uint32_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(VERBS[i].name, name) == 0)
            return &VERBS[i];
    return NULL;
}

const char *verbs_nearest(const char *name)
{
    struct nearest n = {.wanted = bytes_of_text(name)};
    for (uint32_t i = 0; i < VERB_COUNT; i++)
        nearest_offer(&n, VERBS[i].name);
    return n.best;
}

/* The next name of an options text; its bytes without '='. NULL: the end. */
static const char *next_option(const char **at, size_t *bytes, bool *wants_value)
{
    while (**at == ' ')
        ++*at;
    if (**at == '\0')
        return NULL;
    const char *name = *at;
    *bytes = strcspn(name, "= ");
    *wants_value = name[*bytes] == '=';
    *at = name + *bytes + (*wants_value ? 1 : 0);
    return name;
}

/* The table's own copy of a name: it ends with a NUL. */
static const char *lasting(const char *name, size_t bytes)
{
    for (size_t i = 0; i < sizeof OPTION_NAMES / sizeof OPTION_NAMES[0]; i++)
        if (strlen(OPTION_NAMES[i]) == bytes && strncmp(OPTION_NAMES[i], name, bytes) == 0)
            return OPTION_NAMES[i];
    return NULL;
}

const char *verbs_option(const struct verbs_entry *verb, const char *text, size_t bytes,
                         bool *wants_value_out)
{
    const char *at = verb->options, *name;
    size_t name_bytes;
    while ((name = next_option(&at, &name_bytes, wants_value_out)) != NULL) {
        if (bytes != name_bytes + 2 || strncmp(text, "--", 2) != 0 ||
            strncmp(text + 2, name, name_bytes) != 0)
            continue;
        const char *found = lasting(name, name_bytes);
        CHECK(found != NULL);
        return found;
    }
    return NULL;
}

uint32_t verbs_options(const struct verbs_entry *verb,
                       char out[static VERBS_OPTIONS_MAX][VERBS_OPTION_BYTES])
{
    const char *at = verb->options, *name;
    size_t bytes;
    bool wants_value;
    uint32_t count = 0;
    while ((name = next_option(&at, &bytes, &wants_value)) != NULL && count < VERBS_OPTIONS_MAX) {
        CHECK(bytes + 3 <= VERBS_OPTION_BYTES);
        memcpy(out[count], "--", 2);
        memcpy(out[count] + 2, name, bytes);
        out[count][bytes + 2] = '\0';
        count++;
    }
    return count;
}
