"""Names that are remembered too long: a neighbour's old address, and that there was none."""

import secrets

import pytest

from tests.windows import standins
from tests.windows.presets import PRESETS
from tests.windows.proxy import Proxy
from tests.windows.rules import RULES

# A guest with a cache of names, as every Windows container has one.
DOCKERFILE = """
FROM {box}
RUN mkdir -p /run/nscd /var/db/nscd
COPY start.sh /
ENTRYPOINT ["sh", "/start.sh"]
CMD ["box", "sleep"]
"""
START = """
box dns & echo nameserver 127.0.0.1 > /etc/resolv.conf
nscd
until [ -S /run/nscd/socket ]; do sleep 0.1; done
getent ahostsv4 $SERVER
echo asked
exec "$@"
"""

SUITE = """
from guest import IMAGE
from pathlib import Path
from pytest_wincontainers import Build, container, ready

{before}

def asked(endpoint):
    log = Path(endpoint._link.info().log).with_name("client.log")
    return None if log.exists() and "asked" in log.read_text() else "nobody has asked yet"

@container(image=IMAGE, command=["box", "sleep"], ready=asked)
def gate():
    pass

# Not there before the client has asked for it.
@container(
    image=IMAGE, command=["box", "serve", "8000"], ports=[8000], starts_after_ready=True, environment={{"WHO": "{who}"}}
)
def server(gate):
    pass

@container(build=Build("client", network="host"), command=["box", "sleep"])
def client(server):
    return {{"environment": {{"SERVER": server.host}}}}
"""
WITHOUT = """
from pytest_wincontainers.guests import RULES

# What the plugin does about it, left out.
type(RULES["linux"]).flush_dns = ("true",)
"""

EARLY = """
def test_it(client, server):
    assert client.exec("box", "get", server.inside.host, "8000").output == "hello WHO\\n"
"""
STALE = """
def ask(client, server):
    # Somebody else's server may have the old address by then.
    return "WHO" in client.exec("box", "get", server.inside.host, "8000").output

def test_it(client, server):
    client.exec("nscd", "--invalidate=hosts")
    assert ask(client, server)
    before = server.host
    server.restart()
    assert server.host != before
    still = ask(client, server)
    assert still
"""

# The real engine gives a container that is started again the address that it had, if it is still free.
MOVES = {"every_start_has_another_address", "addresses_are_remembered", "addresses_are_free_again"}
MOVES |= {"isolation_is_resolved"}
MOVES |= {"containers_are_remembered", "only_its_own_containers_show"}


@pytest.fixture
def moving(suite, real_engine):
    """Run a test on the real engine, on which every start gives another address."""
    rules = [rule for rule in RULES if rule.name in MOVES]
    proxy = Proxy(PRESETS["server2016"], real_engine.url.removeprefix("unix://"), rules).start()
    (suite.path / "client").mkdir()
    (suite.path / "client" / "Dockerfile").write_text(DOCKERFILE.format(box=standins.box()))
    (suite.path / "client" / "start.sh").write_text(START)

    who = secrets.token_hex(8)

    def run(test, *arguments, before=""):
        suite.files(conftest=SUITE.format(before=before, who=who), test_it=test.replace("WHO", who))
        return suite.run(*arguments, DOCKER_HOST=proxy.url)

    yield run
    proxy.stop()


@pytest.mark.linux_guest
def test_an_old_address_is_forgotten_at_a_restart(moving, mode):
    assert moving(STALE, *mode).outcomes() == {"passed": 1}


@pytest.mark.linux_guest
def test_without_the_flush_the_old_address_stays(moving):
    finished = moving(STALE, before=WITHOUT)
    assert finished.outcomes() == {"failed": 1}
    assert "assert still" in finished.output


@pytest.mark.linux_guest
def test_that_there_was_none_is_forgotten_too(moving, mode):
    assert moving(EARLY, *mode).outcomes() == {"passed": 1}


@pytest.mark.linux_guest
def test_without_the_flush_there_stays_none(moving):
    finished = moving(EARLY, before=WITHOUT)
    assert finished.outcomes() == {"failed": 1}
    assert "Name or service not known" in finished.output or "No address associated" in finished.output
