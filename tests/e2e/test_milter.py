"""lead-milter on its socket: what it asks for, what it answers, and peers that misbehave."""

import contextlib
import os
import random
import resource
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import threading
import time
import uuid

import pytest

import harness
from harness import LEADS, OTHER, wait_for
from milterclient import (ACCEPT, ADDHDRS, CHGHDRS, CHUNK, CONTINUE, SETSYMLIST, SKIP, Closed,
                          Milter, Packet, VERSION_2_ACTIONS, VERSION_2_STEPS)

RULES = """source: {source}
when: {{subject: 'roof'}}
fields:
  contact.name: {{label: Name}}
  company.name: {{label: Company}}
"""
IGNORE = "source: ignored\nwhen: {subject: 'no inquiry'}\naction: ignore\n"


def mail(number=1, extra="", body="", subject="Leaking roof"):
    return f"""From: Ada Lovelace <ada.{number}@example.net>
To: {LEADS}
Subject: {subject} {number}
Message-ID: <milter-{number}@forms.example.net>
{extra}Content-Type: text/plain; charset=utf-8

Name: Ada Lovelace
Company: Engines {number} LLC
{body}""".replace("\n", "\r\n").encode()


class Box:
    """lead-milter with a small set of rules of its own, and its queue as seen from outside."""

    def __init__(self, house, place):
        self.house, self.milter = house, house.milter
        self.rules = place / "rules"
        self.rules.mkdir()
        (self.rules / "centerpoint.yaml").write_bytes(
            (harness.SOURCE / "rules/centerpoint.yaml").read_bytes())
        (self.rules / "00-ignore.yaml").write_text(IGNORE)
        self.write_rules("first")
        self.configure()

    def write_rules(self, source, more=""):
        (self.rules / "10-test.yaml").write_text(RULES.format(source=source) + more)

    def configure(self, **changes):
        self.house.configure(**{"rules": str(self.rules), "listen": self.house.listen, **changes})

    def start(self, **changes):
        self.configure(**changes)
        self.milter.start()
        return self

    def connect(self, **options):
        return Milter(self.house.listen, **options)

    def leads(self):
        """[(id, source, state, payload, queue id)], oldest first."""
        db = sqlite3.connect(self.house.queue_file, timeout=10)
        try:
            return db.execute("SELECT id, source, state, payload, queue_id FROM leads"
                              " ORDER BY seq").fetchall()
        finally:
            db.close()

    def pid(self):
        return self.milter.process.pid

    def wait_log(self, text, number=1):
        wait_for(lambda: self.milter.log().count(text) >= number, 10,
                 lambda: f"{text!r} in the log:\n{self.milter.log()}")

    def reload(self, expected):
        number = self.milter.log().count(expected) + 1
        self.milter.reload()
        self.wait_log(expected, number)

    def makes_a_lead(self, number=999):
        """As good as on the first day: over a new connection, one lead more."""
        before = len(self.leads())
        with self.connect() as milter:
            outcome = milter.deliver(mail(number))
        assert outcome.answer == CONTINUE, outcome
        leads = self.leads()
        assert len(leads) == before + 1
        assert outcome.lead_ids == [leads[-1][0]]
        return leads[-1]


@pytest.fixture
def idle(house, place):
    """Not started."""
    return Box(house, place)


@pytest.fixture
def box(idle):
    return idle.start()


# What is asked for and answered.

def test_only_the_needed_steps_are_asked_for(box):
    with box.connect() as milter:
        assert milter.agreed_steps == {"NOCONNECT", "NOHELO", "NOUNKNOWN", "NR_EOH", "NR_MAIL",
                                       "NR_RCPT", "NR_HDR", "SKIP", "HDR_LEADSPC"}
        assert milter.actions == ADDHDRS | CHGHDRS | SETSYMLIST
        assert [names for names in milter.macros.values() if names] == ["i"]


def test_an_inquiry_becomes_a_lead(box):
    with box.connect() as milter:
        outcome = milter.deliver(mail(1), queue_id="4ZQ2abc")
    (key, source, state, payload, queue_id), = box.leads()
    assert outcome.answer == CONTINUE
    assert outcome.added == [("X-Lead-Id", key)]
    assert (outcome.removed, outcome.other) == ([], [])
    assert str(uuid.UUID(key)) == key
    assert (source, state, queue_id) == ("first", "pending", "4ZQ2abc")
    assert "Engines 1 LLC" in payload
    assert f"4ZQ2abc: source=first account=main lead={key} new" in box.milter.log()


