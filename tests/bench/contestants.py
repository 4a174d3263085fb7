"""What the jobs of make bench share: the programs beside which ours are measured, and how.

A round runs all sides by turns; of the rounds the median counts (rounds_of).
"""

import contextlib
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
import harness  # noqa: E402

RULES = SOURCE / "rules"
MAIL = RULES / "samples/angi-1.eml"

# Program and Debian's package: what is measured against, and what draws.
NEEDED = {"nginx": "nginx-light", "h2load": "nghttp2-client", "curl": "curl",
          "gnuplot": "gnuplot-nox", "smtp-source": "postfix", "openssl": "openssl",
          "taskset": "util-linux"}


def find(name):
    """A path without /usr/sbin, where Debian has nginx and smtp-source, is common."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


def check(*programs):
    """That these of NEEDED are there, all by default; leaves with what to do when not."""
    if os.geteuid() != 0:
        sys.exit("bench: must run as root, as Postfix does")
    if not os.environ.get("LEAD_BUILD"):
        sys.exit("bench: LEAD_BUILD must name the build folder; make bench sets it")
    missing = {name: NEEDED[name] for name in programs or NEEDED if not find(name)}
    if missing:
        sys.exit(f"bench: missing: {', '.join(missing)};"
                 f" apt-get install {' '.join(sorted(set(missing.values())))}")


def tool(name):
    return str(harness.build_dir() / "tests/bench" / name)


def run(*command, **options):
    """Standard output; ends the bench when the command fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                          **options)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with {done.returncode}")
    return done.stdout


def run_json(*command):
    return json.loads(run(*command))


def load(address, connections, messages, recipient, mail=MAIL):
    """milter-load's figures: rate per second, p50, p95, p99 in microseconds."""
    result = run_json(tool("milter-load"), "-c", connections, "-n", messages, "-r", recipient,
                      address.removeprefix("unix:"), mail)
    if result["tempfailed"]:
        sys.exit(f"bench: {result['tempfailed']} mails were refused for now")
    return result


def rounds_of(count, sides):
    """Of each side, a function, the results of so many rounds, by turns: {name: [result]}."""
    results = {name: [] for name in sides}
    for number in range(count):
        # Whoever comes first after a pause is not always the same.
        for name in list(sides)[::-1 if number % 2 else 1]:
            results[name].append(sides[name]())
    return results


def median_of(results, key):
    return statistics.median(result[key] for result in results)


def median_ratio(numerators, denominators, key="rate"):
    """The median of the rounds' own ratios: a disturbance of one round is not shared by others."""
    return statistics.median(a[key] / b[key] for a, b in zip(numerators, denominators))


def rates(results, *names):
    return ", ".join(f"{median_of(results[name], 'rate'):.0f}/s" for name in names)


def status_megabytes(process, key):
    """VmRSS or VmHWM of /proc/PID/status."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(text.split(f"{key}:")[1].split()[0]) / 1024


def processor_seconds(process):
    """Of all its threads, those that have ended too, whatever else the machine does."""
    clock = (~process.pid << 3) | 2  # what clock_getcpuclockid(3) makes of a process on Linux
    return time.clock_gettime(clock)


class Milter:
    """One of the bare libmilter programs: "noop", "accept" or "least"."""

    def __init__(self, folder, kind):
        self.address, self.database = f"unix:{folder}/{kind}.sock", folder / f"{kind}.db"
        command = {"least": [tool("least-milter"), self.address, self.database]}.get(
            kind, [tool("noop-milter"), kind, self.address])
        self.process = subprocess.Popen(command, umask=0)  # for Postfix's user too
        harness.wait_for(lambda: harness.answers(self.address))

    def rows(self):
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            return db.execute("SELECT count(*) FROM leads").fetchone()[0]

    def stop(self):
        self.process.kill()  # interpose.c leaves SIGTERM to nobody
        self.process.wait()


class Nginx:
    """An HTTPS server that takes every lead: 201 with a JSON document."""

    def __init__(self, folder):
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
        self.process = subprocess.Popen([find("nginx"), "-c", str(folder / "nginx.conf")],
                                        stderr=subprocess.DEVNULL)
        harness.wait_for(lambda: harness.answers(f"inet:{self.port}@127.0.0.1"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Folder:
    """A temporary folder and what was started in it; all of it ends with the block."""

    def __enter__(self):
        self.path, self.started = harness.temporary_folder(), []
        return self

    def __exit__(self, *_):
        try:
            for stop in reversed(self.started):
                stop()
        finally:
            harness.remove_folder(self.path)

    def start(self, thing):
        self.started.append(thing.stop if hasattr(thing, "stop") else thing.close)
        return thing

    def house(self, in_memory=False, **settings):
        """A House without authserv_id: the sample, which nobody signed, would be held. In memory is
        its queue if need be; one house to a folder."""
        if in_memory:
            memory = tempfile.TemporaryDirectory(dir="/dev/shm")
            self.started.append(memory.cleanup)
            settings["queue"] = f"sqlite:{memory.name}/queue.db"
        nginx = self.start(Nginx(self.path))
        house = self.start(harness.House(self.path, endpoint=nginx.url, ca_file=nginx.ca_file))
        house.nginx = nginx
        house.configure(authserv_id=None, **settings)
        return house
