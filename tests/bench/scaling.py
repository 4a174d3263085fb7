"""Items 5 and 6: what a thousand sources cost, and how time and memory grow with the mail.

What is counted is processor time, which others on the machine do not change. The growth is drawn
by plot().
"""

import base64
import subprocess

from contestants import (MAIL, RULES, Folder, find, harness, load, median_of, median_ratio,
                         processor_seconds, rounds_of, run_json, status_megabytes, tool)
from table import Row

SOURCES = (10, 30, 100, 300, 1000)
EXTRACTORS = (1, 10, 100)
KB, MB = 1 << 10, 1 << 20
SIZES = (KB, 10 * KB, 100 * KB, MB, 10 * MB, 25 * MB)

SOURCE = """source: {name}
when: {when}
fields:
  contact.name: {{label: [Name, Customer]}}
  contact.office: {{label: [Phone, Customer Phone, Phone Number]}}
  contact.email: {{label: [Email, E-mail, Customer Email]}}
  property.address: {{label: [Service Address, Address, Location]}}
  opportunity.leadType: {{value: {name}}}
"""
# As the shipped sources recognise theirs, by turns.
WHENS = (r"""{{from: '@(.+\.)?{name}\.example$'}}""",
         r"""{{from: '@(.+\.)?{name}\.example$', subject: ['\bnew lead\b', '\binquiry\b']}}""",
         r"""{{subject: '\b(lead|inquiry) from {name}\b'}}""",
         r"""{{body: 'sent (by|through) {name}\b'}}""")


def basics(folder):
    folder.mkdir()
    for name in ("00-ignore.yaml", "patterns.yaml", "centerpoint.yaml"):
        text = (RULES / name).read_text()
        # The samples of their tests stay where they are.
        (folder / name).write_text(text.partition("\ntests:")[0] + "\n")


def write_sources(folder, number):
    """The last one takes the mail."""
    basics(folder)
    for n in range(number):
        name = f"site{n:04d}" if n < number - 1 else "angi"
        when = WHENS[n % len(WHENS)] if n < number - 1 else r"{{from: '@(.+\.)?angi\.com$'}}"
        (folder / f"20-{n:04d}.yaml").write_text(
            SOURCE.format(name=name, when=when.format(name=name)))


def write_extractors(folder, number):
    """Of each field the last one finds it."""
    basics(folder)
    last = {"contact.name": "{label: Customer}", "contact.office": "{label: Phone}",
            "contact.email": "{label: Email}", "property.address": "{label: Service Address}"}
    lines = ["source: angi", r"when: {from: '@(.+\.)?angi\.com$'}", "fields:"]
    for field, final in last.items():
        lines.append(f"  {field}:")
        for n in range(number - 1):
            word = f"{field.split('.')[1]}{n}"
            lines.append(f"    - {{label: Their {word}}}" if n % 2 else
                         rf"    - {{pattern: '\bmy {word} is (\S+)', in: body}}")
        lines.append(f"    - {final}")
    (folder / "20-angi.yaml").write_text("\n".join(lines) + "\n")


def extraction(options, counts, write):
    """{count: [result]}."""
    with Folder() as folder:
        def side(count):
            rules = folder.path / f"rules{count}"
            write(rules, count)
            return lambda: run_json(tool("extract-bench"), "-n", options.messages, rules, MAIL)
        return rounds_of(options.rounds, {count: side(count) for count in counts})


def microseconds(results):
    return {count: 1e6 / median_of(result, "rate") for count, result in results.items()}


def rules_row(results, what):
    least, most = min(results), max(results)
    times = microseconds(results)
    return Row(5, f"{most} {what} / {least}", median_ratio(results[least], results[most]), most=1.3,
               of=f"{times[most]:.0f}, {times[least]:.0f} µs")


# --- the mail grows ---

HEAD = """From: Ada Lovelace <ada@lovelace.example>
To: leads@example.com
Subject: Roof inspection
Message-ID: <size@lovelace.example>
MIME-Version: 1.0
"""
ASKED = "Please look at the flat roof of 300 N Elm St, Oak Park, IL 60302; call (312) 555-0142.\n"


