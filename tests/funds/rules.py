"""What an audit has to find in one history: the rules, once more, from the lines of the story.

Audit.found is (rule, ids of the records concerned, ascending) for each; of the rules about a key
or an account, (rule, words that name it).
"""
from collections import Counter, defaultdict

import model

LINES = {'idea': 'line_idea', 'innovation': 'line_innovation',
         'strengthening': 'line_strengthening'}
MONEY_FIELDS = {'enterprise': ('line',),
                'programme': tuple(LINES.values()) + ('lines_currency',)}
TOTALS = ('granted', 'given', 'received', 'allotted', 'passed', 'awarded', 'disbursed', 'purchased',
          'expensed', 'receipted', 'handed over', 'balance')
TOTAL_OF = {'grant': 'granted', 'allotment': 'allotted', 'pass': 'passed', 'award': 'awarded',
            'disbursement': 'disbursed', 'purchase': 'purchased', 'expense': 'expensed'}
SESSIONS_DUE = 1
OFFICES_THAT_CLOSE = 2
SLACK_S = 300  # by which honest clocks may differ


class Records:
    """Fields of records: every value that no later one has seen."""

    def __init__(self, history, counted):
        heights = []
        self.values = {}
        self.kinds = {}
        for number, commit in enumerate(history.commits):
            past = history.past[number]
            heights.append(1 + max((heights[parent] for parent in commit['on']), default=0))
            for verb, kind, ident, name, value in commit['ops']:
                if verb != 'set' or not counted >> number & 1:
                    continue
                self.kinds[ident] = kind
                here = self.values.setdefault((ident, name), [])
                here[:] = [one for one in here if not past >> one[3] & 1]
                here.append((heights[number], commit['by'], value, number))

    def get(self, ident, name):
        """The value that is shown: of the highest commit, and of the last label among equals."""
        values = self.values.get((ident, name))
        return max(values, key=lambda one: one[:2])[2] if values else None

    def conflicts(self, ident, name):
        return len({str(one[2]) for one in self.values.get((ident, name), [])}) > 1

    def of(self, kind):
        return [ident for ident, its in self.kinds.items() if its == kind]


