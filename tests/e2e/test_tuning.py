"""The admin's half: compare, hits and new-source, mboxes and Maildirs, the corpus, README's walk."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

import harness
from harness import SOURCE

RULES = SOURCE / "rules"
SAMPLES = RULES / "samples"
CORPUS = SOURCE / "tests/corpus"
LISTING = """\
From: Acme Listings <leads@acme-listings.example>
To: leads@example.com
Subject: New lead for 1450 W Fulton Market
Message-ID: <1@acme-listings.example>

Guest: Ada Lovelace
Mobile: 312-555-0142
Property: 1450 W Fulton Market, Chicago, IL 60607
Reference: AL-20417
"""


def leadctl(*arguments, status=0, folder=None):
    done = subprocess.run([harness.program("leadctl"), *map(str, arguments)], capture_output=True,
                          timeout=120, cwd=folder, check=False)
    assert not harness.SANITIZER.search(done.stderr), done.stderr.decode("utf-8", "replace")
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def rules(place):
    shutil.copytree(RULES, place / "rules")
    return place / "rules"


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# --- compare ---

def test_compare_of_equal_rules_shows_nothing(rules):
    out, err = leadctl("compare", RULES, rules, SAMPLES)
    number = len(list(SAMPLES.glob("*.eml")))
    assert (out, err) == (f"{number} mails, 0 with another lead\n", "")


def test_compare_shows_what_a_change_of_rules_changes(rules):
    angi = rules / "20-angi.yaml"
    replace(angi, "{label: [Phone, Customer Phone, Phone Number]}", "{label: Telephone}")
    replace(angi, "{value: Angi}", "{value: Angi Leads}")
    replace(angi, "  opportunity.notes:\n",
            "  property.externalId: {pattern: 'Lead number: (\\d+)'}\n  opportunity.notes:\n")
    out, _ = leadctl("compare", RULES, rules, SAMPLES / "angi-1.eml", SAMPLES / "loopnet-1.eml")
    lines = out.splitlines()
    assert lines[0].startswith(str(SAMPLES / "angi-1.eml"))
    assert re.search(r"^  - contact\.office +\(312\) 555-0142$", out, re.M)
    assert re.search(r"^  \+ property\.externalId +88412077$", out, re.M)
    assert re.search(r"^  ~ opportunity\.leadType +Angi → Angi Leads$", out, re.M)
    assert "loopnet-1" not in out
    assert re.search(r"^contact\.office +0 +1 +0$", out, re.M)
    assert re.search(r"^property\.externalId +1 +0 +0$", out, re.M)
    assert re.search(r"^opportunity\.leadType +0 +0 +1$", out, re.M)
    assert lines[-1] == "2 mails, 1 with another lead"


def test_compare_tells_of_another_source_and_action(rules):
    replace(rules / "00-ignore.yaml", "\nwhen:\n", "\nwhen:\n  - subject: 'new lead'\n")
    told = json.loads(leadctl("--json", "compare", RULES, rules, SAMPLES / "angi-1.eml")[0])
    [mail] = told["mails_that_differ"]
    differences = {d["field"]: (d["a"], d["b"]) for d in mail["differences"]}
    assert differences["source"] == ("angi", "ignore")
    assert differences["action"] == ("submit", "ignore")
    assert differences["contact.name"] == ("Ada Lovelace", None)
    assert told["fields"]["contact.name"] == {"gained": 0, "lost": 1, "changed": 0}
    assert (told["mails"], told["different"]) == (1, 1)


def test_compare_says_which_rules_are_wrong(rules):
    (rules / "20-angi.yaml").write_text("source: angi\nfeilds: {}\n")
    _, err = leadctl("compare", RULES, rules, SAMPLES, status=78)
    assert "rules/20-angi.yaml:2:1: error: unknown key" in err
    _, err = leadctl("compare", RULES, RULES, status=64)
    assert "compare" in err


# --- hits ---

def test_hits_counts_by_source_and_extractor():
    told = json.loads(leadctl("--json", "hits", RULES, SAMPLES)[0])
    sources = {s["source"]: s["mails"] for s in told["sources"]}
    assert sources["angi"] == 3 and sources["ignore"] >= 6
    assert sum(sources.values()) == told["mails"] == len(list(SAMPLES.glob("*.eml")))
    name = [e for e in told["extractors"]
            if (e["source"], e["field"]) == ("angi", "contact.name")]
    assert [(e["extractor"], e["found"], e["won"]) for e in name] == [("label", 3, 3)]
    never = [e for e in told["extractors"] if not e["won"]]
    out, _ = leadctl("hits", RULES, SAMPLES)
    assert never and "Never won" in out
    assert f"{never[0]['line']}:{never[0]['column']}: {never[0]['field']}" in out


def test_hits_names_the_best_candidate_for_a_new_rule_first(place):
    for number in range(3):
        (place / f"site-{number}.eml").write_text(LISTING.replace("<1@", f"<{number}@"))
    (place / "person.eml").write_text("From: Bo Ek <bo@ek.example>\nTo: leads@example.com\n"
                                      "Subject: roof\n\nPlease call 218-555-0142.\n")
    told = json.loads(leadctl("--json", "hits", RULES, place)[0])
    assert [c["from"] for c in told["candidates"]] == ["acme-listings.example", "ek.example"]
    assert told["candidates"][0]["mails"] == 3
    assert told["candidates"][0]["empty"]["phone"] == 0
    out, _ = leadctl("hits", RULES, place)
    assert re.search(r"^acme-listings\.example +3 ", out, re.M)


# --- new-source ---

def test_new_source_writes_a_rule_with_a_test_that_passes(rules, place):
    mail = place / "acme.eml"
    mail.write_text(LISTING)
    out, _ = leadctl("--rules", rules, "new-source", mail)
    rule, sample = rules / "20-acme-listings.yaml", rules / "samples/acme-listings-1.eml"
    assert out.splitlines()[:2] == [str(rule), str(sample)]
    assert sample.read_text() == LISTING
    text = rule.read_text()
    assert r"from: '@(.+\.)?acme-listings\.example$'" in text and "subject: " in text
    assert "# opportunity.custom.Reference: {label: 'Reference'} # AL-20417" in text
    told = json.loads(leadctl("--json", "test", rules)[0])
    assert [t["passed"] for t in told["tests"] if t["file"] == str(rule)] == [True]
    assert told["failed"] == 0
    lead = json.loads(leadctl("--rules", rules, "extract", mail)[0])["data"]
    assert lead["contact"] == {"name": "Ada Lovelace", "mobile": "(312) 555-0142"}
    assert lead["property"]["city"] == "Chicago"


def test_new_source_leaves_what_is_there_alone(rules, place):
    mail = place / "acme.eml"
    mail.write_text(LISTING)
    leadctl("--rules", rules, "new-source", mail)
    before = (rules / "20-acme-listings.yaml").read_bytes()
    _, err = leadctl("--rules", rules, "new-source", mail, status=64)
    assert "there is a source acme-listings already" in err and "--name" in err
    assert (rules / "20-acme-listings.yaml").read_bytes() == before
    _, err = leadctl("--rules", rules, "new-source", "--name", "A/B", mail, status=64)
    assert "small letters, digits and -" in err
    _, err = leadctl("--rules", rules, "new-source", place / "none.eml", status=66)
    assert "none.eml" in err


def test_new_source_goes_before_a_rule_that_takes_the_mail(rules, place):
    mail = place / "form.eml"
    mail.write_text((SAMPLES / "web-form-2-lines.eml").read_text())
    leadctl("--rules", rules, "new-source", "--name", "our-form", mail)
    assert (rules / "05-our-form.yaml").exists()
    told = json.loads(leadctl("--rules", rules, "--json", "explain", mail)[0])
    assert told["source"] == "our-form"


def test_new_source_refuses_what_is_ignored(rules):
    _, err = leadctl("--rules", rules, "new-source", SAMPLES / "ignore-2-out-of-office.eml",
                     status=65)
    assert "the source ignore ignores this mail" in err


@pytest.mark.parametrize("head", ["", "Subject:\n", "From: Ada\nSubject: 4711\n"])
def test_new_source_refuses_a_mail_that_nothing_tells_from_others(rules, place, head):
    mail = place / "bare.eml"
    mail.write_text(head + "To: leads@example.com\n\nName: Ada Lovelace\n")
    before = sorted(rules.rglob("*"))
    _, err = leadctl("--rules", rules, "new-source", mail, status=65)
    assert "neither a sender's address nor words in its subject" in err
    assert sorted(rules.rglob("*")) == before


# --- mailboxes ---

def payloads(*arguments, **options):
    return leadctl("--rules", RULES, "extract", *arguments, **options)[0].splitlines()


def test_reads_files_folders_mboxes_and_maildirs_alike(place):
    mails = [SAMPLES / name for name in ("angi-1.eml", "generic-1-prose.eml", "loopnet-1.eml")]
    expected = payloads(*mails)
    assert len(expected) == 3

    mbox = place / "inbox"
    with mbox.open("wb") as out:
        for mail in mails:
            out.write(b"From x@example.com Mon Nov  2 10:00:00 2026\n")
            out.write(re.sub(rb"(?m)^(>*From )", rb">\1", mail.read_bytes()) + b"\n\n")
    assert payloads(mbox) == expected

    for folder in ("cur", "new", "tmp"):
        (place / "Maildir" / folder).mkdir(parents=True)
    shutil.copy(mails[0], place / "Maildir/cur/1.a:2,S")
    shutil.copy(mails[1], place / "Maildir/cur/2.b:2,")
    shutil.copy(mails[2], place / "Maildir/new/3.c")
    (place / "Maildir/tmp/4.d").write_text("From: half <written@example.net>\n")
    assert payloads(place / "Maildir") == expected

    (place / "folder").mkdir()
    for number, mail in enumerate(mails):
        shutil.copy(mail, place / f"folder/{number}.eml")
    assert payloads(place / "folder") == expected


def test_all_processors_print_what_one_prints(place):
    """The same lines in the same order, with broken files and missing ones among them."""
    mails = sorted(CORPUS.glob("*/*.eml"))
    broken = [b"", b"\0" * 5000, b"From: ", b"\xff\xfe" * 9000, b"\n" * 300]
    paths = []
    for number, mail in enumerate(mails):
        paths += [mail]
        if number % 7 == 0:
            (place / f"{number}.eml").write_bytes(broken[number // 7 % len(broken)])
            paths += [place / f"{number}.eml"]
        if number % 50 == 0:
            paths += [place / f"missing-{number}"]
    first = str(min(os.sched_getaffinity(0)))

    def extract(*before):
        done = subprocess.run([*before, harness.program("leadctl"), "--rules", RULES, "extract",
                               *paths], capture_output=True, timeout=300, check=False)
        assert not harness.SANITIZER.search(done.stderr), done.stderr.decode("utf-8", "replace")
        return done.returncode, done.stdout, done.stderr
    one = extract("taskset", "-c", first)
    assert one[0] == 66
    assert len(one[1].splitlines()) == sum(path.exists() for path in paths)
    assert len(one[2].splitlines()) == sum(not path.exists() for path in paths) > 0
    for _ in range(3):
        assert extract() == one


def test_extract_ends_at_the_first_mail_that_no_mailbox_takes(place):
    house = harness.House(place)
    mails = sorted(CORPUS.glob("*/*.eml"))[:40]
    arguments = ["-c", house.config, "extract", "-t", "x@elsewhere.example", *mails]
    out, err = leadctl(*arguments, status=64)
    assert out == "" and len(err.splitlines()) == 1


def test_progress_is_shown_on_a_terminal_only(place):
    for number in range(200):
        shutil.copy(SAMPLES / "angi-1.eml", place / f"{number}.eml")
    assert leadctl("hits", RULES, place)[1] == ""
    leader, follower = os.openpty()
    done = subprocess.Popen([harness.program("leadctl"), "compare", RULES, RULES, place, place],
                            stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    out = done.communicate(timeout=120)[0].decode()
    assert out == "400 mails, 0 with another lead\n"
    shown = b""
    os.set_blocking(leader, False)
    try:
        while chunk := os.read(leader, 65536):
            shown += chunk
    except OSError:
        pass
    os.close(leader)
    assert not shown or (b" mails, " in shown and shown.endswith(b"\r\x1b[K"))


def not_ignored():
    """As the tests themselves may have it, of a shell that runs them in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_progress_is_left_when_interrupted(number):
    """And the shell sees by which signal it ended."""
    leader, follower = os.openpty()
    process = subprocess.Popen([harness.program("leadctl"), "-r", RULES, "extract"], stderr=follower,
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               preexec_fn=not_ignored)
    os.close(follower)
    mail = b"From ada@example.net Mon Jul  6 10:00:00 2026\n" + LISTING.encode() + b"\n"
    shown = b""
    os.set_blocking(leader, False)
    while not shown.endswith(b" mails\x1b[K"):
        process.stdin.write(50 * mail)
        process.stdin.flush()
        with contextlib.suppress(BlockingIOError):
            shown += os.read(leader, 65536)
    process.send_signal(number)
    assert process.wait(20) == -number
    with contextlib.suppress(OSError):
        while chunk := os.read(leader, 65536):
            shown += chunk
    os.close(leader)
    process.stdin.close()
    assert shown.endswith(b"\r\x1b[K"), shown[-40:]


