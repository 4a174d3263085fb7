"""The table of make bench: a row for each ratio that is wanted, as text, JSON and Markdown."""

import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from contestants import find


@dataclass
class Row:
    """`wanted` None: for comparison only."""

    item: int
    what: str
    value: float
    unit: str = "×"
    least: float = None
    most: float = None
    of: str = ""  # the figures behind it

    @property
    def wanted(self):
        if self.least is not None:
            return f"≥ {self.least:g} {self.unit}"
        return f"≤ {self.most:g} {self.unit}" if self.most is not None else ""

    @property
    def verdict(self):
        if not self.wanted:
            return ""
        good = self.value >= self.least if self.least is not None else self.value <= self.most
        return "pass" if good else "short"

    @property
    def shown(self):
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:.{digits}f} {self.unit}"

    def as_json(self):
        return {**asdict(self), "wanted": self.wanted, "verdict": self.verdict}


HEADINGS = ("item", "measured", "value", "wanted", "", "of")


def cells(row):
    return (str(row.item), row.what, row.shown, row.wanted, row.verdict, row.of)


def as_text(rows):
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in lines)


def as_markdown(report):
    """Of bench.py's JSON: what README shows."""
    lines = ["| measured | value | wanted | |", "| --- | --- | --- | --- |"]
    lines += [f"| {row['item']}. {row['what']} | {Row(**fields_of(row)).shown} | {row['wanted']}"
              f" | {row['verdict']} |" for row in report["rows"]]
    machine = ", ".join(str(value) for value in report["machine"].values())
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    return "\n".join([*lines, "", f"{machine}; {versions}."])


def fields_of(row):
    return {key: row[key] for key in Row.__dataclass_fields__}


def machine():
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", text, re.M)
    return {"processor": model.group(1) if model else platform.machine(),
            "cores": f"{len(os.sched_getaffinity(0))} cores",
            "kernel": f"Linux {platform.release()}"}


def first_number(*command):
    """The first thing that looks like a version in what a command prints; "?" without it."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    except OSError:
        return "?"
    found = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return found.group() if found else "?"


def versions():
    pkg = {"GMime": "gmime-3.0", "PCRE2": "libpcre2-8", "SQLite": "sqlite3", "libcurl": "libcurl"}
    return {
        "Postfix": first_number(find("postconf"), "-d", "mail_version"),
        "libmilter": first_number("dpkg-query", "-W", "-f", "${Version}", "libmilter-dev"),
        **{name: first_number("pkg-config", "--modversion", module)
           for name, module in pkg.items()},
        "nginx": first_number(find("nginx"), "-v"),
        "nghttp2": first_number(find("h2load"), "--version"),
    }
