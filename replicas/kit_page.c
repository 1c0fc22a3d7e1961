#include "replicas/kit_page.h"

/*
 * The commands: bash, coreutils, sed, grep and awk of Debian, and the packages that the page names.
 * Each fails by its exit code; what it compares it compares with cmp, which names the first line
 * that differs. Nothing is written but in a folder of its own.
 */

static const char begin_text[] =
    "The tools: apt install git openssh-client python3 hledger ledger beancount libxml2-utils\n"
    "\n"
    "In this folder, all of it at once:\n"
    "\n"
    "  bash -euo pipefail <(sed -n 's/^    //p' CHECK.txt)\n"
    "\n"
    "It stops at the first thing that does not agree. Where everything does, its last line is\n"
    "\"Everything agrees.\" The same step by step, in bash:\n"
    "\n"
    "    export LC_ALL=C\n"
    "    work=$(mktemp -d)\n"
    "    history() { git -C \"$work/history\" \"$@\"; }\n"
    "\n"
    "\n"
    "1. Nothing was changed, added or taken away since the kit was made\n"
    "\n"
    "    sha256sum --strict --quiet --check SHA256SUMS\n"
    "    find . ! -type d ! -path ./SHA256SUMS ! -path ./SHA256SUMS.sig | sort |\n"
    "        sed 's|^\\./||' >\"$work/names\"\n"
    "    xargs sha256sum <\"$work/names\" | cmp - SHA256SUMS\n"
    "\n"
    "   Both print nothing.\n"
    "\n";

static const char unsigned_text[] =
    "   Nobody signed the kit. Compare this line with the paper that came with it:\n"
    "\n"
    "    sha256sum SHA256SUMS\n"
    "\n";

static const char *const signed_texts[] = {
    "   The office \"",
    "\" signed the list, so that nobody can make another one:\n"
    "\n"
    "    ssh-keygen -Y verify -f allowed_signers -I ",
    " -n minga-kit -s SHA256SUMS.sig <SHA256SUMS\n"
    "    { echo '-----BEGIN SSH SIGNATURE-----'; sed '1d;$d' SHA256SUMS.sig | base64 -d |\n"
    "        base64 -w 70; echo '-----END SSH SIGNATURE-----'; } | cmp - SHA256SUMS.sig\n"
    "\n"
    "   The first says: Good \"minga-kit\" signature for ",
    " with ED25519 key, and the key's\n"
    "   fingerprint; the second prints nothing.\n"
    "\n",
};

