"""A stand-in of the Leads API: HTTPS on loopback with a test CA, strict, and bad on demand.

It takes what is known of the API: POST to the endpoint, the token in the header or
in the query, a payload whose every name and type is known. What it does not know it answers with
422 and remembers in `problems`. A repeated Idempotency-Key is answered as the first time and makes
no second lead.

    api = StandIn(folder)
    api.start()
    api.misbehave("500", times=2)     # the next two POSTs; without times until behave()

Modes: ok, hang, reset (takes the lead, then breaks the connection), drop (breaks it before the
lead is taken), html (200 with a page), drip (an answer that never ends, a byte at a time), huge
(an answer without end), cut (an answer shorter than announced), slow (right, after `delay`
seconds), once (right, but the connection's next request breaks it), redirect (307 to `location`),
garbage (no HTTP), and any three-digit status, with `retry_after`, after `delay` seconds.
refuse() closes the port, accept() opens it again.
"""

import collections
import contextlib
import http.server
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from pathlib import Path

import harness
from testca import TestCA

TEXT, NUMBER, BOOLEAN, CUSTOM = str, (int, float), bool, dict

PLACE = {"streetAddress": TEXT, "city": TEXT, "state": TEXT, "postalCode": TEXT, "county": TEXT,
         "timezone": TEXT, "customFields": CUSTOM}
SCHEMA = {
    "company": {"name": TEXT, "externalId": TEXT, "isResidential": BOOLEAN, "manager": TEXT,
                "billingAddress": TEXT, "billingInstructions": TEXT, **PLACE},
    "property": {"name": TEXT, "externalId": TEXT, **PLACE},
    "contact": {"name": TEXT, "position": TEXT, "email": TEXT, "mobile": TEXT, "office": TEXT,
                "customFields": CUSTOM},
    "opportunity": {"leadType": TEXT, "manager": TEXT, "product": TEXT, "price": NUMBER,
                    "isForecasted": BOOLEAN, "notes": TEXT, "customFields": CUSTOM},
}
FORMS = {
    "state": re.compile(r"[A-Z]{2}\Z"),
    "email": re.compile(r"[^@\s<>]+@[^@\s<>]+\Z"),
    "mobile": re.compile(r"\(\d{3}\) \d{3}-\d{4}( x \d+)?\Z|\+[1-9][\d ]+\Z"),
    "office": re.compile(r"\(\d{3}\) \d{3}-\d{4}( x \d+)?\Z|\+[1-9][\d ]+( x \d+)?\Z"),
    "timezone": re.compile(r"[A-Z][A-Za-z_]+(/[A-Za-z_+\-0-9]+)*\Z"),
}
NAMED = ("company", "property", "contact")  # each needs a name

TITLES = {401: "Unauthorized", 403: "Forbidden", 408: "Request Timeout", 409: "Conflict",
          422: "Unprocessable", 425: "Too Early", 429: "Too Many Requests",
          500: "Internal Server Error", 503: "Service Unavailable"}


def _check_object(name, thing):
    if not isinstance(thing, dict):
        yield f"{name}: not an object"
        return
    for key, value in thing.items():
        expected = SCHEMA[name].get(key)
        if expected is None:
            yield f"{name}.{key}: unknown"
        elif not isinstance(value, expected) or (isinstance(value, bool) and expected is NUMBER):
            yield f"{name}.{key}: {type(value).__name__} instead of {expected}"
        elif expected is TEXT and not value.strip():
            yield f"{name}.{key}: empty"
        elif key in FORMS and not FORMS[key].match(value):
            yield f"{name}.{key}: malformed: {value!r}"
        elif expected is CUSTOM and not all(isinstance(v, str) and v for v in value.values()):
            yield f"{name}.{key}: a custom field is not text"
    if name in NAMED and "name" not in thing:
        yield f"{name}.name: missing"


