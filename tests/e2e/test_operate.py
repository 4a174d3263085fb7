"""What an admin has who runs it for years: replay, accounts, alerts, metrics, status."""

import base64
import contextlib
import gzip
import json
import mailbox
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from harness import TOKEN, environment, inquiry, program, wait_for
from milterclient import Milter
from smtpsink import SmtpSink


def crlf(mail):
    return mail.replace(b"\n", b"\r\n")


def deliver(house, *numbers):
    with Milter(house.listen) as milter:
        for n in numbers:
            milter.deliver(crlf(inquiry(n)), queue_id=f"4ZQ{n}")


def errors(house, *arguments, status=64):
    done = subprocess.run([program("leadctl"), "-c", str(house.config), *map(str, arguments)],
                          capture_output=True, timeout=60, env=environment())
    assert done.returncode == status, done
    return done.stderr.decode()


def metrics(folder, name):
    """{line up to the value: value}"""
    path = folder / f"{name}.prom"
    lines = path.read_text().splitlines() if path.exists() else []
    return {key: float(value) for key, _, value in
            (line.rpartition(" ") for line in lines if not line.startswith("#"))}


@pytest.fixture(scope="module")
def readshim(tmp_path_factory):
    """Preloaded, of the file READ_FAILS its second read fails."""
    library = tmp_path_factory.mktemp("shim") / "readshim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library,
                    Path(__file__).with_name("readshim.c"), "-ldl"], check=True)
    return library


@pytest.fixture
def maildir(place):
    """Mails 1 to 20, and an out-of-office."""
    box = mailbox.Maildir(place / "box", create=True)
    for n in range(1, 21):
        box.add(inquiry(n))
    box.add(b"From: a@example.net\nTo: leads@example.com\nSubject: Out of office\n"
            b"Auto-Submitted: auto-replied\nMessage-ID: <auto@example.net>\n\nI am away.\n")
    return place / "box"


# --- replay ---

def replayed(house, *paths, status=0):
    return json.loads(house.leadctl("--json", "submit", "--dry-run", *paths, status=status))


def test_a_replay_fills_the_gap_and_doubles_nothing(house, standin, maildir):
    house.milter.start()
    house.submit.start()
    deliver(house, *range(1, 11))
    house.wait_states(done=10)
    assert json.loads(house.leadctl("--json", "submit", "--dry-run", maildir)) == {
        "mails": 21, "new": 10, "held": 0, "known": 10, "ignored": 1, "earlier": 0,
        "skipped": 0, "dry_run": True}
    assert len(house.queue()) == 10
    assert "10 new leads, 0 held, 10 known already, 1 ignored" in house.leadctl("submit", maildir)
    house.wait_states(done=20)
    assert "0 new leads, 0 held, 20 known already" in house.leadctl("submit", maildir)
    assert len(standin.leads) == 20 and standin.repeated == 0
    deliver(house, *range(11, 21))  # and they come by the milter, late
    assert len(house.queue()) == 20


def test_a_replay_knows_leads_that_were_purged(house, standin, maildir):
    house.milter.start()
    house.submit.start()
    house.leadctl("submit", maildir)
    house.wait_states(done=20)
    house.submit.stop()
    time.sleep(1.1)
    house.leadctl("queue", "purge", "--older", "1s")
    assert house.queue() == []
    assert "0 new leads, 0 held, 20 known already" in house.leadctl("submit", maildir)


def test_a_replay_that_was_broken_off_goes_on(house, maildir):
    house.milter.start()
    mbox = maildir.parent / "some.mbox"
    archive = mailbox.mbox(mbox)
    for n in range(1, 8):
        archive.add(inquiry(n))
    archive.close()
    house.leadctl("submit", mbox)
    assert len(house.queue()) == 7
    assert "13 new leads, 0 held, 14 known already" in house.leadctl("submit", mbox, maildir)


