"""make bench, in its quickest form: that it measures everything, never how fast anything is."""

import json
import subprocess

import pytest

import harness

# Of issue numbers that the table has: how many ratios each.
ROWS = {1: 2, 2: 7, 3: 4, 4: 1, 5: 2, 6: 7, 7: 5, 8: 2, 9: 3}
BENCH = harness.SOURCE / "tests/bench/bench.py"


def bench(*arguments, **options):
    return subprocess.run(["/usr/bin/python3", BENCH, *map(str, arguments)], capture_output=True,
                          text=True, timeout=580, check=False, **options)


def test_the_table_is_complete(place):
    subprocess.run(["make", "-s", "-C", harness.build_dir(), "bench-programs"], check=True,
                   capture_output=True, timeout=580)
    report, drawn = place / "bench.json", place / "scaling.svg"
    done = bench("--quick", "--json", report, "--plot", drawn)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    count = {}
    for row in told["rows"]:
        count[row["item"]] = count.get(row["item"], 0) + 1
        assert row["value"] >= 0 or row["unit"] == "ms", row
        assert row["verdict"] in (("pass", "short") if row["wanted"] else ("",)), row
        assert row["what"] in done.stdout
    assert count == ROWS
    assert set(told["machine"]) == {"processor", "cores", "kernel"}
    assert "?" not in told["versions"].values(), told["versions"]
    assert "</svg>" in drawn.read_text()

    page = bench("--readme", report)
    assert page.returncode == 0, page.stderr
    assert page.stdout.count("\n| ") >= sum(ROWS.values())


def test_what_is_missing_is_named_with_its_package(monkeypatch):
    monkeypatch.syspath_prepend(BENCH.parent)
    import contestants
    monkeypatch.setitem(contestants.NEEDED, "no-such-program", "its-package")
    with pytest.raises(SystemExit, match="no-such-program; apt-get install its-package$"):
        contestants.check()


@pytest.mark.parametrize("arguments, wrong", [
    (["--json", "/no/such/folder/bench.json"], "/no/such/folder/bench.json: no folder to write to"),
    (["--plot", "bench.svg", "milter"], "--plot draws what the job scaling measures")])
def test_what_cannot_be_written_is_said_before_anything_is_measured(arguments, wrong):
    told = bench(*arguments)
    assert told.returncode == 2
    assert wrong in told.stderr
    assert "milter …" not in told.stderr
