"""How to log on to a WinRM host, from the settings and the system's keyring."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.limits import OutOfTime, within
from pytest_wincontainers.settings import Settings
from pytest_wincontainers.settings.setting import Secret

KEYRING = "pytest-wincontainers"
"""The keyring's name of the service; its user names are USER@HOST."""
_KEYRING_SECONDS = 20.0
"""Somebody may have to unlock it, where somebody is."""
_ENCRYPTED = b"ENCRYPTED"
_ACCOUNT = "check WINCONTAINERS_WINRM_USER and WINCONTAINERS_WINRM_PASSWORD, and what the host's WinRM allows"


@dataclass(frozen=True)
class LogOn:
    """A way to log on; `refused` is what to do where the host does not let it in."""

    transport: str
    refused: str
    user: str | None = None
    password: Secret | None = None
    certificate: Path | None = None
    key: Path | None = None

    def arguments(self) -> dict[str, Any]:
        """What pywinrm's Protocol is given of it."""
        return {
            "transport": self.transport,
            "username": self.user,
            "password": self.password.reveal() if self.password else None,
            "cert_pem": str(self.certificate) if self.certificate else None,
            "cert_key_pem": str(self.key) if self.key else None,
        }


def logon(settings: Settings, host: str) -> LogOn:
    """The way that the settings choose for that host. Raises DeclarationError where something for it is missing."""
    transport = settings.winrm_transport
    if transport == "certificate":
        return LogOn(
            transport,
            "check whether the host trusts the client certificate's authority and maps it to an account: "
            "winrm enumerate winrm/config/service/certmapping",
            certificate=_file(settings.winrm_cert, "the client certificate", "--wincontainers-winrm-cert"),
            key=_key(_file(settings.winrm_key, "the client certificate's key", "--wincontainers-winrm-key")),
        )
    if transport == "kerberos":
        # pywinrm takes the ticket that is there, and no password (diyan/pywinrm README.md).
        return LogOn(transport, "get a ticket with kinit, and check it with klist", user=settings.winrm_user)
    if settings.winrm_user is None:
        raise DeclarationError(
            "a WinRM host is set, but no account for it",
            hint="set WINCONTAINERS_WINRM_USER and WINCONTAINERS_WINRM_PASSWORD",
        )
    given = LogOn(transport, _ACCOUNT, user=settings.winrm_user, password=settings.winrm_password)
    return given if given.password else replace(given, password=_from_keyring(f"{settings.winrm_user}@{host}"))


def _file(path: Path | None, what: str, option: str) -> Path:
    if path is None:
        raise DeclarationError(
            f"the WinRM log-on with a certificate needs {what}", hint=f"set {option} to a file in PEM format"
        )
    if not path.is_file():
        raise DeclarationError(f"{what} for WinRM, {path}, is not a file", hint=f"correct {option}")
    return path


def _key(path: Path) -> Path:
    # OpenSSL would ask for the passphrase on the terminal, and the run would wait for it.
    if _ENCRYPTED in path.read_bytes():
        raise DeclarationError(
            f"the client certificate's key for WinRM, {path}, is encrypted",
            hint=f"write one without a passphrase that only you can read: openssl pkey -in {path} -out FILE",
        )
    return path


def _from_keyring(account: str) -> Secret:
    store = f'keyring set {KEYRING} "{account}"'
    try:
        import keyring
    except ImportError:
        raise DeclarationError(
            f"no password is set for the WinRM account {account}, and the package keyring is not installed",
            hint=f'set WINCONTAINERS_WINRM_PASSWORD, or pip install "pytest-wincontainers[keyring]" and {store}',
        ) from None
    hint = f"set WINCONTAINERS_WINRM_PASSWORD, or store it in the keyring: {store}"
    try:
        found = within(_KEYRING_SECONDS, lambda: keyring.get_password(KEYRING, account))
    except OutOfTime:
        raise DeclarationError(
            f"the system's keyring did not give the password of {account} within {_KEYRING_SECONDS:g} s",
            hint=f"unlock the keyring, or {hint}",
        ) from None
    except Exception as problem:
        # A backend may be anybody's, and raise whatever it likes.
        raise DeclarationError(
            f"the system's keyring cannot be read for the password of {account}: {type(problem).__name__}",
            details=str(problem),
            hint=hint,
        ) from problem
    if not found:
        raise DeclarationError(
            f"no password is set for the WinRM account {account}, and the system's keyring has none", hint=hint
        )
    return Secret(found)
