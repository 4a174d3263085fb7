"""make bench: what lead-milter, lead-submit and leadctl cost, beside others that do less.

Everything is measured in one run, both sides of a ratio by turns, so that it says something on a
noisy machine too; of the rounds the median counts. LEAD_BUILD names the build. As root, for
Postfix.

usage: bench.py [--quick] [--json FILE] [--plot FILE.svg] [JOB…]
       bench.py --readme FILE
  JOB       milter (items 1, 2, 9), postfix (3), maildir (4, 8), scaling (5, 6), submit (7); all
  --quick   everything once and small: that it runs, its figures say nothing
  --json    the table, the machine, the versions and the curves
  --plot    the curves of items 5 and 6, with the job scaling
  --readme  print a JSON file's table as README has it, measure nothing
The exit status is 0 also when something is short.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import contestants
import maildir
import milter
import postfix
import scaling
import submit
import table

FULL = SimpleNamespace(
    rounds=5,
    messages=5000,  # of a round, at the milters and in process
    leads=100000,  # while lead-milter's memory is watched
    smtp=2000,  # mails of a round through Postfix
    mails=20000,  # in the Maildir
    submitted=5000,    curls=100, idle=200,  # leads: of a round, by curl, one at a time
    megabytes=100, largest=25 * scaling.MB)  # of a size of mail together; the largest mail
QUICK = SimpleNamespace(rounds=1, messages=30, leads=100, smtp=20, mails=100, submitted=50,
                        curls=2, idle=3, megabytes=1, largest=scaling.MB)

JOBS = {"milter": milter.measure, "postfix": postfix.measure, "maildir": maildir.measure,
        "scaling": None, "submit": submit.measure}


def measure(jobs, options):
    """The rows in the order of items, and the curves if they were measured."""
    rows, curves = [], None
    for name in jobs:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        if name == "scaling":
            more, curves = scaling.measure(options)
        else:
            more = JOBS[name](options)
        rows += more
    return sorted(rows, key=lambda row: row.item), curves


def main():
    parser = argparse.ArgumentParser(prog="bench.py")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--readme", type=Path)
    parser.add_argument("jobs", nargs="*", metavar="JOB", choices=[*JOBS, []])
    options = parser.parse_args()
    if options.readme:
        print(table.as_markdown(json.loads(options.readme.read_text())))
        return
    jobs = options.jobs or list(JOBS)
    for path in filter(None, (options.json, options.plot)):
        if not os.access(path.resolve().parent, os.W_OK):
            parser.error(f"{path}: no folder to write to")
    if options.plot and "scaling" not in jobs:
        parser.error("--plot draws what the job scaling measures")
    contestants.check()
    machine, versions = table.machine(), table.versions()
    print(", ".join(machine.values()))
    print(", ".join(f"{name} {version}" for name, version in versions.items()), flush=True)
    rows, curves = measure(jobs, QUICK if options.quick else FULL)
    print("\n" + table.as_text(rows))
    if options.json:
        report = {"quick": options.quick, "machine": machine, "versions": versions,
                  "rows": [row.as_json() for row in rows], "curves": curves}
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    if options.plot:
        scaling.plot(curves, options.plot)


if __name__ == "__main__":
    main()