def test_a_lead_the_rules_are_not_sure_of_waits_for_somebody_to_look(idle):
    """No way to reach her was found: 20 % sure."""
    idle.start(hold_below=50)
    with idle.connect() as milter:
        outcome = milter.deliver(mail(1))
    (key, _, state, _, _), = idle.leads()
    assert (outcome.answer, outcome.added, state) == (CONTINUE, [("X-Lead-Id", key)], "held")
    told = idle.house.leadctl("queue", "show", key)
    assert "20 % sure, which is below hold_below: neither an email nor a phone was found" in told
    idle.house.leadctl("queue", "release", key)
    assert idle.leads()[0][2] == "pending"


def test_mail_for_others_is_let_go_at_data(box):
    with box.connect() as milter:
        for number in range(3):
            outcome = milter.deliver(mail(number), [OTHER])
            assert (outcome.step, outcome.answer) == ("DATA", ACCEPT)
            assert outcome.sent == {"MAIL": 1, "RCPT": 1, "DATA": 1}
        assert milter.silent()
    assert box.leads() == []


@pytest.mark.parametrize("recipients", [[OTHER, LEADS], ["LEADS@Example.COM"],
                                        ['"leads"@example.com'],
                                        ["roof+7@inquiries.example.com", LEADS, LEADS]])
def test_one_recipient_of_ours_is_enough_for_one_lead(box, recipients):
    with box.connect() as milter:
        assert len(milter.deliver(mail(), recipients).lead_ids) == 1
    assert len(box.leads()) == 1


def test_mail_to_an_extension_is_the_mailboxs_with_its_delimiter(idle):
    extended = "leads+web@example.com"
    box = idle.start()
    with box.connect() as milter:
        assert (milter.deliver(mail(), [extended]).answer) == ACCEPT
    box.configure(recipient_delimiter="+")
    box.reload("reloaded")
    with box.connect() as milter:
        assert len(milter.deliver(mail(), [extended]).lead_ids) == 1


def test_more_recipients_than_are_remembered(box):
    with box.connect() as milter:
        everybody = [f"r{n}@inquiries.example.com" for n in range(5000)]
        assert len(milter.deliver(mail(), everybody).lead_ids) == 1


def test_two_accounts_are_two_leads_and_two_headers(idle, house):
    account = house.settings()["accounts"][0]
    box = idle.start(accounts=[account, {**account, "name": "west"}], mailboxes=[
        {"recipient": LEADS, "account": "main"},
        {"recipient": "west@example.com", "account": "west"}])
    with box.connect() as milter:
        outcome = milter.deliver(mail(), ["west@example.com", LEADS])
    assert len(outcome.lead_ids) == 2
    assert outcome.lead_ids == [lead[0] for lead in box.leads()]


def test_the_same_mail_again_has_the_same_lead(box):
    with box.connect() as milter:
        first, second = milter.deliver(mail(5)), milter.deliver(mail(5))
    assert first.lead_ids == second.lead_ids
    assert len(box.leads()) == 1
    box.wait_log("duplicate")


def test_ignored_mail_has_no_header_but_loses_a_forged_one(box):
    with box.connect() as milter:
        outcome = milter.deliver(mail(subject="no inquiry", extra="X-Lead-Id: x\n"))
    assert (outcome.answer, outcome.added) == (CONTINUE, [])
    assert outcome.removed == [("X-Lead-Id", 1)]
    assert box.leads() == []


def test_every_forged_header_is_removed(box):
    forged = "X-Lead-Id: 11111111-2222-3333-4444-555555555555\n"
    with box.connect() as milter:
        outcome = milter.deliver(mail(
            extra=forged + "x-LEAD-id: again\nX-Lead-Identity: mine\nX-Lead-Id : spaced\n"))
    assert [index for _, index in outcome.removed] == [3, 2, 1]
    assert {name for name, _ in outcome.removed} == {"X-Lead-Id"}
    assert len(outcome.lead_ids) == 1 and not outcome.lead_ids[0].startswith("11111111")
    assert outcome.other == []


def test_a_forged_header_beyond_the_limit_is_removed(idle):
    box = idle.start(limits={"message": "64K"})
    with box.connect() as milter:
        outcome = milter.deliver(mail(extra=f"X-Long: {'x' * 60000}\n" * 2 + "X-Lead-Id: 1\n"))
    assert len(outcome.removed) == 1
    assert len(outcome.lead_ids) == 1


