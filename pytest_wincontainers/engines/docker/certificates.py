"""The certificates of a connection with TLS, and why one of them is refused."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pytest_wincontainers.errors import EngineError

TakenT = TypeVar("TakenT")

_SECONDS = 10.0
# OpenSSL's X509_V_ERR_…, include/openssl/x509_vfy.h.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_AUTHORITY = {18, 19, 20, 21}
_OTHER_NAME = {62, 64}
# Its X509_V_FLAG_…: a certificate is trusted without its authority, and whatever its dates say.
_PARTIAL_CHAIN, _NO_CHECK_TIME = 0x80000, 0x200000

_PLAIN = re.compile(r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|SSL: HTTP_REQUEST")


@dataclass(frozen=True)
class Certificates:
    """The files of a connection with TLS: the authority's certificate, the client's, and its key.

    Without an authority those that this machine trusts are meant. `place` is what messages call their directory.
    """

    place: str
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True

    def check(self) -> None:
        """Raise EngineError if they cannot be used, whatever the engine has."""
        self._check_authority()
        if self.certificate is None or self.key is None:
            return
        for path in (self.certificate, self.key):
            if not path.is_file():
                raise EngineError(
                    f"{self._name(path)} does not exist",
                    hint="a client certificate is cert.pem together with its key, key.pem; remove both if the engine "
                    "needs none",
                )
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as problem:
            raise self._unusable_pair(problem) from problem

    def _check_authority(self) -> None:
        if self.authority is None:
            return
        if not self.authority.is_file():
            raise EngineError(
                f"{self._name(self.authority)} does not exist",
                hint="put the certificate of the authority there that signed the engine's certificate",
            )
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(self.authority)
        except OSError as problem:
            raise EngineError(
                f"{self._name(self.authority)} is not a certificate in PEM form",
                details=str(problem),
                hint="put the certificate of the authority there that signed the engine's certificate",
            ) from problem

    def _unusable_pair(self, problem: Exception) -> EngineError:
        pair = f"{self.place}/cert.pem"
        if "KEY_VALUES_MISMATCH" in str(problem) or "KEY_TYPE_MISMATCH" in str(problem):
            message, hint = f"key.pem is not the key of {pair}", "use the key that this certificate was issued for"
        elif isinstance(problem, _Encrypted):
            message, hint = f"the key of {pair} has a passphrase", "`openssl pkey` writes it without one"
        else:
            message, hint = (
                f"{pair} and key.pem cannot be read",
                "both must be in PEM form, and readable by this account",
            )
        return EngineError(message, details=str(problem), hint=hint)

    def _name(self, path: Path) -> str:
        return f"{self.place}/{path.name}"


class _Encrypted(ValueError):
    """A key that has a passphrase."""


def _no_password() -> str:
    # Without this OpenSSL would ask for it on the terminal.
    raise _Encrypted("the key is encrypted")


class Reason(NamedTuple):
    """Why a connection was refused: a sentence, what the library said, and what to do."""

    message: str
    details: str
    hint: str


def find_reason(problem: BaseException, host: str, port: int, files: Certificates | None) -> Reason | None:
    """Why TLS failed, if that is what the SDK's error is about. May connect to the engine once more."""
    if "Client sent an HTTP request to an HTTPS server" in str(problem):
        return Reason(
            f"port {port} of {host} speaks TLS, and was addressed without it",
            "",
            "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a docker context with certificates",
        )
    if files is None:
        return None
    causes = [one for one in causes_of(problem) if isinstance(one, (ssl.SSLError, ConnectionError, HTTPException))]
    tls = [one for one in causes if isinstance(one, ssl.SSLError) and not isinstance(one, ssl.SSLEOFError)]
    if not causes:
        return None
    # The SDK writes its request before it reads, and may then see no more than that the engine has hung up.
    cause = tls[-1] if tls else _alert(host, port, files) or causes[-1]
    details = str(cause)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Reason(*_not_trusted(cause, host, port, files))
    if _PLAIN.search(details):
        return Reason(
            f"port {port} of {host} speaks plain HTTP, and was addressed with TLS",
            details,
            "have the engine listen with tlsverify (docs/hosts.md, TLS)",
        )
    told = _of_alert(details, files)
    return Reason(told[0], details, told[1]) if told else None


