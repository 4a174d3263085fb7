"""Item 7: lead-submit beside one curl for each lead and beside h2load, to the same nginx.

curl-load, which has no queue and does nothing but post, shows how much of it is libcurl's.
"""

import re
import shlex
import sqlite3
import statistics
import subprocess
import time

from contestants import (Folder, find, harness, load, median_of, median_ratio, rounds_of, run,
                         run_json, tool)
from milterclient import Milter as Client
from table import Row

STREAMS = 4  # of lead-submit as it is configured by default, over one connection


class Queue:
    """A look at the house's queue."""

    def __init__(self, house):
        self.db = sqlite3.connect(f"file:{house.queue_file}?mode=ro", uri=True)

    def number(self, sql, *arguments):
        return self.db.execute(sql, arguments).fetchone()[0]

    def waiting(self):
        return self.number("SELECT count(*) FROM leads WHERE state IN ('pending', 'sending')")


def lead_submit(house, queue, leads):
    """From its first POST to the last lead that is marked as done, on disk."""
    def side():
        load(house.listen, 10, leads, harness.LEADS)
        begun = time.time_ns() // 1000
        house.submit.start(wait=False)
        harness.wait_for(lambda: queue.waiting() == 0, 600, "the leads to be sent", pause=0.02)
        house.submit.stop()
        first = queue.number("SELECT min(started) FROM attempts WHERE started > ?", begun)
        last = queue.number("SELECT max(time) FROM changes WHERE after = 'done'")
        sent = queue.number("SELECT count(*) FROM attempts WHERE started > ? AND status = 201",
                            begun)
        assert sent == leads, f"{sent} answers for {leads} leads"
        return {"rate": leads * 1e6 / (last - first)}
    return side


def headers():
    return ["Content-Type: application/json", "Accept: application/json",
            "Idempotency-Key: 3f0d6c3e-0000-4000-8000-000000000000",
            f"Authorization: Bearer {harness.TOKEN}"]


def h2load(house, body, leads):
    words = [word for header in headers() for word in ("-H", header)]

    def side():
        out = run(find("h2load"), "-n", leads, "-c", 1, "-m", STREAMS, "-d", body, *words,
                  house.nginx.url)
        assert f"{leads} succeeded" in out, out
        return {"rate": float(re.search(r"([\d.]+) req/s", out).group(1))}
    return side


def curls(house, body, leads):
    """A shell that starts one after the other."""
    words = [word for header in headers() for word in ("-H", header)]
    each = shlex.join([find("curl"), "-s", "-S", "-f", "-o", "/dev/null", "--cacert",
                       str(house.nginx.ca_file), "--data-binary", f"@{body}", *words,
                       house.nginx.url])

    def side():
        begun = time.monotonic()
        subprocess.run(["sh", "-ec", f"i=0; while [ $i -lt {leads} ]; do {each}; i=$((i+1)); done"],
                       check=True)
        return {"rate": leads / (time.monotonic() - begun)}
    return side


def libcurl(house, body, leads):
    """All that lead-submit does on the wire, and nothing else."""
    def side():
        return run_json(tool("curl-load"), house.nginx.url, house.nginx.ca_file, body, leads,
                        STREAMS, *headers())
    return side


def idle(house, queue, leads):
    """Milliseconds from lead-milter's answer, when a lead is on disk, to the API's, one lead at a
    time."""
    begun = time.time_ns() // 1000
    house.submit.start(wait=False)
    committed = []
    with Client(house.listen) as client:
        for number in range(leads):
            mail = harness.inquiry(number, subject=f"Idle {begun}").replace(b"\n", b"\r\n")
            client.deliver(mail, [harness.LEADS])
            committed.append(time.time_ns() // 1000)
            harness.wait_for(lambda: queue.number("SELECT count(*) FROM attempts WHERE started > ?",
                                                  begun) == len(committed), 20, pause=0.01)
    house.submit.stop()
    answered = queue.db.execute("SELECT ended FROM attempts WHERE started > ? ORDER BY lead",
                                (begun,))
    return [(row[0] - then) / 1000 for row, then in zip(answered, committed)]


def measure(options):
    with Folder() as folder:
        house = folder.house()
        house.milter.start()
        queue = Queue(house)
        load(house.listen, 1, 1, harness.LEADS)
        body = folder.path / "body.json"
        body.write_text(queue.number("SELECT payload FROM leads"))
        sides = {"lead-submit": lead_submit(house, queue, options.submitted),
                 "h2load": h2load(house, body, options.submitted),
                 "libcurl": libcurl(house, body, options.submitted),
                 "curl": curls(house, body, options.curls)}
        # The one that made the body is sent too.
        house.submit.start(wait=False)
        harness.wait_for(lambda: queue.waiting() == 0, 20)
        house.submit.stop()
        results = rounds_of(options.rounds, sides)
        waits = idle(house, queue, options.idle)
        queue.db.close()
    ours = results["lead-submit"]
    rate = {name: f"{median_of(result, 'rate'):.0f}/s" for name, result in results.items()}
    return [
        Row(7, "lead-submit / a curl for each lead", median_ratio(ours, results["curl"]),
            least=50, of=f"{rate['lead-submit']}, {rate['curl']}"),
        Row(7, "lead-submit / h2load", median_ratio(ours, results["h2load"]), least=0.5,
            of=f"{rate['lead-submit']}, {rate['h2load']}"),
        Row(7, "libcurl alone / h2load", median_ratio(results["libcurl"], results["h2load"]),
            of=f"{rate['libcurl']}, {STREAMS} streams, one connection"),
        Row(7, "lead-submit / libcurl alone", median_ratio(ours, results["libcurl"]),
            of=f"{rate['lead-submit']}, {rate['libcurl']}"),
        Row(7, "commit to the API's answer when idle, p50", statistics.median(waits), unit="ms",
            most=5, of=f"{len(waits)} leads, p95 {sorted(waits)[len(waits) * 95 // 100]:.1f} ms"),
    ]
