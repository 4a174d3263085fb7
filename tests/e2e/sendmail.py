"""A private Sendmail beside harness.Postfix, with the same handles for the tests.

Debian's packages of the two conflict: Sendmail is unpacked into the build folder, not installed,
by unpack_sendmail of contrib/common.sh.
"""

import os
import pwd
import subprocess
from pathlib import Path

from harness import (LEADS, SOURCE, Delivered, Smtp, answers, free_port, unpacked, wait_for)

SNIPPET = SOURCE / "contrib/sendmail/lead-milter.mc"
PRELOAD = Path(__file__).with_name("sendmail-preload.c")
SNIPPET_SOCKET = "/run/lead-milter/lead-milter.sock"


def snippet(socket):
    """The lines that we tell people to add to sendmail.mc, for this socket."""
    text = SNIPPET.read_text()
    assert text.count(SNIPPET_SOCKET) == 1
    return text.replace(SNIPPET_SOCKET, str(socket))


class Sendmail:
    """A private Sendmail with one port for each way in that a test may want.

    ports: "unix" has the filters that everybody's mail has: contrib/sendmail/lead-milter.mc as it
    is but for the socket's place (self.unix); "inet" asks at self.inet, "accept" at self.unix
    and without F=, "none" asks nobody.
    Every mail with a domain is delivered into one Maildir, by a script.
    """

    WAYS = ("unix", "inet", "accept", "none")
    HOST = "mx.sendmail.example"  # in no sample's Received fields

    def __init__(self, folder):
        self.folder = Path(folder)
        self.mail = self.folder / "mail"
        self.queue = self.folder / "queue"
        self.log_file = self.folder / "sendmail.log"
        self.preload = self.folder / "preload.so"
        self.cf = self.folder / "sendmail.cf"
        self.submit_cf = self.folder / "submit.cf"
        self.socket = self.folder / "milter/sock"
        self.unix = f"unix:{self.socket}"
        self.inet = f"inet:{free_port()}@127.0.0.1"
        self.ports = {way: free_port() for way in self.WAYS}
        self.root = self.process = None

    def _mc(self):
        times = "T=C:10s;S:30s;R:30s;E:2m"
        filters = {"unix": "", "inet": ", InputMailFilters=lead-inet",
                   "accept": ", InputMailFilters=lead-accept", "none": ", InputMailFilters="}
        daemons = "\n".join(f"DAEMON_OPTIONS(`Name={way}, Family=inet, Addr=127.0.0.1,"
                            f" Port={self.ports[way]}{filters[way]}')dnl" for way in self.WAYS)
        return f"""divert(0)dnl
include(`{self.root}/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{self.HOST}')dnl
define(`confPID_FILE', `{self.folder}/sendmail.pid')dnl
define(`QUEUE_DIR', `{self.queue}')dnl
define(`ALIAS_FILE', `')dnl
define(`STATUS_FILE', `')dnl
define(`HELP_FILE', `')dnl
define(`confFORWARD_PATH', `')dnl
define(`confCT_FILE', `-o {self.folder}/none')dnl
define(`confCW_FILE', `-o {self.folder}/none')dnl
define(`confSERVICE_SWITCH_FILE', `{self.folder}/service.switch')dnl
define(`confHOSTS_FILE', `{self.folder}/hosts')dnl
define(`confDEF_USER_ID', `nobody:nogroup')dnl
dnl The folder is in /tmp, which everybody may write to.
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
dnl One machine does it all: no load and no number is too high.
define(`confQUEUE_LA', `9999')dnl
define(`confREFUSE_LA', `9999')dnl
define(`confMAX_MESSAGE_SIZE', `62914560')dnl
define(`confTO_IDENT', `0s')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confPRIVACY_FLAGS', `nobodyreturn')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
{daemons}
{snippet(self.socket)}
MAIL_FILTER(`lead-inet', `S={self.inet}, F=T, {times}')dnl
MAIL_FILTER(`lead-accept', `S=local:{self.socket}, {times}')dnl
define(`LOCAL_MAILER_PATH', `/bin/false')dnl
define(`LOCAL_SHELL_PATH', `/bin/false')dnl
MAILER(`local')dnl
dnl n and P: a Return-Path field instead of a From line; 8: 8-bit as it came.
MAILER_DEFINITIONS
Mmaildir,\tP={self.folder}/deliver, F=nPS8, S=0, R=0, T=DNS/RFC822/X-Unix,
\t\tA=deliver $u
LOCAL_RULE_0
R$+ < @ $+ . > $*\t$#maildir $@ {self.HOST} $: $1 @ $2
R$+ < @ $+ > $*\t$#maildir $@ {self.HOST} $: $1 @ $2
"""

    def _submit_mc(self):
        # As Debian's submit.mc: what sendmail(1) is given goes to the server by SMTP.
        return f"""divert(0)dnl
include(`{self.root}/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{self.HOST}')dnl
define(`confPID_FILE', `{self.folder}/submit.pid')dnl
define(`MSP_QUEUE_DIR', `{self.folder}/submit')dnl
define(`STATUS_FILE', `')dnl
define(`confRUN_AS_USER', `nobody:nogroup')dnl
define(`confTRUSTED_USER', `nobody')dnl
define(`confSERVICE_SWITCH_FILE', `{self.folder}/service.switch')dnl
define(`confHOSTS_FILE', `{self.folder}/hosts')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
FEATURE(`nocanonify')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {self.ports["unix"]}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""

    def _deliver(self):
        return f"""#!/bin/sh
