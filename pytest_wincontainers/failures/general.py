"""General failures. They come last because other entries are more specific."""

from __future__ import annotations

from pytest_wincontainers.failures.failure import Failure

# fmt: off
GENERAL: tuple[Failure, ...] = (
    Failure("hcs-terminated", "start", "transient", r"\(0x[c8]0370100\)|\(0x[c8]0370107\)|exited unexpectedly while starting|was forcefully exited",
            "check the event log Hyper-V-Compute",
            "MicrosoftDocs/Virtualization-Documentation virtualization/api/hcs/Reference/HCSHResult.md"),
    Failure("hcs-access-denied", "start", "environment", r"\(0x[c8]037011b\)|Hyper-V Administrators user group",
            "run the docker service as SYSTEM",
            "MicrosoftDocs/Virtualization-Documentation virtualization/api/hcs/Reference/HCSHResult.md"),
    Failure("hcs-service-lost", "start", "environment", r"\(0x[c8]037011e\)|\(0x[c8]0370114\)|lost communication with compute service|compute system service has disconnected",
            "start vmcompute, then docker",
            "MicrosoftDocs/Virtualization-Documentation virtualization/api/hcs/Reference/HCSHResult.md; microsoft/hcsshim internal/hcs/errors.go"),
    Failure("hcs-operation-timeout", "start", "transient", r"\(0x[c8]0370118\)|operation did not complete in time",
            "start fewer containers at once",
            "MicrosoftDocs/Virtualization-Documentation virtualization/api/hcs/Reference/HCSHResult.md", implies="crowding"),
    Failure("hcs-insider", "start", "permanent", r"\(0x[c8]0370113\)|must join the Windows Insider Program",
            "use a released image",
            "MicrosoftDocs/Virtualization-Documentation virtualization/api/hcs/Reference/HCSHResult.md"),
    Failure("hcs-handle-closed", "stop", "transient", r"the handle has already been closed|handle generating this notification has been closed",
            "the container ended in the meantime",
            "microsoft/hcsshim internal/hcs/errors.go"),
    Failure("hcs-unexpected-exit-text", "start", "transient", r"unexpected container exit",
            "check its log for why it ended",
            "microsoft/hcsshim internal/hcs/errors.go"),
    Failure("hns-other", "network", "environment", r"hnsCall failed|HNS failed with error",
            "restart hns and docker; nothing more is known than the text above",
            "microsoft/hcsshim hnsfuncs.go"),
    Failure("hcs-other", "start", "environment", r"hcsshim::|hcs::|failure in a Windows system call|failed in Win32",
            "check the event log Hyper-V-Compute; nothing more is known than the text above",
            "microsoft/hcsshim internal/hcserror, internal/hcs/errors.go"),
)
# fmt: on