def test_without_a_queue_id(box):
    with box.connect() as milter:
        assert len(milter.deliver(mail(), queue_id=None).lead_ids) == 1
    assert box.leads()[0][4] is None


def test_a_hostile_queue_id_makes_no_log_line_of_its_own(box):
    with box.connect() as milter:
        milter.deliver(mail(), queue_id="4ZQ\n2099-01-01 lead-milter: forged line" + "x" * 500)
    assert "\n2099" not in box.milter.log()
    assert "x" * 100 not in box.milter.log()


@pytest.mark.parametrize("version, actions, steps", [
    (2, VERSION_2_ACTIONS, VERSION_2_STEPS),
    (6, ADDHDRS | CHGHDRS, VERSION_2_STEPS),
    (6, 0x1FF, 0x3FF),
])
def test_an_mta_that_can_do_less(box, version, actions, steps):
    with box.connect(version=version, actions=actions, steps=steps) as milter:
        for number in range(3):
            foreign = milter.deliver(mail(number), [OTHER])
            assert foreign.answer == ACCEPT
            assert foreign.sent.get("BODY", 0) == 0 and foreign.sent.get("HEADER", 0) <= 1
            outcome = milter.deliver(mail(number, extra="X-Lead-Id: 1\n"))
            assert (outcome.answer, len(outcome.lead_ids)) == (CONTINUE, 1)
            assert outcome.removed == [("X-Lead-Id", 1)]
    assert ["Engines 0" in box.leads()[0][3], len(box.leads())] == [True, 3]


# Many mails on a connection, RSET anywhere.

def test_many_mails_over_one_connection(box):
    with box.connect() as milter:
        for number in range(100):
            ours = number % 3 != 0
            outcome = milter.deliver(mail(number), [LEADS if ours else OTHER])
            assert len(outcome.lead_ids) == (1 if ours else 0)
    assert len(box.leads()) == 66


def test_rset_anywhere(box):
    steps = [lambda m: m.envelope(recipients=[]),
             lambda m: m.envelope(),
             lambda m: m.command("DATA"),
             lambda m: m.header(b"X-Lead-Id", b" forged"),
             lambda m: m.headers(mail(500)),
             lambda m: m.body(b"Name: Somebody Else\r\n" * 10000)]
    with box.connect() as milter:
        milter.abort()
        for cut in range(1, len(steps) + 1):
            for step in steps[0 if cut == 1 else 1:cut]:
                assert step(milter).code == CONTINUE
            milter.abort()
            if cut % 2:
                milter.abort()
            outcome = milter.deliver(mail(cut))
            assert len(outcome.lead_ids) == 1 and outcome.removed == []
    leads = box.leads()
    assert len(leads) == len(steps)
    assert all("Ada Lovelace" in lead[3] and "Somebody" not in lead[3] for lead in leads)


def test_rset_takes_the_recipients_along(box):
    with box.connect() as milter:
        milter.envelope()
        milter.abort()
        assert milter.deliver(mail(), [OTHER]).answer == ACCEPT
        milter.envelope()
        # A second MAIL with no RSET between; no MTA does that.
        assert milter.deliver(mail(), [OTHER]).answer == ACCEPT
    assert box.leads() == []


def test_connect_and_close_without_a_word(box):
    descriptors = f"/proc/{box.pid()}/fd"
    box.makes_a_lead(1)
    before = len(os.listdir(descriptors))
    for _ in range(300):
        harness.connect(box.house.listen).close()
    for _ in range(50):
        box.connect().quit()
    box.makes_a_lead(2)
    wait_for(lambda: len(os.listdir(descriptors)) <= before, 10, "the descriptors to be closed")


def test_many_connections_at_once(box):
    done, errors = [], []

    def work(worker):
        try:
            with box.connect() as milter:
                for number in range(20):
                    done.extend(milter.deliver(mail(worker * 100 + number)).lead_ids)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(done)) == len(done) == len(box.leads()) == 240


# What is read at once, and in pieces.

def recorded(milter, number):
    """The bytes of a whole mail, macros and all, without an answer awaited."""
    sent = []
    milter.send = lambda code, data=b"": sent.append(
        struct.pack("!I", len(data) + 1) + code.encode() + data)
    milter.read = lambda: Packet(CONTINUE, b"")
    milter.envelope()
    milter.command("DATA")
    milter.headers(mail(number))
    milter.body(mail(number).partition(b"\r\n\r\n")[2])
    milter.macro("EOM", i=f"Q{number}")
    milter.send("E")
    del milter.send, milter.read
    return b"".join(sent)


