"""Each system call that writes, syncs or sends, on the way from a mail to the API, fails or is the
last one: the mail, which its sender offers until it is taken, becomes one lead."""

import errno
import json
import mmap
import os
import random
import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest

from harness import environment, inquiry, program, wait_for
from milterclient import Closed, Milter

MOST = 60  # calls of one mail's way through a daemon; there are fewer


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "faultshim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                    Path(__file__).with_name("faultshim.c"), "-ldl"], check=True)
    return library


class Fault:
    def __init__(self, daemon, shim, folder):
        self.daemon, self.shim, self.arm = daemon, shim, folder / "armed"

    def start(self, at, number, **only):
        self.arm.unlink(missing_ok=True)
        self.daemon.env = {"LD_PRELOAD": str(self.shim), "FAULT_ARM": str(self.arm),
                           "FAULT_AT": str(at), "FAULT_ERRNO": str(number), **only}
        self.daemon.start()
        whole = self.arm.with_suffix(".new")  # the daemon may write by itself at any moment
        whole.write_bytes(bytes(8))
        whole.rename(self.arm)

    def seen(self):
        return struct.unpack("=Q", self.arm.read_bytes())[0]

    def end(self):
        if self.daemon.running():
            self.daemon.stop()
        else:
            assert self.daemon.process.returncode == -9, self.daemon.log()
        self.daemon.env = {}


def offer(house, number):
    """As an MTA does: again while it is not taken. A daemon that was killed is started."""
    def taken():
        if not house.milter.running():
            house.milter.env = {}
            house.milter.start()
        try:
            with Milter(house.listen, timeout=20) as milter:
                return not milter.deliver(inquiry(number).replace(b"\n", b"\r\n")).refused
        except (OSError, Closed, AssertionError):
            return False
    wait_for(taken, 30, f"mail {number} to be taken")


@pytest.mark.parametrize("number", [0, errno.EIO, errno.ENOSPC], ids=["kill", "EIO", "ENOSPC"])
def test_each_call_of_lead_milter(house, place, shim, number):
    fault = Fault(house.milter, shim, place)
    for at in range(1, MOST):
        fault.start(at, number)
        offer(house, at)
        wait_for(lambda: len(house.queue()) == at, 10, f"lead {at}")
        seen = fault.seen()
        if house.milter.running():
            fault.end()
        if seen < at:
            break
    assert 3 < at < MOST - 1, "the calls were not counted"


def test_a_log_that_failed_to_reach_the_disk_is_not_relied_on(house, place, shim):
    """The kernel takes the pages that it failed to write for written: all that is in the log is
    written anew, into the database, before another lead is taken."""
    fault = Fault(house.milter, shim, place)
    fault.start(6, errno.EIO, FAULT_CALL="fdatasync")
    log = Path(f"{house.queue_file}-wal")

    def refused(number):
        with Milter(house.listen) as milter:
            return milter.deliver(inquiry(number).replace(b"\n", b"\r\n")).refused
    sizes = []
    while not refused(len(sizes)):
        sizes.append(log.stat().st_size)
        assert len(sizes) < 10
    assert "its log does not reach the disk: Input/output error" in house.milter.log()
    refusals = house.milter.log().count("sender asked to try again")
    assert not refused(len(sizes) + 1)
    assert log.stat().st_size < sizes[-1], "the log was not begun anew"
    assert not refused(len(sizes)), "the one that was refused"
    assert house.milter.log().count("sender asked to try again") == refusals == 1
    fault.end()
    assert len(house.queue()) == len(sizes) + 2


def test_a_lead_that_is_not_on_disk_is_not_sent(house, standin, place, shim):
    """A power failure could take it, and its mail, which comes again, would become another lead."""
    house.milter.start()
    fault = Fault(house.submit, shim, place)
    fault.start(0, errno.EIO, FAULT_CALL="fdatasync")
    offer(house, 1)
    # Said once, of whatever came first: by how far it was when the disk began to fail.
    wait_for(lambda: "working off its log: disk I/O error" in house.submit.log()
             or "writing: disk I/O error" in house.submit.log()
             or "its log does not reach the disk" in house.submit.log(), what=house.submit.log)
    before = fault.seen()
    wait_for(lambda: fault.seen() > before + 1, 20, "more tries")
    sent = len(standin.leads)
    fault.end()
    house.submit.start()
    wait_for(lambda: house.states() == {"done": 1})
    assert (sent, len(standin.keys)) == (0, 1)


@pytest.mark.parametrize("number", [0, errno.EIO], ids=["kill", "EIO"])
def test_each_call_of_lead_submit(house, standin, place, shim, number):
    house.milter.start()
    fault = Fault(house.submit, shim, place)
    for at in range(1, MOST):
        fault.start(at, number)
        offer(house, at)

        def sent():
            if not house.submit.running():
                house.submit.env = {}
                house.submit.start()
            house.leadctl("queue", "retry", "all")  # without waiting
            return len(standin.keys) == at and house.states() == {"done": at}
        wait_for(sent, 30, lambda: f"lead {at}: {house.states()}\n{house.submit.log()}", pause=0.1)
        seen = fault.seen()
        fault.end()
        if seen < at:
            break
    assert 3 < at < MOST - 1, "the calls were not counted"
    assert len(standin.leads) == at


# --- a replay ---

REPLAYED = 300


