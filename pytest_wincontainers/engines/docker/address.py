"""Which engine is meant: by a URL, by DOCKER_HOST, or by a context of the docker CLI; and with which certificates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_wincontainers.engines.addresses import host_of, is_local, parts_of
from pytest_wincontainers.engines.contexts import DEFAULT, folder_of, selected
from pytest_wincontainers.engines.docker.certificates import Certificates
from pytest_wincontainers.errors import EngineError

_TLS_SCHEMES = {"tcp", "http", "https"}


@dataclass(frozen=True)
class Address:
    """An engine's address. `url` is empty for the engine on this machine at its usual place."""

    url: str
    named: str
    """How messages call it."""
    certificates: Certificates | None = None
    """Those of a connection with TLS."""

    @property
    def host(self) -> str | None:
        """The machine that the URL names; None for a socket or a pipe of this one."""
        return host_of(self.url)

    @property
    def port(self) -> int:
        """The port that the URL names, or 0."""
        return int(parts_of(self.url).port or 0)

    @property
    def scheme(self) -> str:
        return str(parts_of(self.url).scheme)

    @property
    def local(self) -> bool:
        """Whether the engine is on this machine, as far as the URL tells."""
        return is_local(self.host)

    @property
    def unprotected(self) -> bool:
        """Whether it is reached over the network by neither SSH nor TLS that verifies the engine's certificate."""
        verified = self.certificates is not None and self.certificates.verify
        return not self.local and self.scheme != "ssh" and not verified


def find(url: str | None, environ: Mapping[str, str], context: str = "") -> Address:
    """The engine at `url`, or that of a context, or else what the docker CLI uses: DOCKER_HOST or the selected context.

    Raises EngineError.
    """
    given = url or ("" if context else environ.get("DOCKER_HOST"))
    if given:
        _check(given)
        return Address(given, given, _of_environment(given, environ))
    name = context or selected(environ)
    if name == DEFAULT:
        return Address("", "the current docker context")
    return _of_context(name, folder_of(environ), environ)


def _check(url: str) -> None:
    try:
        _ = parts_of(url).port
    except ValueError as problem:
        raise EngineError(
            f"{url} is not the address of an engine: {problem}",
            hint="use npipe:////./pipe/docker_engine, unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host",
        ) from None


def _of_environment(url: str, environ: Mapping[str, str]) -> Certificates | None:
    scheme = parts_of(url).scheme
    path = environ.get("DOCKER_CERT_PATH")
    if scheme not in _TLS_SCHEMES or not (path or environ.get("DOCKER_TLS_VERIFY") or scheme == "https"):
        return None
    if not path and scheme == "https":
        return Certificates("this machine")
    folder = Path(path) if path else folder_of(environ)
    place = "DOCKER_CERT_PATH" if path else str(folder)
    # The CLI and the SDK take the authority's for granted, and the client's not if they are missing.
    return Certificates(place, folder / "ca.pem", *_client_files(folder))


def _client_files(folder: Path) -> tuple[Path | None, Path | None]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    return (certificate, key) if certificate.exists() or key.exists() else (None, None)


def _of_context(name: str, folder: Path, environ: Mapping[str, str]) -> Address:
    # By the files themselves: the SDK verifies no certificate of a context, leaves aside an authority without a client
    # certificate, and does not know DOCKER_CONTEXT (docker-py docker/context/context.py).
    place = hashlib.sha256(name.encode("utf-8")).hexdigest()
    named = f"the docker context {name}"
    try:
        stored = json.loads((folder / "contexts" / "meta" / place / "meta.json").read_text("utf-8"))
        endpoint = stored["Endpoints"]["docker"]
        url = str(endpoint.get("Host") or "")
        _check(url)
    except FileNotFoundError:
        told = "DOCKER_CONTEXT" if environ.get("DOCKER_CONTEXT") else f"currentContext in {folder / 'config.json'}"
        raise EngineError(
            f"there is no docker context called {name}, which {told} names",
            hint="`docker context ls` lists the contexts that exist; `docker context use` selects one",
        ) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        raise EngineError(
            f"{named} cannot be read",
            details=str(problem),
            hint=f"remove it with `docker context rm {name}` and create it again",
        ) from problem
    files = folder / "contexts" / "tls" / place / "docker"
    authority = files / "ca.pem"
    verify = not endpoint.get("SkipTLSVerify")
    if parts_of(url).scheme not in _TLS_SCHEMES or not (files.is_dir() or parts_of(url).scheme == "https"):
        return Address(url, named)
    certificates = Certificates(named, authority if authority.exists() else None, *_client_files(files), verify=verify)
    return Address(url, named, certificates)
