"""leadctl: every command, what it prints and the status it leaves with."""

import base64
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import time
import uuid

import pytest

import harness
from harness import LEADS, SANITIZER, SOURCE, wait_for
from milterclient import Milter
from testca import TestCA

RULES = SOURCE / "rules"
SAMPLE = RULES / "samples/angi-1.eml"
IGNORED = RULES / "samples/ignore-2-out-of-office.eml"


class Done:
    def __init__(self, *arguments, stdin=b"", **options):
        done = subprocess.run([harness.program("leadctl"), *map(str, arguments)], input=stdin,
                              capture_output=True, timeout=60, **options)
        assert not SANITIZER.search(done.stderr), done.stderr.decode("utf-8", "replace")
        self.status = done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def ok(self):
        assert self.status == 0, (self.status, self.out, self.err)
        assert self.err == ""
        return self


def leadctl(*arguments, **options):
    return Done(*arguments, **options)


def mail(*lines, head="From: Ada Lovelace <ada@example.net>\nTo: leads@example.com\n"):
    return (head + "Subject: Roof\n\n" + "\n".join(lines) + "\n").encode()


@pytest.fixture
def rules(place):
    """A copy of the shipped rules, to spoil."""
    shutil.copytree(RULES, place / "rules")
    return place / "rules"


class Queue:
    """The house's queue, filled from outside; made by leadctl's sister, lead-submit."""

    def __init__(self, house):
        self.house = house
        house.submit.start()
        wait_for(house.queue_file.exists)
        house.submit.stop()

    def put(self, state="pending", reason=None, name="Acme Bakery", account="main", days=0,
            **columns):
        key, now = str(uuid.uuid4()), int((time.time() - days * 86400) * 1e6)
        row = {"id": key, "account": account, "source": "test", "state": state, "reason": reason,
               "payload": json.dumps({"data": {"type": "leads", "company": {"name": name},
                                               "opportunity": {"price": 0}}}),
               "digest": key, "created": now, "changed": now, **columns}
        with sqlite3.connect(self.house.queue_file, timeout=10) as db:
            db.execute(f"INSERT INTO leads ({', '.join(row)}) VALUES"
                       f" ({', '.join('?' * len(row))})", tuple(row.values()))
        return key

    def __call__(self, *arguments, status=0):
        done = leadctl("-c", self.house.config, "queue", *arguments)
        assert done.status == status, (done.status, done.out, done.err)
        return done

    def states(self):
        return {item["id"]: item["state"] for item in self("list", "--json").json}


@pytest.fixture
def queue(house):
    return Queue(house)


# --- the command line ---

COMMANDS = ["check", "extract", "explain", "test", "queue", "queue list", "queue show",
            "queue retry", "queue release", "queue hold", "queue drop", "queue purge", "api",
            "api names", "api check", "stats"]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_its_help(command):
    done = leadctl(*command.split(), "--help").ok()
    assert f"leadctl {command}".strip() + " [OPTION…]" in done.out
    assert "--json" in done.out


def test_the_version_is_told():
    assert re.fullmatch(r"leadctl \d+\.\d+\.\d+\n", leadctl("--version").ok().out)


@pytest.mark.parametrize("arguments, says", [
    ([], "leadctl --help"),
    (["chek"], 'did you mean "check"?'),
    (["queue", "lst"], 'did you mean "list"?'),
    (["queue"], "leadctl queue --help"),
    (["extract", "--recipent", "x"], "leadctl extract --help"),
    (["explain"], "usage: leadctl explain [OPTION…] FILE"),
    (["check", "more"], "usage: leadctl check"),
    (["queue", "list"], "-c"),
    (["stats"], "-c"),
    (["api", "check"], "-c"),
    (["queue", "list", "--state", "lost"], "pending, sending, done, held and dead"),
    (["queue", "purge", "--older", "soon"], "30s, 10m, 2h or 5d"),
])
def test_wrong_usage_says_what_is_right(arguments, says):
    done = leadctl(*arguments)
    assert (done.status, done.out) == (64, "")
    assert says in done.err and done.err.startswith("leadctl: ")


