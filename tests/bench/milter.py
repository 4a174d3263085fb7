"""Items 1, 2 and 9: what lead-milter costs mail that is not ours and mail that is, how large it
grows, and how soon it is there."""

import os
import statistics
import time

from contestants import (Folder, Milter, harness, load, median_of, median_ratio, rates,
                         rounds_of, status_megabytes)
from table import Row

START_TIMES = 21  # at least


def sides_of(house, noop, connections, messages, **others):
    def side(address, recipient=harness.LEADS):
        return lambda: load(address, connections, messages, recipient)
    return {"no-op": side(noop.address),
            "foreign": side(house.listen, harness.OTHER),
            "lead": side(house.listen),
            **{name: side(milter.address) for name, milter in others.items()}}


def disk_wait(folder, times):
    """An fdatasync after 8 KB, p50 in microseconds: what a lead on disk takes at least."""
    waits = []
    with open(folder / "wait", "wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(8192))
            begun = time.monotonic()
            os.fdatasync(file.fileno())
            waits.append((time.monotonic() - begun) * 1e6)
    return {"p50": statistics.median(waits)}


def rows_of(busy, alone):
    """`busy`: on 10 connections, `alone`: on one."""
    noop, lead, least = busy["no-op"], busy["lead"], busy["least"]
    tail = statistics.median(result["p99"] / result["p50"] for result in lead)
    behind = statistics.median((a["p50"] - b["p50"]) / 1000
                               for a, b in zip(alone["lead"], alone["no-op"]))
    return [
        Row(1, "foreign mail / no-op milter", median_ratio(busy["foreign"], noop), least=2.3,
            of=rates(busy, "foreign", "no-op")),
        Row(1, "a milter that accepts at DATA / no-op milter", median_ratio(busy["accept"], noop),
            of=rates(busy, "accept", "no-op")),
        Row(2, "a lead, committed / no-op milter", median_ratio(lead, noop), least=0.6,
            of=rates(busy, "lead", "no-op")),
        Row(2, "the least such milter (bare GMime, 15 patterns, a durable row) / no-op milter",
            median_ratio(least, noop), of=rates(busy, "least", "no-op")),
        Row(2, "a lead / the least such milter", median_ratio(lead, least),
            of=rates(busy, "lead", "least")),
        Row(2, "a lead with its queue in memory, without a disk to wait for / no-op milter",
            median_ratio(busy["memory"], noop), of=rates(busy, "memory", "no-op")),
        Row(2, "a lead's p99 / its p50", tail, most=5,
            of=f"p50 {median_of(lead, 'p50') / 1000:.2f} ms"),
        Row(2, "a lead on one connection, p50 beyond no-op's", behind, unit="ms", most=1,
            of=f"p50 {median_of(alone['lead'], 'p50') / 1000:.2f} ms"),
        Row(2, "an fdatasync alone, p50", median_of(alone["disk"], "p50") / 1000, unit="ms"),
    ]


def costs(options):
    with Folder() as folder, Folder() as other:
        house, in_memory = folder.house(), other.house(in_memory=True)
        noop = folder.start(Milter(folder.path, "noop"))
        accept = folder.start(Milter(folder.path, "accept"))
        least = folder.start(Milter(folder.path, "least"))
        house.milter.start()
        in_memory.milter.start()
        busy = rounds_of(options.rounds, {
            **sides_of(house, noop, 10, options.messages, accept=accept, least=least),
            "memory": lambda: load(in_memory.listen, 10, options.messages, harness.LEADS)})
        few = max(options.messages // 5, 20)
        alone = rounds_of(options.rounds, {
            **sides_of(house, noop, 1, few),
            "disk": lambda: disk_wait(folder.path, few // 10)})
        leads = sum(result["leads"] for result in busy["lead"])
        assert leads == options.rounds * options.messages, f"{leads} leads"
        assert least.rows() == leads, f"{least.rows()} rows"
    return rows_of(busy, alone)


def start_up(house):
    """Milliseconds from exec, at which Popen returns, until the socket takes a connection."""
    house.milter.start(wait=False)
    begun = time.monotonic()
    socket = house.listen.removeprefix("unix:")
    # A connect that fails takes 40 µs of a core that the start could use.
    harness.wait_for(lambda: os.path.exists(socket) and harness.answers(house.listen),
                     pause=0.0005)
    took = time.monotonic() - begun
    house.milter.stop()
    return took * 1000


def growth(options):
    with Folder() as folder:
        house = folder.house()
        starts = [start_up(house) for _ in range(max(options.rounds, START_TIMES))]
        house.milter.start()
        figures = []
        for _ in range(10):
            load(house.listen, 10, max(options.leads // 10, 10), harness.LEADS)
            figures.append(status_megabytes(house.milter.process, "VmRSS"))
        peak = status_megabytes(house.milter.process, "VmHWM")
    return [
        Row(9, f"resident memory after {options.leads} leads", figures[-1], unit="MB", most=60,
            of=f"{peak:.0f} MB at most"),
        Row(9, "the same / after a fifth of them", figures[-1] / figures[1], most=1.1,
            of=" ".join(f"{figure:.0f}" for figure in figures) + " MB"),
        Row(9, "from exec to the first connection", statistics.median(starts), unit="ms", most=50,
            of=f"{min(starts):.0f} to {max(starts):.0f} ms"),
    ]


def measure(options):
    return costs(options) + growth(options)
