"""Everything needed to write a service: this package's own services use it as well as yours.

from dataclasses import dataclass
from pytest_wincontainers.services import Service, declare

@dataclass(frozen=True)
class Cache(Service):
    kind = "cache"
    ports = (11211,)

    def image(self, engine):
        return "memcached:1"

def cache_container(**options):
    return declare(Cache(options))
"""

from __future__ import annotations

from pytest_wincontainers.endpoints import ContainerInfo as ContainerInfo
from pytest_wincontainers.endpoints import Endpoint as Endpoint
from pytest_wincontainers.endpoints import Face as Face
from pytest_wincontainers.endpoints import FaceMaker as FaceMaker
from pytest_wincontainers.endpoints import Link as Link
from pytest_wincontainers.endpoints import TestStart as TestStart
from pytest_wincontainers.engines.base import Build as Build
from pytest_wincontainers.engines.base import ContainerState as ContainerState
from pytest_wincontainers.engines.base import EngineInfo as EngineInfo
from pytest_wincontainers.engines.base import ExecResult as ExecResult
from pytest_wincontainers.engines.base import Health as Health
from pytest_wincontainers.engines.base import Healthcheck as Healthcheck
from pytest_wincontainers.engines.base import Mount as Mount
from pytest_wincontainers.engines.container import Container as Container
from pytest_wincontainers.engines.times import timestamp as timestamp
from pytest_wincontainers.evidence import Attachment as Attachment
from pytest_wincontainers.evidence import Evidence as Evidence
from pytest_wincontainers.evidence import EvidenceKeeper as EvidenceKeeper
from pytest_wincontainers.evidence import Shown as Shown
from pytest_wincontainers.guests import Guest as Guest
from pytest_wincontainers.guests.builds import Isolation as Isolation
from pytest_wincontainers.packing import Folder as Folder
from pytest_wincontainers.packing import check_links as check_links
from pytest_wincontainers.ready import Ready as Ready
from pytest_wincontainers.reports import logs as logs
from pytest_wincontainers.services.declaration import Decorator as Decorator
from pytest_wincontainers.services.declaration import declare as declare
from pytest_wincontainers.services.images import SERVERCORE as SERVERCORE
from pytest_wincontainers.services.images import ServiceImage as ServiceImage
from pytest_wincontainers.services.outputs import Output as Output
from pytest_wincontainers.services.per_guest import for_guest as for_guest
from pytest_wincontainers.services.roles import PerWorker as PerWorker
from pytest_wincontainers.services.roles import ReuseSupport as ReuseSupport
from pytest_wincontainers.services.roles import ServerLogs as ServerLogs
from pytest_wincontainers.services.roles import SnapshotSupport as SnapshotSupport
from pytest_wincontainers.services.roles import Staged as Staged
from pytest_wincontainers.services.roles import StagedFiles as StagedFiles
from pytest_wincontainers.services.roles import TestHooks as TestHooks
from pytest_wincontainers.services.roles import TestValues as TestValues
from pytest_wincontainers.services.service import Options as Options
from pytest_wincontainers.services.service import Preparation as Preparation
from pytest_wincontainers.services.service import Prepare as Prepare
from pytest_wincontainers.services.service import Returned as Returned
from pytest_wincontainers.services.service import Service as Service
from pytest_wincontainers.services.service import ToolRunner as ToolRunner