def test_options_may_stand_anywhere():
    outs = {leadctl("--rules", RULES, "--json", "api", "names").ok().out,
            leadctl("api", "-j", "names", "-r", RULES).ok().out}
    assert len(outs) == 1


def test_a_reader_that_has_seen_enough_is_no_crash():
    # So many that it is still reading when the pipe breaks; by then errno tells of other calls.
    command = [harness.program("leadctl"), "-r", str(RULES), "extract"] + [str(SAMPLE)] * 300
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 74


@pytest.mark.parametrize("arguments", [
    ["api", "names"], ["extract", *[SAMPLE] * 300], ["explain", "-j", SAMPLE],
], ids=["at the end", "before others", "at once"])
def test_a_full_disk_is_told(arguments):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([harness.program("leadctl"), "-r", str(RULES), *arguments],
                              stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 74
    assert done.stderr == b"leadctl: standard output: No space left on device\n"


# --- check ---

def test_check_without_a_configuration_checks_the_rules():
    assert "27 sources" in leadctl("--rules", RULES, "check").ok().out


def test_check_of_what_is_good_says_so(house):
    done = leadctl("-c", house.config, "check").ok()
    assert "1 accounts, 1 mailboxes: good" in done.out
    assert leadctl("-c", house.config, "--json", "check").ok().json == []


def test_check_shows_all_mistakes_of_configuration_and_rules_in_one_run(house, rules):
    (rules / "30-bad.yaml").write_text("source: bad\nwhen: {frm: 'x'}\n"
                                       "fields:\n  contact.nme: {label: Name}\n")
    (rules / "90-generic.yaml").write_text("source: generic\nwhen: {from: '('}\n")
    house.configure(rules=str(rules), on_eror="accept", retention="soon")
    done = leadctl("-c", house.config, "check")
    assert (done.status, done.out) == (1, "")
    for expected in (r"lead-milter\.yaml:\d+:1: error: unknown key \"on_eror\"; did you mean"
                     r" \"on_error\"\?",
                     r"lead-milter\.yaml:\d+:\d+: error: expected a time",
                     r"30-bad\.yaml:2:8: error: .*\"frm\"",
                     r"30-bad\.yaml:4:3: error: unknown field \"contact\.nme\"; did you mean"
                     r" \"contact\.name\"\?",
                     r"90-generic\.yaml:2:\d+: error: "):
        assert re.search(expected, done.err), (expected, done.err)
    mistakes = leadctl("-c", house.config, "check", "--json").json
    assert {"level", "file", "line", "column", "text"} == set(mistakes[0])
    assert len(mistakes) == len([line for line in done.err.splitlines() if ": error: " in line])


def check_of(house, status):
    done = leadctl("-c", house.config, "check")
    assert done.status == status, (done.status, done.err)
    return done.err.replace(str(house.config), "FILE")


@pytest.mark.parametrize("spoil, says", [
    (lambda token: token.unlink(), "No such file or directory"),
    (lambda token: token.chmod(0o640), "has mode 0640, so others can read it"),
    (lambda token: token.write_text(""), "is empty"),
    (lambda token: token.write_text("two words"), "holds more than one word"),
])
def test_check_looks_at_the_token(house, spoil, says):
    spoil(house.token_file)
    assert re.search(rf"FILE:\d+:\d+: error: token file {house.token_file}: {says}",
                     check_of(house, 1))


def test_check_warns_of_a_token_that_has_expired(house):
    house.token_file.write_text(jwt(1600000000))
    assert "warning: " in (said := check_of(house, 0)) and "expired" in said


def test_check_leaves_a_credential_of_systemds_to_api_check(house):
    account = house.settings()["accounts"][0]
    house.configure(accounts=[
        {**account, "token_file": "/run/credentials/lead-submit.service/token"}])
    assert "warning: /run/credentials/lead-submit.service/token: was not looked at" in (
        check_of(house, 0))


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_check_only_warns_of_what_this_user_may_not_read(house, queue):
    house.folder.chmod(0o755)
    house.config.chmod(0o644)
    house.token_file.chmod(0o600)
    done = leadctl("-c", house.config, "check", user="nobody", group="nogroup", extra_groups=[])
    assert done.status == 0, done.err
    for path in (house.token_file, house.queue_file):
        assert f"warning: {path}: was not looked at, as this user may not read it" in done.err


@pytest.mark.parametrize("text, says", [(None, "No such file"), ("root:x:0:0:\n", "no certificate"),
                                        ("", "no certificate")])
def test_check_looks_at_the_ca_file(house, text, says):
    ca_file = house.folder / "ca.pem"
    if text is not None:
        ca_file.write_text(text)
    house.ca_file = ca_file
    house.configure()
    assert re.search(rf"FILE:\d+:\d+: error: ca_file {ca_file}: .*{says}", check_of(house, 1))


@pytest.mark.parametrize("path, says", [
    ("/nowhere/queue.db", "the folder /nowhere is missing"), ("{folder}", "is no regular file"),
    ("/dev/null", "is no regular file"), ("{folder}/text", "is not an SQLite database")])
def test_check_looks_at_the_queue(house, path, says):
    (house.folder / "text").write_text("no database, but long enough to be looked at" * 20)
    (house.folder / "text").chmod(0o600)
    house.configure(queue="sqlite:" + path.format(folder=house.folder))
    assert re.search(rf"FILE:3:8: error: .*{says}", check_of(house, 1))


def test_check_makes_no_queue(house):
    check_of(house, 0)
    assert not house.queue_file.exists()


@pytest.mark.parametrize("path, says", [("/nowhere", "No such file"), ("/dev/null", "is no folder")])
def test_check_looks_at_the_folder_of_metrics(house, path, says):
    house.configure(metrics=path)
    assert re.search(rf"FILE:\d+:10: error: {path}: {says}", check_of(house, 1))


def test_check_knows_the_mailboxes_defaults(house):
    mailbox = {**house.settings()["mailboxes"][0], "defaults": {"opportunity.leadTyp": "Email"}}
    house.configure(mailboxes=[mailbox])
    done = leadctl("-c", house.config, "check")
    assert done.status == 1
    assert 'did you mean "opportunity.leadType"?' in done.err
    # Other commands do not work on it either.
    assert leadctl("-c", house.config, "extract", SAMPLE).status == 78


def test_check_warns_when_authentication_is_not_judged(house):
    house.configure(authserv_id=None)
    done = leadctl("-c", house.config, "check")
    assert done.status == 0
    assert "warning" in done.err and "authserv_id" in done.err


def test_check_runs_the_rules_tests_as_a_reload_does(rules):
    path = rules / "20-angi.yaml"
    path.write_text(path.read_text().replace("property.state: IL", "property.state: WI"))
    done = leadctl("--rules", rules, "check")
    assert done.status == 1
    assert re.search(r"20-angi\.yaml:\d+:\d+: error: test of samples/angi-1.eml failed: "
                     r".*property\.state", done.err), done.err


@pytest.mark.parametrize("kind", ["fifo", "endless"])
def test_a_rule_file_that_never_ends_is_told(rules, kind):
    path = rules / "30-x.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    for command, status in (("check", 1), ("test", 78), ("extract", 78)):
        done = leadctl("--rules", rules, command)
        assert done.status == status
        assert "30-x.yaml: error: cannot read: is no regular file" in done.err


def test_a_configuration_that_is_not_there_is_told(place):
    done = leadctl("-c", place / "none.yaml", "check")
    assert done.status == 1 and "none.yaml" in done.err
    assert leadctl("-c", place / "none.yaml", "api", "names").status == 78


# --- extract ---

def test_extract_prints_one_line_for_each_mail_and_null_for_an_ignored_one():
    lines = leadctl("--rules", RULES, "extract", SAMPLE, IGNORED, SAMPLE).ok().out.splitlines()
    assert len(lines) == 3 and lines[1] == "null" and lines[0] == lines[2]
    data = json.loads(lines[0])["data"]
    assert data["contact"]["name"] == "Ada Lovelace"
    assert data["property"]["city"] == "Chicago"


def test_extract_reads_standard_input():
    direct = leadctl("--rules", RULES, "extract", SAMPLE).ok().out
    assert leadctl("--rules", RULES, "extract", stdin=SAMPLE.read_bytes()).ok().out == direct
    assert leadctl("--rules", RULES, "extract", "-", stdin=SAMPLE.read_bytes()).ok().out == direct


def test_extract_of_nothing_is_a_lead_all_the_same():
    lead = leadctl("--rules", RULES, "extract", stdin=b"").ok().json
    assert lead["data"]["company"]["name"]


def test_extract_goes_on_after_a_mail_that_cannot_be_read(place):
    done = leadctl("--rules", RULES, "extract", place / "none.eml", place / "none", SAMPLE)
    assert done.status == 66
    assert len(done.out.splitlines()) == 1
    assert "none.eml: No such file" in done.err and "none: No such file" in done.err


def test_extract_leaves_the_mbox_line_out():
    plain = mail("Name: Ada Lovelace")
    direct = leadctl("--rules", RULES, "extract", stdin=plain).ok().json
    mbox = b"From ada@example.net Mon Jul  6 10:00:00 2026\n" + plain
    assert leadctl("--rules", RULES, "extract", stdin=mbox).ok().json == direct


@pytest.mark.parametrize("length", [4095, 4096, 4097, 4098])
def test_the_mbox_line_does_not_count_towards_the_limit(house, length):
    house.config.write_text(house.config.read_text() + "\nlimits: {message: 4K}\n")
    plain = mail("Name: Ada Lovelace")
    command = ["-c", house.config, "--rules", RULES, "extract"]
    direct = leadctl(*command, stdin=plain).ok().json
    mbox = b"From ".ljust(length - 1, b"x") + b"\n" + plain
    assert leadctl(*command, stdin=mbox).ok().json == direct


def two_mailboxes(house):
    account = house.settings()["accounts"][0]
    house.configure(
        accounts=[account, {**account, "name": "west", "envelope": "relationships"}],
        mailboxes=[{"recipient": LEADS, "account": "main",
                    "defaults": {"opportunity.leadType": "Email"}},
                   {"recipient": "@west.example.com", "account": "west",
                    "defaults": {"opportunity.leadType": "West"}}])


@pytest.mark.parametrize("head, lead_type", [
    ("Delivered-To: anyone@west.example.com\nTo: leads@example.com\n", "West"),
    ("To: Foo <a@other.example>, West <ANYONE@West.example.com>\n", "West"),
    ("To: a@other.example\nCc: b@other.example, c@west.example.com\n", "West"),
    ("To: <leads@example.com>\n", "Email"),
    ("To: a@other.example\n", "Email"),
])
def test_extract_has_the_defaults_of_the_mailbox_that_the_header_names(house, head, lead_type):
    two_mailboxes(house)
    data = leadctl("-c", house.config, "extract",
                   stdin=mail("Name: Ada Lovelace", head=head)).ok().json["data"]
    assert ("relationships" in data) == (lead_type == "West")
    assert data.get("relationships", data)["opportunity"]["leadType"] == lead_type


def test_extract_takes_the_recipient_that_it_is_told(house):
    two_mailboxes(house)
    data = leadctl("-c", house.config, "extract", "--recipient", "x@west.example.com",
                   stdin=mail("Name: Ada")).ok().json["data"]
    assert data["relationships"]["opportunity"]["leadType"] == "West"
    done = leadctl("-c", house.config, "extract", "--recipient", "x@other.example",
                   stdin=mail("Name: Ada"))
    assert (done.status, done.out) == (64, "")
    assert "no mailbox" in done.err and "x@other.example" in done.err


def test_extract_takes_the_sender_from_return_path_or_as_told():
    head = "Return-Path: <lee@hills.example>\nTo: leads@example.com\n"
    bare = mail("call me", head=head)
    lead = leadctl("--rules", RULES, "extract", stdin=bare).ok().out
    told = leadctl("--rules", RULES, "extract", "--sender", "kim@dunes.example",
                   stdin=bare).ok().out
    assert "hills" in lead and "dunes" in told


def test_extract_cuts_a_mail_where_lead_milter_would(house):
    house.configure(limits={"message": "4K"})
    text = "\n".join(f"line {n}" for n in range(2000))
    done = leadctl("-c", house.config, "extract", stdin=mail(text)).ok()
    assert "line 100" in done.out and "line 1999" not in done.out
    assert "longer than limits.message" in leadctl("-c", house.config, "explain", "-",
                                                   stdin=mail(text)).ok().out


def test_extract_prints_what_lead_milter_queues(house):
    house.milter.start()
    for path in sorted((RULES / "samples").glob("*.eml")):
        content = path.read_bytes()
        printed = leadctl("-c", house.config, "extract", "-t", LEADS, "-f", "kim@dunes.example",
                          path).ok().json
        with Milter(house.listen) as connection:
            connection.deliver(re.sub(rb"\r?\n", b"\r\n", content), [LEADS],
                               sender="kim@dunes.example")
        queued = [item["payload"] for item in house.queue()]
        assert (printed in queued) if printed else True, path


# --- explain ---

def test_explain_tells_the_source_the_place_and_what_is_missing():
    done = leadctl("--rules", RULES, "explain", SAMPLE).ok()
    assert "\033" not in done.out
    for expected in (r"(?m)^  views    subject \d+, .*body \d+, .* characters$",
                     r"(?m)^  web-form +no +.*15-web-form\.yaml:\d+:\d+: subject"
                     r" does not hold$",
                     r"(?m)^  angi +yes", r"→ submit",
                     r"contact\.name +Ada Lovelace\n    found by label, .*20-angi\.yaml:\d+:\d+;"
                     r" body \d+:\d+: \"Ada Lovelace\"",
                     r"company\.name +Ada Lovelace  \(completed\)",
                     r"Without a value\n.*company\.externalId"):
        assert re.search(expected, done.out), (expected, done.out)


def test_explain_tells_why_a_mail_is_ignored():
    out = leadctl("--rules", RULES, "explain", IGNORED).ok().out
    assert "→ ignore: " in out and "Found" not in out


def test_explain_tells_what_was_rejected_and_why():
    text = mail("Name: Ada Lovelace", "Email: none of your business", "Phone: 12")
    out = leadctl("--rules", RULES, "explain", "-", stdin=text).ok().out
    assert re.search(r"rejected label, .*: \"none of your business\" \S+", out), out


def test_explain_marks_defaults(house):
    done = leadctl("-c", house.config, "explain", "-", stdin=mail("Name: Ada Lovelace")).ok()
    assert re.search(r"opportunity\.leadType +Email  \(default of the mailbox\)", done.out)


def test_explain_as_json_has_every_step():
    account = leadctl("--rules", RULES, "--json", "explain", SAMPLE).ok().json
    assert (account["source"], account["action"]) == ("angi", "submit")
    assert account["views"]["subject"] == len(account["subject"]) and account["views"]["body"] > 0
    assert account["asked"][-1] == {"source": "angi", "file": str(RULES / "20-angi.yaml"),
                                    "matched": True}
    assert all(not trial["matched"] and trial["condition"] for trial in account["asked"][:-1])
    won = {step["field"]: step for step in account["steps"] if step["outcome"] == "won"}
    step = won["contact.name"]
    assert step["value"] == step["raw"] == "Ada Lovelace"
    assert step["length"] == len(step["raw"]) and step["view"] == "body"
    assert account["lead"]["contact.name"] == {"value": "Ada Lovelace", "origin": "found"}
    assert account["lead"]["company.name"]["origin"] == "completed"
    assert "company.externalId" in account["missing"]
    assert account["payload"] == leadctl("--rules", RULES, "extract", SAMPLE).ok().json


def test_explain_does_not_let_a_mail_steer_the_terminal():
    text = mail("Name: Ada\033[2J\033]0;owned\007 Lovelace", "Company: \u202eenola \u009b31m")
    out = leadctl("--rules", RULES, "explain", "-",
                  stdin=text.replace(b"Subject: Roof", b"Subject: Roof \033[31m")).ok().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), repr(out)


