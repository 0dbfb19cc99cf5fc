"""A Windows machine that answers what a test has it answer."""

import json

from pytest_wincontainers.doctor.windows_host import CONDITIONS, SERVICES
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, HostError
from pytest_wincontainers.hosts.events import EVENTS

GB = 1 << 30
NETSH = """
Protocol tcp Port Exclusion Ranges

Start Port    End Port
----------    --------
      5357        5357
     50000       50059     *

* - Administered port exclusions.
"""


class FakeHost:
    """See `Host`. Set up as it should be; a test changes `services`, `conditions`, `netsh` and `events`."""

    name = "winhost"

    def __init__(self, build="10.0.20348.5499"):
        self.services = {"docker": "Running", "hns": "Running", "vmms": "Running"}
        self.conditions = {
            "build": {"value": build},
            "dns": {"value": {"longest": None, "negative": None, "servers": ["192.0.2.53"]}},
            "disk": {"value": {"C:": 90 * GB, "D:": 1 * GB}},
            "memory": {"value": 20 * GB},
            "defender": {"value": {"scans": True, "exclusions": ["C:\\ProgramData\\Docker\\"]}},
        }
        self.netsh = NETSH
        self.events = {"entries": [], "unread": {}}
        self.asked = []
        self.refusal = ""
        self.closed = False

    def answers(self):
        """What it writes for each command of the doctor's."""
        return {
            SERVICES: json.dumps(self.services),
            EXCLUDED_PORTS: self.netsh,
            CONDITIONS: "WARNING: a module {1}\n".replace("{1}", "says so") + json.dumps(self.conditions),
        }

    def run(self, command, seconds):
        self.asked.append(command)
        if self.refusal:
            raise HostError(self.refusal, details="connection refused", hint="start the service WinRM")
        return json.dumps(self.events) if command is EVENTS else self.answers()[command]

    def close(self):
        self.closed = True