@pytest.mark.parametrize("piece", [1, 7, 1000, 16 << 10, 1 << 20])
def test_mails_are_the_same_in_whatever_pieces_they_come(box, piece):
    numbers = range(1, 4 if piece < 1000 else 31)
    with box.connect() as milter:
        stream = b"".join(recorded(milter, number) for number in numbers)
        for at in range(0, len(stream), piece):
            milter.socket.sendall(stream[at:at + piece])
        for number in numbers:
            # DATA, a chunk of the body, the header field, the end
            assert [milter.read().code for _ in range(4)] == [CONTINUE, CONTINUE, "h", CONTINUE]
        assert milter.silent()
    for number, (_, _, _, payload, queue_id) in zip(numbers, box.leads(), strict=True):
        assert f"Engines {number} LLC" in payload
        assert queue_id == f"Q{number}"


@pytest.mark.parametrize("last", [b"Q", b"X"], ids=["quit", "unknown"])
def test_what_a_connection_leaves_unread_is_nobody_elses(box, last):
    for number in range(1, 6):
        with box.connect() as milter:
            milter.socket.sendall(struct.pack("!I", 1) + last + recorded(milter, 100 + number))
            with contextlib.suppress(ConnectionResetError):
                while milter.socket.recv(65536):
                    pass
        with box.connect() as milter:
            assert len(milter.deliver(mail(number)).lead_ids) == 1
    assert [f"Engines {number} LLC" in lead[3] for number, lead in
            zip(range(1, 6), box.leads(), strict=True)] == [True] * 5


# Limits, and peers that break off or never end.

@pytest.mark.parametrize("bare", [b"\r\n\r\n", b"\r\n\r\nPlease call me about the roof.\r\n"])
def test_a_mail_without_a_header_field_gets_its_answer(box, bare):
    with box.connect(timeout=5) as milter:
        assert milter.deliver(bare).answer == CONTINUE
        assert len(milter.deliver(mail(2)).lead_ids) == 1


def test_at_the_limit_the_rest_is_not_wanted(idle):
    box = idle.start(limits={"message": "100K"})
    with box.connect() as milter:
        outcome = milter.deliver(mail(body="All about the roof.\n" * 100000))
        assert outcome.body <= 100 * 1024 + 2 * CHUNK
        assert len(outcome.lead_ids) == 1
        assert len(milter.deliver(mail(2)).lead_ids) == 1
    assert "Engines 1 LLC" in box.leads()[0][3]
    assert "limits.message" in box.milter.log()


def test_a_whole_mail_of_exactly_the_limit_is_not_cut(idle):
    limit = 64 << 10

    def padded(number, length):
        return mail(number) + b"x" * (length - len(mail(number)))

    box = idle.start(limits={"message": str(limit)})
    with box.connect() as milter:
        milter.deliver(padded(1, limit))
        assert "limits.message" not in box.milter.log()
        milter.deliver(padded(2, limit + 1))
        box.wait_log("limits.message")
    assert len(box.leads()) == 2


