"""A short run of tests/chaos/chaos.py; make chaos does the long one."""

import sys

from harness import SOURCE

sys.path.insert(0, str(SOURCE / "tests/chaos"))

import chaos  # noqa: E402


def test_kill_9_at_random_moments_loses_and_doubles_nothing():
    figures = chaos.run(mails=600, kills=20, senders=3, seed=7)
    assert sum(figures["killed"].values()) == 20
    assert (figures["lost"], figures["doubled"], figures["leads"]) == (0, 0, 600)
