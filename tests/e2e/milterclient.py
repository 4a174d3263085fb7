"""The MTA's side of the milter protocol, to say to lead-milter what no Postfix would say.

Milter     one connection: packets as they are, and deliver(), which sends a mail as Postfix does
Outcome    what came of a mail

Version 6 of the protocol, or an older one on demand. Standard library only.
"""

import re
import socket
import struct
from collections import namedtuple
from dataclasses import dataclass, field

from harness import connect

CHUNK = 65535

ADDHDRS, CHGBODY, ADDRCPT, DELRCPT, CHGHDRS, QUARANTINE, CHGFROM, ADDRCPT_PAR, SETSYMLIST = (
    1 << n for n in range(9))
ALL_ACTIONS = 0x1FF

STEPS = ["NOCONNECT", "NOHELO", "NOMAIL", "NORCPT", "NOBODY", "NOHDRS", "NOEOH", "NR_HDR",
         "NOUNKNOWN", "NODATA", "SKIP", "RCPT_REJ", "NR_CONN", "NR_HELO", "NR_MAIL", "NR_RCPT",
         "NR_DATA", "NR_UNKN", "NR_EOH", "NR_BODY", "HDR_LEADSPC"]
ALL_STEPS = (1 << len(STEPS)) - 1
VERSION_2_ACTIONS, VERSION_2_STEPS = 0x3F, 0x7F

Packet = namedtuple("Packet", "code data")

# Commands: letter, the step by which a milter declines it, the one by which it does not answer.
COMMANDS = {
    "CONNECT": ("C", "NOCONNECT", "NR_CONN"),
    "HELO": ("H", "NOHELO", "NR_HELO"),
    "MAIL": ("M", "NOMAIL", "NR_MAIL"),
    "RCPT": ("R", "NORCPT", "NR_RCPT"),
    "DATA": ("T", "NODATA", "NR_DATA"),
    "HEADER": ("L", "NOHDRS", "NR_HDR"),
    "EOH": ("N", "NOEOH", "NR_EOH"),
    "BODY": ("B", "NOBODY", "NR_BODY"),
    "EOM": ("E", None, None),
}
CONTINUE, ACCEPT, TEMPFAIL, SKIP = "c", "a", "t", "s"


class Closed(Exception):
    """lead-milter has closed the connection."""


@dataclass
class Outcome:
    """answer: the letter that ended it ("c" at the end of the message when it was gone through);
    text: of an answer with SMTP code; step: the command that was answered; sent: how often each
    command was sent; added: (name, value); removed: (name, index); other: any other change."""

    answer: str = CONTINUE
    text: str = ""
    step: str = ""
    sent: dict = field(default_factory=dict)
    body: int = 0
    added: list = field(default_factory=list)
    removed: list = field(default_factory=list)
    other: list = field(default_factory=list)

    @property
    def lead_ids(self):
        return [value for name, value in self.added if name == "X-Lead-Id"]

    @property
    def refused(self):
        """Asked to try again."""
        return self.answer == TEMPFAIL or (self.answer == "y" and self.text.startswith("4"))


