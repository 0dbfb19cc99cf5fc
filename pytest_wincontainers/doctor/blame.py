"""Which check tells why an engine does not answer, so that one cause is shown once."""

from __future__ import annotations

import re

from pytest_wincontainers.doctor.facts import Facts, Missing, NoAnswer

_BY_FAILURE = {
    "npipe-access-denied": "rights",
    "api-too-old": "api",
    "api-too-new": "api",
    "api-below-sdk": "api",
    "tls-wrong-name": "tls",
    "tls-plain-http": "tls",
    "tls-client-cert": "tls",
}
# Of a unix socket, and of TLS in the words of Python's ssl module and of the SDK's own settings.
_DENIED = re.compile(r"PermissionError|Permission denied")
_TLS = re.compile(r"\bSSL|\bTLS\b|certificate|is not encrypted", re.IGNORECASE)
_NO_PIPE = "npipe-not-found"


def blamed(facts: Facts) -> str:
    """The name of the check that tells why the engine does not answer; empty where it does."""
    problem = facts.engine
    if not isinstance(problem, NoAnswer):
        return ""
    failure = problem.failure.id if problem.failure else ""
    if failure in _BY_FAILURE:
        return _BY_FAILURE[failure]
    if _DENIED.search(problem.words):
        return "rights"
    if _TLS.search(problem.words):
        return "tls"
    services = None if isinstance(facts.host, Missing) else facts.host.services
    if services is None or isinstance(services, Missing):
        return "services" if failure == _NO_PIPE else "engine"
    return "engine" if services.get("docker") == "Running" else "services"


def remedy_of(problem: NoAnswer, otherwise: str) -> str:
    """The remedy that comes with it, else the catalogue's, else another one."""
    return problem.remedy or (problem.failure.remedy if problem.failure else otherwise)


def source_of(problem: NoAnswer) -> str:
    """Where the catalogue knows it from; empty where it does not."""
    return problem.failure.source if problem.failure else ""
