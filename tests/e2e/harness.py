"""The real programs on loopback, for the end-to-end tests and contrib/quickstart.

House    one lead-milter and one lead-submit with their configuration, queue and token,
         in a folder of their own.
Postfix  a private Postfix: own configuration, queue, log and ports, delivery into one Maildir.
         It reads and writes nothing of the system's own.
Smtp     a client that sends exactly the bytes it is given.

Nothing sleeps in the hope that something is ready: wait_for asks until a time limit.
Standard library only.
"""

import contextlib
import functools
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.c2VjcmV0LXRva2Vu"
DOMAIN = "example.com"
LEADS = "leads@example.com"  # the mailbox of a House's configuration
OTHER = "office@example.com"  # a mailbox that lead-milter has nothing to do with

# What a sanitizer says when it found something.
SANITIZER = re.compile(rb"(?:ERROR|WARNING|FATAL): (?:Address|Leak|Thread|Memory)Sanitizer|runtime error:")


# Of the people in inquiry() and the samples; the token as well.
PERSONAL = re.compile(r"Lovelace|ada\.\d+@|\b555-01|Fulton|Analytical|Hopper|Turing|c2VjcmV0LXRva2Vu")


def build_dir():
    """The build under test: LEAD_BUILD."""
    path = os.environ.get("LEAD_BUILD")
    if not path:
        raise RuntimeError("LEAD_BUILD must name the build folder (make check-e2e sets it)")
    return Path(path).resolve()


def unpacked(name):
    """The folder that sendmail or promtool is unpacked in, which is done if it is missing."""
    folder = build_dir() / f"build-{name}"
    if not folder.exists():
        done = subprocess.run(["bash", "-c", '. "$1" && unpack_$2 "$3"', name,
                               SOURCE / "contrib/common.sh", name, folder],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"no {name}: {done.stderr.decode('utf-8', 'replace')}")
    return folder


def program(name):
    path = build_dir() / "src" / name
    if not path.exists():
        raise RuntimeError(f"{path} is not built")
    return str(path)


@functools.cache
def sanitizer_env():
    """What the programs' sanitizers, if the build has any, are to be told. With ThreadSanitizer
    GLib's locks as well, see tests/tsan/glib-locks.c."""
    env = {"LSAN_OPTIONS": "exitcode=23", "UBSAN_OPTIONS": "print_stacktrace=1"}
    if re.search(r"^SAN_FLAGS = .*sanitize=thread", (build_dir() / "Makefile").read_text(), re.M):
        library = build_dir() / "glib-locks.so"
        subprocess.run(f"cc -shared -fPIC -O1 -o {library} {SOURCE}/tests/tsan/glib-locks.c"
                       " $(pkg-config --cflags --libs glib-2.0) -ldl", shell=True, check=True)
        env["LD_PRELOAD"] = str(library)
        env["G_SLICE"] = "always-malloc"  # a slice goes from thread to thread unseen
        env["TSAN_OPTIONS"] = f"exitcode=23 suppressions={SOURCE}/tests/tsan/suppressions"
    return env


def environment():
    """What our programs run in."""
    return {**os.environ, **sanitizer_env()}


def free_port():
    """Below those that the system gives to clients, so that none of them takes it; at random, since
    tests of two builds may run at once."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def wait_for(check, seconds=15, what="the expected", pause=0.02):
    """The first true value that check() returns; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(pause)


def temporary_folder():
    """Short, since a unix socket's path has at most 107 bytes; open to Postfix's user."""
    path = Path(tempfile.mkdtemp(prefix="lm.", dir="/tmp"))
    path.chmod(0o755)
    return path


def connect(address):
    """A connected socket for "unix:PATH" or "inet:PORT@HOST"."""
    kind, _, rest = address.partition(":")
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(rest)
        return s
    port, _, host = rest.partition("@")
    return socket.create_connection((host or "127.0.0.1", int(port)))


def answers(address):
    try:
        connect(address).close()
        return True
    except OSError:
        return False


