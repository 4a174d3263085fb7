"""lead-submit against an API that misbehaves: each answer ends where lead-submit(8) says.

Leads are put into the queue as lead-milter does it: a row, and then a touch of the file.
"""

import ctypes
import json
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time
import uuid

import pytest

import harness
from harness import wait_for
from milterclient import Milter as Client
from standin import StandIn

sys.path.append(str(harness.SOURCE / "tests/bench"))
from contestants import Nginx  # noqa: E402


class Leads:
    """The queue's tables, from outside."""

    def __init__(self, house):
        self.house = house

    def _connect(self):
        return sqlite3.connect(self.house.queue_file, timeout=10, isolation_level=None)

    def put(self, number=1, account="main", name="Acme Bakery", touch=True):
        """So many leads in one transaction; their ids."""
        ids = [str(uuid.uuid4()) for _ in range(number)]
        now = int(time.time() * 1e6)
        db = self._connect()
        db.execute("BEGIN IMMEDIATE")
        for key in ids:
            payload = {"data": {"type": "leads", "company": {"name": f"{name} {key[:8]}"},
                                "opportunity": {"price": 0, "notes": "Please call."}}}
            db.execute("INSERT INTO leads (id, account, source, state, payload, digest, created,"
                       " changed) VALUES (?, ?, 'test', 'pending', ?, ?, ?, ?)",
                       (key, account, json.dumps(payload), key, now, now))
        db.execute("COMMIT")
        db.close()
        if touch:
            os.utime(self.house.queue_file)
        return ids

    def ask(self, sql, *values):
        db = self._connect()
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def states(self):
        return dict(self.ask("SELECT state, count(*) FROM leads GROUP BY state"))

    def wait(self, seconds=15, **wanted):
        wait_for(lambda: self.states() == wanted, seconds,
                 lambda: f"{wanted}, it is {self.states()}\n{self.house.submit.log()}")

    def attempts(self, key):
        """[(status, words)] of a lead, in order."""
        return self.ask("SELECT status, words FROM attempts JOIN leads ON lead = seq"
                        " WHERE id = ? ORDER BY started", key)

    def wait_attempts(self, key, number, seconds=15):
        wait_for(lambda: len(self.attempts(key)) >= number, seconds,
                 lambda: f"{number} attempts, there are {self.attempts(key)}\n"
                         + self.house.submit.log())
        return self.attempts(key)

    def due_in(self, key):
        """Seconds until the next try."""
        return self.ask("SELECT not_before FROM leads WHERE id = ?", key)[0][0] / 1e6 - time.time()

    def make_due(self, key):
        self.ask("UPDATE leads SET not_before = 0 WHERE id = ?", key)
        os.utime(self.house.queue_file)


def leads_of(house, timeout):
    house.configure(submit={"concurrency": 4, "timeout": timeout, "give_up_after": "5d"})
    house.submit.start()
    wait_for(house.queue_file.exists)
    return Leads(house)


@pytest.fixture
def leads(house):
    """A running lead-submit with a timeout of 2 s."""
    return leads_of(house, "2s")


@pytest.fixture
def patient_leads(house):
    """One that waits for as long as the stand-in is slow, until it behaves."""
    return leads_of(house, "60s")


def test_a_lead_is_posted_with_token_and_key(leads, standin):
    key, = leads.put()
    leads.wait(done=1)
    post, = standin.posts
    assert (post.key, post.token, post.query) == (key, harness.TOKEN, False)
    assert standin.problems == []
    assert leads.attempts(key) == [(201, "201")]


def test_the_token_can_go_into_the_query(house, standin):
    account = house.settings()["accounts"][0]
    house.configure(accounts=[{**account, "auth": "query"}])
    house.submit.start()
    Leads(house).put()
    Leads(house).wait(done=1)
    assert standin.posts[0].query and standin.posts[0].token == harness.TOKEN


