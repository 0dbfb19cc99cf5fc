"""This machine as a Windows host: programs of Windows's names, in a folder of the tests."""

import os
import stat

import pytest

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.hosts.base import EXCLUDED_PORTS, FLUSH_DNS, HostError
from pytest_wincontainers.hosts.duties import duties
from pytest_wincontainers.hosts.local import LocalHost
from pytest_wincontainers.machine.windows import WindowsMachine
from pytest_wincontainers.settings import resolve


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    def add(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IEXEC)

    return add


@pytest.mark.skipif(os.name == "nt", reason="Windows has the real ones: tests/real_windows")
class TestLocalHost:
    def test_powershell(self, programs):
        programs("powershell", 'echo "$5"; printf "done\\r\\n"')
        assert LocalHost().run(FLUSH_DNS, 5) == "-EncodedCommand\ndone\n" or "done" in LocalHost().run(FLUSH_DNS, 5)

    def test_where_there_is_no_powershell(self, programs):
        programs("ipconfig", 'echo "flushed $1"')
        programs("netsh", 'echo "$2 $3 $4"')
        assert LocalHost().run(FLUSH_DNS, 5) == "flushed /flushdns\n"
        assert LocalHost().run(EXCLUDED_PORTS, 5) == "ipv4 show excludedportrange\n"

    def test_where_there_is_neither(self, programs):
        with pytest.raises(HostError, match="neither powershell nor ipconfig") as failed:
            LocalHost().run(FLUSH_DNS, 5)
        assert "System32" in failed.value.hint

    def test_a_command_that_fails(self, programs):
        programs("powershell", "echo no; exit 3")
        with pytest.raises(HostError, match="powershell exited with code 3") as failed:
            LocalHost().run(FLUSH_DNS, 5)
        assert failed.value.details == "no"

    def test_a_command_that_hangs(self, programs):
        programs("powershell", "while :; do :; done")
        with pytest.raises(HostError, match="timed out after 0.3 s"):
            LocalHost().run(FLUSH_DNS, 0.3)

    def test_it_is_flushed_where_this_is_windows(self, programs, tmp_path, pytester):
        programs("powershell", f"echo x >> {tmp_path}/flushed")
        near = EngineInfo(id="1", name="", version="", guest="windows", system="", near=True, host="127.0.0.1")
        notes = []
        duties(near, resolve(pytester.parseconfig(), {}), notes.append, machine=WindowsMachine()).flush_dns()()
        assert (tmp_path / "flushed").read_text() == "x\n"
        assert notes == []
