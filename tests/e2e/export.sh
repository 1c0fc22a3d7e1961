#!/usr/bin/env bash
# The reference programme's books in other tools' formats, by judges that are not ours: hledger,
# ledger, bean-check, xmllint with the schemas of the standard, LibreOffice. Every total equals
# Minga's own, and one more digit anywhere does not pass.
# usage: export.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
schema=$DATA/../iati/iati-activities-schema.xsd
export LC_ALL=C.UTF-8

found santiago
enrol santiago iquique
enrol santiago alto-hospicio
load_programme santiago iquique alto-hospicio
until_true 60 same_state santiago iquique alto-hospicio
# What nobody means well with: texts as formulas, directives and lines of their own; money paid,
# taken back, passed on.
nasty=$'=1+1\n2009-01-01 open Assets:Stolen\ninclude /etc/passwd; "x", [2001-01-01] date:2001-01-01'
m santiago add enterprise "enterprise==2+3" "trade=$nasty" office=santiago line=idea >/dev/null
m santiago add contact contact=-7 attendees=-3 office=santiago "institution=+1" >/dev/null
m santiago add expense "ref=$(head -c 60 <<<"$nasty")" office=santiago budget_line=reserve \
    date=2010-01-30 currency=CLP amount=1000 "receipt=$nasty" "supplier=$nasty" >/dev/null
wrong=$(m santiago --json add expense ref=wrong office=santiago budget_line=reserve \
    date=2010-01-30 currency=CLP amount=77 receipt=r-77 | field id)
m santiago add reversal "entry=$wrong" office=santiago "ref=$wrong" >/dev/null
m santiago add pass ref=p1 office=santiago budget_line=reserve to=iquique to_line=workshops \
    date=2010-01-31 currency=CLP amount=5 >/dev/null

mkdir "$SCRATCH/books"
cd "$SCRATCH/books"
m santiago export ledger journal.ledger 2>/dev/null
m santiago export beancount books.beancount 2>/dev/null
m santiago export iati iati.xml --country CL 2>/dev/null
m santiago export csv csv >/dev/null

# ---- The judges ----

strictly() { # JOURNAL
    hledger -f "$1" check --strict payees ordereddates &&
        ledger --args-only -f "$1" --pedantic --check-payees balance >/dev/null
}
"$1/tests/e2e/writers" "$SCRATCH/books"
for name in journal empty everything; do
    strictly "$name.ledger" || die "$name.ledger"
done
for name in books empty everything; do
    bean-check "$name.beancount" || die "$name.beancount"
done
for name in iati empty everything; do
    xmllint --noout --schema "$schema" "$name.xml" 2>xmllint.err || die "$(cat xmllint.err)"
done
! grep -q 'E[0-9][0-9]' iati.xml || die "the activity names an enterprise"

# ---- Totals, to the unit: theirs, ours, and those of the files that were imported ----

balances() { # OFFICE:LINE CUR BALANCE, in minor units, as the ones below
    m santiago --json fund balance |
        jq -r 'select(.line) | "\(.office):\(.line) \(.currency) \(.balance)"' | sort
}
minor() { awk -F, 'NR > 1 { sub(/\r/, ""); b = $6; sub(/\./, "", b)
    printf "%s:%s %s %.0f\n", $1, $2, $3, b }' "$1" | sort; }
hledgers() { hledger -f "$1" balance Assets -E --flat --no-total -N -O csv --layout=bare |
    tr -d '"' | awk -F, 'NR > 1 { b = $3; sub(/\./, "", b); sub(/^Assets:/, "", $1)
        printf "%s %s %.0f\n", $1, $2, b }' | sort; }
ledgers() { for currency in CLP USD; do
    ledger --args-only -f "$1" --pedantic balance Assets --flat --no-total --empty \
        --limit "commodity == '$currency'" \
        --format "%(account) $currency %(quantity(scrub(display_total)))\n" |
        sed 's/^Assets://; s/\.//'
done | sort; }
minor csv/minga-accounts.csv >ours
grep -q '^santiago:reserve CLP 16948993$' ours || die "$(cat ours)"
grep -q '^iquique:workshops CLP 5$' ours || die "$(cat ours)"
grep -v ' 0$' ours >ours.some
hledgers journal.ledger | grep -v ' 0$' | diff ours.some - || die "hledger's balances"
ledgers journal.ledger | grep -v ' 0$' | diff ours.some - || die "ledger's balances"
balances | grep -v ' 0$' | diff ours.some - || die "the balances that are told"
hledger -f everything.ledger balance Assets -E --flat --no-total -N -O csv --layout=bare |
    tr -d '"' | awk -F, 'NR > 1 { sub(/^Assets:/, "", $1); print $1, $2, $3 }' |
    sort | grep -v ' 0\(.0*\)\?$' >theirs
