"""What the money of one history has to be, found without any code of replicas/.

Knows the lines of a story (story.c): who tried what and what was answered, which commit reached
whom, in which order. From these alone follow every balance of every member at any time, what
must be refused, and what must not.
"""
import csv
import io
import json
import time
from collections import Counter

import rules

POOL = 'pool'
DIGITS = {'CLP': 0, 'USD': 2, 'KWD': 3}
TREASURY = ('grant', 'exchange', 'allotment')
# Which member of an entry's content has to be the writing office.
WRITER = {'grant': 'holder', 'exchange': 'holder', 'allotment': 'holder', 'pass': 'office',
          'award': 'office', 'disbursement': 'office', 'expense': 'office', 'transfer': 'office',
          'reversal': 'office', 'statement': 'office', 'purchase': 'office'}
AMOUNTS = {'amount': 'currency', 'from_amount': 'from_currency', 'to_amount': 'to_currency',
           'balance': 'currency'}
# What 'fund' refuses with where 'add' refuses, too.
REFUSED = ('bad-value', 'exists', 'needs-person', 'not-allowed', 'not-found', 'overdrawn', 'usage')
FREEZES_ABOVE = 8  # commits of one number by one key


def minor_units(text, currency):
    whole, _, part = text.partition('.')
    digits = DIGITS[currency]
    return int(whole) * 10 ** digits + int(part or '0')


def imported_contents(words):
    """(type, content) of each row of 'import TYPE --content=CSV'; its key column is the ref."""
    kind, text = words[1], words[2].split('=', 1)[1]
    out = []
    for row in csv.DictReader(io.StringIO(text)):
        row['ref'] = row.pop(kind)
        out.append((kind, {name: minor_units(value, row[AMOUNTS[name]]) if name in AMOUNTS else
                           value for name, value in row.items()}))
    return out


def typed_content(words):
    """What 'add TYPE NAME=VALUE ...' says, as an entry's content."""
    given = dict(word.split('=', 1) for word in words[2:])
    return {name: minor_units(value, given[AMOUNTS[name]]) if name in AMOUNTS else value
            for name, value in given.items()}


def postings(kind, content, entries):
    """[((owner, line, currency), signed minor units)]; None: what it reverses is not known."""
    c = content
    if kind == 'grant':
        return [((c['holder'], POOL, c['currency']), c['amount'])]
    if kind == 'exchange':
        return [((c['holder'], POOL, c['from_currency']), -c['from_amount']),
                ((c['holder'], POOL, c['to_currency']), c['to_amount'])]
    if kind == 'allotment':
        return [((c['holder'], POOL, c['currency']), -c['amount']),
                ((c['office'], c['budget_line'], c['currency']), c['amount'])]
    if kind == 'pass':
        return [((c['office'], c['budget_line'], c['currency']), -c['amount']),
                ((c['to'], c['to_line'], c['currency']), c['amount'])]
    if kind == 'disbursement':
        return [((c['office'], 'enterprises', c['currency']), -c['amount'])]
    if kind == 'expense':
        return [((c['office'], c['budget_line'], c['currency']), -c['amount'])]
    if kind == 'reversal':
        if c['entry'] not in entries:
            return None
        reversed_kind, reversed_content = entries[c['entry']]
        return [(account, -amount)
                for account, amount in postings(reversed_kind, reversed_content, entries)]
    return []


def sums(entries):
    """The balance of every account that these entries touch."""
    out = {}
    for kind, content in entries.values():
        for account, amount in postings(kind, content, entries) or ():
            out[account] = out.get(account, 0) + amount
    return out