set -e
cd {self.mail}/box
file=$(mktemp tmp/XXXXXXXXXXXX)
{{ printf 'Delivered-To: %s\\n' "$1"; cat; }} >"$file" || exit 75
mv "$file" new/ || exit 75
"""

    def _prepare(self):
        nobody = pwd.getpwnam("nobody")
        self.log_file.touch()
        self.log_file.chmod(0o666)  # sendmail(1) runs as nobody
        self.queue.mkdir(mode=0o700)
        (self.folder / "submit").mkdir(mode=0o700)
        os.chown(self.folder / "submit", nobody.pw_uid, nobody.pw_gid)
        (self.folder / "milter").mkdir(mode=0o755)
        for path in (self.mail, self.mail / "box", self.mail / "box/tmp", self.mail / "box/new"):
            path.mkdir(mode=0o755)
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        deliver = self.folder / "deliver"
        deliver.write_text(self._deliver())
        deliver.chmod(0o755)
        (self.folder / "service.switch").write_text("hosts files\naliases files\n")
        (self.folder / "hosts").write_text(f"127.0.0.1 {self.HOST} localhost\n")
        self._make_cf(self.cf, self._mc())
        self._make_cf(self.submit_cf, self._submit_mc())
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.preload, PRELOAD],
                       stdin=subprocess.DEVNULL, check=True, timeout=60)

    def _make_cf(self, cf, text):
        mc = cf.with_suffix(".mc")
        mc.write_text(text)
        made = subprocess.run(["m4", f"-D_CF_DIR_={self.root}/usr/share/sendmail/cf/", mc],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        if made.returncode != 0 or made.stderr:
            raise AssertionError(f"m4 on {mc}: {made.returncode}\n{made.stderr.decode()}")
        cf.write_bytes(made.stdout)

    def _arguments(self, cf, *arguments):
        return [self.root / "usr/libexec/sendmail/sendmail", "-C", cf, *map(str, arguments)]

    def _env(self):
        libraries = {str(path.parent) for path in self.root.glob("usr/lib/**/*.so*")} \
            | {str(path.parent) for path in self.root.glob("lib/**/*.so*")}
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                "LD_LIBRARY_PATH": ":".join(sorted(libraries)), "LD_PRELOAD": str(self.preload),
                "PRELOAD_HOST": self.HOST, "PRELOAD_LOG": str(self.log_file)}

    def start(self):
        self.root = unpacked("sendmail")
        self._prepare()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self._arguments(self.cf, "-bD", "-q10s"), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self._env(), start_new_session=True)
        for way in self.WAYS:
            def ready():
                if self.process.poll() is not None:
                    raise AssertionError(f"sendmail left with {self.process.returncode}:\n"
                                         + self.log())
                return answers(f"inet:{self.ports[way]}@127.0.0.1")
            wait_for(ready, 20, lambda: f"Sendmail's port {way}:\n{self.log()}")
        return self

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def sendmail(self, mail, recipients, sender="ada@example.net"):
        """The local way in: to "unix"."""
        done = subprocess.run(
            self._arguments(self.submit_cf, "-i", "-f", sender, "--", *recipients), input=mail,
            capture_output=True, timeout=60, env=self._env())
        if done.returncode != 0:
            raise AssertionError(f"sendmail left with {done.returncode}:\n"
                                 f"{done.stdout.decode()}{done.stderr.decode()}\n{self.log()}")

    def smtp(self, way="unix"):
        return Smtp(self.ports[way])

    def send(self, mail, recipients=(LEADS,), sender="ada@example.net", way="unix", **options):
        """One mail over one connection; the answer to its end of data."""
        with self.smtp(way) as smtp:
            return smtp.send(mail, recipients, sender, **options)

    def waiting(self):
        """The queue's files: mail that is being taken, delivered or tried again."""
        return [path for path in self.queue.iterdir() if path.is_file()]

    def clear(self):
        """No mail in the queue, none delivered."""
        # Delivery is by processes of their own, which are at it for a moment after the mail's file
        # is there.
        wait_for(lambda: not self.waiting(), 20, lambda: f"an empty queue:\n{self.log()}")
        for path in self.delivered_files():
            path.unlink(missing_ok=True)

    def delivered_files(self):
        return sorted((self.mail / "box/new").glob("*"))

    def delivered(self):
        return [Delivered(path.read_bytes(), self.HOST) for path in self.delivered_files()]

    def wait_delivered(self, number, seconds=30):
        """Exactly so many deliveries, none of them still in the queue."""
        wait_for(lambda: len(self.delivered_files()) >= number and not self.waiting(), seconds,
                 lambda: f"{number} deliveries, there are {len(self.delivered_files())}:\n"
                         + self.log()[-3000:])
        mails = self.delivered()
        assert len(mails) == number, f"{len(mails)} deliveries instead of {number}"
        return mails

    def log(self):
        """What it said, and its queue."""
        text = self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""
        for path in self.waiting():
            if path.name.startswith("qf"):
                text += f"{path.name}:\n{path.read_text('utf-8', 'replace')}"
        return text