def resident(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def test_an_endless_body_takes_no_memory(idle):
    # A sanitizer keeps what was freed for a while.
    idle.milter.env["ASAN_OPTIONS"] = "quarantine_size_mb=8"
    box = idle.start(limits={"message": "1M"})
    box.makes_a_lead(1)
    before = resident(box.pid())
    with box.connect() as milter:
        milter.envelope()
        milter.command("DATA")
        milter.headers(mail(2))
        answers = set()
        for _ in range(1500):
            answers.add(milter.command("BODY", b"x" * CHUNK).code)
        assert answers == {CONTINUE, SKIP}
        assert resident(box.pid()) < before + (64 << 20)
        assert len(milter.end().lead_ids) == 1


def test_headers_without_end(idle):
    box = idle.start(limits={"message": "1M"})
    with box.connect() as milter:
        milter.envelope()
        milter.command("DATA")
        for _ in range(100000):
            milter.header(b"X-Endless", b" " + b"y" * 50)
        milter.headers(mail(3))
        assert len(milter.end().lead_ids) == 1


@pytest.mark.parametrize("how", ["close", "reset", "half a packet", "quit"])
def test_a_mail_that_breaks_off_makes_no_lead(box, how):
    milter = box.connect()
    milter.envelope()
    milter.command("DATA")
    milter.headers(mail(4))
    milter.body(b"Name: Ada Lovelace\r\n")
    if how == "quit":
        milter.quit()
    if how == "half a packet":
        milter.socket.sendall(struct.pack("!I", 1000) + b"Bonly so far")
    if how == "reset":
        milter.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    milter.socket.close()
    assert box.makes_a_lead()
    assert len(box.leads()) == 1


DICE = random.Random(8)
GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: mx.example.com\r\n\r\n",
    "smtp": b"EHLO there\r\nMAIL FROM:<>\r\n",
    "dice": DICE.randbytes(100000),
    "zeros": b"\0" * 10000,
    "ones": b"\xff" * 10000,
    "a length of nothing": struct.pack("!I", 0),
    "a length of 4 GB": struct.pack("!I", 0xFFFFFFFF) + b"L" + b"x" * 1000,
    "a length of 100 MB": struct.pack("!I", 100 << 20) + b"B" + b"x" * 1000,
    "an unknown command": struct.pack("!I", 1) + b"?",
    "a short negotiation": struct.pack("!I", 5) + b"O\0\0\0\6",
    "version 1": struct.pack("!IcIII", 13, b"O", 1, 0x1FF, 0x1FFFFF),
    "version 99": struct.pack("!IcIII", 13, b"O", 99, 0xFFFFFFFF, 0xFFFFFFFF),
    "macros without end": struct.pack("!I", 9) + b"DMi\0xxxxx",
}


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("negotiated", [False, True], ids=["at once", "later"])
def test_garbage(box, kind, negotiated):
    with box.connect(version=6 if negotiated else None) as milter:
        try:
            milter.socket.sendall(GARBAGE[kind])
            milter.socket.shutdown(socket.SHUT_WR)
            while milter.socket.recv(65536):
                pass
        except OSError:
            pass
    assert box.milter.running()
    box.makes_a_lead()


@pytest.mark.parametrize("negotiated", [False, True], ids=["at once", "later"])
def test_commands_in_any_order(box, negotiated):
    dice = random.Random(3)
    data = {"M": b"<a@b>\0", "R": b"<leads@example.com>\0", "L": b"X-Lead-Id\0 1\0",
            "B": b"Name: x", "E": b"more", "C": b"host\0U", "H": b"helo\0", "D": b"Ei\x00Q1\0"}
    for _ in range(150):
        with box.connect(version=6 if negotiated else None) as milter:
            try:
                for _ in range(20):
                    letter = dice.choice("MRTLNBEACHDKU")
                    payload = data.get(letter, b"")
                    milter.send(letter, payload[:dice.randrange(len(payload) + 1)]
                                if dice.random() < 0.3 else payload)
                milter.socket.shutdown(socket.SHUT_WR)
                while milter.socket.recv(65536):
                    pass
            except OSError:
                pass
    assert box.milter.running()
    box.makes_a_lead()


# Sockets.

def test_inet(idle):
    box = idle.start(listen=f"inet:{harness.free_port()}@127.0.0.1")
    box.makes_a_lead()


def test_inet_without_a_host_is_all_addresses(idle):
    port = harness.free_port()
    box = idle.start(listen=f"inet:{port}")
    box.makes_a_lead()
    with socket.create_connection(("127.0.0.2", port)):
        pass


def test_inet6(idle):
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    box = idle.start(listen=f"inet6:{harness.free_port()}@::1")
    box.makes_a_lead()


def test_the_unix_socket_is_for_its_group_and_goes_with_the_daemon(box):
    path = box.house.listen.removeprefix("unix:")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    assert box.milter.stop() == 0
    assert not os.path.exists(path)


def test_a_socket_that_a_dead_daemon_left_is_replaced(box):
    box.milter.kill9()
    assert os.path.exists(box.house.listen.removeprefix("unix:"))
    box.milter.start()
    box.makes_a_lead()


def refused(box, status):
    """Start another one; what it says when it leaves with this status."""
    log = box.house.folder / "refused.log"
    log.unlink(missing_ok=True)
    other = harness.Daemon("lead-milter", box.house.config, log)
    other.start(wait=False)
    assert other.wait() == status, other.log()
    other.check_sanitizers()
    return other.log()


def test_a_second_daemon_leaves_the_first_its_socket(box):
    assert "another program listens there" in refused(box, 69)
    box.makes_a_lead()


def test_a_file_that_is_no_socket_is_left_alone(idle):
    path = idle.house.folder / "precious"
    path.write_text("data")
    idle.configure(listen=f"unix:{path}")
    assert "is no socket" in refused(idle, 69)
    assert path.read_text() == "data"


def test_a_descriptor_that_nobody_handed_in(idle):
    idle.configure(listen="fd:3")
    assert "no listening socket" in refused(idle, 69)


