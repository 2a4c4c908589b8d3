"""A small SMTP server on loopback: it keeps what it is given, and refuses when it is told to."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server.owner
        server.connections += 1
        self._say(220, "ready")
        recipient = ""
        while line := self.rfile.readline():
            command = line.decode().strip()
            word = command[:4].upper()
            if word == "RCPT":
                recipient = command.partition(":")[2].strip("<> ")
                self._say(*server.answers.get(recipient, (250, "fine")))
            elif word == "DATA":
                self._say(354, "go on")
                self._keep(server)
            elif word == "QUIT":
                self._say(221, "bye")
                return
            else:
                self._say(250, "fine")

    def _keep(self, server) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        code, words = server.after_data
        if code < 400:
            server.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
        self._say(code, words)

    def _say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class MailServer:
    """`mails` are those it took; `answers` say how a recipient is met, `after_data` how the text is."""

    def __init__(self) -> None:
        self.mails: list = []
        self.answers: dict[str, tuple[int, str]] = {}
        self.after_data = (250, "taken")
        self.connections = 0
        self._server = _Server(("127.0.0.1", 0), _Talk)
        self._server.owner = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