class Member:
    """What has reached one office, and what of it counts there."""

    def __init__(self, history):
        self.history = history
        self.forget()

    def forget(self):
        self.commits = []
        self.seqs = Counter()
        self.frozen = set()  # labels of keys that signed too many commits of one number
        self.retired = {}    # labels of keys out of force: the commits that are kept
        self.forget_counted()

    def forget_counted(self):
        self.entries = {}
        self.records = set()
        self.balances = {}

    def learn(self, numbers):
        for number in numbers:
            commit = self.history.commits[number]
            self.commits.append(number)
            self.seqs[commit['by'], commit['seq']] += 1
            if self.seqs[commit['by'], commit['seq']] > FREEZES_ABOVE:
                self.frozen.add(commit['by'])
            if not self.frozen and not self.retired:
                self.count(commit)
        if self.frozen or self.retired:
            self.recount()

    def retire(self, keys):
        self.retired = keys
        self.recount()

    def in_force(self, label):
        return label not in self.frozen and label not in self.retired

    def kept(self, label):
        """What is kept of a retired key, as bits."""
        past = 0
        for number in self.retired[label]:
            if number in self.commits:
                past |= self.history.past[number]
        return past

    def counted(self):
        """What a key in force has written or built on, or is kept, as bits."""
        past = 0
        for number in self.commits:
            if self.in_force(self.history.commits[number]['by']):
                past |= self.history.past[number]
        for label in self.retired:
            past |= self.kept(label)
        return past

    def recount(self):
        counted = self.counted()
        self.forget_counted()
        for number in self.commits:
            if counted >> number & 1:
                self.count(self.history.commits[number])

    def count(self, commit):
        for verb, kind, ident, _, content in commit['ops']:
            if verb == 'entry' and ident not in self.entries:
                self.entries[ident] = (kind, content)
                for account, amount in postings(kind, content, self.entries) or ():
                    self.balances[account] = self.balances.get(account, 0) + amount
            elif verb != 'entry':
                self.records.add(ident)