def test_what_changes_meanwhile_is_the_next_posts(leads, house, standin):
    leads.put()
    leads.wait(done=1)
    standin.token = "another.token.now"
    house.token_file.write_text(standin.token + "\n")
    leads.put()
    leads.wait(done=2)
    account = house.settings()["accounts"][0]
    house.configure(accounts=[{**account, "auth": "query"}])
    house.submit.reload()
    wait_for(lambda: "reloaded" in house.submit.log())
    leads.put()
    leads.wait(done=3)
    assert [(post.token, post.query) for post in standin.posts] == [
        (harness.TOKEN, False), (standin.token, False), (standin.token, True)]


def until_posted(standin, number, put):
    """Seconds until lead-submit has posted what is put; nothing else may wake it."""
    begun = time.time()
    put()
    wait_for(lambda: len(standin.posts) == number, pause=0.002)
    return standin.posts[-1].time - begun


def test_a_commit_wakes_it_within_100_ms(leads, standin):
    leads.put()
    leads.wait(done=1)  # the connection stands
    delays = [until_posted(standin, number, leads.put) for number in range(2, 12)]
    # The median: what the machine does besides is no matter of ours.
    assert sorted(delays)[5] < 0.1, delays


def test_a_mail_is_posted_within_100_ms(leads, house, standin):
    house.milter.start()
    with Client(house.listen) as client:
        def deliver(number):
            client.deliver(harness.inquiry(number).replace(b"\n", b"\r\n"), [harness.LEADS])
        until_posted(standin, 1, lambda: deliver(1))  # the connection stands
        delays = [until_posted(standin, number, lambda: deliver(number))
                  for number in range(2, 12)]
    assert sorted(delays)[5] < 0.1, delays


def test_one_connection_serves_many_leads(leads, standin):
    leads.put(50)
    leads.wait(done=50)
    assert len(standin.leads) == 50 and standin.repeated == 0
    assert standin.server.handshakes <= 4


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_passing_trouble_is_tried_again(leads, standin, status):
    standin.misbehave(str(status), times=1, detail="come back later")
    key, = leads.put()
    (got, words), = leads.wait_attempts(key, 1)
    assert got == status and "come back later" in words
    leads.wait(pending=1)
    assert 6 < leads.due_in(key) <= 12
    leads.make_due(key)
    leads.wait(done=1)
    assert [post.key for post in standin.posts] == [key, key]
    assert len(standin.leads) == 1


def test_retry_after_is_obeyed(leads, standin):
    standin.misbehave("429", times=1, retry_after=1)
    begun = time.time()
    leads.put()
    leads.wait(done=1)
    assert standin.posts[1].time - begun >= 0.9
    standin.misbehave("503", times=1, retry_after=3600)
    key, = leads.put()
    leads.wait_attempts(key, 1)
    leads.wait(done=1, pending=1)
    assert 3500 < leads.due_in(key) <= 3600


def test_what_one_answer_says_is_not_the_nexts(leads, standin):
    # One handle of curl serves one lead after the other.
    standin.misbehave("429", times=1, retry_after=1, detail="slower please")
    leads.put()
    leads.wait(done=1)
    standin.misbehave("503", times=1)
    key, = leads.put()
    (status, words), = leads.wait_attempts(key, 1)
    assert status == 503 and "slower" not in words
    leads.wait(done=1, pending=1)
    assert 2 < leads.due_in(key) <= 12  # not after that one's second
    leads.make_due(key)
    leads.wait(done=2)
    standin.misbehave("garbage", times=1)
    key, = leads.put()
    (status, words), = leads.wait_attempts(key, 1)
    assert status == 0 and words


def deafen(pid):
    """The process's TCP connections drop what comes, without a word: as if it were gone."""
    one = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # BPF's return 0
    program = struct.pack("HL", 1, ctypes.addressof(one))
    process, deafened = os.pidfd_open(pid), 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        if not os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):
            continue
        theirs = ctypes.CDLL(None).syscall(438, process, int(fd), 0)  # pidfd_getfd(2)
        with socket.socket(fileno=theirs) as copy:
            listens = copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if copy.family == socket.AF_INET and not listens:
                copy.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER
                deafened += 1
    os.close(process)
    return deafened