class Milter:
    """A connection; negotiated, unless `version` is None."""

    def __init__(self, address, version=6, actions=ALL_ACTIONS, steps=ALL_STEPS, timeout=30):
        self.socket = connect(address)
        self.socket.settimeout(timeout)
        self.actions = self.steps = 0
        self.macros = {}
        if version is not None:
            self.negotiate(version, actions, steps)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # Packets.

    def send(self, code, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + code.encode() + data)

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            try:
                more = self.socket.recv(length - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            data += more
        return data

    def read(self):
        length, = struct.unpack("!I", self._exactly(4))
        data = self._exactly(length)
        return Packet(chr(data[0]), data[1:])

    def silent(self, seconds=0.2):
        """Whether nothing comes for so long."""
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)

    # The protocol.

    def negotiate(self, version, actions, steps):
        self.send("O", struct.pack("!III", version, actions, steps))
        packet = self.read()
        assert packet.code == "O", packet
        self.version, self.actions, self.steps = struct.unpack("!III", packet.data[:12])
        rest = packet.data[12:]
        while rest:
            stage, = struct.unpack("!I", rest[:4])
            names, _, rest = rest[4:].partition(b"\0")
            self.macros[stage] = names.decode()

    def agreed(self, step):
        return bool(step and self.steps & (1 << STEPS.index(step)))

    @property
    def agreed_steps(self):
        return {name for name in STEPS if self.agreed(name)}

    def macro(self, command, **values):
        data = COMMANDS[command][0].encode()
        for name, value in values.items():
            data += name.encode() + b"\0" + value.encode() + b"\0"
        self.send("D", data)

    def command(self, name, data=b"", outcome=None):
        """The answer's packet; CONTINUE for what the milter does not want or does not answer."""
        letter, declined, unanswered = COMMANDS[name]
        if self.agreed(declined) or (name == "DATA" and not self._knows_data()):
            return Packet(CONTINUE, b"")
        self.send(letter, data)
        if outcome:
            outcome.sent[name] = outcome.sent.get(name, 0) + 1
        return Packet(CONTINUE, b"") if self.agreed(unanswered) else self.read()

    def _knows_data(self):
        return self.version >= 4

    def envelope(self, sender="ada@example.net", recipients=("leads@example.com",), outcome=None):
        """MAIL and RCPTs; the first answer that is not CONTINUE, or the last."""
        packet = self.command("MAIL", f"<{sender}>".encode() + b"\0", outcome)
        for recipient in recipients:
            if packet.code != CONTINUE:
                break
            packet = self.command("RCPT", f"<{recipient}>".encode() + b"\0", outcome)
        return packet

    def header(self, name, value, outcome=None):
        if not self.agreed("HDR_LEADSPC"):
            value = value.removeprefix(b" ")
        return self.command("HEADER", name + b"\0" + value + b"\0", outcome)

    def headers(self, mail, outcome=None):
        head = mail.partition(b"\r\n\r\n")[0] + b"\r\n"
        for line in re.findall(rb"[^\r\n][^\n]*\n(?:[ \t][^\n]*\n)*", head):
            name, _, value = line[:-2].partition(b":")
            packet = self.header(name, value.replace(b"\r\n", b"\n"), outcome)
            if packet.code != CONTINUE:
                return packet
        return self.command("EOH", b"", outcome)

    def body(self, body, outcome=None):
        """CONTINUE also when the rest was not wanted."""
        for start in range(0, len(body), CHUNK):
            chunk = body[start:start + CHUNK]
            packet = self.command("BODY", chunk, outcome)
            if outcome:
                outcome.body += len(chunk)
            if packet.code == SKIP:
                break
            if packet.code != CONTINUE:
                return packet
        return Packet(CONTINUE, b"")

    def end(self, queue_id="4ZQ1", outcome=None):
        """End of message; the outcome with what lead-milter changes."""
        outcome = outcome or Outcome()
        if queue_id:
            self.macro("EOM", i=queue_id)
        packet = self.command("EOM", b"", outcome)
        while packet.code in "hmipbq+-e":
            self._note(outcome, packet)
            packet = self.read()
        return self._ended(outcome, "EOM", packet)

    def _note(self, outcome, packet):
        if packet.code == "h":
            name, value = packet.data.split(b"\0")[:2]
            value = value.decode()
            if self.agreed("HDR_LEADSPC"):
                assert value.startswith(" "), "no space after the colon"
                value = value[1:]
            outcome.added.append((name.decode(), value))
        elif packet.code == "m":
            index, = struct.unpack("!I", packet.data[:4])
            name, value = packet.data[4:].split(b"\0")[:2]
            if value == b"":
                outcome.removed.append((name.decode(), index))
            else:
                outcome.other.append(packet)
        elif packet.code != "p":
            outcome.other.append(packet)

    @staticmethod
    def _ended(outcome, step, packet):
        outcome.step, outcome.answer = step, packet.code
        outcome.text = packet.data.rstrip(b"\0").decode("utf-8", "replace")
        return outcome

    def deliver(self, mail, recipients=("leads@example.com",), sender="ada@example.net",
                queue_id="4ZQ1"):
        """A mail (bytes, CRLF) as Postfix sends it: any answer but CONTINUE ends it."""
        outcome = Outcome()
        body = mail.partition(b"\r\n\r\n")[2]
        steps = {
            "RCPT": lambda: self.envelope(sender, recipients, outcome),
            "DATA": lambda: self.command("DATA", b"", outcome),
            "HEADER": lambda: self.headers(mail, outcome),
            "BODY": lambda: self.body(body, outcome),
        }
        for name, step in steps.items():
            packet = step()
            if packet.code != CONTINUE:
                self.abort()
                return self._ended(outcome, name, packet)
        return self.end(queue_id, outcome)

    def abort(self):
        self.send("A")

    def quit(self):
        self.send("Q")
        self.socket.close()
