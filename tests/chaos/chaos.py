#!/usr/bin/python3
"""kill -9 of either daemon at random moments under load; what the API has at the end is counted.

    chaos.py [--mails N] [--kills N] [--senders N] [--seed N]

Senders are the MTA: a mail that got no answer, or was asked to try again, is offered again. Every
mail must end as one lead at the API: lost and doubled must be 0. A POST that is repeated with the
same Idempotency-Key is one lead.
"""

import argparse
import collections
import json
import random
import re
import shutil
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from harness import House, inquiry, temporary_folder, wait_for  # noqa: E402
from milterclient import Closed, Milter  # noqa: E402
from standin import StandIn  # noqa: E402


class Senders:
    def __init__(self, house, mails, number):
        self.house, self.left = house, iter(range(1, mails + 1))
        self.lock = threading.Lock()
        self.taken, self.offered = 0, 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(number)]
        for thread in self.threads:
            thread.start()

    def next(self):
        with self.lock:
            return next(self.left, None)

    def run(self):
        milter = None
        while (number := self.next()) is not None:
            mail = inquiry(number).replace(b"\n", b"\r\n")
            while True:
                with self.lock:
                    self.offered += 1
                try:
                    milter = milter or Milter(self.house.listen, timeout=60)
                    if not milter.deliver(mail, queue_id=f"Q{number}").refused:
                        break
                except (OSError, Closed, AssertionError):
                    milter = None
                time.sleep(0.01)
            with self.lock:
                self.taken += 1

    def alive(self):
        return any(thread.is_alive() for thread in self.threads)


def kill_one(house, dice):
    daemon = dice.choice([house.milter, house.submit])
    time.sleep(dice.random() * 0.1)
    daemon.kill9()
    daemon.start()
    return daemon.name


def numbers_at(api):
    """How many leads the API has for each mail, by what is in it."""
    found = collections.Counter()
    for lead in list(api.leads):
        for number in set(re.findall(r"ada\.(\d+)@example\.net", json.dumps(lead))):
            found[int(number)] += 1
    return found


def run(mails, kills, senders, seed, report=print):
    """The dictionary of figures; asserts nothing."""
    dice, folder = random.Random(seed), temporary_folder()
    (folder / "api").mkdir()
    (folder / "house").mkdir()
    api = StandIn(folder / "api").start()
    house = House(folder / "house", api.url, api.ca_file)
    begun = time.monotonic()
    try:
        house.milter.start()
        house.submit.start()
        crowd = Senders(house, mails, senders)
        killed = collections.Counter()
        while crowd.alive() or sum(killed.values()) < kills:
            if sum(killed.values()) >= kills:
                time.sleep(0.1)
                continue
            # Spread over the whole run.
            if crowd.taken < mails and crowd.taken / mails < sum(killed.values()) / kills:
                time.sleep(0.005)
                continue
            killed[kill_one(house, dice)] += 1
            if sum(killed.values()) % 100 == 0:
                report(f"# {time.monotonic() - begun:.0f} s: kills {sum(killed.values())},"
                       f" mails {crowd.taken}, leads {len(api.keys)}")
        wait_for(lambda: set(house.states()) <= {"done"}, 300, house.states, pause=0.5)
        found = numbers_at(api)
        return {
            "mails": mails, "offered": crowd.offered, "killed": dict(killed),
            "lost": sum(found[n] == 0 for n in range(1, mails + 1)),
            "doubled": sum(found[n] > 1 for n in range(1, mails + 1)),
            "leads": len(api.keys), "repeated with the same key": api.repeated,
            "seconds": round(time.monotonic() - begun),
        }
    finally:
        house.close()
        api.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--mails", type=int, default=100000)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--senders", type=int, default=4)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = options.parse_args()
    print(f"# seed {options.seed}", flush=True)
    figures = run(**vars(options), report=lambda text: print(text, flush=True))
    print(json.dumps(figures))
    return 1 if figures["lost"] or figures["doubled"] else 0


if __name__ == "__main__":
    sys.exit(main())