def test_since_leaves_out_what_came_before(house, place):
    house.milter.start()
    old, new = place / "old.eml", place / "new.eml"
    old.write_bytes(b"Received: from x by mx.example.com; Tue, 02 Jun 2026 10:00:00 +0000\n"
                    + inquiry(1))
    new.write_bytes(b"Received: from x by mx.example.com; Thu, 02 Jul 2026 10:00:00 +0000\n"
                    + inquiry(2))
    out = json.loads(house.leadctl("--json", "submit", "--since", "2026-07-01", old, new))
    assert (out["new"], out["earlier"]) == (1, 1)
    for since, left_out in (("2026-06-02", 0), ("2026-06-02 09:59", 0), ("2026-06-02T10:01", 1),
                            ("2026-06-02 10:00:01", 1), ("2026-06-02T10:00:00Z", 0),
                            ("Tue, 02 Jun 2026 10:00:01 +0000", 1)):
        out = json.loads(house.leadctl("--json", "submit", "-n", "--since", since, old))
        assert out["earlier"] == left_out, since
    says = "expected a date, 2026-11-20, or a date and time, '2026-11-20 10:00'"
    for since in ("yesterday-ish", "2026-02-30", "2026-11-20 10", "10:00"):
        assert says in errors(house, "submit", "--since", since, old)


def test_a_replay_without_a_message_id_is_known_by_its_content(house, place):
    house.milter.start()
    mail = place / "plain.eml"
    mail.write_bytes(inquiry(3, message_id=False))
    house.leadctl("submit", mail)
    assert "0 new leads, 0 held, 1 known" in house.leadctl("submit", mail)
    for rate in ("-3", "0"):
        assert f"--rate {rate}: expected" in errors(house, "submit", "--rate", rate, mail)
    house.leadctl("submit", "--rate", "60000", mail)


def from_line(sender="ada.3@example.net"):
    return f"From {sender} Mon Jul  6 10:00:00 2026\n".encode()


def test_a_mail_of_an_mbox_is_known_without_a_message_id(house, place):
    """Its From line has the envelope sender, and the empty line at its end is not the mail's."""
    house.milter.start()
    numbers = (3, 4)
    with Milter(house.listen) as milter:
        for n in numbers:
            milter.deliver(crlf(inquiry(n, message_id=False)), sender="bounces@forms.example.net")
    mbox = place / "mbox"
    mbox.write_bytes(b"".join(from_line("bounces@forms.example.net")
                              + inquiry(n, message_id=False) + b"\n" for n in numbers))
    assert "0 new leads, 0 held, 2 known" in house.leadctl("submit", mbox)
    mbox.write_bytes(mbox.read_bytes().replace(b"\n", b"\r\n"))
    assert "0 new leads, 0 held, 2 known" in house.leadctl("submit", mbox)


def test_return_path_goes_before_an_mbox_s_from_line(house, place):
    house.milter.start()
    with Milter(house.listen) as milter:
        milter.deliver(crlf(inquiry(3, message_id=False)), sender="lee@hills.example")
    mail = b"Return-Path: <lee@hills.example>\n" + inquiry(3, message_id=False)
    mbox = place / "mbox"
    mbox.write_bytes(from_line("kim@dunes.example") + mail)
    assert "0 new leads, 0 held, 1 known" in house.leadctl("submit", mbox)


def test_a_mail_is_known_by_the_lead_s_id_that_it_got(house, place):
    """Whatever else has changed on its way: here nothing is left of what would tell it."""
    house.milter.start()
    with Milter(house.listen) as milter:
        lead, = milter.deliver(crlf(inquiry(3, message_id=False))).lead_ids
    mail = place / "stored.eml"
    mail.write_bytes(f"X-Lead-Id: {lead}\n".encode()
                     + inquiry(3, message_id=False, text="-- \nScanned by a gateway.\n",
                               subject="[External] Roof"))
    assert "0 new leads, 0 held, 1 known" in house.leadctl("submit", mail)
    assert replayed(house, mail)["known"] == 1
    house.leadctl("queue", "drop", lead)  # what was removed for good may come again
    assert "1 new leads" in house.leadctl("submit", mail)


