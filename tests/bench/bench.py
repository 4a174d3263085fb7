"""make bench: what lead-milter and lead-submit cost, beside a milter that does nothing.

Everything is measured in one run, the contestants by turns, so that their ratios say something
on a noisy machine; of the rounds the median counts. LEAD_BUILD names the build.

usage: bench.py [--messages N] [--rounds N] [--leads N]
  --messages  mails of each round (2000)
  --rounds    rounds (3)
  --leads     leads for the watch on resident memory (10000; 100000 for the full one)
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
import harness  # noqa: E402

MAIL = SOURCE / "rules/samples/angi-1.eml"
CONNECTIONS = (1, 10)


def tool(name):
    return str(harness.build_dir() / "tests/bench" / name)


def run_json(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


def load(address, connections, messages, recipient):
    result = run_json(tool("milter-load"), "-c", connections, "-n", messages, "-r", recipient,
                      address.removeprefix("unix:"), MAIL)
    if result["tempfailed"]:
        sys.exit(f"bench: {result['tempfailed']} mails were refused for now")
    return result


def median(results):
    """Of several rounds, each figure's median."""
    return {key: statistics.median(r[key] for r in results) for key in results[0]}


def resident(process):
    """Megabytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def show(name, result, base=None):
    ratio = f"{result['rate'] / base['rate']:8.2f}" if base else " " * 8
    times = " ".join(f"{result[p] / 1000:8.3f}" for p in ("p50", "p95", "p99"))
    print(f"{name:<44} {result['rate']:10.0f} {times} {ratio}", flush=True)


def heading():
    print(f"{'':<44} {'per second':>10} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'ratio':>8}")


class Noop:
    def __init__(self, folder):
        self.address = f"unix:{folder}/noop.sock"
        self.process = subprocess.Popen([tool("noop-milter"), self.address])
        harness.wait_for(lambda: harness.answers(self.address))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Nginx:
    """An HTTPS server that takes every lead: 201 with a JSON document."""

    def __init__(self, folder):
        if not shutil.which("nginx"):
            sys.exit("bench: nginx is missing, it is lead-submit's other side:"
                     " apt-get install nginx-light")
        self.folder, self.port = folder, harness.free_port()
        self.ca_file = folder / "server.crt"
        self.url = f"https://127.0.0.1:{self.port}/a/leads"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", folder / "server.key", "-out", self.ca_file],
                       check=True, stderr=subprocess.DEVNULL)
        (folder / "nginx.conf").write_text(f"""
user nobody nogroup; daemon off; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 1000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s; default_type application/json;
  server {{
    listen 127.0.0.1:{self.port} ssl http2;
    ssl_certificate {self.ca_file}; ssl_certificate_key {folder}/server.key;
    location / {{ return 201 '{{"data": {{"type": "leads", "id": "1"}}}}'; }}
  }}
}}
""")
        self.process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")],
                                        stderr=subprocess.DEVNULL)
        harness.wait_for(lambda: harness.answers(f"inet:{self.port}@127.0.0.1"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def milters(options, noop, house):
    """The milters by turns."""
    heading()
    for connections in CONNECTIONS:
        sides = {"no-op milter": (noop.address, harness.LEADS),
                 "lead-milter, foreign mail": (house.listen, harness.OTHER),
                 "lead-milter, a lead committed": (house.listen, harness.LEADS)}
        results = {name: [] for name in sides}
        for _ in range(options.rounds):
            for name, (address, recipient) in sides.items():
                results[name].append(load(address, connections, options.messages, recipient))
        base = median(results["no-op milter"])
        leads = sum(r["leads"] for r in results["lead-milter, a lead committed"])
        if leads != options.rounds * options.messages:
            sys.exit(f"bench: {leads} leads of {options.rounds * options.messages} mails")
        for name, rounds in results.items():
            suffix = f", {connections} connection{'s' if connections > 1 else ''}"
            show(name + suffix, median(rounds), base)
    return base


def extraction(options, base):
    results = [run_json(tool("extract-bench"), "-n", options.messages, SOURCE / "rules", MAIL)
               for _ in range(options.rounds)]
    show("extraction in process", median(results), base)


def submission(house, base):
    """What the milter queued, brought to the API; times are those of the attempts."""
    queue = sqlite3.connect(f"file:{house.queue_file}?mode=ro", uri=True)

    def count(state):
        return queue.execute("SELECT count(*) FROM leads WHERE state = ?", (state,)).fetchone()[0]
    waiting = count("pending")
    begun = time.monotonic()
    house.submit.start(wait=False)
    harness.wait_for(lambda: count("done") >= waiting, 600, "the leads to be sent", pause=0.1)
    seconds = time.monotonic() - begun
    times = sorted(row[0] for row in queue.execute("SELECT ended - started FROM attempts"))
    result = {"rate": waiting / seconds}
    for percent in (50, 95, 99):
        result[f"p{percent}"] = times[(len(times) - 1) * percent // 100]
    show(f"lead-submit to nginx, {waiting} leads", result, base)
    queue.close()


def memory(options, house):
    """Resident memory of lead-milter while leads go through it."""
    print(f"\nlead-milter's resident memory, MB, over {options.leads} leads on 10 connections:")
    figures = [resident(house.milter.process)]
    for _ in range(10):
        load(house.listen, 10, max(options.leads // 10, 10), harness.LEADS)
        figures.append(resident(house.milter.process))
    print(" ".join(f"{figure:.1f}" for figure in figures), flush=True)
    print(f"lead-submit's: {resident(house.submit.process):.1f}")


def main():
    parser = argparse.ArgumentParser(prog="bench.py")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--leads", type=int, default=10000)
    options = parser.parse_args()
    folder = harness.temporary_folder()
    started = []
    try:
        nginx = Nginx(folder)
        started.append(nginx.stop)
        noop = Noop(folder)
        started.append(noop.stop)
        house = harness.House(folder, endpoint=nginx.url, ca_file=nginx.ca_file)
        started.append(house.close)
        house.configure(authserv_id=None)
        house.milter.start()
        cores = len(os.sched_getaffinity(0))
        print(f"{MAIL.name}, {MAIL.stat().st_size} bytes; {options.rounds} rounds of"
              f" {options.messages} mails; queue on {folder}; {cores} cores")
        base = milters(options, noop, house)
        extraction(options, base)
        submission(house, base)
        memory(options, house)
    finally:
        for stop in reversed(started):
            stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