@contextlib.contextmanager
def activated(idle):
    """A socket that listens already; start() hands it in as descriptor 3, as systemd does."""
    path = str(idle.house.folder / "activated")
    idle.configure(listen="fd:3")
    idle.house.listen = f"unix:{path}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(10)
        n = listening.fileno()

        def start():
            with open(idle.milter.log_file, "ab") as log:
                idle.milter.process = subprocess.Popen(
                    ["/bin/bash", "-c", f'exec 3<&{n}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "bash",
                     harness.program("lead-milter"), "-f", "-c", idle.house.config],
                    pass_fds=[n], stdout=log, stderr=log, env=harness.environment())
        yield start
    assert os.path.exists(path), "the socket is systemd's"


def test_socket_activation(idle):
    """Mail that was there before the daemon waits."""
    with activated(idle) as start:
        early = idle.connect(version=None)
        start()
        with early:
            early.negotiate(6, 0x1FF, 0x1FFFFF)
            assert len(early.deliver(mail(1)).lead_ids) == 1
        idle.makes_a_lead()
        assert idle.milter.stop() == 0


def test_who_comes_while_it_ends_waits_in_the_socket_for_the_next(idle):
    with activated(idle) as start:
        start()
        with idle.connect() as under_way:
            under_way.envelope()
            under_way.command("DATA")
            under_way.headers(mail(1))
            idle.milter.signal(signal.SIGTERM)
            idle.wait_log("ending")
            with idle.connect(version=None) as late:
                late.send("O", struct.pack("!III", 6, 0x1FF, 0x1FFFFF))
                assert late.silent(1)
                under_way.body(b"Name: Ada Lovelace\r\n")
                assert len(under_way.end().lead_ids) == 1
                assert idle.milter.wait() == 0
                start()
                assert late.read().code == "O"
        idle.makes_a_lead()
        assert idle.milter.stop() == 0


def test_in_the_background(idle):
    command = [harness.program("lead-milter"), "-c", str(idle.house.config)]
    done = subprocess.run(command, capture_output=True, timeout=60, env=harness.environment())
    assert (done.returncode, done.stderr) == (0, b"")
    try:
        with harness.connect(idle.house.listen) as s:
            pid, = struct.unpack("i8x", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        idle.makes_a_lead()
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not os.path.exists(idle.house.listen.removeprefix("unix:")))
    idle.write_rules("broken", "oops: 1\n")
    done = subprocess.run(command, capture_output=True, timeout=60, env=harness.environment())
    assert done.returncode == 78
    assert b"10-test.yaml:6:1" in done.stderr


def test_the_limit_of_descriptors_is_raised(box):
    with open(f"/proc/{box.pid()}/limits") as limits:
        line, = (line for line in limits if line.startswith("Max open files"))
    soft, hard = line.split()[3:5]
    assert soft == hard


# Start, reload, end.

def test_broken_rules_and_queues_keep_it_from_starting(idle):
    idle.write_rules("first", "  contact.nme: {label: Name}\n")
    assert "10-test.yaml:6:3" in refused(idle, 78)
    idle.write_rules("first")
    idle.house.queue_file.write_bytes(b"this is no database, " * 100)
    idle.house.queue_file.chmod(0o600)
    assert str(idle.house.queue_file) in refused(idle, 73)
    idle.configure(queue="sqlite:/nowhere/at/all/queue.db")
    assert "/nowhere/at/all" in refused(idle, 73)
    assert not os.path.exists(idle.house.listen.removeprefix("unix:"))


def test_a_reload_is_for_the_next_mail(box):
    with box.connect() as under_way, box.connect() as between:
        assert len(between.deliver(mail(1)).lead_ids) == 1
        under_way.envelope()
        under_way.command("DATA")
        under_way.headers(mail(2))
        box.write_rules("second")
        box.reload("reloaded")
        under_way.body(b"Name: Ada Lovelace\r\n")
        assert len(under_way.end().lead_ids) == 1
        assert len(between.deliver(mail(3)).lead_ids) == 1
        assert len(under_way.deliver(mail(4)).lead_ids) == 1
    assert [lead[1] for lead in box.leads()] == ["first", "first", "second", "second"]


def test_a_reload_brings_new_mailboxes(box):
    with box.connect() as milter:
        assert milter.deliver(mail(1), ["new@example.com"]).answer == ACCEPT
        box.configure(mailboxes=[{"recipient": "new@example.com", "account": "main"}])
        box.reload("reloaded")
        assert len(milter.deliver(mail(2), ["new@example.com"]).lead_ids) == 1
        assert milter.deliver(mail(3), [LEADS]).answer == ACCEPT


