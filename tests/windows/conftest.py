"""Tests of the Windows rules, and of the plugin against them."""

import pytest

from tests.windows import standins


@pytest.fixture
def created(engine):
    """Make containers from the box image through the engine under test; they are removed."""
    made = []

    def create(*command, image=None, **options):
        host = engine.client.api.create_host_config(network_mode="nat", **options.pop("host", {}))
        answer = engine.client.api.create_container(
            image or standins.box(), list(command or ("box", "sleep")), host_config=host, **options
        )
        made.append(answer["Id"])
        return answer["Id"]

    yield create
    for one in made:
        engine.client.api.remove_container(one, force=True)
