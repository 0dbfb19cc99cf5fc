"""Certificates for tests: an authority, and servers that it vouches for."""

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import threading
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """An authority of its own in a folder; `path` is its certificate."""

    def __init__(self, folder, name="tests"):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._build(self._name, self._key.public_key(), []).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.path = folder / "ca.pem"
        self.path.write_bytes(self._signed(certificate))

    def issue(self, name, *, host="127.0.0.1"):
        """Paths of a certificate and its key, for a server at this address or for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.IPAddress(ipaddress.ip_address(host))]
        certificate, private = self._folder / f"{name}.pem", self._folder / f"{name}-key.pem"
        certificate.write_bytes(self._signed(self._build(subject, key.public_key(), names)))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def server_context(self, *, host="127.0.0.1", client_certificates=False):
        """A TLS context for a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("server", host=host))
        if client_certificates:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path)
        return context

    def _build(self, subject, key, names):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )
        return builder.add_extension(x509.SubjectAlternativeName(names), critical=False) if names else builder

    def _signed(self, builder):
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Door:
    """Passes connections from a TCP port, with TLS where a context is given, on to an engine."""

    def __init__(self, engine, host, context=None):
        self._engine = urlsplit(engine)
        self._context = context
        self._listener = socket.create_server((host, 0))
        self.url = f"tcp://{host}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _dial(self):
        if self._engine.scheme == "unix":
            made = socket.socket(socket.AF_UNIX)
            made.connect(self._engine.path)
            return made
        return socket.create_connection((self._engine.hostname, self._engine.port))

    def _serve(self, near):
        """Pump both ways in one thread: two must not use one TLS connection."""
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_:
            open_.enter_context(near)
            if self._context is not None:
                near = open_.enter_context(self._context.wrap_socket(near, server_side=True))
            far = open_.enter_context(self._dial())
            sources = [near, far]
            while far in sources:
                waiting = isinstance(near, ssl.SSLSocket) and near in sources and near.pending()
                ready = [near] if waiting else select.select(sources, [], [])[0]
                for source in ready:
                    piece = source.recv(65536)
                    target = far if source is near else near
                    if piece:
                        target.sendall(piece)
                        continue
                    sources.remove(source)
                    if source is near:
                        far.shutdown(socket.SHUT_WR)
