"""More connections than there are descriptors or threads for: slow is fine, dead or spinning is not."""

import os
import socket
import time

import pytest

from harness import inquiry, wait_for
from milterclient import Milter


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crowd(path, number):
    """So many connections that say nothing; those that find no place are dropped."""
    sockets = []
    for _ in range(number):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(0.01)
        try:
            s.connect(path)
            sockets.append(s)
        except OSError:
            s.close()
    return sockets


def delivers(house, number):
    with Milter(house.listen, timeout=60) as milter:
        return milter.deliver(inquiry(number).replace(b"\n", b"\r\n")).lead_ids


def test_out_of_descriptors_connections_wait(house):
    house.milter.wrapper = ["prlimit", "--nofile=64"]
    house.milter.start()
    pid = house.milter.process.pid
    idle = crowd(house.listen.removeprefix("unix:"), 300)
    wait_for(lambda: "connections wait for others to end" in house.milter.log(), 20)
    before = processor_seconds(pid)
    time.sleep(2)
    assert processor_seconds(pid) - before < 0.5, "it spins"
    for s in idle:
        s.close()
    assert delivers(house, 1)
    assert len(house.queue()) == 1


@pytest.mark.parametrize("number", [500])
def test_many_idle_connections_keep_no_mail_from_its_way(house, number):
    house.milter.start()
    idle = []
    for _ in range(number):
        idle.append(Milter(house.listen, timeout=60))  # negotiated, and then silent
    for n in range(1, 6):
        assert delivers(house, n)
    assert len(house.queue()) == 5
    for milter in idle:
        milter.socket.close()
