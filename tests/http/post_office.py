"""A mail server on loopback (aiosmtpd): STARTTLS or TLS from the first byte on, authentication, certificates of a CA
of its own; and servers as they are on bad days."""
import asyncio
import email
import email.policy
import os
import re
import socket
import ssl
import subprocess
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from provider import free_port

USER, PASSWORD = "robot@example.test", "pass word; \"ünïcode\""


class Mail:
    def __init__(self, server, session, envelope):
        self.sender, self.to = envelope.mail_from, envelope.rcpt_tos
        self.raw = envelope.content
        self.message = email.message_from_bytes(self.raw, policy=email.policy.default)
        self.is_tls = server.transport.get_extra_info("sslcontext") is not None
        self.user, self.greeting = getattr(session, "auth_data", None), session.host_name
        self.arrived = time.monotonic()

    def part(self, kind):
        return self.message.get_body((kind,)).get_content()

    def has_code(self):
        return re.search(r"\d{6}", self.part("plain")) is not None

    def code(self):
        """The first run of six digits of the text (flows 13)."""
        return re.search(r"\d{6}", self.part("plain")).group()


class CA:
    """Signs certificates for server names."""

    def __init__(self, folder, name="ca"):
        self.file, self.key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                     "-subj", f"/CN=Test {name}", "-keyout", self.key, "-out", self.file)
        os.chmod(self.file, 0o644)

    def openssl(self, *args, **kw):
        subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=60, **kw)

    def context(self, *names):
        base = os.path.join(self.folder, names[0] + "-" + os.path.basename(self.file))
        sans = ",".join(f"IP:{n}" if n[0].isdigit() or ":" in n else f"DNS:{n}" for n in names)
        with open(base + ".ext", "w") as f:
            f.write(f"subjectAltName={sans}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=mail",
                     "-keyout", base + ".key", "-out", base + ".csr")
        self.openssl("x509", "-req", "-in", base + ".csr", "-CA", self.file, "-CAkey", self.key, "-CAcreateserial",
                     "-days", "30", "-extfile", base + ".ext", "-out", base + ".crt")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(base + ".crt", base + ".key")
        return context


class PostOffice:
    """`tls`: "starttls", "implicit" or None.  With `auth`, nobody may send without."""

    def __init__(self, context=None, tls="starttls", auth=True, port=None):
        self.port = port or free_port()
        self.context, self.tls, self.auth = context, tls if context else None, auth
        self.mails, self.refusals, self.logins = [], [], []
        self.recipient_replies, self.data_replies = [], []  # said to the next ones instead of yes
        self.data_gate = None                               # threading.Event: DATA is answered when it is set
        self.in_data = threading.Event()
        self.news = threading.Condition()
        self.controller = None

    # --- what aiosmtpd calls ---------------------------------------------------
    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.recipient_replies:
            return self.note(self.recipient_replies.pop(0))
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.in_data.set()
        while self.data_gate is not None and not self.data_gate.is_set():
            await asyncio.sleep(0.01)
        if self.data_replies:
            return self.note(self.data_replies.pop(0))
        with self.news:
            self.mails.append(Mail(server, session, envelope))
            self.news.notify_all()
        return "250 OK, taken"

    def note(self, reply):
        with self.news:
            self.refusals.append(reply)
            self.news.notify_all()
        return reply

    def check_login(self, server, session, envelope, mechanism, data):
        login = (mechanism, data.login.decode(), data.password.decode())
        self.logins.append(login)
        session.auth_data = login[1]
        return AuthResult(success=login[1:] == (USER, PASSWORD), handled=False, auth_data=login[1])

    # --- its day ------------------------------------------------------------------
    def open(self):
        kw = {"hostname": "127.0.0.1", "port": self.port, "server_hostname": "mail.example.test"}
        if self.auth:
            kw.update(authenticator=self.check_login, auth_required=True, auth_require_tls=self.tls == "starttls")
        if self.tls == "implicit":
            kw["ssl_context"] = self.context
        elif self.tls == "starttls":
            kw.update(tls_context=self.context, require_starttls=True)
        self.controller = Controller(self, **kw)
        self.controller.start()
        return self

    def close(self):
        if self.controller is not None:
            self.controller.stop()
        self.controller = None

    def __enter__(self):
        return self.open()

    def __exit__(self, *what):
        self.close()

    # --- for tests ------------------------------------------------------------------
    def wait(self, n=1, seconds=40, of=None):
        """Until so many have come; the last one."""
        found = self.mails if of is None else of
        with self.news:
            assert self.news.wait_for(lambda: len(found) >= n, seconds), f"{len(found)} of {n} within {seconds} s"
            return found[n - 1]

    def wait_for_code(self, after, seconds=40):
        """Of the first mail that has one since there were so many; notices may come between."""
        def found():
            return next((m for m in self.mails[after:] if m.has_code()), None)
        with self.news:
            assert self.news.wait_for(found, seconds), f"no code within {seconds} s"
            return found().code()

    def settings(self, host="localhost", **more):
        """For a provider that sends by it."""
        return {"smtp_host": ("smtps://" if self.tls == "implicit" else "") + host, "smtp_port": str(self.port),
                "smtp_username": USER if self.auth else "", "smtp_password": PASSWORD if self.auth else "",
                "smtp_from": "Sign-in <id@example.test>", **more}


class Silent:
    """Takes connections and never says a word."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        return self

    def __exit__(self, *what):
        self.socket.close()