class History:
    def __init__(self, line):
        self.seed = line['seed']
        self.offices = line['offices']
        self.treasurers = {self.offices[i] for i in line['treasurers']}
        self.members = [Member(self) for _ in self.offices]
        self.commits = []
        self.number_of = {}      # commit id: its number
        self.promised = []       # commits that were acknowledged, and by whom
        self.cut = []            # tries that the power cut off: they may be in
        self.content_of = {}     # commit id: what the try that it answers said
        self.imported = []       # (office, type, content) of files
        self.importing = None    # the last file, until all that it brought was told
        self.promised_rows = []  # (office, (type, content)) of files, acknowledged
        self.went_back = set()
        self.cheats = {}         # an office that wrote what nobody may take: those commits
        self.past = []           # of each commit, itself included: bits
        self.exports = {}
        self.ends = []
        self.problems = []
        self.broken = Counter()
        self.tried = {'ok': 0, 'again': 0, 'overdrawn': 0, 'not-allowed': 0}

    def wrong(self, text, *values):
        self.problems.append('seed %d: %s' % (self.seed, text % values))

    # ---- one line after another ----

    def take(self, line):
        for name in ('try', 'commit', 'sees', 'opens', 'retires', 'tried', 'cheats',
                     'meanwhile', 'end'):
            if name in line:
                getattr(self, 'take_' + name)(line)
                return
        raise ValueError('no such line: %s' % json.dumps(line))

    def take_commit(self, line):
        self.number_of[line['id']] = len(self.commits)
        line['day'] = time.strftime('%Y-%m-%d', time.gmtime(line['time']))
        self.commits.append(line)
        past = 1 << len(self.past)
        for parent in line['on']:
            past |= self.past[parent]
        self.past.append(past)
        if line['by'] in self.cheats:
            self.cheats[line['by']].add(len(self.commits) - 1)
        self.check_origin(line)

    def take_cheats(self, line):
        self.cheats[self.offices[line['cheats']]] = set()

    def take_opens(self, line):
        self.members[line['opens']].forget()
        if line['back']:
            self.went_back.add(self.offices[line['opens']])

    def take_tried(self, _):
        """All that an act brought was told."""
        if self.importing is not None:
            self.check_import(*self.importing)
        self.importing = None

    def take_retires(self, line):
        self.members[line['retires']].retire(line['keys'])

    def take_sees(self, line):
        self.members[line['sees']].learn(line['commits'])
        for office, commits in self.cheats.items():
            if self.offices[line['sees']] != office and commits & set(line['commits']):
                self.wrong('%s takes what %s wrote without cover', self.offices[line['sees']],
                           office)

    def take_try(self, line):
        words, said = line['words'], line['said']
        office = self.offices[line['try']]
        if words[0] == 'import' and words[1] in WRITER:
            self.imported += [(office, kind, content)
                              for kind, content in imported_contents(words)]
            if said != 'power':
                self.importing = line, self.members[line['try']], office
            return
        if said == 'power':
            self.cut.append((office, words))
            return
        if line['commit']:
            self.promised.append((office, line['commit']))
            self.content_of[line['commit']] = words
        member = self.members[line['try']]
        if words[0] == 'add' and words[1] in WRITER and office not in self.cheats and (
                member.in_force(office)):
            self.check_answer(line, member, office)

    def take_meanwhile(self, line):
        self.check_books(line, self.members[line['meanwhile']])

    def take_end(self, line):
        self.ends.append(line)
        self.check_books(line, self.members[line['end']])

    # ---- what has to be so ----

    def allowed(self, member, office, kind, content):
        """The words that an office may be answered with."""
        if (kind, content) in member.entries.values():
            return ('ok',)  # there already: nothing is written
        if kind == 'reversal' and content['ref'] != content['entry']:
            return ('bad-value',)
        if content[WRITER[kind]] != office:
            return ('not-allowed',)
        if kind in TREASURY and office not in self.treasurers:
            return ('not-allowed',)
        posted = postings(kind, content, member.entries)
        if kind == 'reversal':
            refused = self.refused_reversal(member, office, content, posted)
            if refused:
                return refused
        if len({account for account, _ in posted}) < len(posted):
            return ('bad-value',)  # from an account to itself
        debits = {}
        for account, amount in posted:
            debits[account] = debits.get(account, 0) + amount
        for account, amount in debits.items():
            if amount < 0 and member.balances.get(account, 0) + amount < 0:
                return ('overdrawn',)
        return ('ok',)

    def refused_reversal(self, member, office, content, posted):
        if posted is None:
            return ('wrong-operation',)
        about, what = member.entries[content['entry']]
        if about == 'reversal':
            return ('bad-value',)
        for kind, other in member.entries.values():
            if kind == 'reversal' and other['entry'] == content['entry']:
                return ('wrong-operation', 'not-allowed')
        if not posted:  # it moves no money: its writer takes it back
            return () if what[WRITER[about]] == office else ('not-allowed',)
        owners = {account[0] for account, _ in posted}
        debited = {account[0] for account, amount in posted if amount < 0}
        if office not in owners or debited - {office}:
            return ('not-allowed',)
        return ()

    def check_answer(self, line, member, office):
        words, said = line['words'], line['said']
        kind, content = words[1], typed_content(words)
        if kind in ('award', 'disbursement', 'purchase'):
            if content['enterprise'] not in member.records:
                return  # refused for want of the enterprise: money is not asked
        if kind == 'transfer' and content['purchase'] not in member.entries:
            return
        may = self.allowed(member, office, kind, content)
        if 'as' in line:  # a command for people: it asks more, and refuses in words of its own
            if may != ('ok',):
                may += REFUSED
            elif kind == 'reversal' and (kind, content) in member.entries.values():
                may = ('exists',)
            elif '--anyway' not in line['as']:
                may += ('needs-person',)
        if said not in may:
            self.wrong('%s says %s of "%s", and should say %s (%s)', office, said,
                       ' '.join(line.get('as', words)), ' or '.join(may), line['why'])
        again = (kind, content) in member.entries.values()
        if again and line['commit']:
            self.wrong('%s writes again what it has: %s', office, ' '.join(words))
        self.tried['again' if again else said] = self.tried.get('again' if again else said, 0) + 1

    def check_import(self, line, member, office):
        """Every row is in that could be; of the others, none."""
        left = 0
        if not member.in_force(office):
            return
        for kind, content in imported_contents(line['words']):
            if (kind, content) in member.entries.values():
                self.promised_rows.append((office, (kind, content)))
                continue
            left += 1
            balance = member.balances.get(postings(kind, content, {})[0][0], 0)
            if content['office'] == office and content['amount'] <= balance:
                self.wrong('%s left out a row that %d covers: %s', office, balance,
                           json.dumps(content))
        if (line['said'] == 'ok') != (left == 0):
            self.wrong('%s says %s of a file, and left out %d rows', office, line['said'], left)

    def check_origin(self, line):
        """Nothing stands in a commit that its writer was not told to write."""
        entries = [(op[1], op[4]) for op in line['ops'] if op[0] == 'entry']
        if not entries:
            return
        told = [words for office, words in self.cut if office == line['by']]
        if line['id'] in self.content_of:
            told = [self.content_of[line['id']]]
        for kind, content in entries:
            if (line['by'], kind, content) in self.imported:
                continue
            if not any(words[:2] == ['add', kind] and typed_content(words) == content
                       for words in told):
                self.wrong('%s wrote what nobody told it: %s %s', line['by'], kind,
                           json.dumps(content))

    def check_books(self, line, member):
        says = {tuple(account[:3]): account[3] for account in line['accounts']}
        entries = member.entries
        who = self.offices[line.get('end', line.get('meanwhile'))]
        if sorted(line['entries']) != sorted(entries):
            self.wrong('%s has %d entries, and %d reached it', who, len(line['entries']),
                       len(entries))
            return
        expected = sums(entries)
        for account in sorted(set(says) | set(expected)):
            if says.get(account, 0) != expected.get(account, 0):
                self.wrong('%s says %d of %s, the model %d', who, says.get(account, 0),
                           '/'.join(account), expected.get(account, 0))
            if expected.get(account, 0) < 0 and account[0] not in self.went_back:
                self.wrong('%s of %s is below zero', '/'.join(account[1:]), account[0])

    def check_findings(self):
        """What was broken is found, by everyone, and nothing else is."""
        audits = {}  # most members have the same commits
        for line in self.ends:
            member = self.members[line['end']]
            same = frozenset(member.commits), frozenset(member.retired)
            if same not in audits:
                audits[same] = rules.Audit(self, member)
                audits[same].run()
            audit = audits[same]
            expected = Counter(audit.found)
            self.broken = Counter(rule for rule, _ in audit.found)
            who = self.offices[line['end']]
            if line['closed'] != audit.closed:
                self.wrong('%s takes the programme for %s', who,
                           'closed' if line['closed'] else 'open')
            self.check_totals(who, line, audit)
            says = Counter(rules.told(line))
            for one in expected - says:
                self.wrong('%s does not find %s %s', who, one[0], ' '.join(one[1]))
            for one in says - expected:
                self.wrong('%s finds %s %s, and nothing is wrong', who, one[0], ' '.join(one[1]))

    def check_totals(self, who, line, audit):
        verdict = 'findings' if line['findings'] else 'clean'
        if line['verdict'] != verdict:
            self.wrong('the verdict of %s is %s, and not %s', who, line['verdict'], verdict)
        says = {currency: sums for currency, sums in line['totals'].items() if any(sums)}
        if says != audit.totals():
            self.wrong('%s adds up to %s, the model to %s', who, says, audit.totals())

    def balances(self):
        """Of every account, in the end."""
        return sums(self.members[0].entries)

    def close(self):
        """After all have met: one state, and all that was acknowledged in it, once."""
        if len({line['state'] for line in self.ends}) != 1:
            self.wrong('they end in different states')
        remain = [member for office, member in zip(self.offices, self.members)
                  if office not in self.members[0].retired and office not in self.cheats]
        if len(self.ends) != len(remain):
            self.wrong('%d of %d ended', len(self.ends), len(remain))
        for office, commit in self.promised:
            number = self.number_of.get(commit)
            holders = sum(number in member.commits for member in remain)
            counts = self.members[0].in_force(office)
            if holders == len(remain) or not counts or number in self.cheats.get(office, ()) or (
                    office in self.went_back and holders == 0):
                continue
            self.wrong('what %s acknowledged as %s is at %d of %d', office, commit[:8], holders,
                       len(remain))
        for office, row in self.promised_rows:
            if self.members[0].in_force(office) and office not in self.went_back and not all(
                    row in member.entries.values() for member in remain):
                self.wrong('a row that %s imported is not everywhere', office)
        self.check_findings()


def read(path):
    """Every history of a file, as it is complete."""
    history = None
    with open(path, encoding='utf-8') as lines:
        for text in lines:
            if not text.endswith('\n'):
                break  # the program ended there, and has said why
            line = json.loads(text)
            if 'seed' in line:
                if history is not None:
                    yield history
                history = History(line)
            else:
                history.take(line)
    if history is not None:
        yield history
