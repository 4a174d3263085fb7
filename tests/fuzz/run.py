#!/usr/bin/python3
"""Run the libFuzzer targets: every past finding first, then each for a while from its seeds.

    run.py [--seconds N] [--out FOLDER] [TARGET…]

Prints a line of TAP for each target's findings and for each target's time, with executions and
coverage; what is found anew is kept in FOLDER (else in the build, tests/fuzz/found). Two run at once.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["FUZZ_SOURCE"])
BUILD = Path(os.environ["LEAD_BUILD"])
HERE = SOURCE / "tests/fuzz"
TARGETS = ["answer", "authres", "cards", "config", "mail", "milter", "rules"]
LONGEST = {"mail": 65536, "milter": 65536, "rules": 16384, "config": 16384}


def seeds(target):
    if target == "mail":
        return [*SOURCE.glob("rules/samples/*.eml"), *SOURCE.glob("tests/corpus/**/*.eml")]
    if target == "rules":
        return [*SOURCE.glob("rules/*.yaml"), *SOURCE.glob("tests/mistakes/rules/**/*.yaml")]
    if target == "config":
        return [SOURCE / "contrib/lead-milter.yaml", *SOURCE.glob("tests/mistakes/config/*.yaml")]
    return [path for path in (HERE / "seeds" / target).glob("*") if path.is_file()]


def command(target, *arguments):
    done = subprocess.run(
        [BUILD / f"tests/fuzz/fuzz-{target}", "-close_fd_mask=2", "-timeout=20",
         "-rss_limit_mb=4096", *map(str, arguments)],
        # LeakSanitizer does not see what json-glib keeps after bad JSON, which does not grow; leaks
        # are the unit tests' and the soak's to find.
        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"),
        stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def replay(target):
    """(good, a line, what the target said)"""
    findings = sorted(path for path in (HERE / "findings" / target).glob("*") if path.is_file())
    if not findings:
        return True, f"{target}: no past findings", ""
    status, said = command(target, *findings)
    return status == 0, f"{target}: past findings: {len(findings)}", said


def fuzz(target, seconds, out):
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{target}.") as folder:
        given, corpus = Path(folder, "seeds"), Path(folder, "corpus")
        given.mkdir()
        corpus.mkdir()
        for n, path in enumerate(seeds(target)):
            shutil.copy(path, given / f"{n}-{path.name}")
        status, said = command(target, f"-max_total_time={seconds}", f"-artifact_prefix={out}/{target}-",
                               f"-max_len={LONGEST.get(target, 4096)}", "-print_final_stats=1", corpus,
                               given)
    executions = re.search(r"number_of_executed_units: (\d+)", said)
    coverage = re.findall(r" cov: (\d+)", said)
    line = (f"{target}: {seconds} s, executions: {executions.group(1) if executions else '?'},"
            f" edges covered: {coverage[-1] if coverage else '?'}")
    return status == 0 and bool(executions), line, said


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--out", type=Path, default=BUILD / "tests/fuzz/found")
    options.add_argument("targets", nargs="*", default=TARGETS)
    options = options.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = [(replay, target) for target in options.targets]
    jobs += [(lambda t: fuzz(t, options.seconds, options.out), target) for target in options.targets]
    print(f"1..{len(jobs)}", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(lambda job: job[0](job[1]), jobs)
        for number, (good, line, said) in enumerate(results, 1):
            print(f"{'ok' if good else 'not ok'} {number} - {line}", flush=True)
            if not good:
                failed += 1
                print("\n".join("# " + text for text in said.splitlines()[-60:]), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
