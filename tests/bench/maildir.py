"""Items 4 and 8: extraction in process beside a small filter, and over a Maildir on two cores."""

import os
import subprocess
import sys
import time
from pathlib import Path

from contestants import (MAIL, RULES, SOURCE, Folder, find, harness, median_of, median_ratio,
                         rates, rounds_of, run_json, tool)
from table import Row


def extraction(options):
    results = rounds_of(options.rounds, {
        "ours": lambda: run_json(tool("extract-bench"), "-n", options.messages, RULES, MAIL),
        "bare": lambda: run_json(tool("gmime-bench"), "-n", options.messages, MAIL)})
    return [Row(4, "extraction with all rules / bare GMime and 15 patterns",
                median_ratio(results["ours"], results["bare"]), least=0.5,
                of=", ".join(f"{median_of(result, 'rate'):.0f}/s" for result in results.values()))]


def make_maildir(path, mails):
    """The corpus and the samples, over and over."""
    kinds = [file.read_bytes() for file in sorted([*SOURCE.glob("tests/corpus/seen/*.eml"),
                                                   *RULES.glob("samples/*.eml")])]
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    for number in range(mails):
        (path / "cur" / f"{number:06d}:2,").write_bytes(kinds[number % len(kinds)])


def extract_on(cores, maildir):
    """Into a file: whoever reads from a pipe would need some of the two cores."""
    command = [find("taskset"), "-c", ",".join(map(str, cores)), harness.program("leadctl"),
               "--rules", RULES, "extract", maildir]
    with open(f"{maildir}.{cores}", "wb") as out:
        return subprocess.Popen(command, stdout=out)


def side(mails, *runs):
    """Processes at the same time, each on (cores, Maildir), that read so many mails together."""
    def measured():
        begun = time.monotonic()
        processes = [extract_on(*run) for run in runs]
        if any([process.wait() for process in processes]):
            sys.exit("bench: leadctl extract failed")
        return {"rate": mails / (time.monotonic() - begun)}
    return measured


def maildir(options):
    """One core is each of the two, since they need not be equally fast. What two processes make of
    two halves is the machine's own limit."""
    both = sorted(os.sched_getaffinity(0))[:2]
    first, second = both[:1], both[-1:]
    with Folder() as folder:
        whole, half = folder.path / "Maildir", folder.path / "half"
        make_maildir(whole, options.mails)
        make_maildir(half, options.mails // 2)
        results = rounds_of(options.rounds, {
            "two": side(options.mails, (both, whole)),
            "first": side(options.mails, (first, whole)),
            "second": side(options.mails, (second, whole)),
            "apart": side(options.mails // 2 * 2, (first, half), (second, half))})
        outs = {Path(f"{whole}.{cores}").read_bytes() for cores in (both, first, second)}
    assert len(outs) == 1, "two cores print something else than one"
    results["one"] = [{"rate": (a["rate"] + b["rate"]) / 2}
                      for a, b in zip(results["first"], results["second"])]
    return [Row(8, f"leadctl extract, {options.mails} mails, two cores / one",
                median_ratio(results["two"], results["one"]), least=1.8,
                of=rates(results, "two", "first", "second")),
            Row(8, "two processes of one core each, half of the mails each / one",
                median_ratio(results["apart"], results["one"]), of=rates(results, "apart"))]


def measure(options):
    return extraction(options) + maildir(options)