class Daemon:
    """One of our daemons in the foreground, its standard error in a file."""

    def __init__(self, name, config, log, ready=None, pass_fds=(), env=None):
        self.name, self.config, self.log_file, self.ready = name, config, Path(log), ready
        self.pass_fds, self.env, self.arguments = pass_fds, dict(env or {}), []
        self.wrapper = []  # a command that starts it
        self.process = None

    def start(self, wait=True):
        env = {**environment(), **self.env}
        preloads = [e["LD_PRELOAD"] for e in (self.env, sanitizer_env()) if "LD_PRELOAD" in e]
        if preloads:
            env["LD_PRELOAD"] = ":".join(preloads)
        options = {}
        if os.geteuid() == 0:
            # As under systemd: the socket belongs to Postfix's group, which may use it.
            options["group"] = pwd.getpwnam("postfix").pw_gid
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, program(self.name), "-c", str(self.config), "-f", *self.arguments], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=env, umask=0o007, pass_fds=self.pass_fds,
                start_new_session=True, **options)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=20):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} left with {self.process.returncode}:\n"
                                     + self.log())
            return self.ready() if self.ready else True
        wait_for(ready, seconds, lambda: f"{self.name} to be ready:\n{self.log()}")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=20):
        """SIGTERM; the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds=20):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not leave within {seconds} s:\n" + self.log())

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    def restart(self):
        self.stop()
        return self.start()

    def log(self):
        try:
            return self.log_file.read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def check_privacy(self):
        """No log line, at whatever level, holds what inquiry() put into a mail."""
        found = PERSONAL.search(self.log())
        if found:
            raise AssertionError(f"{self.name} logged \"{found.group()}\":\n{self.log()}")

    def check_sanitizers(self):
        if self.log_file.exists() and SANITIZER.search(self.log_file.read_bytes()):
            raise AssertionError(f"a sanitizer's report in {self.name}:\n{self.log()}")


def inquiry(number=1, subject="Roof inspection", extra="", text="", message_id=True):
    """A plain inquiry, a different person for each number; bytes with LF line ends."""
    name = f"Ada Lovelace{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}"
    identity = f"Message-ID: <inquiry-{number}@forms.example.net>\n" if message_id else ""
    return f"""From: {name} <ada.{number}@example.net>
