"""An SMTP server that keeps what it is given: (sender, recipients, text). Standard library only."""

import contextlib
import socketserver
import threading


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            self.talk()

    def talk(self):
        sender, recipients = "", []
        self.say("220 sink.example ESMTP")
        for line in self.rfile:
            verb = line.decode().strip()
            command = verb[:4].upper()
            if command == "MAIL":
                sender, recipients = verb[10:].split()[0], []
            elif command == "RCPT":
                recipients.append(verb[8:].split()[0])
            elif command == "DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.sink.mails.append((sender, recipients, text.decode()))
            elif command == "QUIT":
                self.say("221 bye")
                return
            self.say("250 fine" if self.server.sink.willing else "451 not now")

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


class SmtpSink:
    def __init__(self, willing=True):
        self.mails, self.willing = [], willing
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
        self.server.daemon_threads, self.server.sink = True, self
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