BAD = {"NUL": b"\0" * 5000, "no UTF-8": b"\xff\xfe" * 5000, "cut": b"From: ", "empty line": b"\n",
       "random": random.Random(1).randbytes(9999), "all header": b"a: b\n" * 50000, "one line": b"x" * 3000000}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_mail_is_explained_and_extracted_as_well(bad):
    leadctl("--rules", RULES, "explain", "-", stdin=bad).ok()
    leadctl("--rules", RULES, "extract", "-", stdin=bad).ok()
    assert leadctl("--rules", RULES, "--json", "explain", "-", stdin=bad).ok().json


# --- test ---

def test_the_shipped_rules_pass_their_tests():
    done = leadctl("test", RULES).ok()
    assert re.search(r"\d\d+ tests: \d+ passed, 0 failed", done.out)
    report = leadctl("--json", "--rules", RULES, "test").ok().json
    assert report["failed"] == 0 and report["passed"] == len(report["tests"]) > 10
    assert all(line in done.out for line in report["unreached"])


def test_a_test_that_fails_shows_what_was_expected_and_what_came(rules):
    path = rules / "20-angi.yaml"
    path.write_text(path.read_text().replace("property.city: Chicago", "property.city: Boston"))
    done = leadctl("test", rules)
    assert done.status == 1
    assert re.search(r"20-angi\.yaml:\d+:\d+: failed: samples/angi-1.eml\n"
                     r" +property\.city: .*Boston.*Chicago", done.out), done.out
    assert "1 failed" in done.out


