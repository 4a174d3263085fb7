"""The part of contrib/quickstart that comes after the build: run the house, send mails, tell.

LEAD_BUILD names the build. Arguments are files with one mail each; a sample without any.
"""

import email
import email.policy
import email.utils
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
import harness  # noqa: E402
from standin import StandIn  # noqa: E402

SAMPLE = SOURCE / "rules/samples/angi-1.eml"
STARTED = time.monotonic()


def say(text):
    print(f"quickstart: [{time.monotonic() - STARTED:3.0f}s] {text}", file=sys.stderr, flush=True)


def heading(text):
    print(f"\n== {text}", flush=True)


def sender_of(mail):
    """The envelope sender as far as the mail tells."""
    head = email.message_from_bytes(mail[:65536], policy=email.policy.compat32)
    for name in ("Return-Path", "From"):
        address = email.utils.parseaddr(str(head.get(name, "")))[1]
        if re.fullmatch(r"[!-;=?-~]+@[!-;=?-~]+", address):
            return address
    return "someone@example.net"


def read_mail(path):
    mail = Path(path).read_bytes()
    if mail.startswith(b"From "):  # out of a mailbox
        mail = mail.partition(b"\n")[2]
    return mail


def compare(plain, delivered):
    """Whether a mail was left as it was, and how to say it, from its deliveries without lead-milter
    and with it."""
    if plain.original == delivered.original:
        return True, "the same, byte for byte."
    if plain.original == delivered.without_lead_id():
        return True, "the same, byte for byte, but for X-Lead-Id."
    # A forged field is removed.
    if plain.without_lead_id() == delivered.without_lead_id():
        return True, ("the same, byte for byte, but for the X-Lead-Id that the sender had put into"
                      " it.")
    return False, "DIFFERENT, which must not be: please report it with the mail."


class Quickstart:
    def __init__(self, folder):
        self.folder = folder
        for name in ("api", "postfix", "house"):
            (folder / name).mkdir()
        self.api = StandIn(folder / "api")
        self.postfix = harness.Postfix(folder / "postfix")
        self.house = None
        self.seen = set()

    def start(self):
        say(f"starting on loopback, under {self.folder}")
        self.api.start()
        self.postfix.start()
        self.house = harness.House(self.folder / "house", endpoint=self.api.url,
                                   ca_file=self.api.ca_file, listen=self.postfix.unix)
        # The mail was authenticated, if ever, by another MTA than this one.
        self.house.configure(authserv_id=None, listen=self.postfix.unix)
        self.house.milter.start()
        self.house.submit.start()
        say(f"the API's stand-in is at {self.api.url}, Postfix at port"
            f" {self.postfix.ports['unix']}, lead-milter at {self.postfix.unix}")

    def stop(self):
        say("stopping")
        for daemon in (self.house.submit, self.house.milter) if self.house else ():
            if daemon.running():
                daemon.stop()
        self.postfix.stop()
        self.api.stop()

    def one(self, path):
        mail = read_mail(path)
        self.postfix.clear()
        sender = sender_of(mail)
        heading(f"{path}: sent by SMTP from <{sender}> to <{harness.LEADS}>")
        begun = time.monotonic()
        try:
            print(self.postfix.send(mail, sender=sender))
        except harness.SmtpError as refused:
            print(f"Postfix refused it: {refused}")
            return False
        print(f"Postfix had its answer after {(time.monotonic() - begun) * 1000:.0f} ms")
        delivered = self.postfix.wait_delivered(1)[0]
        # A forged field of the sender's would have been removed: what is here is ours.
        ids = delivered.lead_ids
        if not ids:
            heading("no lead: the rules take this for no inquiry (leadctl explain)")
            print(self.house.leadctl("explain", path, status=None).rstrip())
        for lead in ids:
            self.lead(lead)
        heading("the mail as delivered, its header")
        print(delivered.bytes.partition(b"\n\n")[0].decode("utf-8", "replace"))
        same, text = compare(self.once_more(mail, sender), delivered)
        print(f"\nSent once more, without lead-milter, it is {text}")
        return same

    def once_more(self, mail, sender):
        """As it is delivered when lead-milter does not see it."""
        self.postfix.clear()
        self.postfix.send(mail, sender=sender, way="none")
        return self.postfix.wait_delivered(1)[0]

    def lead(self, lead):
        state = harness.wait_for(lambda: self.settled(lead), 30, f"lead {lead} to be sent")
        if lead in self.seen:
            heading(f"lead {lead}: the same message as before, so no second lead")
            return
        self.seen.add(lead)
        if state == "done":
            heading(f"the lead as the API received it ({lead})")
            print(json.dumps(self.api.by_key(lead), indent=2, ensure_ascii=False))
        else:
            heading(f"lead {lead} is {state}, not sent; leadctl queue show:")
            print(self.house.leadctl("queue", "show", lead).rstrip())

    def settled(self, lead):
        for item in self.house.queue():
            if item["id"] == lead and item["state"] in ("done", "held", "dead"):
                return item["state"]
        return None

    def summary(self):
        heading("leadctl queue list")
        print(self.house.leadctl("queue", "list").rstrip())
        heading("leadctl stats")
        print(self.house.leadctl("stats").rstrip())

    def tails(self):
        for path in (self.postfix.log_file, self.folder / "house/lead-milter.log",
                     self.folder / "house/lead-submit.log"):
            if path.exists():
                heading(f"the last of {path.name}")
                print("\n".join(path.read_text("utf-8", "replace").splitlines()[-15:]))


def main(paths):
    # Whatever ends us, what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    folder = harness.temporary_folder()
    run = Quickstart(folder)
    try:
        run.start()
        good = all([run.one(path) for path in paths or [SAMPLE]])
        run.summary()
        return 0 if good else 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        print(f"quickstart: {error}", file=sys.stderr)
        run.tails()
        return 70
    finally:
        # A second Ctrl-C must not leave anything running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        run.stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
