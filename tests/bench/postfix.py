"""Item 3: a private Postfix end to end, with lead-milter and with the no-op milter.

smtp-source sends one inquiry over and over. Postfix takes its Message-ID off and gives it one of
its own, so that each is another lead; what it has taken it discards.
"""

import time

from contestants import MAIL, Folder, Milter, find, harness, median_of, median_ratio, rounds_of, run
from table import Row

SESSIONS = 10


class Postfix(harness.Postfix):
    """Its way "unix" asks lead-milter, "inet" the no-op milter."""

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
    with Folder() as folder:
        noop = folder.start(Milter(folder.path, "noop"))
        postfix = Postfix(folder.path)
        postfix.inet = noop.address
        house = folder.house(listen=postfix.unix, duplicate_window="0s")
        folder.start(postfix)
        postfix.start()
        house.milter.start()
        results = rounds_of(options.rounds, {"lead-milter": through(postfix, "unix", options.smtp),
                                             "no-op": through(postfix, "inet", options.smtp)})
        leads = sum(house.states().values())
        assert leads == options.rounds * options.smtp, f"{leads} leads"
    return [Row(3, "Postfix with lead-milter / with the no-op milter",
                median_ratio(results["lead-milter"], results["no-op"]), least=0.97,
                of=", ".join(f"{median_of(result, 'rate'):.0f}/s" for result in results.values()))]