static const char *const history_texts[] = {
    "\n"
    "2. The history is whole, and it is that network's\n"
    "\n"
    "    git clone --quiet --mirror minga.bundle \"$work/history\"\n"
    "    history bundle verify --quiet \"$PWD/minga.bundle\"\n"
    "    history fsck --strict --no-dangling --no-progress\n"
    "    cut -d' ' -f1 heads >\"$work/heads\"\n"
    "    for head in $(cat \"$work/heads\"); do history ls-tree -r \"$head\"; done |\n"
    "        sort -u >\"$work/tree\"\n"
    "    history cat-file blob \"$(head -n 1 \"$work/heads\"):charter/0001.json\" |\n"
    "        sed '1s/^{\"body\"://; /^\"signatures\":/,$d' | sed '$s/,$//' | head -c -1 |\n"
    "        b2sum -l 256 | cut -c1-64 | tee \"$work/network\"\n"
    "    echo ",
    " | cmp - \"$work/network\"\n"
    "\n"
    "   It prints the network's id: the one that the offices gave you on paper.\n"
    "\n"
    "\n"
    "3. The keys are those of the history, and every commit is signed by the office it names\n"
    "\n"
    "    awk '$4 ~ /^charter\\// { print $3 }' \"$work/tree\" | history cat-file --batch |\n"
    "        grep -o '\"key\":\"[0-9a-f]\\{64\\}\",\"label\":\"[a-z0-9-]*\"' | sort -u |\n"
    "        tr '\":,' '   ' | while read -r _ key _ label; do\n"
    "        echo \"$label\" 'namespaces=\"git,minga-kit\" ssh-ed25519' \"$(\n"
    "            printf '0000000B7373682D6564323535313900000020%s' \"$key\" | tr a-f A-F |\n"
    "            basenc -d --base16 | base64 -w 0)\"\n"
    "    done | sort -u | cmp - allowed_signers\n"
    "    cut -d' ' -f3- allowed_signers | while read -r key; do\n"
    "        echo \"$key\" | ssh-keygen -lf -\n"
    "    done\n"
    "    history rev-list --stdin <\"$work/heads\" >\"$work/commits\"\n"
    "    xargs git -C \"$work/history\" -c gpg.ssh.allowedSignersFile=\"$PWD/allowed_signers\" \\\n"
    "        verify-commit <\"$work/commits\" 2>\"$work/signatures\"\n"
    "    sed -n 's/^Good \"git\" signature for \\(.*\\) with ED25519 key .*/\\1/p' \\\n"
    "        \"$work/signatures\" >\"$work/signers\"\n"
    "    history log --no-walk=unsorted --stdin --format=%cn <\"$work/commits\" |\n"
    "        cmp - \"$work/signers\"\n"
    "    wc -l <\"$work/signers\"\n"
    "\n"
    "   It prints a fingerprint for each key: compare each with the paper. The last line is the\n"
    "   number of commits, all of which are signed. That each did what its office may do is\n"
    "   what \"minga verify --repo\" checks, which replays them all.\n"
    "\n"
    "\n"
    "4. The balances are the sums of what the signed history posts\n"
    "\n"
    "    awk '$4 ~ /^accounts\\// { split($4, part, \"/\"); print $3, part[2] \":\" part[3] }' \\\n"
    "        \"$work/tree\" | history cat-file --batch='%(rest)' | awk '\n"
    "        NR % 3 == 1 { account = $1 }\n"
    "        NR % 3 == 2 { sum[account] += $1 }\n"
    "        END { for (account in sum) printf \"%s %.0f\\n\", account, sum[account] }' |\n"
    "        sort >\"$work/balances\"\n"
    "    awk -F, 'NR > 1 { sub(/\\r/, \"\"); sub(/\\./, \"\", $6)\n"
    "        printf \"%s:%s.%s %.0f\\n\", $1, $2, $3, $6 }' csv/minga-accounts.csv | sort |\n"
    "        cmp - \"$work/balances\"\n"
    "    awk -F, 'NR > 1 { sub(/\\r/, \"\"); sub(/\\./, \"\", $4)\n"
    "        account = $1 \":\" $2 \".\" $3; sum[account] += $4 }\n"
    "        END { for (account in sum) printf \"%s %.0f\\n\", account, sum[account] }' \\\n"
    "        csv/minga-postings.csv | sort | cmp - \"$work/balances\"\n"
    "\n"
    "   They print nothing. Amounts are in the smallest unit of their currency.\n"
    "\n"
    "\n"
    "5. Other people's bookkeeping reaches the same balances\n"
    "\n"
    "    hledger -f journal.ledger check --strict payees ordereddates\n"
    "    hledger -f journal.ledger balance Assets -E --flat --no-total -N -O csv --layout=bare |\n"
    "        tr -d '\"' | awk -F, 'NR > 1 { sub(/^Assets:/, \"\", $1); sub(/\\./, \"\", $3)\n"
    "        printf \"%s.%s %.0f\\n\", $1, $2, $3 }' | sort >\"$work/hledger\"\n"
    "    grep -v ' 0$' \"$work/balances\" >\"$work/some\" || true\n"
    "    { grep -v ' 0$' \"$work/hledger\" || true; } | cmp - \"$work/some\"\n"
    "    ledger --args-only -f journal.ledger --pedantic balance >\"$work/ledger\"\n"
    "    sed -n 's/^    Assets:\\([^ ]*\\)  [A-Z]* [0-9.]* = \\([A-Z]*\\) \\([-0-9.]*\\)$/\\1 \\2 "
    "\\3/p' \\\n"
    "        journal.ledger | awk '{ sub(/\\./, \"\", $3); printf \"%s.%s %.0f\\n\", $1, $2, $3 }' "
    "|\n"
    "        sort | cmp - \"$work/balances\"\n"
    "    bean-check books.beancount\n"
    "    sed -n 's/^[-0-9]* balance Assets:\\([^ ]*\\)  \\([-0-9.]*\\) ~ 0 \\([A-Z]*\\)$/\\1 \\3 "
    "\\2/p' \\\n"
    "        books.beancount |\n"
    "        awk '{ sub(/\\./, \"\", $3); split($1, part, \":\"); gsub(/-/, \"_\", part[2])\n"
    "        printf \"%s:%s.%s %.0f\\n\", tolower(part[1]), tolower(part[2]), $2, $3 }' | sort |\n"
    "        cmp - \"$work/balances\"\n"
    "\n"
    "   They print nothing. A journal ends in what each account must hold: ledger and bean-check\n"
    "   refuse it where their own sums differ from that by a unit.\n"
    "\n"
    "\n"
    "6. The activity file tells the same totals\n"
    "\n"
    "    xmllint --noout iati.xml\n"
    "    told() { awk -F'[<>\"]' -v type=\"$1\" '/<transaction-type/ { is = $3 == type }\n"
    "        /<value/ && is { sub(/\\./, \"\", $7); sum[$3] += $7 }\n"
    "        END { for (c in sum) printf \"%s %.0f\\n\", c, sum[c] }' iati.xml | sort; }\n"
    "    booked() { hledger -f journal.ledger balance \"$1\" --depth 1 --no-total -N -O csv \\\n"
    "        --layout=bare | tr -d '\"' | awk -F, 'NR > 1 { sub(/\\./, \"\", $3); sub(/^-/, \"\", "
    "$3)\n"
    "        if ($3 + 0 > 0) printf \"%s %.0f\\n\", $2, $3 }' | sort; }\n"
    "    told 1 >\"$work/told\"; booked Income | cmp - \"$work/told\"\n",
    "\n"
    "   They print nothing. With the schemas of the IATI Standard 2.03:\n"
    "   xmllint --noout --schema iati-activities-schema.xsd iati.xml\n"
    "\n"
    "\n"
    "7. The sheets say what the signed history says\n"
    "\n"
    "    cat >\"$work/sheets.py\" <<'END'\n"
    "    import csv, glob, json, os, re, subprocess, sys\n"
    "    work, rows = sys.argv[1], 0\n"
    "    blobs = {}\n"
    "    for line in open(f\"{work}/tree\"):\n"
    "        blob, path = line.split()[2:]\n"
    "        if path.startswith(\"records/\"):\n"
    "            name = path.split(\"/\")[1], os.path.basename(path)[:-len(\".json\")]\n"
    "            blobs.setdefault(name, set()).add(blob)\n"
    "    git = subprocess.Popen([\"git\", \"-C\", f\"{work}/history\", \"cat-file\", "
    "\"--batch\"],\n"
    "                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
    "    def content(blob):\n"
    "        git.stdin.write(blob.encode() + b\"\\n\")\n"
    "        git.stdin.flush()\n"
    "        size = int(git.stdout.readline().split()[2])\n"
    "        return json.loads(git.stdout.read(size + 1)[:size])\n"
    "    def says(record, field): # None: it takes a join, or an order, to tell\n"
    "        if \"entry\" in record:\n"
    "            return record[\"entry\"].get(field)\n"
    "        values = list(record.get(\"fields\", {}).get(field, {}).values())\n"
    "        return values[0] if len(values) == 1 else None\n"
    "    for path in sorted(glob.glob(\"csv/[a-z]*.csv\")):\n"
    "        kind, seen = os.path.basename(path)[:-len(\".csv\")], set()\n"
    "        if kind.startswith(\"minga-\"):\n"
    "            continue\n"
    "        for row in csv.DictReader(open(path, encoding=\"utf-8\", newline=\"\")):\n"
    "            name = kind, row[\"#id\"]\n"
    "            assert name in blobs, f\"{path}: {name[1]} is not in the history\"\n"
    "            assert name not in seen, f\"{path}: {name[1]} is there twice\"\n"
    "            seen.add(name)\n"
    "            rows += 1\n"
    "            record = content(next(iter(blobs[name]))) if len(blobs[name]) == 1 else {}\n"
    "            for field, cell in row.items():\n"
    "                value = says(record, field)\n"
    "                if field[0] == \"#\" or (value is None and \"entry\" not in record):\n"
    "                    continue\n"
    "                if isinstance(value, int) and not isinstance(value, bool):\n"
    "                    cell = int(cell.replace(\".\", \"\"))\n"
    "                elif value is None:\n"
    "                    value = \"\"\n"
    "                elif not isinstance(value, str) or re.fullmatch(\"[0-9a-f]{24}\", value):\n"
    "                    continue # what another row's key stands for\n"
    "                elif cell[:1] == \"'\":\n"
    "                    cell = cell[1:]\n"
    "                assert cell == value, f\"{path}: {name[1]}: {field}: {cell} is not {value}\"\n"
    "        there = {name for name in blobs if name[0] == kind}\n"
    "        assert seen == there, f\"{path}: rows are missing\"\n"
    "    print(rows, \"rows\")\n"
    "    END\n"
    "    python3 \"$work/sheets.py\" \"$work\"\n"
    "\n"
    "   It prints how many rows it compared with their records.\n"
    "\n"
    "\n"
    "    sha256sum --strict --quiet --check SHA256SUMS\n"
    "    echo 'Everything agrees.'\n"
    "\n"
    "What the commands wrote is in $work, and can go.\n",
};

static const char spent_text[] =
    "    told 4 >\"$work/told\"; booked Expenses | cmp - \"$work/told\"\n";

static const char left_out_text[] =
    "\n"
    "   Some payments are not told there: they are to fewer enterprises than a sum may be of.\n";

void kit_page(const struct kit_page_facts *facts, struct buf *out)
{
    buf_add_format(out,
                   "How to check the books of %s\n"
                   "\n"
                   "With stock tools of Debian 12; nothing here needs Minga, or takes its word.\n"
                   "\n"
                   "  network  %s\n"
                   "  state    %s\n"
                   "\n",
                   facts->network, facts->network_id, facts->state);
    buf_add_text(out, begin_text);
    if (facts->signer[0] == '\0')
        buf_add_text(out, unsigned_text);
    for (int i = 0; facts->signer[0] != '\0' && i < 4; i++) {
        buf_add_text(out, signed_texts[i]);
        buf_add_text(out, i < 3 ? facts->signer : "");
    }
    buf_add_text(out, history_texts[0]);
    buf_add_text(out, facts->network_id);
    buf_add_text(out, history_texts[1]);
    buf_add_text(out, facts->iati_whole ? spent_text : left_out_text);
    buf_add_text(out, history_texts[2]);
}
