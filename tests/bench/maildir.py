"""Items 4 and 8: extraction in process beside a small filter, and over a Maildir on two cores."""

import os
import time

from contestants import (MAIL, RULES, SOURCE, Folder, find, harness, median_of, median_ratio,
                         rounds_of, run, run_json, tool)
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


def extract_on(cores, maildir, mails):
    def side():
        begun = time.monotonic()
        out = run(find("taskset"), "-c", ",".join(map(str, cores)), harness.program("leadctl"),
                  "--rules", RULES, "extract", maildir)
        took = time.monotonic() - begun
        return {"rate": mails / took, "out": out}
    return side


def maildir(options):
    cores = sorted(os.sched_getaffinity(0))[:2]
    with Folder() as folder:
        path = folder.path / "Maildir"
        make_maildir(path, options.mails)
        results = rounds_of(max(options.rounds // 2, 1), {
            "two": extract_on(cores, path, options.mails),
            "one": extract_on(cores[:1], path, options.mails)})
    for two, one in zip(results["two"], results["one"]):
        assert two["out"] == one["out"], "two cores print something else than one"
    return [Row(8, f"leadctl extract, {options.mails} mails, two cores / one",
                median_ratio(results["two"], results["one"]), least=1.8,
                of=", ".join(f"{median_of(result, 'rate'):.0f}/s" for result in results.values()))]


def measure(options):
    return extraction(options) + maildir(options)
