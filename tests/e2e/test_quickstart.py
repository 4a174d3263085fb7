"""contrib/quickstart: what it says of a mail that was delivered twice, with lead-milter and without."""

import importlib.util
import random
import subprocess
import sys

import pytest

from harness import SOURCE, Delivered, build_dir, environment

ID = b"X-Lead-Id: 6f1c2f0e-2a3b-4c5d-8e9f-000000000001\n"


@pytest.fixture(scope="module")
def quickstart():
    spec = importlib.util.spec_from_file_location("quickstart", SOURCE / "contrib/quickstart.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("plain, delivered, says", [
    (b"Subject: x\n\nbody\n", b"Subject: x\n\nbody\n", "the same, byte for byte."),
    (b"Subject: x\n\nbody\n", b"Subject: x\n" + ID + b"\nbody\n", "but for X-Lead-Id."),
    (b"Subject: x\n", b"Subject: x\n" + ID, "but for X-Lead-Id."),
    (b"\nno header\n", ID + b"\nno header\n", "but for X-Lead-Id."),
    (b"\nX-Lead-Id: in the body\n", ID + b"\nX-Lead-Id: in the body\n", "but for X-Lead-Id."),
    (b"X-Lead-Id: 1\n 2\nSubject: x\n\nbody\n", b"Subject: x\n" + ID + b"\nbody\n",
     "that the sender had put"),
    (b"X-Lead-Id: 1\nSubject: x\n", b"Subject: x\n" + ID, "that the sender had put"),
])
def test_what_is_the_same_is_said_to_be(quickstart, plain, delivered, says):
    same, text = quickstart.compare(Delivered(plain), Delivered(delivered))
    assert same and says in text


@pytest.mark.parametrize("plain, delivered", [
    (b"Subject: x\n\nbody\n", b"Subject: x\n" + ID + b"\nbody\n\n"),
    (b"\nno header\n", ID + b"\nno header\n\n"),
    (b"Subject: x\n", b"Subject: x\n" + ID + b"\n"),
    (b"\nX-Lead-Id: in the body\n", ID + b"\n"),
    (b"Subject: x\n\nbody\n", b"Subject: y\n" + ID + b"\nbody\n"),
])
def test_what_differs_is_said_to(quickstart, plain, delivered):
    same, text = quickstart.compare(Delivered(plain), Delivered(delivered))
    assert not same and "DIFFERENT" in text


def test_a_mail_of_random_bytes_comes_through_unchanged(place):
    mail = place / "mail"
    noise = random.Random(1)
    mail.write_bytes(bytes(noise.choice(range(128, 256)) for _ in range(3000)))
    done = subprocess.run([sys.executable, "-B", SOURCE / "contrib/quickstart.py", mail],
                          capture_output=True, timeout=120, check=False,
                          env={**environment(), "LEAD_BUILD": str(build_dir())})
    out = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0 and "the same, byte for byte, but for X-Lead-Id." in out, out
