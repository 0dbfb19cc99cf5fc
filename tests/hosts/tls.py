"""Certificates for tests: an authority, and servers that it vouches for."""

import contextlib
import datetime
import ipaddress
import select
import shutil
import socket
import ssl
import threading
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

YESTERDAY, TOMORROW = datetime.timedelta(days=-1), datetime.timedelta(days=1)

USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]


class Authority:
    """An authority of its own in a folder, or the one that is there; `path` is its certificate."""

    def __init__(self, folder, name="tests"):
        self._folder = folder
        stored = folder / "ca-key.pem"
        if not stored.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            form = serialization.PrivateFormat.PKCS8
            stored.write_bytes(made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        self._key = serialization.load_pem_private_key(stored.read_bytes(), None)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._build(self._name, self._key.public_key(), []).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        signs = {name: name in ("key_cert_sign", "crl_sign") for name in USAGES}
        certificate = certificate.add_extension(x509.KeyUsage(**signs), critical=True)
        self.path = folder / "ca.pem"
        if not self.path.exists():
            self.path.write_bytes(self._signed(certificate))

    def issue(self, name, *, host="127.0.0.1", begins=YESTERDAY, ends=TOMORROW, passphrase=b""):
        """Paths of a certificate and its key, for a server at this address or for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.IPAddress(ipaddress.ip_address(host))]
        certificate, private = self._folder / f"{name}.pem", self._folder / f"{name}-key.pem"
        certificate.write_bytes(self._signed(self._build(subject, key.public_key(), names, begins, ends)))
        protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        private.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        )
        return certificate, private

    def client_files(self, folder, name="client", **options):
        """A directory for DOCKER_CERT_PATH: this authority's certificate, and that of a client with its key."""
        folder.mkdir(exist_ok=True)
        certificate, key = self.issue(name, **options)
        shutil.copy(certificate, folder / "cert.pem")
        shutil.copy(key, folder / "key.pem")
        if self.path != folder / "ca.pem":
            shutil.copy(self.path, folder / "ca.pem")
        return folder

    def server_context(self, *, client_certificates=False, **options):
        """A TLS context for a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("server", **options))
        if client_certificates:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path)
        return context

    def _build(self, subject, key, names, begins=YESTERDAY, ends=TOMORROW):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
        )
        # Python 3.13 and newer want to know them.
        for identifier in (
            x509.SubjectKeyIdentifier.from_public_key(key),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
        ):
            builder = builder.add_extension(identifier, critical=False)
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
