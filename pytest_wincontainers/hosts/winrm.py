"""The engine's machine over WinRM; needs pytest-wincontainers[winrm]."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.guests.windows import Windows, powershell
from pytest_wincontainers.hosts.base import HostCommand, HostError
from pytest_wincontainers.hosts.logon import logon
from pytest_wincontainers.limits import within
from pytest_wincontainers.settings import Settings

_PORT = 5986
_UTF8 = 65001
# The server answers at the latest after the first, if only to say that there is nothing yet; pywinrm wants the
# second to be longer.
_OPERATION_SECONDS, _READ_SECONDS = 5, 10
_CLOSE_SECONDS = 5
_GONE = 2150858843
"""WS-Management's code for a shell that the server has closed, as it does with idle ones (diyan/pywinrm#325)."""


class WinRmHost:
    """See `Host`. One shell is opened at the first command, used for all of them, and closed at the end.

    Only HTTPS with a certificate that is verified. Raises DeclarationError for settings that cannot be.
    """

    def __init__(self, settings: Settings) -> None:
        self._endpoint = _endpoint(settings.winrm or "")
        self.name = str(urlsplit(self._endpoint).hostname)
        self._logon = logon(settings, self.name)
        self._authority = settings.winrm_ca
        self._shell = _Shell()

    def run(self, command: HostCommand, seconds: float) -> str:
        shell = self._shell
        try:
            return within(seconds, lambda: self._run(shell, command))
        except TimeoutError:
            # Whoever still waits has a shell that nobody may use any more; it is closed when that comes back.
            shell.abandoned = True
            if self._shell is shell:
                self._shell = _Shell()
            raise HostError(
                f"{self.name} did not respond over WinRM within {seconds:g} s",
                hint="check whether the machine is busy, and whether its firewall allows WinRM",
            ) from None

    def _run(self, shell: _Shell, command: HostCommand) -> str:
        with shell.one_at_a_time:
            try:
                return self._run_in_living(shell, command)
            except HostError:
                raise
            except Exception as problem:
                shell.opened = None
                raise self._explained(problem) from problem
            finally:
                if shell.abandoned:
                    shell.close()

    def _run_in_living(self, shell: _Shell, command: HostCommand) -> str:
        try:
            return self._run_in(shell, command)
        except HostError:
            raise
        except Exception as problem:
            if str(_GONE) not in str(problem):
                raise
            shell.opened = None
            return self._run_in(shell, command)

    def _run_in(self, shell: _Shell, command: HostCommand) -> str:
        if shell.opened is None:
            protocol = self._protocol()
            shell.opened = protocol, protocol.open_shell(codepage=_UTF8)
        protocol, name = shell.opened
        program, *words = powershell(command.script)
        running = protocol.run_command(name, program, words)
        try:
            out, errors, code = protocol.get_command_output(name, running)
        finally:
            # Else the server counts it against its limit for ever (diyan/pywinrm#124).
            with suppress(Exception):
                protocol.cleanup_command(name, running)
        decode = Windows().decode
        if code != 0:
            raise HostError(
                f"PowerShell on {self.name} exited with code {code}", details=(decode(out) + decode(errors)).strip()
            )
        return decode(out)

    def _protocol(self) -> Any:
        try:
            from winrm import transport
            from winrm.protocol import Protocol
        except ImportError:
            raise HostError(
                "a WinRM host is set, but the package pywinrm is not installed",
                hint='pip install "pytest-wincontainers[winrm]"',
            ) from None
        if self._logon.transport == "kerberos" and not transport.HAVE_KERBEROS:
            raise HostError(
                "the WinRM log-on with Kerberos needs a package that is not installed",
                hint='pip install "pywinrm[kerberos]"; outside Windows, it is built with the headers of libkrb5',
            )
        return Protocol(
            endpoint=self._endpoint,
            **self._logon.arguments(),
            server_cert_validation="validate",
            ca_trust_path=str(self._authority) if self._authority else "legacy_requests",
            operation_timeout_sec=_OPERATION_SECONDS,
            read_timeout_sec=_READ_SECONDS,
        )

    def _explained(self, problem: Exception) -> HostError:
        text = (str(problem).splitlines() or [type(problem).__name__])[0]
        words = text.lower()
        # What the host finds wrong with a client certificate comes as an alert, such as "tlsv1 alert unknown ca".
        alerted = self._logon.certificate is not None and "alert" in words
        # A port may have these digits, too.
        refused = "credentials" in words or re.search(r"\b401\b", words) or "Kerberos" in type(problem).__name__
        if alerted or refused:
            hint = self._logon.refused
        elif "certificate" in words:
            hint = (
                "set --wincontainers-winrm-ca to the authority's certificate; the host name must be in the host's own"
            )
        else:
            hint = "check whether WinRM listens on the host: winrm enumerate winrm/config/listener"
        return HostError(f"{self.name} cannot be reached over WinRM: {type(problem).__name__}", details=text, hint=hint)

    def close(self) -> None:
        self._shell.close()


class _Shell:
    """A shell on the host, opened when it is first used; it runs one command at a time."""

    def __init__(self) -> None:
        self.one_at_a_time = threading.Lock()
        self.opened: tuple[Any, str] | None = None
        self.abandoned = False

    def close(self) -> None:
        """Close it, if it was opened. Never raises."""
        if self.opened is None:
            return
        protocol, name = self.opened
        self.opened = None
        with suppress(Exception):
            within(_CLOSE_SECONDS, lambda: protocol.close_shell(name))


def _endpoint(given: str) -> str:
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme != "https" or not parts.hostname:
        raise DeclarationError(
            f"{given!r} is not an HTTPS address for WinRM",
            hint="use --wincontainers-winrm=host or https://host:5986/wsman; without TLS, others can read the traffic",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"https://{host}:{port or _PORT}{parts.path or '/wsman'}"
