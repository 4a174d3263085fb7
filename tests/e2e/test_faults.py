"""Parts that fail while mail flows: the API, the daemons, the disk. Whatever happens, every mail
is delivered and has exactly one lead."""

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest
from harness import LEADS, SOURCE, inquiry, program, wait_for
from test_submit import Leads


def companies(api):
    return sorted(lead["data"]["company"]["name"] for lead in api.leads)


def expected(numbers):
    return sorted(f"Analytical Engines {n} LLC" for n in numbers)


def check_each_has_its_lead(chain, api, mails, numbers):
    """As many leads at the API as mails, each once, and each mail says which one is its own."""
    assert companies(api) == expected(numbers)
    assert all(len(mail.lead_ids) == 1 for mail in mails)
    for mail in mails:
        payload = api.by_key(mail.lead_ids[0])
        assert payload, f"{mail.lead_ids[0]} is in a mail but not at the API"
        assert payload["data"]["company"]["name"].encode() in mail.bytes
    assert len({mail.lead_ids[0] for mail in mails}) == len(mails)


def hurry(chain):
    """Wait for no back-off: what is due later is due now."""
    chain.leadctl("queue", "retry", "all", status=None)


def test_api_down_while_200_mails_arrive(chain, standin):
    standin.refuse()
    begun = time.monotonic()
    with chain.postfix.smtp() as smtp:
        smtp.send_pipelined([inquiry(n) for n in range(200)])
    mails = chain.postfix.wait_delivered(200, 60)
    print(f"200 mails delivered in {time.monotonic() - begun:.1f} s")
    assert time.monotonic() - begun < 30
    assert standin.leads == []
    assert sum(chain.states().values()) == 200
    standin.accept()
    # By the back-off alone: 10 s, varied by 20 %, for each was tried once or twice.
    chain.wait_states(90, done=200)
    check_each_has_its_lead(chain, standin, mails, range(200))


@pytest.mark.parametrize("mode", ["hang", "reset", "drop", "html", "garbage", "408", "500", "503"])
def test_api_misbehaves_while_mail_flows(chain, standin, mode):
    chain.configure(listen=chain.postfix.unix,
                    submit={"concurrency": 4, "timeout": "1s", "give_up_after": "5d"})
    chain.submit.restart()
    standin.misbehave(mode)
    begun = time.monotonic()
    with chain.postfix.smtp() as smtp:
        for n in range(12):
            smtp.send(inquiry(n))
    assert time.monotonic() - begun < 8, "mail waited for the API"
    mails = chain.postfix.wait_delivered(12)
    wait_for(lambda: len(standin.posts) >= 4, what="requests while the API misbehaves")
    assert "done" not in chain.states()
    standin.behave()

    def done():
        hurry(chain)
        return chain.states() == {"done": 12}
    wait_for(done, 40, lambda: f"{chain.states()}\n{chain.submit.log()}", pause=0.5)
    check_each_has_its_lead(chain, standin, mails, range(12))


def test_429_holds_leads_back_as_long_as_asked(chain, standin):
    standin.misbehave("429", retry_after=2, times=3)
    chain.postfix.send(inquiry(1))
    mails = chain.postfix.wait_delivered(1)
    begun = time.monotonic()
    chain.wait_states(30, done=1)
    assert len(standin.posts) == 4
    assert time.monotonic() - begun > 5
    check_each_has_its_lead(chain, standin, mails, [1])


@pytest.mark.parametrize("status", ["401", "403"])
def test_refused_token_stops_no_mail_and_loses_no_lead(chain, standin, status):
    standin.misbehave(status)
    with chain.postfix.smtp() as smtp:
        for n in range(10):
            smtp.send(inquiry(n))
    mails = chain.postfix.wait_delivered(10)
    wait_for(lambda: status in chain.submit.log(), what=f"{status} in the log")
    chain.wait_states(pending=10)
    assert len(standin.posts) <= 4
    standin.behave()
    standin.token = "a-token-of-better-days"
    chain.token_file.write_text(standin.token)
    chain.wait_states(30, done=10)
    check_each_has_its_lead(chain, standin, mails, range(10))


@pytest.mark.parametrize("status", ["400", "409", "422"])
def test_a_refused_lead_is_kept_with_the_apis_words(chain, standin, status):
    standin.misbehave(status, detail="company.name: has a colour we do not like")
    chain.postfix.send(inquiry(1))
    mails = chain.postfix.wait_delivered(1)
    chain.wait_states(dead=1)
    lead = mails[0].lead_ids[0]
    assert "has a colour we do not like" in chain.leadctl("queue", "show", lead)
    standin.behave()
    chain.leadctl("queue", "retry", lead)
    chain.wait_states(done=1)
    check_each_has_its_lead(chain, standin, mails, [1])


