"""The engine: whether it answers, its services, its API, and the way to it."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_wincontainers.doctor.blame import blamed, remedy_of, source_of
from pytest_wincontainers.doctor.facts import Facts, Missing, NoAnswer, NotKnown, known
from pytest_wincontainers.doctor.finding import Section, Verdict, check, failed, not_applicable, ok, warning
from pytest_wincontainers.engines.addresses import host_of
from pytest_wincontainers.guests import RULES

_TESTED_API = (1, 41)
"""Of Docker 20.10, the oldest engine that this project is tested with."""
_CLOCK_WARNING_SECONDS = 5
_CLOCK_FAILED_SECONDS = 300
"""By which Kerberos lets clocks differ, and with it WinRM (RFC 4120, section 8.2)."""


@check(Section.ENGINE, "MicrosoftDocs/Virtualization-Documentation manage-docker/configure-docker-daemon.md")
def engine(facts: Facts) -> Verdict:
    """An engine answers."""
    problem = facts.engine
    if not isinstance(problem, NoAnswer):
        at = f" at {facts.address}" if facts.address else ""
        return ok(f"{problem.name} {problem.version}{at}, on {problem.system}")
    reason = blamed(facts)
    if reason != "engine":
        raise NotKnown(f"it does not answer; see {reason}")
    start = "start the engine, name another one with --engine, or give a slow one more time with --timeout"
    return failed(problem.words, remedy_of(problem, start), source_of(problem))


@check(Section.ENGINE, "actions/runner-images#13729, docker/for-win#8226")
def services(facts: Facts) -> Verdict:
    """The services docker and hns run on the engine's machine."""
    problem = facts.engine
    if not isinstance(problem, NoAnswer) and not RULES[problem.guest].has_isolation:
        return not_applicable("the engine runs Linux containers")
    states = None if isinstance(facts.host, Missing) else facts.host.services
    if (
        blamed(facts) == "services"
        and isinstance(problem, NoAnswer)
        and (states is None or isinstance(states, Missing))
    ):
        return failed(problem.words, remedy_of(problem, _start("docker")), source_of(problem))
    return _of_states(known(known(facts.host).services), answers=not isinstance(problem, NoAnswer))


def _of_states(states: Mapping[str, str], *, answers: bool) -> Verdict:
    for name in ("hns", "docker"):
        state = states.get(name)
        if state not in (None, "Running"):
            verb = "Resume" if state == "Paused" else "Start"
            return failed(f"the service {name} is in the state {state}", _start(name, verb))
    if "hns" not in states:
        return failed(
            "there is no service hns",
            "install the Containers feature of Windows and restart the machine",
            "moby/moby daemon/daemon_windows.go",
        )
    if "docker" not in states and not answers:
        return failed("there is no service docker", "install Docker's engine, or start Docker Desktop")
    return ok("docker and hns run" if "docker" in states else "hns runs; another program than a service is the engine")


def _start(service: str, verb: str = "Start") -> str:
    return f"{verb}-Service {service}, and Set-Service {service} -StartupType Automatic"


@check(Section.ENGINE, "moby/moby daemon/config/config.go")
def api(facts: Facts) -> Verdict:
    """The Docker SDK and the engine have a version of the API in common, one that this project is tested with."""
    problem = facts.engine
    if isinstance(problem, NoAnswer) and blamed(facts) == "api":
        return failed(problem.words, remedy_of(problem, "update the engine"), source_of(problem))
    _ = facts.info
    told = known(facts.diagnostics)
    if _number(told.api) < _TESTED_API:
        return warning(
            f"the engine's API {told.api} is older than any that the plugin is tested with",
            "update the engine to 20.10 or newer",
        )
    return ok(f"API {told.api}" + (f", down to {told.oldest_api}" if told.oldest_api else ""))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


@check(
    Section.ACCESS,
    "MicrosoftDocs/Virtualization-Documentation manage-docker/configure-docker-daemon.md, actions/runner-images#6688",
)
def rights(facts: Facts) -> Verdict:
    """This account may open the engine's pipe or socket."""
    problem = facts.engine
    if isinstance(problem, NoAnswer) and blamed(facts) == "rights":
        group = "run as root, or add the account to the group docker"
        return failed(problem.words, remedy_of(problem, group), source_of(problem))
    if facts.elsewhere or host_of(facts.address) is not None:
        return not_applicable("the engine is reached over the network")
    _ = facts.info
    return ok("this account may open it")


@check(Section.TLS, "MicrosoftDocs/Virtualization-Documentation manage-docker/manage-remote-host.md")
def tls(facts: Facts) -> Verdict:
    """The connection to an engine on another machine is encrypted, and both certificates are accepted."""
    problem = facts.engine
    if isinstance(problem, NoAnswer) and blamed(facts) == "tls":
        verify = "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH to a directory with ca.pem, cert.pem and key.pem"
        return failed(problem.words, remedy_of(problem, verify), source_of(problem))
    if not facts.elsewhere:
        return not_applicable("the engine is on this machine")
    if facts.info.unprotected:
        return warning(
            f"the connection to {facts.info.host} is not encrypted, and whoever reaches the port controls the machine",
            "have the engine listen with tlsverify, and set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH",
        )
    return ok(f"the connection to {facts.info.host} is protected")


@check(Section.WINRM, "diyan/pywinrm README.md")
def winrm(facts: Facts) -> Verdict:
    """Commands can be run on the machine of an engine that is not on this one."""
    if facts.winrm is not None:
        tried = known(facts.winrm)
        return failed(tried.problem, tried.remedy) if tried.problem else ok(f"{tried.host} answers")
    if not facts.elsewhere:
        return not_applicable("the engine is on this machine")
    if not RULES[facts.info.guest].host_caches_dns:
        return not_applicable("the engine runs Linux containers")
    return warning(
        f"no connection to {facts.info.host} is set: its DNS client cache is not flushed, and it is not checked here",
        "set --winrm, or WINCONTAINERS_WINRM, with WINCONTAINERS_WINRM_USER and WINCONTAINERS_WINRM_PASSWORD",
    )


@check(Section.CLOCKS, "docker/for-win#4526, moby/moby#27711")
def clocks(facts: Facts) -> Verdict:
    """The clocks of the engine and of this machine agree."""
    _ = facts.info
    ahead = known(facts.diagnostics).clock_offset
    told = f"the engine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    synchronise = "synchronise both with w32tm /resync; where the engine is in a virtual machine, restart that"
    if abs(ahead) > _CLOCK_FAILED_SECONDS:
        return failed(f"{told}: certificates, tokens and log-ons are refused", synchronise)
    if abs(ahead) > _CLOCK_WARNING_SECONDS:
        return warning(told, synchronise)
    return ok("they agree to the second" if abs(ahead) < 1 else told)
