"""Certificates for tests: an authority, and servers that it vouches for."""

import asyncio
import contextlib
import datetime
import ipaddress
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
        self._started, self._over = threading.Event(), None
        self._thread = threading.Thread(target=asyncio.run, args=(self._live(host),), daemon=True)
        self._thread.start()
        self._started.wait(20)

    async def _live(self, host):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, host, 0, ssl=self._context)
        self.url = f"tcp://{host}:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        await self._over.wait()
        server.close()
        # asyncio.run cancels what still serves.

    def close(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)

    async def _serve(self, reader, writer):
        if self._engine.scheme == "unix":
            far_reader, far_writer = await asyncio.open_unix_connection(self._engine.path)
        else:
            far_reader, far_writer = await asyncio.open_connection(self._engine.hostname, self._engine.port)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            for one in (writer, far_writer):
                one.transport.abort()

    @staticmethod
    async def _pump(reader, writer):
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            else:
                writer.close()
