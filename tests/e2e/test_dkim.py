"""Trust in the sender, with a real OpenDKIM between Postfix and lead-milter."""

import re
import subprocess

import pytest

import harness
from harness import SOURCE, wait_for

ANGI = (SOURCE / "rules/samples/angi-1.eml").read_bytes()


class OpenDkim:
    """Verifies with the keys of a file instead of DNS; signs with sign()."""

    def __init__(self, folder, socket):
        self.folder, self.socket = folder, socket.removeprefix("unix:")
        self.key = folder / "key.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True,
                       capture_output=True)
        self.key.chmod(0o600)
        public = subprocess.run(["openssl", "rsa", "-in", self.key, "-pubout"], check=True,
                                capture_output=True, text=True).stdout
        text = "".join(re.findall(r"^[^-].*$", public, re.M))
        (folder / "keys").write_text("".join(
            f"s1._domainkey.{domain} v=DKIM1; k=rsa; p={text}\n"
            for domain in ("angi.com", "evil.example")))
        (folder / "internal").write_text("192.0.2.1\n")
        (folder / "opendkim.conf").write_text(
            f"Socket local:{self.socket}\nMode v\nBackground no\nUMask 000\n"
            f"AuthservID mx.example.com\nAlwaysAddARHeader yes\nInternalHosts {folder}/internal\n"
            f"TestPublicKeys {folder}/keys\nPidFile {folder}/pid\nSyslog no\n")
        self.process = subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", folder / "opendkim.conf"],
                                        stdin=subprocess.DEVNULL)
        wait_for(lambda: harness.answers(socket), what="OpenDKIM")

    def sign(self, mail, domain):
        head = subprocess.run(
            ["opendkim-testmsg", "-d", domain, "-s", "s1", "-k", self.key, "-C", "-t", self.folder],
            input=mail.replace(b"\n", b"\r\n"), check=True, capture_output=True).stdout
        return head.replace(b"\r\n", b"\n")

    def close(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def dkim(chain, place):
    folder = place / "dkim"
    folder.mkdir()
    filter_ = OpenDkim(folder, chain.postfix.dkim)
    yield filter_
    filter_.close()


def judged(chain, mail):
    """(state, reason) of the lead that the mail makes, and the mail as delivered."""
    chain.postfix.send(mail, way="dkim")
    delivered = chain.postfix.wait_delivered(1)[0]
    chain.submit.stop()
    lead, = chain.queue()
    return lead["state"], lead["reason"], delivered.original


def test_a_signed_lead_of_the_site_goes_on(chain, dkim):
    state, reason, mail = judged(chain, dkim.sign(ANGI, "angi.com"))
    assert b"dkim=pass" in mail
    assert (state, reason) != ("held", reason) and state in ("pending", "sending", "done")


@pytest.mark.parametrize("kind", ["unsigned", "signed by another", "changed after signing"])
def test_what_the_site_did_not_sign_is_held(chain, dkim, kind):
    mail = {"unsigned": lambda: ANGI,
            "signed by another": lambda: dkim.sign(ANGI, "evil.example"),
            "changed after signing": lambda: dkim.sign(ANGI, "angi.com").replace(
                b"Ada", b"Eve")}[kind]()
    state, reason, _mail = judged(chain, mail)
    assert state == "held"
    assert "no DKIM or DMARC pass for angi.com" in reason


def test_a_forged_result_does_not_help(chain, dkim):
    forged = (b"Authentication-Results: mx.example.com; dkim=pass header.d=angi.com\n"
              b"Authentication-Results: mx.other.example; dkim=pass header.d=angi.com\n")
    state, _reason, mail = judged(chain, forged + ANGI)
    assert state == "held"
    assert b"mx.other.example; dkim=pass" in mail  # nothing is removed by us