def test_rules_with_mistakes_are_not_tested(rules):
    (rules / "30-bad.yaml").write_text("source: bad\nwhn: {from: x}\n")
    done = leadctl("test", rules)
    assert (done.status, done.out) == (78, "")
    assert "30-bad.yaml:2:1: error: " in done.err
    assert leadctl("test", rules / "none").status == 78


# --- queue ---

def test_an_empty_queue_lists_nothing(queue):
    assert queue("list").out == ""
    assert queue("list", "--json").json == []


def test_list_shows_state_reason_and_company(queue):
    keys = [queue.put("dead", "422 name is taken", "Acme Bakery"),
            queue.put("held", "angi.com did not sign it", "Engines \033[2J LLC"), queue.put()]
    out = queue("list").out
    lines = out.splitlines()
    assert [line[:8] for line in lines[1:]] == [key[:8] for key in keys]
    assert "dead" in lines[1] and "422 name is taken" in lines[1] and "Acme Bakery" in lines[1]
    assert "\033" not in out and "Engines \\x1b[2J LLC" in lines[2]
    items = queue("list", "--json").json
    assert [item["id"] for item in items] == keys
    assert items[0]["payload"]["data"]["company"]["name"] == "Acme Bakery"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", items[0]["created"])


def test_list_can_be_narrowed(queue):
    dead, west, last = queue.put("dead"), queue.put(account="west"), queue.put()

    def ids(*arguments):
        return [item["id"] for item in queue("list", "--json", *arguments).json]
    assert ids("--state", "dead") == [dead]
    assert ids("--account", "west") == [west]
    assert ids("--most", "2") == [west, last]
    assert ids("--state", "pending", "--account", "main") == [last]