BAD_RULES = {
    "yaml": ("fields: [", "10-test.yaml"),
    "key": ("oops: 1\n", "10-test.yaml:6:1"),
    "field": ("  contact.nme: {label: Name}\n", "10-test.yaml:6:3"),
    "test": ("tests:\n  - mail: sample.eml\n    expect: {contact.name: Somebody Else}\n",
             "10-test.yaml:7:5"),
}


@pytest.mark.parametrize("kind", BAD_RULES)
def test_a_bad_reload_keeps_the_old_rules(box, kind):
    more, place = BAD_RULES[kind]
    (box.rules / "sample.eml").write_bytes(mail(1))
    box.write_rules("second", more)
    box.reload("reload refused")
    assert place in box.milter.log()
    assert box.makes_a_lead(1)[1] == "first"
    box.write_rules("third")
    box.reload("reloaded")
    assert box.makes_a_lead(2)[1] == "third"


@pytest.mark.parametrize("kind", ["fifo", "endless"])
def test_a_reload_with_a_rule_file_that_never_ends_is_refused(box, kind):
    bad = box.rules / "30-x.yaml"
    if kind == "fifo":
        os.mkfifo(bad)
    else:
        bad.symlink_to("/dev/zero")
    box.reload("reload refused")
    assert "30-x.yaml: error: cannot read: is no regular file" in box.milter.log()
    box.makes_a_lead()


def test_a_bad_configuration_keeps_the_old_one(box):
    box.configure(on_error="panic")
    box.reload("reload refused")
    assert "lead-milter.yaml:" in box.milter.log() and "tempfail" in box.milter.log()
    box.house.config.unlink()
    box.reload("reload refused")
    box.makes_a_lead()


def test_listen_and_queue_stay_until_a_restart(box):
    listen, queue = box.house.listen, box.house.queue_file
    box.configure(listen="inet:1@127.0.0.1", queue="sqlite:/nowhere/queue.db")
    box.house.listen = listen
    box.reload("reloaded")
    assert "stays " + listen in box.milter.log()
    assert f"stays sqlite:{queue}" in box.milter.log()
    box.makes_a_lead()


def test_many_reloads_under_load(box):
    with box.connect() as milter:
        for number in range(60):
            if number % 3 == 0:
                box.milter.reload()
            assert len(milter.deliver(mail(number)).lead_ids) == 1
    assert len(box.leads()) == 60


