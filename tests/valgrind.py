#!/usr/bin/python3
"""Memcheck over the unit tests and over both daemons with mails of the corpora; see `make valgrind`.

usage: valgrind.py UNIT-TEST…   LEAD_BUILD is the build, without sanitizers.
An error, or a block that is lost, is a failure; tests/valgrind.supp has what is others'. Tests that
measure time are left out. Speaks TAP.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))

from harness import House, build_dir, remove_folder, temporary_folder, wait_for  # noqa: E402
from milterclient import Milter  # noqa: E402
from standin import StandIn  # noqa: E402

MEMCHECK = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--num-callers=30",
            "--errors-for-leak-kinds=definite,possible", "--show-leak-kinds=definite,possible",
            f"--suppressions={SOURCE}/tests/valgrind.supp"]
# Of a daemon's configuration and rules, which live to its end, the only pointer is one behind their
# count of references, which memcheck calls possibly lost.
DAEMON = [option for option in MEMCHECK if "leak-kinds" not in option] + [
    "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"]
TIMED = re.compile(r"linear|hostile")
MAILS = ["rules/samples/*-1.eml", "tests/corpus/seen/hostile-*.eml", "tests/corpus/seen/card-*.eml",
         "tests/corpus/seen/forward-r*.eml"]


def unit(test):
    env = dict(os.environ, G_TEST_SRCDIR=str(SOURCE), G_TEST_BUILDDIR=str(build_dir()))
    listed = subprocess.run([test, "-l"], env=env, capture_output=True, text=True).stdout
    left_out = [name for name in listed.splitlines() if name[:1] == "/" and TIMED.search(name)]
    options = [word for name in left_out for word in ("-s", name)]
    done = subprocess.run([*MEMCHECK, test, *options], env=env, capture_output=True, text=True)
    return done.returncode == 0, done.stderr + (done.stdout if done.returncode != 99 else "")


def daemons():
    """Each mail through lead-milter, its lead through lead-submit: all at the API, none in trouble."""
    folder = temporary_folder()
    (folder / "api").mkdir()
    api = StandIn(folder / "api").start()
    house = House(folder, api.url, api.ca_file)
    try:
        for daemon in (house.milter, house.submit):
            daemon.wrapper = DAEMON
            daemon.start(wait=False)
            daemon.wait_ready(900)
        mails = sorted(path for pattern in MAILS for path in SOURCE.glob(pattern))
        leads = 0
        with Milter(house.listen, timeout=900) as milter:
            for path in mails:
                mail = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
                leads += len(milter.deliver(mail).lead_ids)
        house.leadctl("queue", "release", "all")
        wait_for(lambda: house.states() == {"done": leads}, 900, house.states, pause=0.5)
        statuses = {daemon.name: daemon.stop(300) for daemon in (house.milter, house.submit)}
        words = f"{len(mails)} mails, {leads} leads at the API: {statuses}"
        good = leads > 20 and len(api.keys) == leads and not any(statuses.values())
        return good, words + ("" if good else "\n" + house.logs())
    finally:
        for daemon in (house.milter, house.submit):
            if daemon.running():
                daemon.kill9()
        api.stop()
        remove_folder(folder)


def main(tests):
    print(f"1..{len(tests) + 1}", flush=True)
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [("daemons", pool.submit(daemons))]
        runs += [(test, pool.submit(unit, test)) for test in tests]
        for n, (name, run) in enumerate(runs, 1):
            good, words = run.result()
            for line in words.splitlines():
                if not good or name == "daemons":
                    print("#", line)
            print("ok" if good else "not ok", n, "-", name, flush=True)
            failed += not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
