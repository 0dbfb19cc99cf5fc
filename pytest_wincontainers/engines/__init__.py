"""Container engines: the protocol, and the plain data that goes in and comes out, for engines of your own."""

from __future__ import annotations

from pytest_wincontainers.engines.base import Build as Build
from pytest_wincontainers.engines.base import Capabilities as Capabilities
from pytest_wincontainers.engines.base import ContainerSpec as ContainerSpec
from pytest_wincontainers.engines.base import ContainerState as ContainerState
from pytest_wincontainers.engines.base import Engine as Engine
from pytest_wincontainers.engines.base import EngineAddress as EngineAddress
from pytest_wincontainers.engines.base import EngineInfo as EngineInfo
from pytest_wincontainers.engines.base import ExecResult as ExecResult
from pytest_wincontainers.engines.base import Image as Image
from pytest_wincontainers.engines.base import ListedContainer as ListedContainer
from pytest_wincontainers.engines.base import ListedImage as ListedImage
from pytest_wincontainers.engines.base import Mount as Mount