# --- what a replay reads ---

def test_a_line_of_a_mail_that_begins_with_from_begins_no_mail(house, place):
    house.milter.start()
    mbox = place / "mbox"
    text = ("\nFrom Monday on we are closed.\n\nFrom 10:00:00 to 12:00 there is somebody.\n\n"
            "From 2026 on: 10:00:00\n")
    mbox.write_bytes(from_line() + inquiry(3, text=text) + b"\n"
                     + from_line("MAILER-DAEMON") + inquiry(4) + b"\n"
                     + b"From - Mon Jul  6 1:00:00 2026 +0200\n" + inquiry(5) + b"\n"
                     + b"From a b@example.net Mon Jul  6 10:00:00 EDT 2026\n" + inquiry(6))
    assert (replayed(house, mbox)["mails"], replayed(house, mbox)["new"]) == (4, 4)
    assert "somebody" in house.leadctl("extract", mbox).splitlines()[0]


def test_an_mbox_in_a_folder_is_read_as_one(house, place):
    house.milter.start()
    folder = place / "mails"
    folder.mkdir()
    (folder / "a.eml").write_bytes(inquiry(1))
    (folder / "b.mbox").write_bytes(b"\n".join(from_line() + inquiry(n) for n in (2, 3)))
    assert replayed(house, folder)["new"] == 3


def test_a_maildir_s_folder_that_cannot_be_read_is_told(house, place):
    house.milter.start()
    box = mailbox.Maildir(place / "box", create=True)
    box.add(inquiry(1))  # into new/
    (place / "box/cur").rmdir()
    assert replayed(house, place / "box")["new"] == 1  # one of both may be missing
    (place / "box/cur").symlink_to("cur")
    out = errors(house, "submit", "--dry-run", place / "box", status=66)
    assert "box/cur: Too many levels of symbolic links" in out
    (place / "box/cur").unlink()
    (place / "box/cur").write_text("no folder")
    assert replayed(house, place / "box", status=66)["new"] == 1


def test_a_symbolic_link_that_leads_nowhere_is_told(house, place):
    house.milter.start()
    box = mailbox.Maildir(place / "box", create=True)
    box.add(inquiry(1))
    (place / "box/cur/gone").symlink_to("/nonexistent")
    assert replayed(house, place / "box", status=66)["new"] == 1
    assert "cur/gone: No such file" in errors(house, "submit", "-n", place / "box", status=66)


def test_a_maildir_s_subfolders_are_not_read_unless_named(house, place):
    house.milter.start()
    box = mailbox.Maildir(place / "box", create=True)
    box.add(inquiry(1))
    box.add_folder("Sent").add(inquiry(2))
    assert replayed(house, place / "box")["mails"] == 1
    assert replayed(house, place / "box", place / "box/.Sent")["mails"] == 2


def test_an_mbox_that_cannot_be_read_to_its_end_is_told(house, place, readshim):
    house.milter.start()
    mbox = place / "mbox"
    mbox.write_bytes(b"\n".join(from_line() + inquiry(n, text="x" * 70 + "\n")
                                for n in range(1, 30)))
    command = [program("leadctl"), "-c", house.config, "--json", "submit", "-n", mbox]
    env = environment()
    env["LD_PRELOAD"] = " ".join(filter(None, [env.get("LD_PRELOAD"), str(readshim)]))
    done = subprocess.run(command, capture_output=True, timeout=60, check=False,
                          env={**env, "READ_FAILS": str(mbox)})
    out = json.loads(done.stdout)
    assert done.returncode == 66 and f"{mbox}: Input/output error" in done.stderr.decode()
    assert 1 <= out["new"] < 29  # and of the mail that broke off no half is queued


