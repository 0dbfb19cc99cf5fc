"""The tests of a page's JavaScript, by Karma with Jasmine in headless Chrome, in a container."""

import os
from pathlib import Path

from pytest_wincontainers import Build, Cache, job_container

# A network with a certificate authority of its own, as many companies have, is known here by this variable.
AUTHORITY = os.environ.get("NODE_EXTRA_CA_CERTS")
TRUSTED = {"C:/certificates/authority.pem": Path(AUTHORITY)} if AUTHORITY else {}
TRUST = {"NODE_EXTRA_CA_CERTS": "/certificates/authority.pem"} if AUTHORITY else {}


@job_container(
    build={"windows": "images/windows/browser", "linux": Build("images/linux/browser", network="host")},
    source="app",
    exclude=["node_modules"],
    command=["node", "node_modules/karma/bin/karma", "start", "--single-run"],
    results="reports/*.xml",
    # Installed in a directory of the container, never in a mounted one, where Node on Windows fails
    # (nodejs/node#8897), and only if the lock file has changed.
    cache=Cache("node_modules", "package-lock.json", {"windows": ["npm.cmd", "ci"], "linux": ["npm", "ci"]}),
    environment={"SHIPPING": os.environ.get("SHIPPING", "4.50"), **TRUST},
    files=TRUSTED,
)
def frontend():
    """The eight tests of the cart."""