def test_show_tells_a_leads_history(queue, standin):
    key = queue.put()
    standin.misbehave("422")
    queue.house.submit.start()
    wait_for(lambda: queue.states()[key] == "dead")
    out = queue("show", key[:8]).out
    assert re.search(r"(?m)^id +" + key, out)
    assert re.search(r"pending → sending", out) and re.search(r"sending → dead: ", out)
    assert re.search(r"Posts\n  \S+Z  422 after [\d.]+ s: ", out)
    assert '"name" : "Acme Bakery"' in out
    item = queue("show", "--json", key).json
    assert item["posts"][0]["status"] == 422 and item["changes"][-1]["to"] == "dead"
    assert harness.TOKEN not in out


def test_an_id_that_does_not_fit_is_told(queue):
    key = queue.put("done")
    assert "no such lead" in queue("show", "0000-0000", status=1).err
    assert "4 characters" in queue("show", key[:3], status=1).err
    assert "done" in queue("retry", key, status=1).err
    assert queue("retry", key, status=1).err.count("leadctl:") == 1
    assert queue("show", key[:6].upper()).out.startswith(f"id          {key}\n")


def test_a_number_of_leads_below_one_is_refused(queue):
    queue.put()
    for number in (0, -5):
        assert f"-n {number}: expected 1 or more" in queue("list", "-n", number, status=64).err


