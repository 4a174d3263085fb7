"""What has gone wrong is seen: a daemon that is gone or stuck, a queue that cannot be written, leads
that nobody looks after."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from harness import SOURCE, environment, free_port, inquiry, program, wait_for
from milterclient import Milter
from smtpsink import SmtpSink
from test_operate import crlf, deliver, errors, metrics


@pytest.fixture
def sink():
    server = SmtpSink()
    yield server
    server.close()


def lock_file(house, name):
    return house.folder / f"queue.db.{name.removeprefix('lead-')}-lock"


def silence(house, daemon):
    """As if it had been stopped for a minute."""
    daemon.signal(signal.SIGSTOP)
    long_ago = time.time() - 60
    os.utime(lock_file(house, daemon.name), (long_ago, long_ago))


# --- daemons ---

@pytest.mark.parametrize("kind", ["unix", "inet", "fd"])
def test_a_lead_milter_that_is_gone_is_seen_however_it_listens(house, place, kind):
    house.submit.start()
    if kind == "inet":
        house.configure(listen=f"inet:{free_port()}@127.0.0.1")
    with socket.socket(socket.AF_UNIX) as listening:
        if kind == "fd":
            listening.bind(f"{place}/activated")
            listening.listen(10)
            house.configure(listen=f"fd:{listening.fileno()}")
            house.milter.pass_fds = [listening.fileno()]
        all_is_well = lambda: house.leadctl("status", status=None).startswith("LEADS OK")
        if kind == "fd":
            house.milter.ready = all_is_well
        house.milter.start()
        assert all_is_well()
        house.milter.kill9()
        assert "CRITICAL - lead-milter does not run" in house.leadctl("status", status=2)
        house.milter.start()
        assert all_is_well()
        assert house.milter.stop() == 0
        assert "CRITICAL - lead-milter does not run" in house.leadctl("status", status=2)


@pytest.mark.parametrize("name", ["milter", "submit"])
def test_a_daemon_that_stands_still_is_seen(house, name):
    house.milter.start()
    house.submit.start()
    daemon = getattr(house, name)
    silence(house, daemon)
    try:
        line = house.leadctl("status", status=2)
        assert f"CRITICAL - lead-{name} is stuck, no sign of life for 1 min" in line
    finally:
        daemon.signal(signal.SIGCONT)
    wait_for(lambda: house.leadctl("status", status=None).startswith("LEADS OK"), 30)


def test_a_socket_that_was_taken_away_is_seen(house):
    house.milter.start()
    house.submit.start()
    os.unlink(house.listen.removeprefix("unix:"))
    assert "lead-milter does not answer at unix:" in house.leadctl("status", status=2)


def test_two_lead_milters_on_one_queue_are_seen_until_the_last_is_gone(house, place):
    house.submit.start()
    house.milter.start()
    other = place / "other.yaml"
    other.write_text(house.config.read_text().replace("milter.sock", "other.sock"))
    with open(place / "other.log", "wb") as log:
        second = subprocess.Popen([program("lead-milter"), "-f", "-c", str(other)], stdout=log,
                                  stderr=log, env=environment())
    try:
        wait_for(lambda: (place / "other.sock").exists(), 20)
        house.milter.kill9()
        assert "does not answer" in house.leadctl("status", status=2)  # its socket
        assert "does not run" not in house.leadctl("status", status=2)
    finally:
        second.terminate()
        second.wait(20)
    assert "lead-milter does not run" in house.leadctl("status", status=2)


def test_what_keeps_status_from_knowing_stands_in_its_line(house):
    assert "there is no queue yet" in house.leadctl("status", status=3)
    house.config.write_text("listen: unix:/x\nnonsense: 1\n")
    line = house.leadctl("status", status=3)
    assert line.startswith("LEADS UNKNOWN - ") and 'unknown key "nonsense"' in line
    assert line.count("\n") == 1


# --- the queue ---

def limit_files(size, *daemons):
    for daemon in daemons:
        # The kernel wants the daemon's own group, which is Postfix's (see harness.Daemon).
        subprocess.run(["prlimit", f"--pid={daemon.process.pid}", f"--fsize={size}:"], check=True,
                       group=os.stat(f"/proc/{daemon.process.pid}").st_gid)


def fill_the_disk(house, *daemons):
    """The queue's log, which is made long enough for that, may not grow; what else they write is
    smaller."""
    with contextlib.closing(sqlite3.connect(house.queue_file)) as db, db:
        db.execute("CREATE TABLE filler AS SELECT zeroblob(60000)")
        db.execute("DROP TABLE filler")
    size = (house.folder / "queue.db-wal").stat().st_size
    assert size > 40 << 10
    limit_files(size, *daemons)


def free_the_disk(*daemons):
    limit_files("unlimited", *daemons)


def test_a_queue_that_cannot_be_written_is_told_before_a_mail_comes(house, place, sink):
    folder = place / "textfile"
    folder.mkdir()
    house.configure(alert_to="ops@example.org", alert_smtp=sink.address, metrics=str(folder))
    house.milter.start()
    house.submit.start()
    wait_for(lambda: metrics(folder, "lead-milter").get("lead_milter_queue_writable") == 1, 25)
    fill_the_disk(house, house.milter)
    wait_for(lambda: "no lead can be queued, senders are asked to try again"
             in house.milter.log(), 30)
    line = house.leadctl("status", status=2)
    assert "CRITICAL - lead-milter cannot write the queue" in line
    fill_the_disk(house, house.submit)
    wait_for(lambda: sink.mails, 30, "the mail")
    assert "leads cannot be queued" in sink.mails[0][2]
    assert "lead-submit cannot write the queue" in house.leadctl("status", status=2)
    free_the_disk(house.milter, house.submit)
    wait_for(lambda: house.leadctl("status", status=None).startswith("LEADS OK"), 30)
    assert "leads can be queued again" in house.milter.log()
    wait_for(lambda: "alert over: queue" in house.submit.log(), 30)
    assert house.submit.log().count("alert: leads cannot be queued") == 1
    assert house.milter.log().count("no lead can be queued") == 1
    assert len(sink.mails) == 1
    deliver(house, 1)
    house.wait_states(done=1)


def test_a_queue_alert_is_a_metric_and_without_alert_to_one_line(house, place):
    folder = place / "textfile"
    folder.mkdir()
    house.configure(metrics=str(folder))
    house.milter.start()
    house.submit.start()
    fill_the_disk(house, house.submit)
    wait_for(lambda: metrics(folder, "lead-submit").get(
        'lead_submit_alert{alert="queue",account=""}') == 1, 30, lambda: house.submit.log())
    time.sleep(11)  # another look
    assert house.submit.log().count("alert: leads cannot be queued") == 1
    free_the_disk(house.submit)
    wait_for(lambda: 'lead_submit_alert{alert="queue",account=""}'
             not in metrics(folder, "lead-submit"), 30)


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
def test_a_queue_of_the_wrong_mode_is_told_at_start(house, place, name):
    house.milter.start().stop()
    shutil.copytree(SOURCE / "rules", place / "rules")
    house.configure(rules=str(place / "rules"))
    copy = shutil.copy(program(name), place)
    for path in (place, house.queue_file, house.token_file, *place.glob("queue.db.*")):
        shutil.chown(path, "nobody")
    house.queue_file.chmod(0o400)
    done = subprocess.run([copy, "-c", str(house.config), "-f"], capture_output=True, timeout=30,
                          user="nobody", group="nogroup", extra_groups=[])
    assert done.returncode == 73
    assert "queue.db: cannot be written: Permission denied; it must belong" in done.stderr.decode()


# --- leads that nobody looks after ---

def test_leads_held_for_long_are_told(house, place):
    (place / "rules").mkdir()
    for path in (SOURCE / "rules").glob("*.yaml"):
        text = path.read_text()
        if path.name == "90-generic.yaml":
            text = text.replace("source: generic\n", "source: generic\naction: hold\n")
        (place / "rules" / path.name).write_text(text)
    shutil.copytree(SOURCE / "rules/samples", place / "rules/samples")
    house.configure(rules=str(place / "rules"), alert_after="1m")
    house.milter.start()
    house.submit.start()
    deliver(house, 1, 2)
    assert house.leadctl("status").startswith("LEADS OK - 0 waiting, 2 held")
    long_ago(house)
    assert "WARNING - a lead has been held for 1 h" in house.leadctl("status", status=1)
    wait_for(lambda: "alert: account main: leads have been held for 60 minutes, 2 in all"
             in house.submit.log(), 20)
    house.leadctl("queue", "release", "all")
    house.wait_states(done=2)
    wait_for(lambda: "alert over: held:main" in house.submit.log(), 20)


def long_ago(house):
    """All that is in the queue has been as it is for an hour."""
    import sqlite3
    with sqlite3.connect(house.queue_file, timeout=10) as db:
        db.execute("UPDATE leads SET changed = changed - 3600000000")
    db.close()


def test_leads_of_an_account_that_is_not_configured_any_more(house):
    accounts = [{**house.settings()["accounts"][0], "name": name} for name in ("main", "two")]
    house.configure(accounts=accounts, mailboxes=[
        {"recipient": "leads@example.com", "account": "main"},
        {"recipient": "two@example.com", "account": "two"}])
    house.milter.start()
    with Milter(house.listen) as milter:
        milter.deliver(crlf(inquiry(3)), recipients=["two@example.com"])
    house.configure()
    house.milter.restart()
    house.submit.start()
    assert "WARNING - account two is not configured, its leads: 1" \
        in house.leadctl("status", status=1)
    listed = json.loads(house.leadctl("--json", "account", "list"))
    assert [(a["account"], a["state"]) for a in listed] == [("main", "runs"),
                                                            ("two", "unconfigured")]
    assert "waiting 1, held 0, dead 0" in house.leadctl("account", "list")
    wait_for(lambda: "alert: account two is not in the configuration, and 1 leads wait for it"
             in house.submit.log(), 20)
    house.leadctl("queue", "drop", "all", "--yes")
    wait_for(lambda: "alert over: unknown:two" in house.submit.log(), 20)
    assert house.leadctl("status").startswith("LEADS OK")


def test_a_stopped_account_that_is_resumed_is_still_stopped(house, standin):
    house.milter.start()
    house.submit.start()
    standin.misbehave("401")
    deliver(house, 1)
    wait_for(lambda: "is stopped" in house.submit.log(), 20)
    said = errors(house, "account", "resume", "main", status=1)
    assert "account main is no longer paused, but stopped until it has a new token" in said


# --- series ---

def test_what_is_counted_begins_at_0(house, place):
    folder = place / "textfile"
    folder.mkdir()
    house.configure(metrics=str(folder))
    house.milter.start()
    house.submit.start()
    counted = wait_for(lambda: metrics(folder, "lead-milter"), 25)
    sent = wait_for(lambda: metrics(folder, "lead-submit"), 25)
    for result in ("new", "duplicate", "held", "ignored", "failed"):
        for source in ("generic", "angi"):
            assert counted[f'lead_milter_mails_total{{source="{source}",result="{result}"}}'] == 0
    for result in ("done", "refused"):
        key = 'lead_milter_reloads_total{program="%s",result="%s"}'
        assert counted[key % ("lead-milter", result)] == 0
        assert sent[key % ("lead-submit", result)] == 0
    for result in ("done", "retry", "stopped", "dead"):
        assert sent[f'lead_submit_posts_total{{account="main",result="{result}"}}'] == 0
    house.config.write_text("nonsense")
    house.submit.reload()
    wait_for(lambda: metrics(folder, "lead-submit")[key % ("lead-submit", "refused")] == 1, 25)
    house.configure(metrics=str(folder))


def test_each_daemon_s_first_line_is_its_own(house):
    house.milter.start()
    house.submit.start()
    wait_for(lambda: "lead-submit 0." in house.submit.log(), 10)
    assert "lead-milter 0." in house.milter.log()
