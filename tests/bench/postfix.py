"""Item 3: a private Postfix end to end, with lead-milter, the no-op milter, and the least one that
makes leads.

smtp-source sends one inquiry over and over. Postfix takes its Message-ID off and gives it one of
its own, so that each is another lead; what it has taken it discards.
"""

import time

from contestants import (MAIL, Folder, Milter, find, harness, median_ratio, rates, rounds_of,
                         run)
from table import Row

SESSIONS = 10


class Postfix(harness.Postfix):
    """Its way "unix" asks lead-milter, "memory" the one whose queue is there, "inet" the no-op
    milter, "least" that one."""

    def __init__(self, folder, noop, least):
        super().__init__(folder)
        self.inet, self.memory = noop.address, f"unix:{self.folder}/milter/memory"
        self.more = {"least": least.address, "memory": self.memory}
        self.ports.update({way: harness.free_port() for way in self.more})

    def _master_cf(self):
        return "".join(f"127.0.0.1:{self.ports[way]} inet n - n - - smtpd"
                       f" -o smtpd_milters={address}\n"
                       for way, address in self.more.items()) + super()._master_cf()

    def _main_cf(self, nobody):
        checks = self.etc / "header_checks"
        checks.write_text("/^Message-ID:/ IGNORE\n")
        return super()._main_cf(nobody) + f"""header_checks = regexp:{checks}
always_add_missing_headers = yes
virtual_transport = discard:
"""

    def is_empty(self):
        return not any(path.is_file() for name in ("incoming", "active", "deferred")
                       for path in (self.folder / "queue" / name).rglob("*"))


def through(postfix, way, mails):
    def side():
        begun = time.monotonic()
        run(find("smtp-source"), "-s", SESSIONS, "-m", mails, "-F", MAIL, "-f",
            "someone@example.net", "-t", harness.LEADS, f"127.0.0.1:{postfix.ports[way]}")
        took = time.monotonic() - begun
        harness.wait_for(postfix.is_empty, 300, "Postfix's queue to be empty", pause=0.1)
        return {"rate": mails / took}
    return side


def measure(options):
    with Folder() as folder, Folder() as other:
        noop = folder.start(Milter(folder.path, "noop"))
        least = folder.start(Milter(folder.path, "least"))
        postfix = Postfix(folder.path, noop, least)
        house = folder.house(listen=postfix.unix, duplicate_window="0s")
        in_memory = other.house(in_memory=True, listen=postfix.memory, duplicate_window="0s")
        folder.start(postfix)
        postfix.start()
        house.milter.start()
        in_memory.milter.start()
        ways = {"lead": "unix", "no-op": "inet", "least": "least", "memory": "memory"}
        results = rounds_of(options.rounds, {name: through(postfix, way, options.smtp)
                                             for name, way in ways.items()})
        leads = sum(house.states().values())
        assert leads == options.rounds * options.smtp, f"{leads} leads"
        assert least.rows() == leads, f"{least.rows()} rows"
    return [
        Row(3, "Postfix with lead-milter / with the no-op milter",
            median_ratio(results["lead"], results["no-op"]), least=0.97,
            of=rates(results, "lead", "no-op")),
        Row(3, "Postfix with the least such milter / with the no-op milter",
            median_ratio(results["least"], results["no-op"]), of=rates(results, "least", "no-op")),
        Row(3, "Postfix with lead-milter and its queue in memory / with the no-op milter",
            median_ratio(results["memory"], results["no-op"]),
            of=rates(results, "memory", "no-op")),
        Row(3, "Postfix with lead-milter / with the least such milter",
            median_ratio(results["lead"], results["least"]), of=rates(results, "lead", "least")),
    ]