def problems_of(payload):
    """Everything that is wrong with a request's body, as text."""
    if not isinstance(payload, dict) or set(payload) != {"data"}:
        return ["the document must have `data` and nothing else"]
    data = payload["data"]
    if not isinstance(data, dict) or data.get("type") != "leads":
        return ["data.type: must be leads"]
    parts = {key: value for key, value in data.items() if key != "type"}
    if set(parts) == {"relationships"}:
        parts = parts["relationships"]
        if not isinstance(parts, dict):
            return ["data.relationships: not an object"]
    found = [f"data.{key}: unknown" for key in parts if key not in SCHEMA]
    if "company" not in parts:
        found.append("data.company: missing")
    for name, thing in parts.items():
        if name in SCHEMA:
            found += _check_object(name, thing)
    return found


def _no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("a key stands twice")
    return dict(pairs)


Post = collections.namedtuple("Post", "time key token query version body")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment for header and body
    served = False  # see mode_once

    def log_message(self, *_):
        pass

    def do_POST(self):
        if self.served:
            self.break_connection()
            return
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mode, options = api.next_mode()
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query).get("token", [None])[0]
        bearer = re.fullmatch(r"Bearer (\S+)", self.headers.get("Authorization", ""))
        token = query or (bearer and bearer[1])
        api.saw(Post(time.time(), self.headers.get("Idempotency-Key"), token, query is not None,
                     self.request_version, body))
        special = getattr(self, f"mode_{mode}", None)
        if special:
            special(body, options)
        elif mode != "ok":
            self.server.api.released.wait(options.get("delay", 0))
            self.refuse(int(mode), options.get("detail", f"as asked: {mode}"), options)
        elif url.path != api.PATH:
            self.refuse(404, f"no such path {url.path}")
        elif token != api.token:
            self.refuse(401, "The token is not valid.")
        else:
            self.take(body)

    def take(self, body):
        kind, wrong = self.headers.get("Content-Type", ""), []
        payload = None
        if kind.partition(";")[0] not in ("application/json", "application/vnd.api+json"):
            wrong.append(f"Content-Type: {kind!r}")
        try:
            payload = json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates)
            wrong += problems_of(payload)
        except ValueError as error:
            wrong.append(f"not JSON: {error}")
        if not self.headers.get("Idempotency-Key"):
            wrong.append("Idempotency-Key: missing")
        if wrong:
            self.server.api.problems.extend(wrong)
            self.refuse(422, "; ".join(wrong))
            return
        number = self.server.api.take(self.headers["Idempotency-Key"], payload)
        self.answer(201, {"data": {"type": "leads", "id": str(number)}})

    def refuse(self, status, detail, options=None):
        extra = {}
        if options and options.get("retry_after") is not None:
            extra["Retry-After"] = str(options["retry_after"])
        self.answer(status, {"errors": [{"status": str(status), "detail": detail,
                                         "title": TITLES.get(status, "Error")}]}, extra)

    def answer(self, status, document, extra=None):
        self.send(status, "application/vnd.api+json", json.dumps(document).encode(), extra)

    def send(self, status, kind, body, extra=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)),
                            **(extra or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def break_connection(self):
        """With RST, as a host does that has crashed."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def mode_hang(self, _body, _options):
        self.close_connection = True
        self.server.api.released.wait()

    def mode_reset(self, body, _options):
        with contextlib.suppress(ValueError):
            self.server.api.take(self.headers["Idempotency-Key"], json.loads(body))
        self.break_connection()

    def mode_drop(self, _body, _options):
        self.break_connection()

    def mode_html(self, _body, _options):
        self.send(200, "text/html", b"<html><body>Please sign in to the hotel's network</body>")

    def mode_drip(self, _body, _options):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.close_connection = True
        while not self.server.api.released.wait(0.2):
            self.wfile.write(b" ")
            self.wfile.flush()

    def mode_huge(self, _body, _options):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        while not self.server.api.released.is_set():
            self.wfile.write(b" " * 65536)

    def mode_cut(self, _body, _options):
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"data": {"type": "leads", "id"')
        self.close_connection = True

    def mode_slow(self, body, options):
        self.server.api.released.wait(options.get("delay", 1))
        self.take(body)

    def mode_once(self, body, _options):
        self.served = True
        self.take(body)

    def mode_redirect(self, _body, options):
        self.send(307, "text/plain", b"", {"Location": options["location"]})

    def mode_garbage(self, _body, _options):
        self.close_connection = True
        self.wfile.write(b"\x00\xffnot HTTP at all\r\n\r\n")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, api):
        self.api, self.open, self.handshakes = api, set(), 0
        super().__init__(address, _Handler)

    def finish_request(self, request, client_address):
        # The handshake belongs to the connection's own thread.
        with contextlib.suppress(OSError, ValueError):
            if self.api.context:
                request.settimeout(30)
                request = self.api.context.wrap_socket(request, server_side=True)
                request.settimeout(None)
                self.handshakes += 1
            self.open.add(request)
            try:
                super().finish_request(request, client_address)
            finally:
                self.open.discard(request)
                with contextlib.suppress(OSError):
                    request.close()

    def close_connections(self):
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        pass


class StandIn:
    PATH = "/a/leads"

    def __init__(self, folder, certified=("IP:127.0.0.1", "DNS:localhost"), token=harness.TOKEN,
                 days=2):
        self.folder, self.token = Path(folder), token
        ca = TestCA(self.folder)
        self.ca_file = ca.certificate
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*ca.server(*certified, days=days))
        self.port = harness.free_port()
        self.url = f"https://127.0.0.1:{self.port}{self.PATH}"
        self.lock = threading.Lock()
        self.posts, self.leads, self.problems = [], [], []
        self.keys = {}  # Idempotency-Key: number of the lead
        self.repeated = 0
        self.released = threading.Event()
        self.mode, self.server = ("ok", {}, None), None

    def start(self):
        self.accept()
        return self

    def stop(self):
        self.released.set()
        if self.server:
            self.refuse()

    def accept(self):
        self.server = _Server(("127.0.0.1", self.port), self)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self):
        server, self.server = self.server, None
        server.shutdown()
        server.server_close()
        server.close_connections()

    def misbehave(self, mode, times=None, **options):
        known = mode == "ok" or re.fullmatch(r"[2-5]\d\d", mode)
        assert known or hasattr(_Handler, f"mode_{mode}"), mode
        with self.lock:
            self.mode = (mode, options, times)

    def behave(self):
        """Well again; what hangs is let go."""
        self.misbehave("ok")
        released, self.released = self.released, threading.Event()
        released.set()

    def next_mode(self):
        with self.lock:
            mode, options, times = self.mode
            if times is not None:
                self.mode = (mode, options, times - 1) if times > 1 else ("ok", {}, None)
            return mode, options

    def saw(self, post):
        with self.lock:
            self.posts.append(post)

    def take(self, key, payload):
        """The number of the lead, the same one for the same key."""
        with self.lock:
            if key in self.keys:
                self.repeated += 1
            else:
                self.leads.append(payload)
                self.keys[key] = len(self.leads)
            return self.keys[key]

    def by_key(self, key):
        """The payload that came with this Idempotency-Key, or None."""
        with self.lock:
            return self.leads[self.keys[key] - 1] if key in self.keys else None


if __name__ == "__main__":
    # By hand: python3 standin.py FOLDER [MODE]; prints each lead it takes.
    api = StandIn(sys.argv[1]).start()
    if len(sys.argv) > 2:
        api.misbehave(sys.argv[2])
    print(f"endpoint: {api.url}\nca_file: {api.ca_file}\ntoken: {api.token}", flush=True)
    shown = 0
    while True:
        time.sleep(0.1)
        for lead in api.leads[shown:]:
            print(json.dumps(lead, ensure_ascii=False), flush=True)
            shown += 1
