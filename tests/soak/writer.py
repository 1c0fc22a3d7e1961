"""One office at work: edits one after another, and a book of what was acknowledged."""
import hashlib
import os
import random
import threading
import time

from members import Failed

PEOPLE_MAX = 900
LARGE_BYTES = 15000  # close to the largest value: fills what a journal has in reserve
RETRY_S = 0.05
# What an office does, by weight.
WORK = (("add", 30), ("set", 30), ("seal", 15), ("visit", 12), ("spend", 10), ("attach", 2),
        ("shared", 1))


class Writer(threading.Thread):
    def __init__(self, member, seed, rate, shared):
        super().__init__(daemon=True)
        self.member, self.rate, self.shared = member, rate, shared
        self.random = random.Random(f"{seed}/{member.label}")
        self.ended, self.paused, self.idle = (threading.Event() for _ in range(3))
        self.full = threading.Event()  # its disk is full: large values, and refusals are right
        self.refusals = 0              # that its disk is full
        self.count = 0
        self.records = {}    # id -> {field: values that it may have: the acknowledged one first}
        self.tried = set()   # names of households that were ever sent
        self.files = {}      # id of an attachment -> digest
        self.attached = 0    # bytes of them
        self.spent = 0       # acknowledged or repeated until acknowledged
        self.acknowledged = 0
        self.in_doubt = 0
        self.latencies = []  # (when, seconds) of what a live office acknowledged
        self.failure = None

    # ---- one command ----

    def say(self, *words):
        """Rows, or None where the daemon was taken down meanwhile or its disk is full."""
        downs, full = self.member.downs, self.full.is_set()
        began = time.monotonic()
        live = self.member.up_since is not None
        code, rows, error = self.member.run(*words)
        if code == 0:
            self.acknowledged += 1
            if live and self.member.downs == downs:
                self.latencies.append((began, time.monotonic() - began))
            return rows
        if error.get("error") == "disk-full" and (full or self.full.is_set()):
            self.refusals += 1
            return None
        if not live or self.member.downs != downs or self.member.up_since is None:
            return None
        raise Failed(f"{self.member.label}: {' '.join(words)[:120]}: exit {code}: {error}")

    def wait_up(self):
        while self.member.up_since is None and not self.ended.is_set():
            time.sleep(RETRY_S)

    # ---- what it does ----

    def name(self):
        self.count += 1
        return f"{self.member.label}-{self.count}"

    def add(self):
        name, people = self.name(), self.random.randrange(1, PEOPLE_MAX)
        fields = {"household": name, "people": people, "commune": f"c{people}"}
        if self.full.is_set():
            fields["commune"] = "".join(self.random.choices("abcdefgh", k=LARGE_BYTES))
        elif self.random.random() < 0.5:
            fields["address"] = f"calle {people}"
        self.tried.add(name)
        rows = self.say("add", "household", *(f"{k}={v}" for k, v in fields.items()))
        if rows:
            self.records[rows[0]["id"]] = {k: [v] for k, v in fields.items()}
        else:
            self.in_doubt += 1

    def edit(self, field, value):
        if not self.records:
            return self.add()
        record = self.random.choice(list(self.records))
        values = self.records[record].setdefault(field, [None])
        values.append(value)
        if self.say("set", record, f"{field}={value}"):
            self.records[record][field] = [value]
        else:
            self.in_doubt += 1
        return None

    def set(self):
        self.edit("people", self.random.randrange(PEOPLE_MAX, 2 * PEOPLE_MAX))

    def seal(self):
        self.edit("head_name", f"nombre {self.random.randrange(10**9)}")

    def visit(self):
        name = self.name()
        if not self.say("add", "visit", f"visit={name}", f"score={self.count % 100}"):
            self.in_doubt += 1

    def shared_edit(self):
        if not self.say("set", self.shared, f"commune={self.name()}"):
            self.in_doubt += 1

    def spend(self):
        """A number is one entry: it is typed again until it is answered."""
        name, amount = self.name(), self.random.randrange(1, 100)
        words = ("fund", "expense", "workshops", "CLP", str(amount), "--date", "2009-09-01",
                 "--ref", name, "--receipt", name)
        while not self.say(*words):
            self.wait_up()
            time.sleep(RETRY_S)
        self.spent += amount

    def attach(self):
        if not self.records or self.full.is_set():
            return self.add()
        name = self.name()
        path = os.path.join(self.member.folder, f"{name}.bin")
        data = self.random.randbytes(self.random.randrange(1000, 200000))
        with open(path, "wb") as f:
            f.write(data)
        rows = self.say("attach", self.random.choice(list(self.records)), path)
        os.unlink(path)
        if rows:
            self.files[rows[0]["id"]] = hashlib.sha256(data).hexdigest()
            self.attached += len(data)
        else:
            self.in_doubt += 1
        return None

    # ---- the thread ----

    def once(self):
        if self.full.is_set():
            self.add()
            return
        kind = self.random.choices([w[0] for w in WORK], [w[1] for w in WORK])[0]
        {"add": self.add, "set": self.set, "seal": self.seal, "visit": self.visit,
         "spend": self.spend, "attach": self.attach, "shared": self.shared_edit}[kind]()

    def run(self):
        try:
            while not self.ended.is_set():
                if self.paused.is_set():
                    self.idle.set()
                    time.sleep(RETRY_S)
                    continue
                self.idle.clear()
                self.wait_up()
                self.once()
                if not self.full.is_set():
                    self.ended.wait(self.random.expovariate(self.rate))
        except Exception as e:  # the judge tells it, with whose it was
            self.failure = Failed(f"the writer of {self.member.label}: {e!r}")
        finally:
            self.idle.set()

    def pause(self):
        self.idle.clear()
        self.paused.set()
        self.idle.wait(120)

    def go_on(self):
        self.idle.clear()
        self.paused.clear()
