#!/usr/bin/python3
"""make cost: the processor time and memory that hostile mails take, above an ordinary one's.

    cost.py [--most N]

Each mail is read by a leadctl extract of its own; of three the least counts. Wanted: at most 200 ms,
and at most 4 times the mail's size, or 5 MiB if that is more: a small mail may be all header fields
and parts, of which GMime makes objects. Prints the costliest first.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/e2e"))
import harness  # noqa: E402
from harness import inquiry  # noqa: E402

MEGABYTE = 1000000
SECONDS, TIMES, FLOOR = 0.2, 4, 5
ORDINARY = SOURCE / "rules/samples/angi-1.eml"

VOCABULARIES = {
    "names": ["Ada", "Lovelace", "Grace", "Hopper", "Jr.", "Dr.", "O'Neil", "van", "der"],
    "phones": ["312.555.0142", "(312)5550142", "+1 312 555 0142", "555-0142", "ext 7", "x", "c"],
    "addresses": ["1450 W Fulton Market,", "Chicago,", "IL", "60607", "Suite 4B", "P.O. Box 12",
                  "N 4500 W Road"],
    "e-mail addresses": ["a@b.example", "x.y@z", "@", "<a@b>", "mailto:q@r.example",
                         "http://x.example/?a=b"],
    "labels": ["Name:", "Phone:", "E-mail:", "Address:", "Company:", "Message:", "City:", "x"],
    "prose": "the roof leaks over our loading dock and we need somebody before winter".split(),
    "amounts": ["$1,234.56", "USD", "12k", "1.2", "million", "€", "budget:"],
    "capitals": ["AB", "CD", "IL", "TX", "NW", "ST", "AVE"],
}
REPEATED = {
    "letters": "a", "digits": "1", "spaces": " ", "tabs": "a\tb\t", "short lines": "a\n",
    "empty lines": "\n", "letters beyond ASCII": "é中",
    "attributions": "On Mon, Nov 2, 2026 at 9:14 AM Ada\n<ada@x.example> wrote: x\n",
    "header blocks": "From: A <a@example.net>\nDate: x\nTo: b\nSubject: c\n\n",
    "signatures": "Best,\nJane Doe\nFacility Manager\n(312) 555-0142\n--\n",
    "labelled lines": "Name: Ada\n", "flowed quotes": "> a \n",
}
HTML = {
    "paragraphs": "<p>x", "table rows": "<tr><td>Name:</td><td>Ada</td></tr>",
    "links": "<a href='http://x.example/y'>x</a>", "entities": "&amp;&#65;&nbsp;",
    "hidden paragraphs": "<p style='display:none;color:red' a=b c=d>x</p>",
    "comments with JSON": "<!-- {\"a\":1} -->", "fonts": "<font size=1>x",
    "metas": "<meta name='lead_name' content='x'>", "style": "<style>a{b:c}</style>",
}
CHARSETS = {"utf-16le": "Name: Ada\n".encode("utf-16le"), "gb18030": b"\xb0\xa1",
            "utf-7": b"+AGE-", "windows-1252": b"\xe9 "}
FIELDS = {
    "addresses": "To: " + ", ".join(f"N{n} <a{n}@x.example>" for n in range(20000)) + "\n",
    "Received": "Received: from a by b; x\n" * 10000,
    "results": "Authentication-Results: mx.example.com; dkim=pass header.d=x.example\n" * 2000,
    "quotes": "From: " + '"\\"' * 30000 + "\n",
    "parameters": "Content-Disposition: inline" + "; a=b" * 150000 + "\n",
    "parameters, a line each": "Content-Disposition: inline" + ";\n a=b" * 150000 + "\n",
}


def body(content_type, encoding, text):
    head = inquiry(1).partition(b"\n\n")[0]
    head = head.replace(b"text/plain; charset=utf-8", content_type.encode())
    return head.replace(b"Encoding: 8bit", b"Encoding: " + encoding.encode()) + b"\n\n" + text


def words(vocabulary):
    draw = random.Random(7)
    lines, size = [], 0
    while size < 2 * MEGABYTE:
        lines.append(" ".join(draw.choice(vocabulary) for _ in range(12)))
        size += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def repeated(text, size=2 * MEGABYTE):
    return text * (size // len(text))


def mails():
    import hostile
    yield from hostile.BAD.items()
    for name, vocabulary in VOCABULARIES.items():
        yield f"text of {name}", inquiry(1, text=words(vocabulary))
    for name, text in REPEATED.items():
        yield f"text of {name}", inquiry(1, text=repeated(text))
    for name, text in HTML.items():
        yield f"HTML of {name}", body("text/html; charset=utf-8", "8bit", repeated(text).encode())
    for name, text in CHARSETS.items():
        yield f"text in {name}", body(f"text/plain; charset={name}", "8bit", repeated(text))
    for name, text in FIELDS.items():
        yield f"header of {name}", inquiry(1, extra=text)
    yield "9 MB of base64", body("text/plain", "base64", repeated(b"QUJD" * 19 + b"\n", 9 * MEGABYTE))
    yield "9 MB of quoted-printable", body("text/plain", "quoted-printable",
                                           repeated(b"=41" * 25 + b"=\n", 9 * MEGABYTE))
    yield "JSON of many members", body("application/json", "8bit", b'{' + b",".join(
        b'"k%d":"v"' % n for n in range(100000)) + b"}")
    yield "JSON nested", body("text/plain", "8bit", b'{"a":' * 100000)
    yield "4,900 parts", hostile.many_parts(4900)
    part = b"--b\nContent-Type: text/plain" + b"; a=b" * 200 + b"\n\nx\n"
    yield "1,900 parts of 200 parameters", body("multipart/mixed; boundary=b", "8bit", part * 1900)


def write(folder):
    """All mails, by a process of its own: a child's memory is told as its parent's at least."""
    child = os.fork()
    if child == 0:
        try:
            for name, mail in mails():
                (folder / f"{name}.eml").write_bytes(mail)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"cost: the mails could not be written to {folder}")


def cost(path):
    """Seconds of processor time and megabytes, of a leadctl that reads this mail."""
    nothing = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)]
    program = harness.program("leadctl")
    child = os.posix_spawn(program, [program, "-r", str(SOURCE / "rules"), "extract", str(path)],
                           os.environ, file_actions=nothing)
    _, status, used = os.wait4(child, 0)
    if status:
        sys.exit(f"cost: leadctl extract {path} ended with {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def least(path):
    costs = [cost(path) for _ in range(3)]
    return min(c[0] for c in costs), min(c[1] for c in costs)


def main():
    options = argparse.ArgumentParser(prog="cost.py")
    options.add_argument("--most", type=int, default=1000, help="rows to print")
    options = options.parse_args()
    base = least(ORDINARY)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        for path in Path(folder).iterdir():
            seconds, megabytes = (value - of for value, of in zip(least(path), base))
            size = path.stat().st_size
            allowed = max(TIMES * size / (1 << 20), FLOOR)
            rows.append((seconds, megabytes, allowed, size / (1 << 20), path.stem))
    rows.sort(reverse=True)
    print(f"{'ms':>7} {'MiB':>7} {'allowed':>8} {'mail MiB':>9}")
    for seconds, megabytes, allowed, size, name in rows[:options.most]:
        word = "" if seconds <= SECONDS and megabytes <= allowed else "  TOO MUCH"
        print(f"{max(seconds, 0) * 1000:7.0f} {max(megabytes, 0):7.1f} {allowed:8.1f} {size:9.2f}"
              f"  {name}{word}")
    over = [row for row in rows if row[0] > SECONDS or row[1] > row[2]]
    print(f"{len(rows)} mails, too costly: {len(over)}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
