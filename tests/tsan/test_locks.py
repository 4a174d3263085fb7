"""That ThreadSanitizer, told of GLib's locks, sees a race where there is one and none where a lock,
a once or a counted reference orders things. Of a build with --enable-sanitizers=thread."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from harness import environment  # noqa: E402


@pytest.fixture(scope="module")
def race(tmp_path_factory):
    program = tmp_path_factory.mktemp("tsan") / "race"
    subprocess.run(f"clang -fsanitize=thread -g -O1 -o {program} {Path(__file__).with_name('race.c')}"
                   " $(pkg-config --cflags --libs glib-2.0)", shell=True, check=True)
    return lambda way: subprocess.run([program, way], env=environment(),
                                      capture_output=True, text=True)


@pytest.mark.parametrize("way", ["lock", "once", "box", "pool"])
def test_what_glib_orders_is_no_race(race, way):
    done = race(way)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_forgotten_lock_is_found(race):
    done = race("none")
    assert done.returncode == 23
    assert "WARNING: ThreadSanitizer: data race" in done.stderr