class Audit:
    def __init__(self, history, member):
        self.history = history
        self.member = member
        self.counted = member.counted()
        self.records = Records(history, self.counted)
        self.entries = entries = member.entries
        self.found = []
        self.reversed = {c['entry'] for kind, c in entries.values() if kind == 'reversal'}
        self.programmes = self.records.of('programme')
        self.closed = self.is_closed()
        # The auditor's clock is no witness.
        self.witnesses = {label for label in history.offices if label != 'auditor'}

    def say(self, rule, *concerned):
        self.found.append((rule, tuple(sorted(concerned))))

    def standing(self, *kinds):
        return [(ident, kind, content) for ident, (kind, content) in self.entries.items()
                if kind in kinds and ident not in self.reversed]

    def is_closed(self):
        ends = [self.records.get(p, 'period_end') for p in self.programmes]
        commits = [self.history.commits[number] for number in self.member.commits]
        after = {commit['by'] for commit in commits if ends and commit['day'] > max(ends)}
        return len(after) >= min(OFFICES_THAT_CLOSE, len(self.history.offices))

    # ---- sums of an enterprise ----

    def line_of(self, enterprise):
        name = LINES.get(self.records.get(enterprise, 'line'))
        return self.records.get(self.programmes[0], name) if name and self.programmes else None

    def enterprises(self):
        by = defaultdict(lambda: defaultdict(list))
        for ident, kind, content in self.standing('award', 'disbursement', 'purchase'):
            by[content['enterprise']][kind].append((ident, content))
        for enterprise, of in by.items():
            sums = {kind: sum(c['amount'] for _, c in items) for kind, items in of.items()}
            awarded, paid = sums.get('award', 0), sums.get('disbursement', 0)
            bought, cap = sums.get('purchase', 0), self.line_of(enterprise)
            ids = {kind: [ident for ident, _ in of[kind]]
                   for kind in ('award', 'disbursement', 'purchase')}
            limit = awarded if of['award'] else cap
            if limit is not None and paid > limit:
                self.say('disbursement-above-award', enterprise, *ids['award'],
                         *ids['disbursement'])
            if cap is not None and awarded > cap:
                self.say('award-above-line', enterprise, *ids['award'])
            if bought > paid:
                self.say('purchase-above-disbursement', enterprise, *ids['disbursement'],
                         *ids['purchase'])
            if bought < paid and self.closed:
                self.say('purchase-below-disbursement', enterprise, *ids['disbursement'],
                         *ids['purchase'])
            self.order(enterprise, of)

    def order(self, enterprise, of):
        first_award = min((c['date'] for _, c in of['award']), default=None)
        first_paid = min((c['date'] for _, c in of['disbursement']), default='')
        for ident, content in of['disbursement']:
            if first_award is None or content['date'] < first_award:
                self.say('outlay-before-act', ident, enterprise)
        for ident, content in of['purchase']:
            if content['date'] < first_paid:
                self.say('outlay-before-act', ident, enterprise)

    # ---- papers ----

    def papers(self):
        documents = {self.records.get(d, 'record') for d in self.records.of('document')}
        receipts, handed = defaultdict(list), set()
        for _, _, content in self.standing('transfer'):
            handed.add(content['purchase'])
        for ident, kind, content in self.standing('purchase', 'expense'):
            if 'receipt' in content:
                receipts[content['receipt'], content['supplier']].append(ident)
            elif ident not in documents:
                self.say('no-receipt', ident)
            if kind == 'purchase' and 'ownership_transferred' not in content and (
                    ident not in handed):
                self.say('not-handed-over', ident)
        for same in receipts.values():
            if len(same) > 1:
                self.say('receipt-twice', *same)
        grants = defaultdict(list)
        for ident, _, c in self.standing('grant'):
            grants[c['funder'], c['date'], c['currency'], c['amount']].append(ident)
        for same in grants.values():
            if len(same) > 1:
                self.say('grant-twice', *same)

    # ---- days ----

    def period(self):
        if not self.programmes:
            return
        programme = self.programmes[0]
        start = self.records.get(programme, 'period_start')
        end = self.records.get(programme, 'period_end')
        kinds = set(model.WRITER) - {'statement', 'transfer', 'reversal'}
        for ident, _, content in self.standing(*kinds):
            if 'date' in content and not start <= content['date'] <= end:
                self.say('outside-period', ident)

    def sessions(self):
        if not self.closed:
            return
        individual, group = defaultdict(int), defaultdict(int)
        for session in self.records.of('session'):
            if self.records.get(session, 'kind') == 'individual':
                individual[self.records.get(session, 'enterprise')] += 1
            else:
                group[self.records.get(session, 'office')] += 1
        offices = set()
        for enterprise in self.records.of('enterprise'):
            offices.add(self.records.get(enterprise, 'office'))
            if individual[enterprise] < SESSIONS_DUE:
                self.say('sessions-missing', enterprise)
        for office in offices:
            if group[office] < SESSIONS_DUE:
                self.say('sessions-missing', *self.programmes)

    # ---- accounts ----

    def conflicts(self):
        for kind, names in MONEY_FIELDS.items():
            for ident in self.records.of(kind):
                for name in names:
                    if self.records.conflicts(ident, name):
                        self.say('conflict-on-money', ident)

    def day_of(self, kind, content):
        if kind == 'reversal':
            return self.day_of(*self.entries[content['entry']])
        return content.get('date', '')

    def statements(self):
        for ident, _, says in self.standing('statement'):
            balance = 0
            for kind, content in self.entries.values():
                if self.day_of(kind, content) > says['date']:
                    continue
                for (owner, line, currency), amount in model.postings(kind, content, self.entries):
                    if owner == says['office'] and currency == says['currency'] and (
                            line == says.get('budget_line', line)):
                        balance += amount
            if balance != says['balance']:
                self.say('statement-differs', ident)

    def overdrawn(self):
        for (owner, line, currency), balance in model.sums(self.entries).items():
            if balance < 0:
                self.found.append(('overdrawn', (owner, line, currency)))

    def keys(self):
        """Forks, keys frozen for many of them, and what of these waits in quarantine."""
        numbered, waiting = defaultdict(list), Counter()
        for number in self.member.commits:
            commit = self.history.commits[number]
            numbered[commit['by'], commit['seq']].append(commit['id'])
            waiting[commit['by']] += 1 - (self.counted >> number & 1)
        told_of = set()
        for (label, seq), ids in sorted(numbered.items()):
            if len(ids) > 1 and label not in told_of:  # the first number tells of the key
                told_of.add(label)
                self.witnesses.discard(label)  # of two branches, which one came first?
                rule = 'frozen' if label in self.member.frozen else 'fork'
                self.found.append((rule, (label, str(seq), *sorted(ids))))
        for label in self.member.retired:
            self.unkept(label)
        for label, count in waiting.items():
            if count > 0:
                self.found.append(('quarantine', (label, str(count))))

    def unkept(self, label):
        """Commits of a retired key that count for another having built on them."""
        kept = self.member.kept(label)
        for number in self.member.commits:
            commit = self.history.commits[number]
            if commit['by'] == label or not self.counted >> number & 1 or kept >> number & 1:
                continue
            for parent in commit['on']:
                under = self.history.commits[parent]
                if under['by'] == label and not kept >> parent & 1:
                    self.say('unkept', under['id'], commit['id'])

    def dates(self):
        """Commits dated otherwise than two other offices' allow, before or after them."""
        wrong = defaultdict(list)
        for number in self.member.commits:
            commit = self.history.commits[number]
            if commit['empty'] or not self.counted >> number & 1:
                continue
            below, above = {}, {}  # by label: (seq, time)
            for other in self.member.commits:
                its = self.history.commits[other]
                label, at = its['by'], (its['seq'], its['time'])
                if label == commit['by'] or label not in self.witnesses:
                    continue
                if self.history.past[number] >> other & 1:
                    below[label] = max(below.get(label, at), at)
                elif self.history.past[other] >> number & 1:
                    above[label] = min(above.get(label, at), at)
            early = sorted(time for _, time in below.values())
            late = sorted(time for _, time in above.values())
            if (len(early) > 1 and commit['time'] < early[-2] - SLACK_S) or (
                    len(late) > 1 and commit['time'] > late[1] + SLACK_S):
                wrong[commit['by']].append(commit['id'])
        for ids in wrong.values():
            self.say('back-dated', *ids)

    def totals(self):
        """By currency, what stands, in the order of struct audit_total."""
        out = defaultdict(lambda: [0] * len(TOTALS))

        def add(what, amount, currency):
            out[currency][TOTALS.index(what)] += amount

        handed = {content['purchase'] for _, _, content in self.standing('transfer')}
        documents = {self.records.get(d, 'record') for d in self.records.of('document')}
        for ident, kind, c in self.standing(*TOTAL_OF, 'exchange'):
            if kind == 'exchange':
                add('given', c['from_amount'], c['from_currency'])
                add('received', c['to_amount'], c['to_currency'])
                continue
            add(TOTAL_OF[kind], c['amount'], c['currency'])
            if kind in ('purchase', 'expense') and ('receipt' in c or ident in documents):
                add('receipted', c['amount'], c['currency'])
            if kind == 'purchase' and ('ownership_transferred' in c or ident in handed):
                add('handed over', c['amount'], c['currency'])
        for (_, _, currency), balance in model.sums(self.entries).items():
            add('balance', balance, currency)
        return {currency: sums for currency, sums in out.items() if any(sums)}

    def run(self):
        for rule in (self.enterprises, self.papers, self.period, self.sessions, self.conflicts,
                     self.statements, self.overdrawn, self.keys, self.dates):
            rule()


def told(line):
    """What a member's audit found, in the same form."""
    out = []
    for rule, records, texts in line['findings']:
        if rule == 'overdrawn':
            out.append((rule, tuple(texts[:3])))
        elif rule in ('fork', 'frozen'):
            out.append((rule, tuple(texts[:2] + sorted(records))))
        elif rule == 'quarantine':
            out.append((rule, tuple(texts[:2])))
        else:
            out.append((rule, tuple(sorted(records))))
    return out