def test_a_connection_whose_peer_fell_silent_is_given_up(house, place):
    # Over HTTP/2 a POST that times out leaves its connection to the next ones.
    nginx = Nginx(place)
    try:
        house.endpoint, house.ca_file = nginx.url, nginx.ca_file
        house.configure(submit={"concurrency": 1, "timeout": "2s", "give_up_after": "5d"})
        house.submit.start()
        leads = Leads(house)
        leads.put()
        leads.wait(done=1)
        worker, = subprocess.check_output(["pgrep", "-P", str(nginx.process.pid)]).split()
        assert deafen(int(worker)) == 1
        lost, = leads.put()
        (status, words), = leads.wait_attempts(lost, 1)
        assert status == 0 and "timed out" in words.lower()
        found, = leads.put()
        assert leads.wait_attempts(found, 1)[0][0] == 201
    finally:
        nginx.stop()


def test_connections_that_die_cost_no_attempt_however_many(leads, standin):
    # curl counts them for each handle, and fails at the sixth.
    standin.misbehave("once")
    for n in range(1, 13):
        key, = leads.put()
        leads.wait(done=n)
        assert [status for status, _ in leads.attempts(key)] == [201]


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
def test_a_refused_lead_is_dead_with_the_apis_words(leads, standin, status):
    standin.misbehave(str(status), times=1, detail="A company of that name exists.")
    key, = leads.put()
    leads.wait(dead=1)
    (got, words), = leads.attempts(key)
    assert got == status and "A company of that name exists." in words
    second, = leads.put()  # the next one is not held up
    leads.wait(dead=1, done=1)
    assert standin.by_key(second)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_stops_the_account_until_it_is_changed(leads, house, standin, status):
    standin.misbehave(str(status))
    leads.put(6)
    wait_for(lambda: "account main is stopped" in house.submit.log())
    leads.wait(pending=6)
    posts = len(standin.posts)
    assert posts <= 4  # those that were under way
    leads.put()
    time.sleep(0.5)
    assert len(standin.posts) == posts
    standin.behave()
    standin.token = "another.one"
    house.token_file.write_text("another.one\n")
    leads.wait(done=7)
    assert "account main runs again" in house.submit.log()


def test_a_late_refusal_of_the_last_token_does_not_stop_the_next(patient_leads, house, standin):
    leads = patient_leads
    standin.misbehave("401", times=1, delay=60)
    late, = leads.put()
    wait_for(lambda: len(standin.posts) == 1)
    standin.token = "another.one"
    house.token_file.write_text("another.one\n")
    leads.put()
    leads.wait(done=1, sending=1)
    standin.behave()
    leads.wait(done=2)
    assert [status for status, _ in leads.attempts(late)] == [401, 201]
    assert "account main is stopped" not in house.submit.log()
    assert f"lead={late} account=main try=1 failed" in house.submit.log()


def test_a_stopped_account_runs_again_after_sighup(leads, house, standin):
    standin.misbehave("403", times=1)
    leads.put()
    wait_for(lambda: "account main is stopped" in house.submit.log())
    house.submit.reload()
    leads.wait(done=1)


def test_a_token_that_others_can_read_is_not_used(house, standin):
    house.token_file.chmod(0o640)
    house.submit.start()
    leads = Leads(house)
    leads.put()
    wait_for(lambda: "chmod 600" in house.submit.log())
    assert standin.posts == [] and leads.states() == {"pending": 1}
    house.token_file.chmod(0o600)
    leads.wait(done=1)


def test_an_answer_that_never_came_is_asked_for_with_the_same_key(leads, standin):
    standin.misbehave("reset", times=1)  # after the lead was taken
    key, = leads.put()
    (status, _words), = leads.wait_attempts(key, 1)
    assert status == 0
    leads.make_due(key)
    leads.wait(done=1)
    assert [post.key for post in standin.posts] == [key, key]
    assert len(standin.leads) == 1 and standin.repeated == 1