def text_mail(size):
    text = ASKED + "".join(f"Item {n} of the list of what has to be done on the roof and below it.\n"
                           for n in range(size // 60))
    return (HEAD + "Content-Type: text/plain; charset=utf-8\n\n" + text)[:size].encode()


def html_mail(size):
    """A table as listing sites send it, which is longer than what is read of it."""
    cell = '<td style="font-family:Arial,sans-serif;font-size:13px;padding:4px 8px">'
    rows = "".join(f"<tr>{cell}<b>Item {n}</b></td>{cell}What has to be done on the roof and below"
                   " it.</td></tr>\n" for n in range(size // 200 + 1))
    return (HEAD + "Content-Type: text/html; charset=utf-8\n\n<html><body>\n"
            f"<p>{ASKED}</p>\n<table>\n{rows}</table></body></html>\n")[:size].encode()


def attachment_mail(size):
    start = HEAD + ('Content-Type: multipart/mixed; boundary="frontier"\n\n--frontier\n'
                    f"Content-Type: text/plain; charset=utf-8\n\n{ASKED}\n--frontier\n"
                    'Content-Type: application/pdf; name="plan.pdf"\n'
                    "Content-Transfer-Encoding: base64\n\n")
    end = "\n--frontier--\n"
    room = max(size - len(start) - len(end), 0)
    lines = base64.encodebytes(bytes(n * 7 % 251 for n in range(60000)))
    return start.encode() + (lines * (room // len(lines) + 1))[:room] + end.encode()


KINDS = {"text": text_mail, "HTML": html_mail, "attachment": attachment_mail}


def one_size(options, kind, size):
    """Of a lead-milter of its own: seconds of processor time for a mail, megabytes at its peak
    beyond those after a small one. Nothing is cut off."""
    with Folder() as folder:
        house = folder.house(limits={"message": "64M"})
        house.milter.start()
        mail = folder.path / "mail.eml"
        mail.write_bytes(text_mail(KB))
        # What each of its threads keeps, and what SQLite does: 2 MB of pages.
        load(house.listen, 10, min(options.messages, 3000), harness.LEADS, mail)
        small = status_megabytes(house.milter.process, "VmHWM")
        before = processor_seconds(house.milter.process)
        mail.write_bytes(KINDS[kind](size))
        number = max(min(options.megabytes * MB // size, options.messages // 10), 2)
        load(house.listen, 1, number, harness.LEADS, mail)
        return {"size": size, "seconds": (processor_seconds(house.milter.process) - before) / number,
                "megabytes": status_megabytes(house.milter.process, "VmHWM") - small}


def megabytes(result):
    return f"{result['size'] / MB:.2g} MB"


def sizes(options, kind):
    chosen = [size for size in SIZES if size <= options.largest]
    return [one_size(options, kind, size) for size in chosen]


def growth_rows(kind, results):
    """Time: for each byte, beside the largest that is at most a tenth. Memory: the worst."""
    last = results[-1]
    other = [result for result in results if result["size"] * 10 <= last["size"]][-1]
    growth = (last["seconds"] / last["size"]) / (other["seconds"] / other["size"])
    worst = max(results, key=lambda r: r["megabytes"] / r["size"] if r["size"] >= MB else 0)
    return [
        Row(6, f"{kind}: time for a byte, of {megabytes(last)} / of {megabytes(other)}", growth,
            most=1.2, of=f"{last['seconds'] * 1000:.1f}, {other['seconds'] * 1000:.2f} ms"),
        Row(6, f"{kind}: peak memory beyond a small mail's / what was kept, the worst from 1 MB on",
            worst["megabytes"] * MB / worst["size"], most=2,
            of=f"{worst['megabytes']:.1f} MB for {megabytes(worst)}"),
    ]


def attachment_row(options):
    with Folder() as folder:
        mail = folder.path / "mail.eml"
        mail.write_bytes(attachment_mail(options.largest))
        results = rounds_of(options.rounds, {
            "ours": lambda: run_json(tool("extract-bench"), "-n", 3, RULES, mail),
            "decoded": lambda: run_json(tool("gmime-bench"), "-d", "-n", 3, mail)})
    times = ", ".join(f"{1000 / median_of(result, 'rate'):.1f} ms" for result in results.values())
    return Row(6, f"attachment of {options.largest / MB:.2g} MB: extraction / GMime that decodes it",
               median_ratio(results["decoded"], results["ours"]), most=0.75, of=times)


def measure(options):
    """The rows, and what plot() draws."""
    sources = extraction(options, SOURCES, write_sources)
    extractors = extraction(options, EXTRACTORS, write_extractors)
    mails = {kind: sizes(options, kind) for kind in KINDS}
    rows = [rules_row(sources, "sources"), rules_row(extractors, "extractors of each field")]
    for kind, results in mails.items():
        rows += growth_rows(kind, results)
    rows.append(attachment_row(options))
    return rows, {"sources": microseconds(sources), "extractors": microseconds(extractors),
                  "mails": mails}


# --- the plot ---

def block(name, points):
    lines = "\n".join(f"{x:g} {y:g}" for x, y in points)
    return f"${name} << EOD\n{lines}\nEOD\n"


def plot(curves, path):
    data = block("sources", curves["sources"].items()) + \
        block("extractors", curves["extractors"].items())
    for kind, results in curves["mails"].items():
        data += block(f"{kind}_time", [(r["size"] / MB, r["seconds"] * 1000) for r in results])
        # On a logarithmic axis nothing has no place.
        data += block(f"{kind}_memory", [(r["size"] / MB, max(r["megabytes"], 0.01))
                                         for r in results])
    style = "with linespoints pointtype 7 pointsize 0.5"
    script = f"""{data}
set terminal svg size 1080,340 font "sans,12" background "white"
set output "{path}"
set multiplot layout 1,3
set key left bottom; set grid; set logscale x; set mxtics 1; set xrange [1:1000]
set title "sources, extractors of each field"
set ylabel "µs for a mail"; set yrange [0:*]
plot $sources {style} title "sources", $extractors {style} title "extractors"
set key left top; set logscale y; set mytics 1; set autoscale y; set xlabel "MB"; set xrange [0.0005:50]
set title "the mail grows: processor time"; set ylabel "ms for a mail"
plot $text_time {style} title "text", $HTML_time {style} title "HTML", \\
  $attachment_time {style} title "attachment"
set title "the mail grows: peak memory"; set ylabel "MB beyond a small mail's"
plot $text_memory {style} title "text", $HTML_memory {style} title "HTML", \\
  $attachment_memory {style} title "attachment", \\
  2 * x with lines dashtype 2 linecolor "gray" title "twice the mail"
"""
    subprocess.run([find("gnuplot")], input=script, text=True, check=True)