grep -v ' 0\(.0*\)\?$' everything.balances | sort | diff - theirs || die "hledger's, of everything"
expect "the grant" "$(hledger -f journal.ledger balance Income -N -O csv --layout=bare |
    tail -n 1 | tr -d '"')" Income:grants,USD,-200000.00
expect "the disbursements" "$(awk -F, 'NR > 1 { n++; s += $2 } END { printf "%d %.0f", n, s }' \
    csv/disbursement.csv)" "47 12750002"
spent=$(hledger -f journal.ledger balance Expenses -N -O csv --layout=bare --depth 1 |
    tail -n 1 | tr -d '"' | cut -d, -f3)
expect "expenditure" "$(awk -F'[<>]' '/transaction-type code="4"/ { t = 1 }
    /<value/ && t { s += $3; t = 0 } END { printf "%.0f", s }' iati.xml)" "$spent"

# ---- A digit more or less passes nowhere ----

strictly_but() { # SED-EXPRESSION
    sed "$1" journal.ledger >changed.ledger
    ! cmp -s journal.ledger changed.ledger || die "nothing was changed by $1"
    ! hledger -f changed.ledger check --strict >/dev/null 2>&1 || die "hledger takes $1"
    ! ledger --args-only -f changed.ledger --pedantic balance >/dev/null 2>&1 ||
        die "ledger takes $1"
}
strictly_but 's/CLP -400000$/CLP -400001/'
strictly_but 's/CLP 108000000 @@/CLP 108000001 @@/'
strictly_but 's/^\(    Assets:iquique:workshops  CLP 0 = CLP \)5$/\16/'
strictly_but 's/^\(    Assets:santiago:reserve  CLP \)77$/\178/'
for change in 's/-400000 CLP$/-400001 CLP/' 's/ 5 ~ 0 CLP/ 6 ~ 0 CLP/' \
    's/ 0.00 ~ 0 USD/ 0.01 ~ 0 USD/'; do
    sed "$change" books.beancount >changed.beancount
    ! cmp -s books.beancount changed.beancount || die "nothing was changed by $change"
    ! bean-check changed.beancount >/dev/null 2>&1 || die "bean-check takes $change"
done

# ---- A spreadsheet: formulas stay text, numbers stay numbers ----

soffice "-env:UserInstallation=file://$SCRATCH/soffice" --headless --convert-to fods \
    --outdir sheets csv/enterprise.csv csv/contact.csv csv/disbursement.csv >soffice.log 2>&1
python3 - sheets <<'END'
import html, re, sys
def cells(name):
    text = open(f"{sys.argv[1]}/{name}.fods", encoding="utf-8").read()
    assert "table:formula" not in text, f"a formula in {name}"
    body = text[text.index("<table:table "):]
    return re.findall(r'<table:table-cell[^>]*office:value-type="(\w+)"([^>]*)>(.*?)'
                      r'</table:table-cell>', body, re.S)
def has(name, kind, value):
    assert any(k == kind and value in rest + html.unescape(content)
               for k, rest, content in cells(name)), f"{name}: no {kind} {value}"
has("enterprise", "string", "'=2+3")
has("enterprise", "string", "'=1+1")
has("contact", "string", "'-7")
has("contact", "string", "'+1")
has("contact", "float", 'office:value="-3"')
has("disbursement", "float", 'office:value="150000"')
assert sum(k == "float" for k, _, _ in cells("disbursement")) == 47
END

# ---- From a clone, without a home: the same bytes ----

m santiago export git git >/dev/null 2>&1
git clone -q git/minga.bundle clone
for format in ledger beancount iati; do
    MINGA_HOME=$SCRATCH/nobody "$MINGA" export "$format" - --repo clone >"cloned.$format"
done
cmp journal.ledger cloned.ledger
cmp books.beancount cloned.beancount
diff <(grep -v country iati.xml) cloned.iati
m santiago export csv csv 2>refused && die "a folder with files in it is taken"
grep -q 'is not empty' refused || die "$(cat refused)"
