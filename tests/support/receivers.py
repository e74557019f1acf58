"""Real receivers of notifications on loopback, which take what they are sent, or misbehave."""

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

SECRET = "s3cret-token"  # noqa: S105  # it stands for one


class WebReceiver(ThreadingHTTPServer):
    """A web server. `behaviour` is `take`, or how it does not.

    A number is a status to answer with; `redirect` leads to a page that answers 200; `cut`
    says 200 and ends before the body does; `garbage` is no HTTP; `silent` never answers;
    `drip` sends a byte now and then; `flood` never stops to send.
    """

    daemon_threads = True
    request_queue_size = 50

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebHandler)
        self.behaviour: str | int = "take"
        self.messages: list[str] = []
        self.asked = 0
        self.over = threading.Event()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"json://robot:{SECRET}@{self.place}/"

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up on one that misbehaves is right."""


class _WebHandler(BaseHTTPRequestHandler):
    server: WebReceiver

    def do_POST(self) -> None:
        receiver = self.server
        receiver.asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if receiver.behaviour == "take":
            receiver.messages.append(body["message"] if "message" in body else body["text"])
            self._answer(200)
        elif isinstance(receiver.behaviour, int):
            self._answer(receiver.behaviour)
        else:
            getattr(self, f"_{receiver.behaviour}")()

    def do_GET(self) -> None:
        self.server.asked += 1
        self._answer(200)

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _redirect(self) -> None:
        self._answer(302, Location="/elsewhere")

    def _cut(self) -> None:
        self._answer(200, Content_Length="100")
        self.wfile.write(b"that was ")

    def _garbage(self) -> None:
        self.wfile.write(b"\x00\xff\x1b[31mwhat?\r\n\r\n" * 100)

    def _silent(self) -> None:
        self.server.over.wait(60)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.server.over.wait(0.2):
            self.wfile.write(b"x")

    def _flood(self) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.server.over.is_set():
            self.wfile.write(b"x" * 1_000_000)

    def log_message(self, *_: object) -> None:
        pass


class MailReceiver(socketserver.ThreadingTCPServer):
    """A mail server. `behaviour` is `take`, a step to answer with an error, or how else it fails.

    A step is `AUTH`, `MAIL`, `RCPT`, `DATA` or `END`, of the mail; `cut` hangs up where the
    mail should be taken; `late` takes it and hangs up then; `silent` never says a word.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.behaviour = "take"
        self.messages: list[str] = []
        self.logins: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        port = self.server_address[1]
        people = "from=robot@example.com&to=martha@example.com&mode=insecure"
        return f"mailto://robot:{SECRET}@127.0.0.1:{port}?{people}"

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up on one that misbehaves is right."""


class _MailHandler(socketserver.StreamRequestHandler):
    server: MailReceiver
    FINE: ClassVar[dict[str, str]] = {
        "EHLO": "250-there\r\n250 AUTH PLAIN",
        "AUTH": "235 welcome",
        "MAIL": "250 ok",
        "RCPT": "250 ok",
        "DATA": "354 go on",
        "QUIT": "221 bye",
    }

    def handle(self) -> None:
        if self.server.behaviour == "silent":
            self.server.over.wait(60)
            return
        self._say("220 there")
        for line in self.rfile:
            verb = line[:4].decode().upper()
            if self.server.behaviour == verb:
                self._say("550 no")
                continue
            if verb == "AUTH":
                self.server.logins.append(base64.b64decode(line.split()[2]).decode())
            self._say(self.FINE.get(verb, "500 what?"))
            if verb == "QUIT" or (verb == "DATA" and not self._take()):
                return

    def _take(self) -> bool:
        """Whether to go on after the mail that comes now."""
        lines: list[str] = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.decode())
        if self.server.behaviour == "cut":
            return False
        if self.server.behaviour == "END":
            self._say("451 not now")
            return True
        self.server.messages.append("".join(lines))
        self._say("250 taken")
        return self.server.behaviour != "late"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def running(receiver: Any) -> Iterator[Any]:
    """Let a receiver listen."""
    thread = threading.Thread(target=receiver.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        receiver.shutdown()
        thread.join()
        receiver.server_close()
