"""The network that containers share, ports and names."""

from __future__ import annotations

import re

from pytest_wincontainers.doctor.facts import Facts, NotKnown, known
from pytest_wincontainers.doctor.finding import Section, Verdict, check, failed, not_applicable, ok, warning
from pytest_wincontainers.engines.base import NETWORK
from pytest_wincontainers.guests import RULES

_SEVERAL_NATS_WORK = 17763
"""Server 2019: the hang with published ports began with the builds after it."""
_NOWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - what an engine tells of a network that got no address
_NO_NAMES = re.compile(r"25\.0\.")
_ENGINE_TTL = 600
_DEFAULT_NEGATIVE = 900


@check(Section.NAT, "moby/moby daemon/daemon_windows.go, docker/for-win#427")
def nat(facts: Facts) -> Verdict:
    """There is one network nat, with an address for its gateway, on which the engine answers names."""
    info = facts.info
    networks = known(facts.diagnostics).networks
    ours = next((one for one in networks if one.name == NETWORK), None)
    if ours is None and RULES[info.guest].makes_networks:
        return ok(f"there is no network {NETWORK} yet; the first run creates it")
    if ours is None:
        return failed(
            f"there is no network {NETWORK}",
            "Restart-Service docker; if it is still missing, stop docker and hns and start both",
        )
    if set(ours.gateways) <= _NOWHERE:
        return failed(
            f"the network {NETWORK} has no gateway, so that containers find neither names nor other machines",
            f"stop docker, Get-HnsNetwork | Where-Object Name -eq {NETWORK} | Remove-HnsNetwork, and start docker",
        )
    others = [one.name for one in networks if one.driver == NETWORK and one.name != NETWORK]
    if others and info.windows is not None and info.windows.build.number != _SEVERAL_NATS_WORK:
        return warning(
            f"there are further NAT networks ({', '.join(others)}): the third container with published ports may hang",
            f"docker network rm {' '.join(others)}",
            "microsoft/Windows-Containers#140, docker/for-win#750",
        )
    return ok(f"{NETWORK}, {', '.join(ours.subnets)}, gateway {', '.join(ours.gateways)}")


@check(Section.PORTS, "docker/for-win#3171")
def ports(facts: Facts) -> Verdict:
    """No wanted port is in a range that Windows gives to nobody."""
    if not RULES[facts.info.guest].has_isolation:
        return not_applicable("the engine runs Linux containers")
    excluded = known(known(facts.host).excluded_ports)
    taken = [port for port in facts.ports if any(port in one for one in excluded)]
    if taken:
        return failed(
            f"Windows excludes the port{'s' if taken[1:] else ''} {', '.join(map(str, taken))}",
            "use another port, or reserve it: net stop winnat, netsh int ipv4 add excludedportrange protocol=tcp "
            f"startport={taken[0]} numberofports=1, net start winnat",
        )
    if facts.unread:
        raise NotKnown(facts.unread)
    named = f"none has {', '.join(map(str, facts.ports))}" if facts.ports else "no port is wanted"
    return ok(f"{len(excluded)} excluded ranges; {named}")


@check(Section.DNS, "moby/moby#27499, moby/moby daemon/libnetwork/resolver.go")
def dns(facts: Facts) -> Verdict:
    """Containers find each other's names, and this machine does not remember old answers for long."""
    info = facts.info
    if not RULES[info.guest].host_caches_dns:
        return not_applicable("the engine runs Linux containers")
    if _NO_NAMES.match(info.version):
        return failed(
            f"Docker {info.version} does not answer names on {NETWORK}", "update the engine", "moby/moby#47370"
        )
    client = known(known(facts.host).dns)
    longest, negative = client.longest or 0, client.longest_negative or 0
    if longest > _ENGINE_TTL or negative > _DEFAULT_NEGATIVE:
        return warning(
            f"the DNS client is set to keep answers for {longest} s and missing names for {negative} s",
            r"set MaxCacheTtl and MaxNegativeCacheTtl in HKLM\SYSTEM\CurrentControlSet\Services\Dnscache\Parameters "
            "to 0, and restart the machine",
        )
    if not client.servers:
        return warning(
            "the machine has no DNS server, so that containers find no names outside",
            "set one with Set-DnsClientServerAddress, or with dns in daemon.json",
            "moby/moby#46792",
        )
    return ok(f"DNS servers {', '.join(client.servers)}; the plugin flushes the cache")