@pytest.mark.parametrize("mode", ["hang", "drop", "garbage", "html"])
def test_no_right_answer_is_tried_again(leads, standin, mode):
    standin.misbehave(mode, times=1)
    key, = leads.put()
    leads.wait_attempts(key, 1)
    leads.wait(pending=1)
    leads.make_due(key)
    leads.wait(done=1)
    assert len(standin.leads) == 1


@pytest.mark.parametrize("mode", ["drip", "huge", "cut"])
def test_a_yes_that_does_not_end_in_order_is_a_yes(leads, standin, mode):
    # The API has the lead; to send it again would be to trust in its reading Idempotency-Key.
    standin.misbehave(mode, times=1)
    key, = leads.put()
    leads.wait(done=1)
    assert len(standin.posts) == 1
    assert "cut off" in leads.attempts(key)[0][1]


def test_a_page_with_status_200_is_no_success(leads, standin):
    standin.misbehave("html", times=1)
    key, = leads.put()
    (status, words), = leads.wait_attempts(key, 1)
    assert status == 200 and "text/html" in words
    leads.wait(pending=1)


def test_a_redirect_is_not_followed(leads, place, standin):
    folder = place / "elsewhere"
    folder.mkdir()
    elsewhere = StandIn(folder).start()
    standin.misbehave("redirect", times=1, location=elsewhere.url)
    key, = leads.put()
    leads.wait(dead=1)
    assert elsewhere.posts == []
    assert "redirect" in leads.attempts(key)[0][1]
    elsewhere.stop()


def test_a_closed_port_is_tried_again(leads, standin):
    standin.refuse()
    keys = leads.put(5)
    for key in keys:
        leads.wait_attempts(key, 1)
    leads.wait(pending=5)
    standin.accept()
    for key in keys:
        leads.make_due(key)
    leads.wait(done=5)
    assert len(standin.leads) == 5


def test_a_name_without_an_address_is_tried_again(house, standin):
    account = house.settings()["accounts"][0]
    house.configure(accounts=[{**account, "endpoint": "https://api.invalid/a/leads"}])
    house.submit.start()
    leads = Leads(house)
    key, = leads.put()
    status, words = leads.wait_attempts(key, 1)[0][:2]
    assert status == 0 and "resolve" in words
    leads.wait(pending=1)
    house.configure(accounts=[account])
    house.submit.reload()
    leads.make_due(key)
    leads.wait(done=1)
    assert len(standin.leads) == 1


@pytest.mark.parametrize("certified,days", [(("DNS:elsewhere.example",), 2),
                                            (("IP:127.0.0.1",), 0)])
def test_a_wrong_certificate_is_not_trusted(house, place, certified, days):
    folder = place / "wrong"
    folder.mkdir()
    wrong = StandIn(folder, certified=certified, days=days).start()
    if days == 0:
        time.sleep(1.1)  # it was good for the second that it was made in
    account = house.settings()["accounts"][0]
    house.configure(accounts=[{**account, "endpoint": wrong.url, "ca_file": str(wrong.ca_file)}])
    house.submit.start()
    leads = Leads(house)
    key, = leads.put()
    assert leads.wait_attempts(key, 1)[0][0] == 0
    assert wrong.posts == []
    leads.wait(pending=1)
    wrong.stop()


def test_an_unknown_authority_is_not_trusted(house, standin):
    account = house.settings()["accounts"][0]
    del account["ca_file"]
    house.configure(accounts=[account])
    house.submit.start()
    leads = Leads(house)
    key, = leads.put()
    assert leads.wait_attempts(key, 1)[0][0] == 0
    assert standin.posts == []


def test_a_token_file_that_is_readable_again_starts_the_account(leads, house, standin):
    house.token_file.chmod(0o644)
    leads.put()
    wait_for(lambda: "account main is stopped" in house.submit.log())
    house.token_file.chmod(0o600)  # the same token
    leads.wait(done=1)