def test_an_account_that_nobody_knows_is_told(queue):
    queue.put(account="former")
    assert 'no account "nope"' in queue("list", "-a", "nope", status=64).err
    assert queue("list", "-a", "main").out == ""
    assert "former" in queue("list", "-a", "former").out  # no longer configured
    assert queue("list", "-a", "former", "-s", "dead").out == ""


def test_retry_sends_a_dead_lead_again(queue, standin):
    key = queue.put("dead", "422")
    queue.house.submit.start()
    assert queue("retry", "-m", "the API was repaired", key[:6]).out == "1 lead to be sent again\n"
    wait_for(lambda: queue.states()[key] == "done")
    assert standin.by_key(key)
    reasons = [change["reason"] for change in queue("show", "--json", key).json["changes"]]
    assert "the API was repaired" in reasons


def test_hold_and_release(queue):
    first, second = queue.put(), queue.put()
    assert queue("hold", first, second).out == "2 leads held\n"
    assert set(queue.states().values()) == {"held"}
    assert queue("release", "--json", "all").json == {"changed": 2}
    assert set(queue.states().values()) == {"pending"}
    reason = queue("show", "--json", first).json["reason"]
    assert reason.startswith("leadctl queue release by ")


def test_one_bad_id_does_not_keep_the_others_from_their_turn(queue):
    key = queue.put("held")
    done = queue("release", "00000000", key, status=1)
    assert done.out == "1 lead released\n" and "00000000" in done.err
    assert queue.states() == {key: "pending"}