def _of_alert(words: str, files: Certificates) -> tuple[str, str] | None:
    """What the engine found wrong with the client's certificate."""
    place = f"{files.place}/cert.pem"
    another = f"replace {place} and key.pem with a certificate for clients that the engine's authority has signed"
    if not re.search(
        r"ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_EXPIRED|HANDSHAKE_F)", words
    ):
        return None
    if files.certificate is None:
        return (
            "the engine requires a client certificate",
            f"put cert.pem and key.pem, signed by the engine's authority, into {files.place}",
        )
    if "CERTIFICATE_EXPIRED" in words:
        return f"the engine refused {place} because it has expired", another
    if "UNKNOWN_CA" in words:
        return f"the engine refused {place} because its authority did not sign it", another
    return f"the engine refused {place}", another


def _not_trusted(
    cause: ssl.SSLCertVerificationError, host: str, port: int, files: Certificates
) -> tuple[str, str, str]:
    code, details = cause.verify_code, str(cause)
    told = _certificate(host, port, files) or {}
    renew = "have a new certificate issued for the engine, and check the clocks of both machines"
    if code == _EXPIRED:
        return f"the engine's certificate expired on {told.get('notAfter', 'an earlier day')}", details, renew
    if code == _NOT_YET_VALID:
        return f"the engine's certificate is not valid before {told.get('notBefore', 'a later day')}", details, renew
    if code in _OTHER_NAME:
        names = ", ".join(name for _, name in told.get("subjectAltName", ())) or "none"
        return (
            f"the engine's certificate is for other names than {host}: {names}",
            details,
            "address the engine by one of these names, or have a certificate issued with this one as subjectAltName",
        )
    if code in _UNKNOWN_AUTHORITY:
        signer = _common_name(told.get("issuer", ()))
        by = f", {signer}" if signer else ""
        place = f"{files.place}/ca.pem" if files.authority else "the authorities that this machine trusts"
        return (
            f"the engine's certificate is signed by an unknown authority{by}",
            details,
            f"{place} must have the certificate of the authority that signed it; if it had, find out who answers there",
        )
    # Such as an extension that is missing, of which Python 3.13 is the first to complain.
    renew = "have a new certificate issued for the engine (docs/hosts.md, TLS)"
    return f"the engine's certificate is not valid: {cause.verify_message}", details, renew


def _alert(host: str, port: int, files: Certificates) -> ssl.SSLError | None:
    """What an engine says that hangs up after the handshake, as with TLS 1.3 it does on a client's certificate."""
    try:
        _handshake(host, port, files, _trusting(), lambda one: one.recv(1))
    except ssl.SSLError as problem:
        return problem
    except OSError:
        pass
    return None


def _trusting() -> ssl.SSLContext:
    """One that trusts everybody, to be told who they are and what they say; nothing is sent by it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _handshake(
    host: str, port: int, files: Certificates, context: ssl.SSLContext, take: Callable[[ssl.SSLSocket], TakenT]
) -> TakenT:
    context.check_hostname = False
    if files.certificate is not None and files.key is not None:
        context.load_cert_chain(files.certificate, files.key)
    with (
        socket.create_connection((host, port), timeout=_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as encrypted,
    ):
        return take(encrypted)


def _certificate(host: str, port: int, files: Certificates) -> dict[str, Any] | None:
    """The engine's certificate, as `SSLSocket.getpeercert` has it: only of one that it trusts, so by itself."""

    try:
        found = _handshake(host, port, files, _trusting(), lambda one: one.getpeercert(binary_form=True))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=found)
        context.verify_flags |= _PARTIAL_CHAIN | _NO_CHECK_TIME
        return _handshake(host, port, files, context, lambda one: one.getpeercert())
    except (OSError, ValueError):
        return None


def _common_name(name: Any) -> str:
    return next((value for part in name for kind, value in part if kind == "commonName"), "")


def causes_of(problem: BaseException) -> Iterator[BaseException]:
    """An error with all that it was raised from, which the SDK's libraries keep in several places."""
    left, seen = [problem], set()
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        also = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        left += [other for other in also if isinstance(other, BaseException)]