To: {LEADS}
Subject: {subject} {number}
Date: Mon, 06 Jul 2026 10:00:00 -0500
{identity}{extra}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Name: {name}
Company: Analytical Engines {number} LLC
Phone: (312) 555-01{number % 100:02d}
Email: ada.{number}@example.net
Property Address: {100 + number} W Fulton Market, Chicago, IL 60607
Message: Please have a look at the flat roof, it leaks at the north side ({number}).
{text}""".encode()


def yaml(value):
    """JSON is YAML: what a test hands in is written as it is."""
    return json.dumps(value, ensure_ascii=False)


class House:
    """Configuration, queue and token in one folder, and the two daemons that work on them.

    `endpoint` and `ca_file` are the API's. configure() takes any key of lead-milter.yaml(5) and
    rewrites the file; None leaves a key out.
    """

    def __init__(self, folder, endpoint="https://127.0.0.1:1/a/leads", ca_file=None, listen=None):
        self.folder = Path(folder)
        self.config = self.folder / "lead-milter.yaml"
        self.queue_file = self.folder / "queue.db"
        self.token_file = self.folder / "token"
        self.listen = listen or f"unix:{self.folder}/milter.sock"
        self.endpoint, self.ca_file = endpoint, ca_file
        self.token_file.touch(0o600)
        self.token_file.write_text(TOKEN + "\n")
        self.configure()
        self.milter = Daemon("lead-milter", self.config, self.folder / "lead-milter.log",
                             ready=lambda: answers(self.listen))
        self.submit = Daemon("lead-submit", self.config, self.folder / "lead-submit.log",
                             ready=lambda: self.submit.log_file.stat().st_size > 0)

    def settings(self):
        account = {"name": "main", "endpoint": self.endpoint, "token_file": str(self.token_file)}
        if self.ca_file:
            account["ca_file"] = str(self.ca_file)
        return {
            "listen": self.listen,
            "rules": str(SOURCE / "rules"),
            "queue": f"sqlite:{self.queue_file}",
            "authserv_id": "mx.example.com",
            "own_domains": [DOMAIN],
            "on_error": "tempfail",
            "accounts": [account],
            "mailboxes": [{"recipient": [LEADS, "@inquiries.example.com"], "account": "main",
                           "defaults": {"opportunity.leadType": "Email"}}],
            "submit": {"concurrency": 4, "timeout": "5s", "give_up_after": "5d"},
        }

    def configure(self, **changes):
        settings = {**self.settings(), **changes}
        if changes.get("listen"):
            self.listen = changes["listen"]
        text = "".join(f"{key}: {yaml(value)}\n" for key, value in settings.items()
                       if value is not None)
        new = self.config.with_suffix(".new")
        new.write_text(text)
        new.rename(self.config)

    def leadctl(self, *arguments, status=0, stdin=None):
        """Standard output of leadctl with this configuration; asserts its exit status."""
        done = subprocess.run([program("leadctl"), "-c", str(self.config), *map(str, arguments)],
                              input=stdin, capture_output=True, timeout=60,
                              env=environment())
        assert not SANITIZER.search(done.stderr), done.stderr.decode("utf-8", "replace")
        if status is not None:
            assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout.decode("utf-8")

    def queue(self, *arguments):
        """`leadctl --json queue list` as a list of objects."""
        text = self.leadctl("--json", "queue", "list", *arguments).strip()
        if not text:
            return []
        if text.startswith("["):
            return json.loads(text)
        return [json.loads(line) for line in text.splitlines()]

    def states(self):
        """{state: number of leads}."""
        count = {}
        for item in self.queue():
            count[item["state"]] = count.get(item["state"], 0) + 1
        return count

    def wait_states(self, seconds=15, **wanted):
        wait_for(lambda: self.states() == wanted, seconds,
                 lambda: f"the queue to be {wanted}, it is {self.states()}\n{self.submit.log()}",
                 pause=0.1)

    def logs(self):
        return self.milter.log() + self.submit.log()

    def close(self):
        """Stop both; asserts that they leave in order and that no sanitizer complained."""
        try:
            stopped = {d.name: d.stop() for d in (self.milter, self.submit) if d.running()}
        finally:
            for daemon in (self.milter, self.submit):
                if daemon.running():
                    daemon.kill9()
        for daemon in (self.milter, self.submit):
            daemon.check_sanitizers()
            daemon.check_privacy()
        for name, status in stopped.items():
            assert status == 0, f"{name} left with {status}:\n{self.logs()}"


class Postfix:
    """A private Postfix with one smtpd for each way in that a test may want.

    ports: "unix" and "inet" ask lead-milter (at self.unix and self.inet), "accept" asks with
    milter_default_action=accept, "none" asks nobody, "relay" takes mail without a milter and
    its smtp client brings it to "unix", trying again every second or two while that says 4xx;
    "dkim" asks whoever listens at self.dkim first, then lead-milter.
    sendmail() is the local way in (non_smtpd_milters, at self.unix).
    Every mail for example.com and its sisters is delivered into one Maildir.
    """

    DOMAINS = "example.com inquiries.example.com example.net xn--bcher-kva.example"
    WAYS = ("unix", "inet", "accept", "none", "relay", "dkim")
    HOST = "mx.postfix.example"  # in no sample's Received fields

    def __init__(self, folder):
        self.folder = Path(folder)
        self.etc = self.folder / "etc"
        self.mail = self.folder / "mail"
        self.log_file = self.folder / "postfix.log"
        self.unix = f"unix:{self.folder}/milter/sock"
        self.dkim = f"unix:{self.folder}/milter/dkim"
        self.inet = f"inet:{free_port()}@127.0.0.1"
        self.ports = {way: free_port() for way in self.WAYS}

    def _postfix_milter(self, address):
        if address.startswith("unix:"):
            return address
        port, _, host = address[len("inet:"):].partition("@")
        return f"inet:{host}:{port}"

    def _main_cf(self, nobody):
        return f"""compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