def test_retry_after_is_for_the_whole_account(leads, standin):
    standin.misbehave("429", times=1, retry_after=3600)
    first, = leads.put()
    leads.wait_attempts(first, 1)
    leads.put(5)
    time.sleep(1)
    leads.wait(pending=6)
    assert len(standin.posts) == 1


def test_a_lead_whose_sign_was_lost_is_found(leads, house):
    # Killed between its commit and the touch that wakes lead-submit.
    leads.put(touch=False)
    leads.wait(25, done=1)


def test_a_lease_that_a_jump_of_the_clock_ends_is_not_sent_again(patient_leads, standin):
    leads = patient_leads
    standin.misbehave("slow", times=1, delay=60)
    key, = leads.put()
    wait_for(lambda: len(standin.posts) == 1)
    leads.ask("UPDATE leads SET not_before = 1")
    leads.put()
    leads.wait(done=1, sending=1)
    assert leads.ask("SELECT id FROM changes JOIN leads ON lead = seq WHERE changes.reason ="
                     " 'no answer within the lease'") == [(key,)]
    standin.behave()
    leads.wait(done=2)
    assert [post.key for post in standin.posts].count(key) == 1


def test_an_old_lead_is_given_up(house, standin):
    house.configure(submit={"timeout": "2s", "give_up_after": "1m"})
    house.submit.start()
    standin.misbehave("500")
    leads = Leads(house)
    key, = leads.put()
    leads.wait_attempts(key, 1)
    leads.wait(pending=1)
    leads.ask("UPDATE leads SET created = created - 61000000")
    leads.make_due(key)
    leads.wait_attempts(key, 2)
    leads.wait(pending=1)  # its age alone may be that of a stopped account
    leads.make_due(key)
    leads.wait(dead=1)
    assert "given up" in leads.ask("SELECT reason FROM leads")[0][0]


def test_kill_9_while_posting_repeats_with_the_same_key(patient_leads, house, standin):
    leads = patient_leads
    standin.misbehave("slow", delay=60)
    leads.put(4)
    wait_for(lambda: len(standin.posts) == 4)
    house.submit.kill9()
    assert leads.states() == {"sending": 4}
    standin.behave()
    house.submit.start()
    leads.wait(done=4)
    assert len(standin.leads) == 4


def test_sigterm_waits_for_what_is_on_the_wire(patient_leads, house, standin):
    leads = patient_leads
    standin.misbehave("slow", delay=60)
    leads.put(10)
    wait_for(lambda: len(standin.posts) == 4)
    house.submit.signal(signal.SIGTERM)
    standin.behave()
    assert house.submit.wait() == 0
    assert leads.states() == {"done": 4, "pending": 6}
    assert len(standin.leads) == 4


def test_a_second_lead_submit_is_refused(leads, house):
    second = harness.Daemon("lead-submit", house.config, house.folder / "second.log")
    second.start(wait=False)
    assert second.wait() == 75
    assert "another lead-submit" in second.log()
    assert house.submit.running()


def test_two_accounts_do_not_hold_each_other_up(house, place, standin):
    folder = place / "west"
    folder.mkdir()
    west = StandIn(folder).start()
    account = house.settings()["accounts"][0]
    house.configure(accounts=[account, {**account, "name": "west", "endpoint": west.url,
                                        "ca_file": str(west.ca_file)}])
    house.submit.start()
    standin.misbehave("hang")
    leads = Leads(house)
    leads.put(8)
    leads.put(20, account="west")
    wait_for(lambda: len(west.leads) == 20)
    standin.behave()
    west.stop()


def test_the_token_is_blanked_where_the_api_repeats_it(leads, house, standin):
    standin.misbehave("422", times=1, detail=f"the token {harness.TOKEN} is not allowed")
    key, = leads.put()
    leads.wait(dead=1)
    assert harness.TOKEN not in leads.attempts(key)[0][1]
    assert harness.TOKEN not in house.submit.log()


def test_a_bad_reload_changes_nothing(leads, house):
    house.config.write_text("listen: [\n")
    house.submit.reload()
    wait_for(lambda: "reload refused" in house.submit.log())
    leads.put()
    leads.wait(done=1)
