#!/usr/bin/python3
"""Many mails through both daemons; resident memory, descriptors and threads over time.

    soak.py [--mails N] [--connections N] [--out FOLDER]

Writes soak.csv and, with gnuplot, soak.png into FOLDER. Done leads are purged on the way, as the
retention does it. Flat means: after the first fifth, the largest figure is at most a tenth (and
4 MB, 8 descriptors, 8 threads) above the largest of the second fifth.
"""

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from contestants import Nginx, check, harness, load  # noqa: E402

FIGURES = ["megabytes", "files", "threads"]
SLACK = {"megabytes": 4, "files": 8, "threads": 8}


def figures(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    value = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if ":" in line
             and len(line.split()) > 1}
    return [int(value["VmRSS"]) / 1024, len(os.listdir(f"/proc/{process.pid}/fd")),
            int(value["Threads"])]


def watch(house, count, rows, stop):
    begun = time.monotonic()
    while not stop.wait(1):
        rows.append([time.monotonic() - begun, count[0], *figures(house.milter.process),
                     *figures(house.submit.process)])


def is_flat(values, slack):
    fifth = len(values) // 5
    return max(values[2 * fifth:]) <= max(values[fifth:2 * fifth]) * 1.1 + slack


def plot(folder):
    if not shutil.which("gnuplot"):
        print("no plot: gnuplot is missing (apt-get install gnuplot-nox)")
        return
    panels = "\n".join(
        f'set ylabel "{name}"; plot "soak.csv" using 2:{3 + n} with lines title "lead-milter",'
        f' "" using 2:{6 + n} with lines title "lead-submit"' for n, name in enumerate(FIGURES))
    subprocess.run(["gnuplot"], cwd=folder, check=True, text=True, input=f"""
set terminal pngcairo size 1000,1000; set output "soak.png"; set datafile separator ","
set key left; set yrange [0:*]; set xlabel "mails"; set multiplot layout 3,1
{panels}
""")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--mails", type=int, default=1000000)
    options.add_argument("--connections", type=int, default=10)
    options.add_argument("--out", type=Path, default=Path("."))
    options = options.parse_args()
    check("nginx", "openssl")
    folder = harness.temporary_folder()
    nginx = Nginx(folder)
    house = harness.House(folder, endpoint=nginx.url, ca_file=nginx.ca_file)
    house.configure(authserv_id=None)  # else the sample, which nobody signed, would be held
    rows, stop, count = [], threading.Event(), [0]
    try:
        house.milter.start()
        house.submit.start()
        watcher = threading.Thread(target=watch, args=(house, count, rows, stop))
        watcher.start()
        step = max(options.mails // 100, 100)
        while count[0] < options.mails:
            load(house.listen, options.connections, step, harness.LEADS)
            count[0] += step
            house.leadctl("queue", "purge", "--older", "1s")
        harness.wait_for(lambda: set(house.states()) <= {"done"}, 600, house.states, pause=1)
        stop.set()
        watcher.join()
    finally:
        stop.set()
        house.close()
        nginx.stop()
        harness.remove_folder(folder)
    header = ["seconds", "mails"] + [f"{d} {f}" for d in ("lead-milter", "lead-submit")
                                      for f in FIGURES]
    lines = [",".join(f"{value:g}" for value in row) for row in rows]
    (options.out / "soak.csv").write_text("# " + ",".join(header) + "\n" + "\n".join(lines) + "\n")
    plot(options.out)
    good = True
    for n, name in enumerate(header[2:], 2):
        values = [row[n] for row in rows]
        flat = is_flat(values, SLACK[name.split()[1]])
        good = good and flat
        print(f"{name}: {values[0]:g} at first, {max(values):g} at most, {values[-1]:g} at last:"
              f" {'flat' if flat else 'GROWS'}")
    print(f"{count[0]} mails in {rows[-1][0]:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