@pytest.mark.parametrize("content, why", [
    (b"", "it is empty"),
    (b"\n \r\n\n", "it is empty"),
    (b"From \n", "it is empty"),
    (b"\0" * 70000, "it is binary"),
    (gzip.compress(inquiry(1)), "it is binary"),
    (inquiry(1).decode().encode("utf-16"), "it is binary"),
    (b"SQLite format 3\0\x10\0\1\1From: x\n", "it is binary"),
    (b"x", "it has no header"),
    (b"Call Ada back\nabout her roof\n\nTel: 312 555 0142\n", "it has no header"),
], ids=["empty", "white", "mbox-line", "zeros", "gzip", "utf-16", "sqlite", "letter", "note"])
def test_what_is_no_mail_is_told_and_makes_no_lead(house, place, content, why):
    house.milter.start()
    box = mailbox.Maildir(place / "box", create=True)
    box.add(inquiry(2))
    bad = place / "box/cur/1.bad"
    bad.write_bytes(content)
    if not content.startswith(b"From "):
        out = replayed(house, place / "box", status=65)
        assert (out["mails"], out["new"], out["skipped"]) == (2, 1, 1)
    assert f"skipped, this is no mail: {why}" in errors(house, "submit", bad, status=65)
    assert house.queue() == []
    assert house.leadctl("extract", bad)  # what would come of it is shown all the same
    assert house.leadctl("explain", bad)


def test_leads_are_told_while_what_makes_none_is_read(house):
    house.milter.start()
    bounce = (b"From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\n"
              b"Auto-Submitted: auto-replied\nTo: leads@example.com\n\nNo such user.\n\n")
    leader, follower = os.openpty()
    process = subprocess.Popen([program("leadctl"), "-c", house.config, "submit", "-"],
                               stdin=subprocess.PIPE, stdout=follower, stderr=subprocess.DEVNULL,
                               env=environment())
    os.close(follower)
    os.set_blocking(leader, False)
    process.stdin.write(b"".join(from_line() + inquiry(n) + b"\n" for n in range(3)))
    told, end = b"", time.monotonic() + 30
    while told.count(b": new, source") < 3 and time.monotonic() < end:
        process.stdin.write(from_line() + bounce)
        process.stdin.flush()
        time.sleep(0.05)
        with contextlib.suppress(OSError):
            told += os.read(leader, 65536)
    process.stdin.close()
    process.wait(20)
    os.close(leader)
    assert told.count(b": new, source") == 3, told
    assert b" mails: " not in told