def test_sigterm_finishes_what_is_in_progress(box):
    with box.connect() as under_way, box.connect() as other, box.connect():
        under_way.envelope()
        under_way.command("DATA")
        under_way.headers(mail(1))
        box.milter.signal(signal.SIGTERM)
        box.wait_log("ending")
        late = other.deliver(mail(2))
        assert late.refused and late.step == "DATA"
        assert late.text.startswith("451 4.3.2")
        assert other.deliver(mail(3), [OTHER]).answer == ACCEPT
        assert box.milter.running()
        under_way.body(b"Name: Ada Lovelace\r\n")
        assert len(under_way.end().lead_ids) == 1
        assert box.milter.wait(5) == 0
    assert len(box.leads()) == 1
    assert not os.path.exists(box.house.listen.removeprefix("unix:"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_at_once_when_nothing_is_in_progress(box, number):
    with box.connect() as idle, box.connect(version=None):
        idle.envelope()
        begun = time.monotonic()
        box.milter.signal(number)
        assert box.milter.wait() == 0
        assert time.monotonic() - begun < 3
        with pytest.raises((Closed, OSError)):
            idle.command("DATA")


def test_signals_right_after_the_start_are_not_libmilters(box):
    """It would take a reload for the end, and needs 5 seconds for one."""
    for _ in range(10):
        begun = time.monotonic()
        box.milter.reload()
        assert box.milter.stop() == 0
        assert time.monotonic() - begun < 4
        box.milter.start()
    assert "stopped serving" not in box.milter.log()


def test_a_second_sigterm_ends_it_at_once(box):
    with box.connect() as milter:
        milter.envelope()
        milter.command("DATA")
        box.milter.signal(signal.SIGTERM)
        box.wait_log("ending")
        box.milter.signal(signal.SIGTERM)
        assert box.milter.wait(5) == 0
    assert "without an answer: 1" in box.milter.log()


# A lead that cannot be committed.

def break_queue(box):
    """From now on every commit fails."""
    db = sqlite3.connect(box.house.queue_file, timeout=10, isolation_level=None)
    db.execute("CREATE TRIGGER broken BEFORE INSERT ON leads BEGIN SELECT RAISE(ABORT, 'no'); END")
    db.close()


def mend_queue(box):
    db = sqlite3.connect(box.house.queue_file, timeout=10, isolation_level=None)
    db.execute("DROP TRIGGER broken")
    db.close()


def test_a_failed_commit_and_tempfail(box):
    box.makes_a_lead(1)
    break_queue(box)
    with box.connect() as milter:
        outcome = milter.deliver(mail(2, extra="X-Lead-Id: 1\n"))
        assert outcome.refused and outcome.text.startswith("451 4.3.0")
        assert outcome.added == []
        assert "example" not in outcome.text and "/" not in outcome.text
        assert milter.deliver(mail(2), [OTHER]).answer == ACCEPT
        box.wait_log("lead not queued")
        mend_queue(box)
        assert len(milter.deliver(mail(2)).lead_ids) == 1
    assert len(box.leads()) == 2


def test_a_failed_commit_and_accept(idle):
    box = idle.start(on_error="accept")
    box.makes_a_lead(1)
    break_queue(box)
    with box.connect() as milter:
        outcome = milter.deliver(mail(2, extra="X-Lead-Id: 1\n"))
        assert outcome.answer == CONTINUE
        assert (outcome.added, outcome.removed) == ([], [("X-Lead-Id", 1)])
        box.wait_log("LEAD LOST")
        mend_queue(box)
        assert len(milter.deliver(mail(3)).lead_ids) == 1
    assert len(box.leads()) == 2


def test_on_error_is_reloaded(box):
    box.makes_a_lead(1)
    break_queue(box)
    with box.connect() as milter:
        assert milter.deliver(mail(2)).refused
        box.configure(on_error="accept")
        box.reload("reloaded")
        assert milter.deliver(mail(2)).answer == CONTINUE


def test_a_full_disk(idle):
    """No file of the daemon's may grow over 128 KiB, and no signal ends it."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (128 << 10, hard))
    try:
        box = idle.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    taken, refused_ = [], 0
    with box.connect() as milter:
        for number in range(60):
            outcome = milter.deliver(mail(number))
            taken += outcome.lead_ids
            refused_ += outcome.refused
            assert outcome.refused != bool(outcome.lead_ids)
        assert refused_ > 0 and taken
        assert milter.deliver(mail(), [OTHER]).answer == ACCEPT
    assert box.milter.stop() == 0
    assert {lead[0] for lead in box.leads()} == set(taken)


def locked(box):
    db = sqlite3.connect(box.house.queue_file, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    return db


def test_a_queue_that_is_locked_for_a_moment(box):
    db = locked(box)
    with box.connect() as milter:
        milter.envelope()
        milter.command("DATA")
        milter.headers(mail(1))
        milter.send("E")
        assert milter.silent(0.5)
        db.execute("ROLLBACK")
        assert milter.read().code == "h"
        assert milter.read().code == CONTINUE
    db.close()
    assert len(box.leads()) == 1


def test_a_queue_that_stays_locked(box):
    db = locked(box)
    with box.connect() as milter:
        outcome = milter.deliver(mail(1))
        assert outcome.refused and "busy" in outcome.text
        db.execute("ROLLBACK")
        assert len(milter.deliver(mail(1)).lead_ids) == 1
    db.close()
    assert len(box.leads()) == 1


def test_a_damaged_queue(box):
    box.makes_a_lead(1)
    db = sqlite3.connect(box.house.queue_file, isolation_level=None)
    db.execute("DROP TABLE changes")
    db.execute("DROP TABLE attempts")
    db.execute("DROP TABLE leads")
    db.close()
    with box.connect() as milter:
        assert milter.deliver(mail(2)).refused
    box.wait_log("lead not queued")


def test_kill_9_loses_no_lead_that_was_answered_for(box):
    answered = []
    for round_ in range(5):
        with box.connect() as milter:
            for number in range(5):
                answered += milter.deliver(mail(round_ * 10 + number)).lead_ids
            milter.envelope()
            milter.command("DATA")
            milter.headers(mail(round_ * 10 + 9))
            milter.send("E")
            box.milter.kill9()
        box.milter.start()
    kept = {lead[0] for lead in box.leads()}
    assert len(answered) == 25 and set(answered) <= kept
