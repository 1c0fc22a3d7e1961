"""What others do to a daemon that all can reach, and what it costs the honest: lines that never
finish, thousands of handshakes from as many addresses, and a member that never stops asking. The
same edit is timed between two honest offices with and without it, turn about."""
import os
import statistics

import measure
from lab import Lab, PORT, timed, until
import judge

LABELS = ("santiago", "alto-hospicio", "talca", "iquique")
EDITS = 15
# Way and how many lines at once; more than the daemon has places for.
SIEGES = (("drip", 300), ("still", 200), ("half", 10000), ("greedy", 1))
RATIO_MAX = 5.0          # of the median time of an edit, to the one before and after
SLOWEST_S = 5.0          # of any edit
MEMORY_KIB_MAX = 49152   # above what it was, at most
DESCRIPTORS_MAX = 352    # 128 links, 3 × 64 that are not proven yet, files
BACK_S = 60              # a member that begins anew is linked again, all the same


class Siege:
    def __init__(self, lab):
        self.lab = lab
        self.victim, self.near, self.far = (lab.members[label] for label in LABELS[:3])
        self.people = 0
        self.memory = self.descriptors = 0

    def look(self):
        pid = self.victim.process.pid
        self.memory = max(self.memory, measure.memory(pid)["rss"])
        self.descriptors = max(self.descriptors, len(os.listdir(f"/proc/{pid}/fd")))

    def edits(self):
        """Seconds of each edit from the command at one honest office until it is at the other."""
        times = []
        for _ in range(EDITS):
            self.people += 1

            def everywhere():
                return self.far.status()["frontier"][self.near.label] >= seq
            seq = self.near.status()["frontier"][self.near.label] + 1
            self.look()

            def edit():
                self.near.must("add", "household", f"household=S{self.people}",
                               f"people={self.people}")
                until("the edit arrives", 60, everywhere)
                return True
            times.append(timed(edit, "an edit", 120))
        self.victim.watch()
        return times

    def back_again(self):
        self.far.stop()
        self.far.start()
        return timed(lambda: any(
            m["label"] == self.victim.label and m["link"] == "active"
            for m in self.far.status()["members"]), "a member that begins anew is linked", BACK_S)

    def withstand(self, way, count):
        lab = self.lab
        before = self.edits()
        at_rest = measure.memory(self.victim.process.pid)["rss"]
        self.memory = self.descriptors = 0
        attacker = lab.run_in(LABELS[3], os.path.join(lab.build, "tests", "net", "siege"), way,
                              f"10.77.0.1:{PORT}", lab.members[LABELS[3]].home,
                              self.victim.label, str(count))
        judge.expect(f"the siege {way} does not begin", attacker.stdout.readline() == "holding\n")
        during = self.edits()
        back = self.back_again()
        self.look()
        said = attacker.communicate()[0].strip()
        after = self.edits()
        calm = statistics.median(before + after)
        ratio = statistics.median(during) / calm
        grown = self.memory - at_rest
        print(f"siege {way:7} {count:6}: edit p50 {1000 * statistics.median(during):.0f} ms, "
              f"slowest {1000 * max(during):.0f} ms; without {1000 * calm:.0f} ms, ratio "
              f"{ratio:.2f}; memory {at_rest} KiB + {grown}, descriptors {self.descriptors}; "
              f"linked again in {back:.1f} s; {said}", flush=True)
        judge.expect(f"{way}: an edit takes {ratio:.2f} times as long", ratio <= RATIO_MAX)
        judge.expect(f"{way}: an edit took {max(during):.1f} s", max(during) <= SLOWEST_S)
        judge.expect(f"{way}: memory grew by {grown} KiB", grown <= MEMORY_KIB_MAX)
        judge.expect(f"{way}: {self.descriptors} descriptors",
                     self.descriptors <= DESCRIPTORS_MAX)


def run(build, folder, seed, ways=SIEGES):
    lab = Lab(build, folder, LABELS, {}, False, seed)
    try:
        lab.found()
        lab.members[LABELS[3]].must("add", "household", "household=I", "people=3")
        until("the attacker's commit is there", 30, lambda: lab.members[LABELS[0]].status()[
            "frontier"][LABELS[3]] >= 1)
        lab.members[LABELS[3]].stop()
        siege = Siege(lab)
        for way, count in ways:
            siege.withstand(way, count)
        for label in LABELS[:3]:
            judge.sound(lab.members[label])
    finally:
        lab.end()