def test_what_is_told_of_a_mail_does_not_stand_behind_the_progress(house):
    house.milter.start()
    leader, follower = os.openpty()
    process = subprocess.Popen([program("leadctl"), "-c", house.config, "submit", "-n", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=follower,
                               env=environment())
    os.close(follower)
    shown = b""
    os.set_blocking(leader, False)

    def read_on():
        nonlocal shown
        with contextlib.suppress(OSError):
            while chunk := os.read(leader, 65536):
                shown += chunk
    while not shown.endswith(b" mails\x1b[K"):
        process.stdin.write(b"".join(from_line() + inquiry(n) + b"\n" for n in range(50)))
        process.stdin.flush()
        read_on()
    process.stdin.write(from_line() + b"no mail\n")
    process.stdin.close()
    assert process.wait(20) == 65
    read_on()
    os.close(leader)
    assert re.search(rb"(\n|\r\x1b\[K)leadctl: -:\d+: skipped", shown), shown[-100:]


@pytest.mark.parametrize("content", [
    b"\n\n" + inquiry(1),
    b"\xef\xbb\xbf" + inquiry(1),
    inquiry(1).replace(b"\n", b"\r"),
    b"this is no header\n" + inquiry(1),
    b"Subject : \x1b$B\x1b(B\n\n\0\0\0",
    b"Subject: x",
    b"X-Binary: \0\n\n",
], ids=["empty-lines", "utf-8-mark", "cr", "first-line", "iso-2022-jp", "subject", "zero"])
def test_a_broken_mail_is_a_mail_all_the_same(house, place, content):
    house.milter.start()
    mail = place / "broken.eml"
    mail.write_bytes(content)
    assert replayed(house, mail)["new"] == 1


# --- duplicates ---

def test_a_rewritten_message_id_makes_no_second_lead_unless_configured(house):
    house.milter.start()
    again = inquiry(1).replace(b"<inquiry-1@", b"<rewritten-1@")
    deliver(house, 1)
    with Milter(house.listen) as milter:
        milter.deliver(crlf(again))
    assert len(house.queue()) == 1
    house.configure(duplicate_window="0s")
    house.milter.restart()
    with Milter(house.listen) as milter:
        milter.deliver(crlf(again.replace(b"rewritten", b"rewritten-again")))
    assert len(house.queue()) == 2


# --- accounts ---

def test_a_paused_account_waits_and_the_other_sends(house, standin):
    accounts = [{**house.settings()["accounts"][0], "name": name} for name in ("main", "other")]
    house.configure(accounts=accounts, mailboxes=[
        {"recipient": "leads@example.com", "account": "main"},
        {"recipient": "other@example.com", "account": "other"}])
    house.milter.start()
    house.submit.start()
    house.leadctl("account", "pause", "main", "--reason", "new prices on Monday")
    deliver(house, 1, 2)
    with Milter(house.listen) as milter:
        milter.deliver(crlf(inquiry(3)), recipients=["other@example.com"])
    house.wait_states(pending=2, done=1)
    listed = json.loads(house.leadctl("--json", "account", "list"))
    assert [(a["account"], a["state"]) for a in listed] == [("main", "paused"), ("other", "runs")]
    assert "new prices on Monday" in house.leadctl("account", "list")
    house.submit.restart()  # and stays so
    time.sleep(0.5)
    house.wait_states(pending=2, done=1)
    house.leadctl("account", "resume", "main")
    house.wait_states(done=3)
    house.leadctl("account", "pause", "nobody", status=64)


def test_an_account_s_pace_is_kept(house, standin):
    account = {**house.settings()["accounts"][0], "per_minute": 120, "concurrency": 1}
    house.configure(accounts=[account])
    house.milter.start()
    house.submit.start()
    deliver(house, *range(1, 8))
    house.wait_states(done=7)
    # Two a second, but for the one or two that a rest has saved up.
    times = sorted(item["changed"] for item in house.queue())
    first, last = (time.strptime(t[:19], "%Y-%m-%dT%H:%M:%S") for t in (times[0], times[-1]))
    assert time.mktime(last) - time.mktime(first) >= 1


# --- alerts ---

def jwt(expiry):
    part = lambda data: base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")
    return f"{part({'alg': 'none'})}.{part({'exp': expiry})}.c2ln"


@pytest.fixture
def sink():
    server = SmtpSink()
    yield server
    server.close()


def test_trouble_is_told_once_by_one_mail(house, standin, sink):
    house.configure(alert_to="ops@example.org", alert_smtp=sink.address)
    house.milter.start()
    house.submit.start()
    standin.misbehave("422")
    deliver(house, 1, 2, 3)
    house.wait_states(dead=3)
    wait_for(lambda: sink.mails, 30, "the mail")
    sender, recipients, text = sink.mails[0]
    assert sender == "<>" and recipients == ["<ops@example.org>"]
    assert "leads that the API refused or that were given up: 3" in text.replace("\r\n ", " ")
    assert "Lovelace" not in text
    assert house.submit.log().count("alert: account main: leads that the API refused") == 1
    time.sleep(1)
    house.submit.restart()
    time.sleep(11)
    assert len(sink.mails) == 1
    house.leadctl("queue", "drop", "all", "--yes")
    wait_for(lambda: "alert over: dead:main" in house.submit.log(), 30)


def test_an_alert_mail_that_is_not_taken_costs_no_lead(house, standin, sink):
    sink.willing = False
    house.configure(alert_to="ops@example.org", alert_smtp=sink.address)
    house.milter.start()
    house.submit.start()
    standin.misbehave("422", times=1)
    deliver(house, 1)
    house.wait_states(dead=1)
    wait_for(lambda: "the mail to alert_to was not taken" in house.submit.log(), 30)
    deliver(house, 2)
    house.wait_states(dead=1, done=1)


def test_a_token_that_expires_within_a_day_is_told_before(house, standin):
    house.token_file.write_text(jwt(int(time.time()) + 3600 * 5 + 60) + "\n")
    house.submit.start()
    wait_for(lambda: "its token expires in 5 hours" in house.submit.log(), 20,
             lambda: house.submit.log())
    house.token_file.write_text(jwt(int(time.time()) + 3600 * 50) + "\n")
    wait_for(lambda: "alert over: token:main" in house.submit.log(), 20)


def test_a_token_refused_in_mid_queue_is_told_and_its_successor_goes_on(house, standin):
    house.milter.start()
    house.submit.start()
    deliver(house, 1)
    house.wait_states(done=1)
    standin.token = "the-next-token"
    deliver(house, 2, 3)
    wait_for(lambda: "alert: account main is stopped" in house.submit.log(), 20)
    house.token_file.write_text("the-next-token\n")
    house.wait_states(done=3)
    assert len(standin.leads) == 3


# --- metrics and status ---

def test_both_daemons_write_what_they_have_counted(house, standin, place):
    folder = place / "textfile"
    folder.mkdir()
    house.configure(metrics=str(folder))
    house.milter.start()
    house.submit.start()
    deliver(house, 1, 2)
    with Milter(house.listen) as milter:
        milter.deliver(crlf(inquiry(1)))
        milter.deliver(crlf(inquiry(9)), recipients=["someone@example.org"])
    house.wait_states(done=2)
    wait_for(lambda: metrics(folder, "lead-milter").get(
        'lead_milter_mails_total{source="generic",result="new"}') == 2, 25,
        lambda: metrics(folder, "lead-milter"))
    counted = metrics(folder, "lead-milter")
    assert counted['lead_milter_mails_total{source="generic",result="duplicate"}'] == 1
    assert counted["lead_milter_foreign_mails_total"] == 1
    assert counted['lead_milter_fields_total{source="generic",field="contact.name"}'] == 2
    assert counted["lead_milter_commit_seconds_count"] == 3
    wait_for(lambda: metrics(folder, "lead-submit").get(
        'lead_submit_posts_total{account="main",result="done"}') == 2, 25)
    sent = metrics(folder, "lead-submit")
    assert sent['lead_submit_leads{account="main",state="waiting"}'] == 0
    assert sent['lead_submit_lead_seconds_count{account="main"}'] == 2
    text = (folder / "lead-milter.prom").read_text() + (folder / "lead-submit.prom").read_text()
    assert "Lovelace" not in text and TOKEN not in text


def test_status_says_in_a_line_how_all_stands(house, standin):
    house.milter.start()
    assert "CRITICAL - lead-submit does not run" in house.leadctl("status", status=2)
    house.submit.start()
    line = house.leadctl("status")
    assert line.startswith("LEADS OK - 0 waiting, 0 held | waiting=0 held=0 dead=0 oldest=0s")
    house.leadctl("account", "pause", "main")
    assert "WARNING - account main is paused" in house.leadctl("status", status=1)
    house.milter.stop()
    assert "CRITICAL - lead-milter does not run" in house.leadctl("status", status=2)
    house.queue_file.rename(house.folder / "elsewhere")
    assert house.leadctl("status", status=3).startswith("LEADS UNKNOWN")


def test_redact_shows_what_was_filled_and_not_with_what(house):
    house.milter.start()
    deliver(house, 1)
    lead = house.queue()[0]["id"]
    for shown in (house.leadctl("queue", "show", "--redact", lead),
                  house.leadctl("--json", "queue", "show", "--redact", lead)):
        assert "characters)" in shown
        for personal in ("Lovelace", "555-01", "Fulton", "ada.1", "leaks"):
            assert personal not in shown
    assert "Lovelace" in house.leadctl("queue", "show", lead)
