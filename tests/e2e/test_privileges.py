"""Who the daemons are, and what their units leave them."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from harness import SOURCE, build_dir, environment, inquiry, program, wait_for
from milterclient import Milter


@pytest.mark.parametrize("unit", ["lead-milter", "lead-submit"])
def test_the_units_expose_little(unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                           SOURCE / f"contrib/systemd/{unit}.service"], capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


def test_systemd_understands_the_units(place):
    for path in (SOURCE / "contrib/systemd").glob("*.*"):
        text = path.read_text().replace("/usr/sbin/lead-", f"{build_dir()}/src/lead-")
        (place / path.name).write_text(text)
    units = [path for kind in ("service", "socket", "path") for path in place.glob(f"*.{kind}")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True,
                          text=True, check=False)
    assert len(units) == 5 and (done.returncode, done.stderr) == (0, "")


@pytest.fixture(params=["", "@"], ids=["path", "abstract"])
def systemd(request, place):
    """What a unit of Type=notify gives its daemon, as by sd_notify(3): a name and who listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = f"{request.param}{place}/notify"
        listener.bind(name.replace("@", "\0"))
        listener.settimeout(20)
        yield name, listener


def silent(listener):
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.recv(4096)
    return True


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
def test_systemd_is_told_when_the_start_is_done(house, systemd, name):
    assert "\nType=notify\n" in (SOURCE / f"contrib/systemd/{name}.service").read_text()
    daemon = house.milter if name == "lead-milter" else house.submit
    notify_socket, listener = systemd
    daemon.env = {"NOTIFY_SOCKET": notify_socket}
    daemon.start(wait=False)
    assert listener.recv(4096) == b"READY=1"
    if name == "lead-milter":
        with Milter(house.listen) as milter:
            assert milter.deliver(inquiry(1).replace(b"\n", b"\r\n")).lead_ids
    assert house.queue_file.exists()
    daemon.reload()
    wait_for(lambda: "reloaded" in daemon.log(), what=daemon.log)
    assert daemon.stop() == 0 and silent(listener)


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
def test_systemd_is_told_nothing_when_the_start_fails(house, systemd, name):
    notify_socket, listener = systemd
    house.configure(retention="for ever")
    done = subprocess.run([program(name), "-c", house.config, "-f"], capture_output=True,
                          timeout=20, check=False,
                          env={**environment(), "NOTIFY_SOCKET": notify_socket})
    assert done.returncode == 78 and silent(listener), done.stderr


@pytest.mark.parametrize("path, says", [
    ("/nonexistent/notify", "No such file or directory"), ("/" + 108 * "x", "File name too long"),
], ids=["gone", "too long"])
def test_a_systemd_that_cannot_be_told_costs_no_mail(house, path, says):
    house.milter.env = {"NOTIFY_SOCKET": path}
    house.milter.start()
    assert f"NOTIFY_SOCKET={path}: {says}" in house.milter.log()
    with Milter(house.listen) as milter:
        assert milter.deliver(inquiry(1).replace(b"\n", b"\r\n")).lead_ids


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


@pytest.mark.parametrize("whose", ["queue", "folder"])
@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
def test_a_queue_of_another_user_is_said_with_its_owner(house, name, whose):
    rules = shutil.copytree(SOURCE / "rules", house.folder / "rules")
    house.configure(rules=str(rules))
    house.folder.chmod(0o755)
    if whose == "queue":
        house.queue_file.touch(0o600)
    path = house.queue_file if whose == "queue" else house.folder
    done = subprocess.run([program(name), "-c", house.config, "-f", "-u", "nobody"],
                          capture_output=True, timeout=20)
    assert done.returncode == 73
    assert f"{path} belongs to root, and we run as nobody" in done.stderr.decode()


def in_background(marker):
    """The process that has this in its environment."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in environ.read_bytes().split(b"\0"):
                return int(environ.parent.name)
        except OSError:
            pass  # gone, or a kernel's
    return None


@pytest.mark.parametrize("name", ["lead-milter", "lead-submit"])
def test_in_the_background_it_holds_no_folder_and_still_finds_its_configuration(house, name):
    marker = f"LEAD_TEST={house.folder}"
    subprocess.run([program(name), "-c", house.config.name], cwd=house.folder, timeout=60, check=True,
                   env={**environment(), **dict([marker.split("=", 1)])}, stderr=subprocess.DEVNULL)
    pid = in_background(marker)
    try:
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        house.configure(metrics=str(house.folder))
        os.kill(pid, signal.SIGHUP)
        wait_for((house.folder / f"{name}.prom").exists, 30)
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 30)
