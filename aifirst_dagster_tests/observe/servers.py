"""Real servers on the loopback that misbehave as told: HTTP that refuses, and SMTP with TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Webhook:
    """Keeps what is posted; `status`, `headers`, `slow` and `drop` say how it answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.slow = 0.0
        self.drop = False
        self.gets = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.bodies.append(json.loads(body))
                outer.heads.append({name.lower(): value for name, value in self.headers.items()})
                if outer.drop:
                    self.connection.close()
                    return
                if outer.slow:
                    self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                    end = time.monotonic() + outer.slow
                    while time.monotonic() < end:  # a byte now and then: never silent, never done
                        self.wfile.write(b"x")
                        self.wfile.flush()
                        time.sleep(0.05)
                    return
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                outer.gets += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self.http = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/secret-path"


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook that answers."""
    hook = Webhook()
    threading.Thread(target=hook.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield hook
    finally:
        hook.http.shutdown()
        hook.http.server_close()


class Mailbox:
    """What an SMTP server took; `answer` is what it says to a message in place of 250."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.answer = ""
        self.refuse = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take a recipient, unless it is the one to refuse."""
        if self.refuse and self.refuse in address:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a message."""
        if self.answer:
            return self.answer
        self.mails.append(envelope.content)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


@contextmanager
def smtp(mode: str, certificate: Path, user: str = "", password: str = "") -> Iterator[tuple[Mailbox, int]]:
    """A mail server: `starttls`, `tls` or `none`; wants a name where one is given."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    box = Mailbox()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, auth: Any) -> AuthResult:
        right = (auth.login, auth.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=right)

    options: dict[str, Any] = {}
    if mode == "starttls":
        options = {"tls_context": context, "require_starttls": True}
    if mode == "tls":
        options = {"ssl_context": context}
    if user:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": mode != "tls"}
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
