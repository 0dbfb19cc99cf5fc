"""The network that all runs of an engine share."""

import secrets

import pytest

from pytest_wincontainers.engines.docker import DockerEngine


@pytest.mark.linux_guest
def test_it_is_made_once(real_client):
    name = f"wincontainers-test-{secrets.token_hex(4)}"
    engine = DockerEngine()
    try:
        for _ in range(2):
            engine.ensure_network(name)
        (network,) = real_client.networks.list(names=[f"^{name}$"])
        assert network.attrs["Driver"] == "bridge"
    finally:
        engine.close()
        for network in real_client.networks.list(names=[f"^{name}$"]):
            network.remove()


@pytest.mark.linux_guest
def test_it_is_kept(suite, client):
    suite.files(
        conftest="""
        from guest import IMAGE
        from pytest_wincontainers import container

        @container(image=IMAGE, command=["box", "sleep"])
        def box():
            pass
        """,
        test_it="def test_it(box):\n    pass\n",
    )
    assert suite.run().status == 0
    (network,) = client.networks.list(names=["^nat$"])
    network.reload()
    names = {one["Name"] for one in network.attrs["Containers"].values()}
    assert not names & set(suite.created())