# --- how right the rules are ---

def test_the_shipped_rules_are_right_on_the_corpus():
    mails = list(CORPUS.glob("*/*.eml"))
    assert len(mails) >= 150
    done = subprocess.run([SOURCE / "tests/accuracy.py", "--quiet", "--leadctl",
                           harness.program("leadctl")], capture_output=True, timeout=600,
                          check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_accuracy_tells_of_a_miss_and_its_rule(rules, place):
    replace(rules / "20-angi.yaml", "contact.name: {label: [Name, Customer, Customer Name]}",
            "contact.name: {label: Service Address}")
    done = subprocess.run([SOURCE / "tests/accuracy.py", "--leadctl", harness.program("leadctl"),
                           "--rules", rules, *CORPUS.glob("*/listing-angi-html.eml")],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "contact.name: wanted 'Ruby Tran'" in done.stdout.decode()


# --- README ---

def readme_section(title):
    text = (SOURCE / "README.md").read_text()
    return text.split(f"## {title}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]


def test_readmes_five_minutes_work_as_they_stand(place):
    """Its mail, its commands and its changes, one after the other."""
    rules = place / "rules"  # a copy that the first command makes
    section = readme_section("A site in five minutes")
    blocks = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", section, re.M | re.S)
    blocks = [(kind, re.sub(rf"(?m)^{indent}", "", text)) for indent, kind, text in blocks]
    assert [kind for kind, _ in blocks].count("sh") >= 3
    (place / "bark.eml").write_text(blocks[0][1])
    shutil.copytree(SAMPLES, place / "Maildir/cur")
    environment = dict(os.environ, HOME=str(place),
                       PATH=f"{os.path.dirname(harness.program('leadctl'))}:{os.environ['PATH']}")
    for kind, text in blocks[1:]:
        if kind == "yaml":  # lines that take the place of those for the same field, or are added
            rule = rules / "20-bark-street.yaml"
            for line in text.splitlines():
                field = line.split(":")[0]
                kept = [old for old in rule.read_text().splitlines()
                        if not re.match(rf"  #? ?{re.escape(field.strip())}: ", old)]
                assert len(kept) < len(rule.read_text().splitlines())  # it took a comment's place
                index = kept.index("fields:") + 1
                rule.write_text("\n".join(kept[:index] + [line] + kept[index:]) + "\n")
        if kind == "sh":
            script = text.replace("/etc/lead-milter/rules", str(RULES))
            done = subprocess.run(["bash", "-euc", script], cwd=place, env=environment,
                                  capture_output=True, timeout=120, check=False)
            assert done.returncode == 0, (script, done.stdout.decode(), done.stderr.decode())
    lead = json.loads(leadctl("--rules", rules, "extract", place / "bark.eml")[0])["data"]
    assert lead["contact"]["name"] == "Ada Lovelace"
    assert lead["contact"]["email"] == "ada@lovelace.example"
    assert lead["opportunity"]["notes"] == "The roof leaks over the loading dock."
    assert "22 years" in json.dumps(lead["opportunity"])
    assert (place / "bark.html").exists()