def test_drop_asks_for_a_yes_for_all(queue):
    one, _, done = queue.put("dead"), queue.put("held"), queue.put("done")
    assert queue("drop", one).out == "1 lead dropped\n"
    assert "--yes" in queue("drop", "all", status=64).err
    assert len(queue.states()) == 2
    queue("drop", "--yes", "all")
    assert queue.states() == {done: "done"}


def test_purge_removes_what_is_long_done(queue):
    old, new = queue.put("done", days=40), queue.put("done", days=10)
    waiting = queue.put(days=100)
    assert queue("purge").out == "1 lead removed\n"
    assert set(queue.states()) == {new, waiting} and old
    queue("purge", "--older", "5d")
    assert set(queue.states()) == {waiting}


@pytest.mark.parametrize("command", [["list"], ["retry", "all"], ["purge"]])
def test_a_queue_that_is_not_there_is_not_made(house, command):
    done = leadctl("-c", house.config, "queue", *command)
    assert done.status == 77 and str(house.queue_file) in done.err
    assert not house.queue_file.exists()


@pytest.mark.parametrize("command", [["queue", "list"], ["queue", "retry", "all"], ["stats"]])
def test_a_queue_that_is_none_is_told(house, command):
    house.queue_file.touch(0o600)
    house.queue_file.write_bytes(b"not a database\n" * 1000)
    before = house.queue_file.read_bytes()
    done = leadctl("-c", house.config, *command)
    assert (done.status, done.out) == (65, "")
    assert "not an SQLite database" in done.err
    assert house.queue_file.read_bytes() == before


def test_a_queue_of_a_newer_version_is_told(queue):
    with sqlite3.connect(queue.house.queue_file) as db:
        db.execute("PRAGMA user_version = 99")
    assert "newer version" in queue("list", status=65).err
    assert "newer version" in queue("retry", "all", status=65).err


# --- stats ---

def test_stats_count_by_account_source_and_state(queue):
    queue.put("dead")
    queue.put("dead", source="angi")
    queue.put(days=2)
    config = queue.house.config
    out = leadctl("-c", config, "stats").ok().out
    assert re.search(r"(?m)^main +angi +0 +0 +0 +0 +1 *$", out), out
    assert re.search(r"(?m)^main +test +1 +0 +0 +0 +1 +2 d$", out), out
    assert re.search(r"(?m)^all +1 +0 +0 +0 +2 *$", out), out
    stats = leadctl("-c", config, "stats", "--json").ok().json
    assert [count["dead"] for count in stats["leads"]] == [1, 1]
    assert stats["accounts"] == [{"name": "main", "stopped": None}]


