"""No threads left: slow is fine, dead or spinning is not, and every mail has one lead."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from harness import SOURCE, inquiry, wait_for
from milterclient import Milter
from smtpsink import SmtpSink
from test_load import processor_seconds


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "threadshim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                    Path(__file__).with_name("threadshim.c"), "-ldl"], check=True)
    return library


@pytest.fixture
def gone(house, shim, place):
    """The file that is there while no thread can be made."""
    path = place / "gone"
    for daemon in (house.milter, house.submit):
        daemon.env = {"LD_PRELOAD": str(shim), "THREADS_GONE": str(path)}
    return path


@pytest.fixture
def sink():
    server = SmtpSink()
    yield server
    server.close()


def tasks(pid):
    return set(os.listdir(f"/proc/{pid}/task"))


def threads(pid):
    return len(tasks(pid))


def open_at_once(house, n):
    """Connections that say nothing; each may have a thread."""
    connections = []
    for _ in range(n):
        connections.append(socket.socket(socket.AF_UNIX))
        connections[-1].connect(house.listen.removeprefix("unix:"))
    return connections


def deliver(house, first, mails, together=None):
    """So many mails over one connection, when all others are there; the ids of their leads."""
    with Milter(house.listen, timeout=60) as milter:
        if together:
            together.wait(60)
        return [i for n in range(first, first + mails)
                for i in milter.deliver(inquiry(n).replace(b"\n", b"\r\n")).lead_ids]


def deliver_at_once(house, connections, mails):
    together = Barrier(connections)
    with ThreadPoolExecutor(connections) as pool:
        ids = list(pool.map(lambda c: deliver(house, c * mails, mails, together),
                            range(connections)))
    return [i for some in ids for i in some]


def test_threads_are_used_again_for_the_next_connections_and_end_when_there_are_none(house):
    """libmilter ends those beyond its second, and would make others for the next sessions."""
    house.milter.start()
    pid = house.milter.process.pid
    deliver(house, 100, 1)  # its pool is there
    at_rest = threads(pid)
    assert len(set(deliver_at_once(house, 12, 2))) == 24
    there = tasks(pid)
    for wave in range(3):
        deliver_at_once(house, 4, 2)
        assert tasks(pid) <= there, f"wave {wave} had threads of its own"
    wait_for(lambda: deliver(house, 100, 1) and threads(pid) <= at_rest + 2, 30,
             "the spare threads to end, but for those that a connection now and then needs",
             pause=0.2)


@pytest.mark.parametrize("microseconds", [0, 5000])
def test_a_connection_that_comes_with_others_waits_for_none_of_them_to_end(house, shim,
                                                                           microseconds):
    """libmilter took an idle thread for each of those that came at once, though it had two.
    Threads that take their time to begin are not called again."""
    house.milter.env = {"LD_PRELOAD": str(shim), "THREADS_SLOW": str(microseconds)}
    house.milter.start()
    pid = house.milter.process.pid
    deliver(house, 100, 1)  # its pool is there
    at_rest, until = threads(pid), time.monotonic() + 4

    def be_busy(connection):
        first, mails = None, 0
        with Milter(house.listen, timeout=60) as milter:
            while time.monotonic() < until:
                milter.deliver(inquiry(1000 * connection + mails).replace(b"\n", b"\r\n"))
                first, mails = first or time.monotonic(), mails + 1
        return first
    with ThreadPoolExecutor(20) as pool:
        house.milter.process.send_signal(signal.SIGSTOP)
        busy = [pool.submit(be_busy, connection) for connection in range(20)]
        time.sleep(1)  # all have connected
        house.milter.process.send_signal(signal.SIGCONT)
    assert all(one.result() and one.result() < until - 1 for one in busy), \
        [one.result() and until - one.result() for one in busy]
    assert threads(pid) <= at_rest + 20 + 10, "threads for nobody"  # there were 40


def check_starved(house, starve, feed):
    house.milter.start()
    pid = house.milter.process.pid
    ids = deliver(house, 200, 1)  # its pool is there
    starve(pid)
    ids += deliver_at_once(house, 12, 4)
    assert len(set(ids)) == 49 == len(house.queue())
    assert "no thread can be made" in house.milter.log()
    assert threads(pid) < 12, "there were threads after all"
    idle = [Milter(house.listen, timeout=60) for _ in range(40)]
    before = processor_seconds(pid)
    time.sleep(2)
    assert processor_seconds(pid) - before < 0.5, "it spins"
    for milter in idle:  # connected, and served, when there were none
        milter.socket.close()
    open_files = len(os.listdir(f"/proc/{pid}/fd"))
    feed(pid)
    ids += deliver(house, 100, 3)
    assert len(set(ids)) == 52 == len(house.queue())
    wait_for(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= open_files, 15,
             "connections of before to be closed")


def test_out_of_threads_connections_share_those_there_are(house, gone):
    check_starved(house, lambda pid: gone.touch(), lambda pid: gone.unlink())


def switches(pid):
    """How often its threads have been put to sleep."""
    return sum(int(line.split()[1]) for task in tasks(pid)
               for line in open(f"/proc/{pid}/task/{task}/status")
               if line.startswith("voluntary_ctxt_switches"))


def test_out_of_threads_connections_wait_at_rest(house, gone):
    house.milter.start()
    pid = house.milter.process.pid
    deliver(house, 100, 1)  # its pool is there
    gone.touch()
    # As many in the midst of a command as there are threads, and others.
    waiting = [Milter(house.listen, timeout=60).socket for _ in range(2)]
    for half in waiting:
        half.sendall(b"\0\0\0\x40H")
    for _ in range(4):
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].connect(house.listen.removeprefix("unix:"))
        waiting[-1].sendall(b"\0\0\0\x40O")
    time.sleep(4)  # not just after the first that had none
    before = switches(pid)
    time.sleep(2)
    assert switches(pid) - before < 300
    gone.unlink()
    for connection in waiting:
        connection.close()
    assert len(deliver(house, 200, 1)) == 1


def test_out_of_threads_by_the_user_s_limit(house):
    user = 54321  # nobody's, so that no other process counts
    group = pwd.getpwnam("postfix").pw_gid
    rules = shutil.copytree(SOURCE / "rules", house.folder / "rules")
    house.configure(rules=str(rules))
    for path in (house.folder, house.token_file, house.config):
        os.chown(path, user, group)
    as_user = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    house.milter.wrapper = as_user

    def limit(number):  # the soft one, of which the user is the master
        return lambda pid: subprocess.run(
            [*as_user, "prlimit", f"--pid={pid}", f"--nproc={number}:"], check=True)
    check_starved(house, limit(1), limit(10000))


def test_without_threads_at_its_start_it_ends_and_says_so(house, gone):
    gone.touch()
    house.milter.start(wait=False)
    assert house.milter.wait() == 70
    assert "libmilter has no thread" in house.milter.log()
    house.milter.process = None


def test_lead_submit_without_threads_goes_on(house, standin, gone, sink):
    """A thread of its own sends the mail to alert_to."""
    house.configure(alert_to="ops@example.org", alert_smtp=sink.address)
    house.milter.env = {}
    house.milter.start()
    house.submit.start()
    gone.touch()
    standin.misbehave("422", times=1)
    deliver(house, 1, 1)
    house.wait_states(dead=1)
    wait_for(lambda: "the mail to alert_to was not taken" in house.submit.log(), 30)
    deliver(house, 2, 1)
    house.wait_states(dead=1, done=1)
    assert not sink.mails


def test_lead_submit_without_threads_at_its_start_ends_and_says_so(house, gone):
    house.milter.env = {}
    house.milter.start()
    ids = deliver(house, 1, 1)
    gone.touch()
    house.submit.start(wait=False)
    assert house.submit.wait() == 71
    assert "not started: Error creating thread" in house.submit.log()
    gone.unlink()
    assert [lead["id"] for lead in house.queue()] == ids


def test_the_unit_leaves_threads_for_all_that_postfix_opens(house):
    """default_process_limit is 100 for each of master.cf's services; large relays have more."""
    unit = (SOURCE / "contrib/systemd/lead-milter.service").read_text()
    tasks_max = int(re.search(r"^TasksMax=(\d+)$", unit, re.M)[1])
    house.milter.start()
    connections = open_at_once(house, 500)
    pid = house.milter.process.pid
    wait_for(lambda: threads(pid) > 10)
    time.sleep(1)
    most = threads(pid)
    assert most < 500 + 20, "not one for each at most"
    assert most < tasks_max / 4
    for connection in connections:
        connection.close()
    assert deliver(house, 1, 1)
