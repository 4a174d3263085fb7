"""Who the daemons are, and what their units leave them."""

import os
import pwd
import shutil
import subprocess

import pytest

from harness import SOURCE, inquiry, program
from milterclient import Milter


@pytest.mark.parametrize("unit", ["lead-milter", "lead-submit"])
def test_the_units_expose_little(unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                           SOURCE / f"contrib/systemd/{unit}.service"], capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


def test_it_becomes_the_user_and_works(house, standin):
    nobody = pwd.getpwnam("nobody")
    rules = shutil.copytree(SOURCE / "rules", house.folder / "rules")  # the sources may be root's
    house.configure(rules=str(rules))
    os.chown(house.folder, nobody.pw_uid, nobody.pw_gid)
    os.chown(house.token_file, nobody.pw_uid, nobody.pw_gid)
    for daemon in (house.milter, house.submit):
        daemon.arguments = ["-u", "nobody"]
        daemon.start()
        status = open(f"/proc/{daemon.process.pid}/status").read()
        assert f"Uid:\t{nobody.pw_uid}\t{nobody.pw_uid}\t{nobody.pw_uid}" in status
        assert "runs as root" not in daemon.log()
    with Milter(house.listen) as milter:
        assert milter.deliver(inquiry(1).replace(b"\n", b"\r\n")).lead_ids
    house.wait_states(done=1)
    assert house.queue_file.stat().st_uid == nobody.pw_uid


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
def test_an_unknown_user_is_said(house, name):
    done = subprocess.run([program(name), "-c", house.config, "-f", "-u", "no-such-user"],
                          capture_output=True, timeout=20)
    assert done.returncode == 67
    assert b'there is no user "no-such-user"' in done.stderr