def test_stats_tell_of_a_stopped_account(queue, standin):
    queue.put()
    standin.misbehave("401")
    queue.house.submit.start()
    config = queue.house.config
    wait_for(lambda: leadctl("-c", config, "--json", "stats").json["accounts"][0]["stopped"])
    assert "account main is stopped: " in leadctl("-c", config, "stats").ok().out
    assert 'lead_milter_account_stopped{account="main"} 1\n' in leadctl(
        "-c", config, "stats", "--prometheus").ok().out


def test_stats_for_prometheus_are_in_its_text_format(queue):
    queue.put(source='a "quoted" \\ name', days=1)
    out = leadctl("-c", queue.house.config, "stats", "--prometheus").ok().out
    sample = re.compile(r'[a-z_]+(\{[a-z]+="(?:[^"\\]|\\["\\n])*"(,[a-z]+="(?:[^"\\]|\\["\\n])*")*\})?'
                        r" \d+$")
    for line in out.splitlines():
        assert line.startswith(("# HELP lead_milter_", "# TYPE lead_milter_")) or sample.match(line)
    assert 'source="a \\"quoted\\" \\\\ name",state="pending"} 1' in out
    age = int(re.search(r"oldest_pending_seconds\{.*\} (\d+)", out)[1])
    assert 86400 <= age < 87000


# --- api ---

def test_api_names_prints_the_wire_table():
    out = leadctl("--rules", RULES, "api", "names").ok().out
    assert re.search(r"(?m)^company\.name +name +text +yes +documented$", out)
    assert re.search(r"(?m)^company\.postalCode +postalCode +postal +vendor$", out)
    table = leadctl("--rules", RULES, "api", "names", "--json").ok().json
    assert len(table) == 35
    assert {row["name"] for row in table} == {"documented", "vendor", "assumed"}


def api_check(house, status=0):
    done = leadctl("-c", house.config, "api", "check")
    assert done.status == status, (done.status, done.out, done.err)
    assert harness.TOKEN not in done.out + done.err
    return done.out, leadctl("-c", house.config, "--json", "api", "check").json[0]


def test_api_check_of_what_is_good_posts_nothing(house, standin):
    out, found = api_check(house)
    assert re.search(r"endpoint +good, 127\.0\.0\.1 port \d+ .*; certificate verified, until", out)
    assert "usable, does not say until when" in out
    assert found["good"] and found["certificate_expires"]
    assert standin.posts == []


def test_api_check_finds_an_api_that_does_not_answer(house, standin):
    standin.refuse()
    out, found = api_check(house, 1)
    assert re.search(r"(?i)connection refused|failed to connect|couldn't connect", out)
    assert not found["good"]
    standin.accept()


def test_api_check_finds_a_certificate_that_is_not_to_be_trusted(house, place):
    other = place / "other"
    other.mkdir()
    house.ca_file = TestCA(other).certificate
    house.configure()
    out, found = api_check(house, 1)
    assert "certificate" in out and not found["good"]


def jwt(expires):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return ".".join((part({"alg": "none"}), part({"exp": int(expires)}), "c2lnbmF0dXJl"))


def test_api_check_tells_when_the_token_expires(house):
    house.token_file.write_text(jwt(time.time() + 40 * 86400 + 60))
    out, found = api_check(house)
    assert re.search(r"usable, until \S+Z \(40 d\)", out)
    assert found["token_expires"]
    house.token_file.write_text(jwt(time.time() - 60))
    out, found = api_check(house, 1)
    assert "the token expired at" in out and "expired" in found["token_problem"]


def test_api_check_finds_a_token_file_that_others_can_read(house):
    house.token_file.chmod(0o644)
    out, _ = api_check(house, 1)
    assert "chmod 600" in out


def test_api_check_of_one_account(house):
    account = house.settings()["accounts"][0]
    bad = {**account, "name": "west", "endpoint": "http://127.0.0.1:1/a"}
    house.configure(accounts=[account, bad])
    assert leadctl("-c", house.config, "api", "check", "main").ok()
    assert leadctl("-c", house.config, "api", "check").status == 1
    done = leadctl("-c", house.config, "api", "check", "east")
    assert done.status == 64 and '"east"' in done.err
