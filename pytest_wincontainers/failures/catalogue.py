"""The catalogue of known failures of Windows container hosts and their remedies: the entries of all areas, in order.

The first entry whose pattern matches counts, whatever the case of letters; so specific entries come before general
ones. Windows answers in the host's language, so wherever its words are matched, its code is matched as well; only the
engine's own words are English everywhere.
"""

from __future__ import annotations

from pytest_wincontainers.failures.connections import CONNECTIONS
from pytest_wincontainers.failures.creating import CREATING
from pytest_wincontainers.failures.failure import Failure
from pytest_wincontainers.failures.general import GENERAL
from pytest_wincontainers.failures.images import IMAGES
from pytest_wincontainers.failures.networks import NETWORKS
from pytest_wincontainers.failures.running import RUNNING
from pytest_wincontainers.failures.starting import STARTING

CATALOGUE: tuple[Failure, ...] = (
    *CONNECTIONS,
    *IMAGES,
    *CREATING,
    *STARTING,
    *NETWORKS,
    *RUNNING,
    *GENERAL,
)
