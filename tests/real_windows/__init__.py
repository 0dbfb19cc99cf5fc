"""What only a Windows host can prove: MySQL, IIS and Windows themselves, with this package's own images.

On Windows these tests take the engine that is there. Anywhere else the same files run behind the Windows rules, with
stand-ins for the images, so that a broken one is seen where it is written. What stand-ins cannot show is marked
`only_real` in a suite, and nowhere else; docs/windows.md says what that leaves to be proven.
"""

import os

import pytest

REAL = os.name == "nt"

# A host builds each image once, and has little room for several suites at a time.
ONE_BY_ONE = [pytest.mark.xdist_group("real_windows")] if REAL else []
MARKS = [pytest.mark.windows_guest, pytest.mark.few_hosts, *ONE_BY_ONE]