class Replay:
    """leadctl submit of the same mails, of which syncs of the queue's log are counted, and fail."""

    def __init__(self, house, shim, folder):
        self.house, self.shim, self.arm = house, shim, folder / "armed"
        self.mails = folder / "mails"
        self.mails.mkdir()
        for n in range(REPLAYED):
            (self.mails / f"{n:04}.eml").write_bytes(inquiry(n))

    def run(self, *options, at=2**60, number=errno.EIO):
        self.arm.write_bytes(bytes(8))
        env = environment()
        preload = " ".join(filter(None, [env.get("LD_PRELOAD"), str(self.shim)]))
        return subprocess.run(
            [program("leadctl"), "-c", self.house.config, "submit", *options, self.mails],
            capture_output=True, text=True, timeout=60, check=False,
            env={**env, "LD_PRELOAD": preload, "FAULT_ARM": str(self.arm), "FAULT_AT": str(at),
                 "FAULT_ERRNO": str(number), "FAULT_CALL": "fdatasync"})

    def syncs(self):
        return struct.unpack("=Q", self.arm.read_bytes())[0]


def test_a_replay_waits_for_the_disk_once_for_many_mails(house, place, shim):
    house.milter.start()  # else the log is worked off at each end
    replay = Replay(house, shim, place)
    for says in f"{REPLAYED} new leads, 0 held, 0 known", f"0 new leads, 0 held, {REPLAYED} known":
        done = replay.run()
        assert done.returncode == 0 and says in done.stdout, done
        assert replay.syncs() < REPLAYED / 5  # the more, the slower we are
    assert len(house.queue()) == REPLAYED


def test_a_replay_that_pauses_waits_for_the_disk_before_it_tells(house, place, shim):
    house.milter.start()
    replay = Replay(house, shim, place)
    assert f"{REPLAYED} new leads" in replay.run("--rate", "60000").stdout
    assert replay.syncs() >= REPLAYED


@pytest.mark.parametrize("number", [0, errno.EIO], ids=["kill", "EIO"])
def test_what_a_replay_tells_is_on_disk(house, place, shim, number):
    """What it has told is there; the same command, when all is well, does the rest."""
    house.milter.start()
    replay = Replay(house, shim, place)
    for at in range(1, MOST):
        house.leadctl("queue", "drop", "all", "--yes", status=None)
        done = replay.run(at=at, number=number)
        if replay.syncs() < at:
            break
        lines = done.stdout.split("\n")[:-1]  # killed, it may end in the middle of one
        told = [line.split()[-1] for line in lines if ": new, source" in line]
        assert set(told) <= {item["id"] for item in house.queue()}
        if number:
            # SQLite does not mind a folder that fails.
            assert (done.returncode, len(told) == REPLAYED) in ((0, True), (74, False)), done
        if " mails: " in done.stdout:  # else the queue was not even opened
            assert f" {len(told)} new leads" in done.stdout
        if " mails: " in done.stdout and done.returncode:
            assert "the same command goes on from there" in done.stderr
        assert replay.run().returncode == 0
        assert len(house.queue()) == REPLAYED
    assert 3 < at < MOST - 1, "the calls were not counted"


# --- allocations; those of lead-milter's way all, by tests/torture ---

ALLOCATIONS = int(os.environ.get("TORTURE_ALLOCATIONS", "40"))  # of them all, so many; 0: all


class Memory:
    """Of a daemon: which allocation fails, and how many there were."""

    def __init__(self, daemon, folder):
        library, arm = folder / "allocshim.so", folder / "allocations"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                        Path(__file__).with_name("allocshim.c")], check=True)
        arm.write_bytes(bytes(16))
        with open(arm, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 16)
        daemon.env = {"LD_PRELOAD": str(library), "ALLOC_ARM": str(arm)}

    def fail(self, at):
        self.shared[:] = struct.pack("=QQ", at, 0)

    def count(self):
        return struct.unpack("=QQ", self.shared[:])[1]


def test_allocations_of_lead_submit(house, standin, place):
    memory = Memory(house.submit, place)
    house.milter.start()
    made = 0

    def send(at):
        nonlocal made
        made += 1
        starts = house.submit.log().count("works on")
        house.submit.start()
        wait_for(lambda: house.submit.log().count("works on") > starts)
        memory.fail(at)
        offer(house, made)

        def sent():
            if not house.submit.running():
                # As by kill -9, or it left as for any error of the environment.
                assert house.submit.process.returncode in (-5, -6, 74), house.submit.log()
                memory.fail(0)
                house.submit.start()
            house.leadctl("queue", "retry", "all")  # without waiting
            return len(standin.keys) == made and house.states() == {"done": made}
        wait_for(sent, 30, lambda: f"allocation {at}: {house.states()}\n{house.submit.log()}",
                 pause=0.05)
        count = memory.count()
        memory.fail(0)
        house.submit.stop()
        return count

    all_of_them = send(2**60)
    if all_of_them == 0:
        return  # a sanitizer has allocators of its own
    stride = all_of_them / ALLOCATIONS if ALLOCATIONS else 1
    at = random.random() * stride
    while at < all_of_them:
        send(1 + int(at))
        at += stride
    assert len(standin.leads) == made
    with sqlite3.connect(house.queue_file) as queue:
        payloads = [json.loads(text) for text, in queue.execute("SELECT payload FROM leads")]
    assert sorted(map(json.dumps, payloads)) == sorted(map(json.dumps, standin.leads))