maillog_file = {self.log_file}
maillog_file_prefixes = {self.folder}
myhostname = {self.HOST}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtputf8_enable = yes
biff = no
local_header_rewrite_clients =
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_recipient_limit = 2000
message_size_limit = 62914560
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = {self.DOMAINS}
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
smtp_destination_concurrency_failed_cohort_limit = 0
smtp_destination_concurrency_limit = 8
initial_destination_concurrency = 8
milter_protocol = 6
milter_default_action = tempfail
milter_connect_timeout = 10s
milter_command_timeout = 30s
milter_content_timeout = 60s
smtpd_milters =
non_smtpd_milters = {self._postfix_milter(self.unix)}
"""

    def _master_cf(self):
        unix, inet = self._postfix_milter(self.unix), self._postfix_milter(self.inet)
        options = {
            "unix": f"-o smtpd_milters={unix}",
            "inet": f"-o smtpd_milters={inet}",
            "accept": f"-o smtpd_milters={unix} -o milter_default_action=accept",
            "none": "",
            "dkim": f"-o smtpd_milters={self.dkim},{unix}",
            "relay": f"-o content_filter=smtp:[127.0.0.1]:{self.ports['unix']}",
        }
        # A name of its own for each, or the smtp client sees a mail loop.
        smtpds = [f"127.0.0.1:{self.ports[way]} inet n - n - - smtpd"
                  f" -o myhostname={way}.{self.HOST} {options[way]}" for way in self.WAYS]
        return "\n".join(smtpds) + """
pickup    unix n - n 1 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 1 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

    def start(self):
        nobody, postfix = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
        for path in (self.etc, self.folder / "queue", self.mail, self.folder / "milter"):
            path.mkdir(mode=0o755, exist_ok=True)
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
        os.chown(self.folder / "data", postfix.pw_uid, postfix.pw_gid)
        os.chown(self.mail, nobody.pw_uid, nobody.pw_gid)
        (self.etc / "main.cf").write_text(self._main_cf(nobody))
        (self.etc / "master.cf").write_text(self._master_cf())
        self._run("postfix", "-c", self.etc, "start")
        for way in self.WAYS:
            wait_for(lambda: answers(f"inet:{self.ports[way]}@127.0.0.1"), 20,
                     lambda: f"Postfix's port {way}:\n{self.log()}")
        return self

    def stop(self):
        if (self.folder / "queue/pid/master.pid").exists():
            self._run("postfix", "-c", self.etc, "stop", check=False)

    def _run(self, command, *arguments, check=True, stdin=None):
        env = dict(os.environ, PATH="/usr/sbin:/usr/bin:/sbin:/bin", MAIL_CONFIG=str(self.etc))
        done = subprocess.run([f"/usr/sbin/{command}", *map(str, arguments)], input=stdin,
                              capture_output=True, timeout=60, env=env)
        if check and done.returncode != 0:
            raise AssertionError(f"{command} {arguments}: {done.returncode}\n"
                                 f"{done.stdout.decode()}{done.stderr.decode()}\n{self.log()}")
        return done.stdout

    def sendmail(self, mail, recipients, sender="ada@example.net"):
        self._run("sendmail", "-C", self.etc, "-i", "-f", sender, "--", *recipients, stdin=mail)

    def smtp(self, way="unix"):
        return Smtp(self.ports[way])

    def send(self, mail, recipients=(LEADS,), sender="ada@example.net", way="unix", **options):
        """One mail over one connection; the answer to its end of data."""
        with self.smtp(way) as smtp:
            return smtp.send(mail, recipients, sender, **options)

    def clear(self):
        """No mail in the queue, none delivered."""
        self._run("postsuper", "-c", self.etc, "-d", "ALL")
        for path in self.delivered_files():
            path.unlink(missing_ok=True)

    def delivered_files(self):
        return sorted((self.mail / "box/new").glob("*"))

    def delivered(self):
        return [Delivered(path.read_bytes()) for path in self.delivered_files()]

    def wait_delivered(self, number, seconds=30):
        """Exactly so many deliveries, none of them still in the queue."""
        wait_for(lambda: len(self.delivered_files()) >= number, seconds,
                 lambda: f"{number} deliveries, there are {len(self.delivered_files())}:\n"
                         + self.log()[-3000:])
        mails = self.delivered()
        assert len(mails) == number, f"{len(mails)} deliveries instead of {number}"
        return mails

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            return self.log_file.read_text("utf-8", "replace")
        return ""