def relay(chain, numbers, failures):
    """Bring mails in by the way that tries again."""
    try:
        with chain.postfix.smtp("relay") as smtp:
            smtp.send_pipelined([inquiry(n) for n in numbers])
    except Exception as error:
        failures.append(error)


@contextlib.contextmanager
def load(chain, number):
    """So many mails, over four connections at once, while the body runs."""
    failures = []
    threads = [threading.Thread(target=relay, args=(chain, range(number)[n::4], failures))
               for n in range(4)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()
    assert failures == []


def test_kill_9_of_each_daemon_under_a_load_of_500_mails(chain, standin):
    def delivered(number):
        wait_for(lambda: len(chain.postfix.delivered_files()) >= number, 60,
                 lambda: f"{number} deliveries\n{chain.postfix.log()[-3000:]}")

    with load(chain, 500):
        for mark in (20, 80, 140):
            delivered(mark)
            chain.milter.kill9()
            time.sleep(0.3)
            chain.milter.start()
        for mark in (200, 260, 320):
            delivered(mark)
            chain.submit.kill9()
            time.sleep(0.1)
            chain.submit.start()
        delivered(380)
        chain.milter.kill9()
        chain.submit.kill9()
        chain.milter.start()
        chain.submit.start()
    mails = chain.postfix.wait_delivered(500, 120)
    chain.wait_states(120, done=500)
    check_each_has_its_lead(chain, standin, mails, range(500))
    print(f"{standin.repeated} requests were repeated with the same key")


def test_a_full_disk_keeps_mail_waiting_and_loses_nothing(chain, standin):
    """No file that lead-milter writes may grow over 160 KiB."""
    chain.submit.stop()
    chain.milter.stop()
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (160 << 10, hard))
    try:
        chain.milter.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with load(chain, 60):
        pass
    wait_for(lambda: "lead not queued" in chain.milter.log(), 30, "the disk to be full")
    assert chain.milter.running()
    chain.milter.stop()
    chain.milter.start()
    chain.submit.start()
    mails = chain.postfix.wait_delivered(60, 60)
    chain.wait_states(60, done=60)
    check_each_has_its_lead(chain, standin, mails, range(60))


def limit_files(daemon, size):
    """Only to its own user and group does a process let do so."""
    group = os.stat(f"/proc/{daemon.process.pid}").st_gid
    subprocess.run(["prlimit", f"--pid={daemon.process.pid}", f"--fsize={size}:"], check=True,
                   group=group if os.geteuid() == 0 else None)


class Disk:
    """What there is room for, to lead-submit."""

    def __init__(self, house):
        self.house = house

    def fill(self):
        """The queue's log, that everybody appends to, may grow no more."""
        limit_files(self.house.submit, os.stat(f"{self.house.queue_file}-wal").st_size)

    def empty(self):
        limit_files(self.house.submit, "unlimited")


@pytest.fixture
def disk(house):
    return Disk(house)


@pytest.fixture
def leads(house):
    """A queue of two accounts and a lead-submit."""
    account = house.settings()["accounts"][0]
    house.configure(accounts=[account, {**account, "name": "other"}])
    house.submit.start()
    wait_for(house.queue_file.exists)
    return Leads(house)