class Delivered:
    """A mail as it was delivered.

    bytes      all of it
    recipient  whose it is (Delivered-To)
    original   what the sender sent as far as it is still there: without the fields that delivery
               puts on top and without the Received fields of this server
    """

    OURS = re.compile(rb"(?:(?:Return-Path|X-Original-To|Delivered-To|Received):[^\n]*\n"
                      rb"(?:[ \t][^\n]*\n)*)", re.I)

    def __init__(self, content, host=Postfix.HOST):
        self.bytes = content
        rest = content
        self.recipient = None
        while (match := self.OURS.match(rest)):
            name, _, value = match.group().partition(b":")
            if name.lower() == b"delivered-to":
                self.recipient = value.strip().decode("utf-8", "replace")
            if name.lower() == b"received" and host.encode() not in value:
                break
            rest = rest[match.end():]
        self.original = rest

    @property
    def head(self):
        if self.original.startswith(b"\n"):
            return b""
        head, end, _ = self.original.partition(b"\n\n")
        return head + end[:1]

    def header(self, name):
        """All values of a field, unfolded."""
        pattern = rb"^%s:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)" % re.escape(name.encode())
        return [re.sub(rb"\n[ \t]+", b" ", v).strip().decode("utf-8", "replace")
                for v in re.findall(pattern, self.head, re.I | re.M)]

    @property
    def lead_ids(self):
        return self.header("X-Lead-Id")

    def without_lead_id(self):
        head = self.head
        return re.sub(rb"^X-Lead-Id:[^\n]*\n(?:[ \t][^\n]*\n)*", b"", head,
                      flags=re.I | re.M) \
            + self.original[len(head):]


class SmtpError(Exception):
    def __init__(self, reply):
        super().__init__(reply)
        self.code = int(reply[:3])


class Smtp:
    """A raw SMTP client: mails are bytes, sent as they are but for line ends and dots.

    LF becomes CRLF and a leading dot is doubled; a CR that stands alone stays.
    """

    def __init__(self, port, timeout=120):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.socket.makefile("rb")
        self._reply(220)
        self.features = self.command("EHLO client.example.net", 250)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError, SmtpError):
            self.socket.sendall(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self.file.close()
            self.socket.close()

    def _reply(self, expected=None):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("the server closed the connection")
            lines.append(line.decode("utf-8", "replace").rstrip())
            if line[3:4] != b"-":
                break
        reply = "\n".join(lines)
        if expected and int(lines[-1][:3]) // 100 != expected // 100:
            raise SmtpError(lines[-1])
        return reply

    def command(self, text, expected=None):
        self.socket.sendall(text.encode("utf-8") + b"\r\n")
        return self._reply(expected)

    @staticmethod
    def stuffed(mail):
        mail = re.sub(rb"\r?\n", b"\r\n", mail)
        mail = re.sub(rb"^\.", b"..", mail, flags=re.M)
        return mail + (b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n")

    def _envelope(self, recipients, sender, utf8):
        body = " BODY=8BITMIME" + (" SMTPUTF8" if utf8 else "")
        return [f"MAIL FROM:<{sender}>{body}"] + [f"RCPT TO:<{r}>" for r in recipients] + ["DATA"]

    def send(self, mail, recipients=(LEADS,), sender="ada@example.net", utf8=False):
        """The final reply; SmtpError for any answer of 4xx or 5xx."""
        for command in self._envelope(recipients, sender, utf8)[:-1]:
            self.command(command, 250)
        self.command("DATA", 354)
        self.socket.sendall(self.stuffed(mail))
        return self._reply(250)

    def send_pipelined(self, mails, recipients=(LEADS,), sender="ada@example.net"):
        """Many mails over this connection; envelopes are sent in one piece (RFC 2920)."""
        replies = []
        for mail in mails:
            commands = self._envelope(recipients, sender, False)
            self.socket.sendall("".join(c + "\r\n" for c in commands).encode())
            for _ in commands[:-1]:
                self._reply(250)
            self._reply(354)
            self.socket.sendall(self.stuffed(mail))
            replies.append(self._reply(250))
        return replies


def remove_folder(path):
    shutil.rmtree(path, ignore_errors=True)