def processor_seconds(daemon):
    fields = open(f"/proc/{daemon.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wake_ups(daemon):
    text = open(f"/proc/{daemon.process.pid}/status").read()
    return int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def wait_at_rest(daemon):
    before, now = None, wake_ups(daemon)
    while now != before:
        time.sleep(0.3)
        before, now = now, wake_ups(daemon)


def fail_to_claim(leads, house, disk):
    """The disk is full, and a lead of account main is due."""
    wait_at_rest(house.submit)  # else it may look once more before the disk is full
    leads.put(touch=False)
    disk.fill()
    os.utime(house.queue_file)
    wait_for(lambda: "trying again" in house.submit.log(), what="a claim to fail")


def test_a_claim_that_fails_on_a_full_disk_is_made_again_in_peace(leads, house, disk, standin):
    """The other account has nothing to send, so that its claims go well."""
    fail_to_claim(leads, house, disk)
    before = processor_seconds(house.submit)
    time.sleep(4)
    assert house.submit.log().count("trying again") < 4
    assert processor_seconds(house.submit) - before < 1
    assert standin.posts == []
    disk.empty()
    leads.wait(done=1)


def test_nothing_is_asked_for_a_paused_account_after_a_full_disk(leads, house, disk):
    house.leadctl("account", "pause", "other")
    fail_to_claim(leads, house, disk)
    disk.empty()
    standing = house.submit.log()
    house.leadctl("account", "pause", "main")
    wait_for(lambda: "account main is paused" in house.submit.log()[len(standing):])
    time.sleep(1)  # what was begun
    before = wake_ups(house.submit)
    time.sleep(6)
    assert wake_ups(house.submit) - before < 5


def test_nothing_is_posted_while_the_disk_has_no_room_for_the_answers(leads, house, disk, standin):
    standin.misbehave("slow", delay=0.15)
    leads.put(60)
    wait_for(lambda: leads.states().get("done", 0) >= 4)
    disk.fill()
    wait_for(lambda: "trying again" in house.submit.log(), what="a settlement to fail")
    sent = len(standin.posts)
    time.sleep(3)
    assert len(standin.posts) <= sent + 4  # those on the wire
    lost = len(standin.posts) - leads.states()["done"]
    assert 0 < lost <= 12
    house.submit.kill9()
    standin.behave()
    house.submit.start()
    leads.wait(30, done=60)
    assert len(standin.leads) == 60
    assert standin.repeated == lost


def test_answers_that_waited_for_room_on_the_disk_are_kept(leads, house, disk, standin):
    standin.misbehave("slow", delay=0.15)
    leads.put(40)
    wait_for(lambda: leads.states().get("done", 0) >= 4)
    disk.fill()
    wait_for(lambda: "trying again" in house.submit.log(), what="a settlement to fail")
    time.sleep(2)
    disk.empty()
    leads.wait(30, done=40)
    assert len(standin.posts) == 40


def refused(house, path, status, **options):
    """What a daemon says that must not start."""
    done = subprocess.run([path, "-c", str(house.config), "-f"], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=30, **options)
    said = done.stderr.decode()
    assert done.returncode == status, said
    return said


def not_sqlite(path):
    path.write_bytes(b"this is no database, " * 1000)


def newer(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA user_version = 999")
    db.close()


def another(path):
    path.unlink()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE recipes (name TEXT)")
    db.close()


def shortened(path):
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
@pytest.mark.parametrize("spoil", [not_sqlite, newer, another, shortened])
def test_a_queue_that_is_none_of_ours_is_left_alone(house, spoil, name):
    house.milter.start().stop()
    for leftover in house.folder.glob("queue.db-*"):
        leftover.unlink()
    spoil(house.queue_file)
    house.queue_file.chmod(0o600)
    content = house.queue_file.read_bytes()
    said = refused(house, program(name), 73)
    assert str(house.queue_file) in said
    if spoil is newer:
        assert "newer" in said
    assert house.queue_file.read_bytes() == content


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
@pytest.mark.parametrize("owner, mode", [("nobody", 0o400), ("root", 0o600)],
                         ids=["read-only", "another's"])
def test_a_queue_that_cannot_be_written(house, place, name, owner, mode):
    house.milter.start().stop()
    # The sources may be where user nobody cannot look.
    shutil.copytree(SOURCE / "rules", place / "rules")
    house.configure(rules=str(place / "rules"))
    copy = shutil.copy(program(name), place)
    shutil.chown(house.queue_file, owner)
    house.queue_file.chmod(mode)
    said = refused(house, copy, 73, user="nobody", group="nogroup", extra_groups=[])
    assert str(house.queue_file) in said


def test_mail_waits_while_the_queue_is_spoiled(chain, standin):
    """Rubbish instead of the queue; mail goes on when the old one is back."""
    with load(chain, 5):
        pass
    chain.postfix.wait_delivered(5)
    chain.wait_states(done=5)
    chain.submit.stop()
    chain.milter.stop()
    safe = chain.queue_file.read_bytes()
    not_sqlite(chain.queue_file)
    assert str(chain.queue_file) in refused(chain, program("lead-milter"), 73)
    chain.postfix.sendmail(inquiry(20), [LEADS])
    with load(chain, 9):  # 0 to 4 once more
        pass
    time.sleep(1)
    assert len(chain.postfix.delivered_files()) == 5
    chain.queue_file.write_bytes(safe)
    chain.milter.start()
    chain.submit.start()
    mails = chain.postfix.wait_delivered(15, 60)
    chain.wait_states(done=10)
    assert companies(standin) == expected([*range(9), 20])
    assert len({mail.lead_ids[0] for mail in mails}) == 10
