#!/usr/bin/env python3
"""Everything a developer does with this repository, on a fresh machine too.

    python3 dev.py demo                        the example shop's tests, on real containers
    python3 dev.py test [pytest arguments]     all tests, and those of `windows`, each on one engine and in one mode;
                                               with --wide in all of them
    python3 dev.py windows [pytest arguments]  tests in a genuine Windows Python, under Wine
    python3 dev.py soak                        the tests with generated examples, with many more of them
    python3 dev.py mutate                      whether the tests notice faults that are made on purpose
    python3 dev.py lint                        formatting, style and types
    python3 dev.py docs [--check]              the tables in docs that are made of the code: written, or looked at
    python3 dev.py bench                       the benchmarks
    python3 dev.py engine start|stop|status    a Docker engine of this checkout's own, where there is no other

Needs Python 3.10 or newer and nothing else: it makes a virtual environment in .venv and goes on there. The engine
is the one that DOCKER_HOST or the current docker context names. Where none answers, and on Debian or Ubuntu as root,
Debian's docker.io is installed and a private engine started in .engine; the other commands stop it again. On Windows
the docker service is started. Wine comes from Debian, too, and Windows' Python from PyPI into .windows.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tests.kit.wine import WindowsPython

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SHOP = ROOT / "examples" / "shop"

BASE = "debian:bookworm-slim"
SUITE = "bookworm"
RUN_LABEL = "pytest-wincontainers.run"

# The paths of unix sockets are at most 107 bytes long, and containerd puts some deep below this folder.
LONGEST_ENGINE_PATH = 60
ENGINE_SECONDS = 60


def main() -> int:
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(__doc__.strip())
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        stop(f"`{arguments[0]}` is not a command", f"one of {', '.join(COMMANDS)}")
    if Path(sys.prefix).resolve() != VENV.resolve():
        make_venv()
        return run([VENV_PYTHON, __file__, *arguments], check=False)
    return command(arguments[1:])


# -- commands ---------------------------------------------------------------------------------------------------


def demo(arguments: Sequence[str]) -> int:
    """Run the example shop's suite."""
    with engine():
        before = containers_of_runs()
        started = time.monotonic()
        status = pytest([SHOP, "-v", "-rA", "--show-capture=no", *arguments], cwd=SHOP)
        left = sorted(containers_of_runs() - before)
        say(f"demo {'passed' if status == 0 else 'failed'} in {time.monotonic() - started:.0f} s")
        runs = sorted((SHOP / ".wincontainers").glob("*-*-*"))
        if runs:
            say(f"logs, and the screenshots of failed tests: {runs[-1]}")
        say(f"containers left: {', '.join(left) or 'none'}")
    return status or (1 if left else 0)


# On Windows those that need no Linux engine, and those that only Windows can pass.
ANYWHERE = ["tests/unit", "tests/plugin", "tests/hosts"]
WINDOWS_TESTS = [*ANYWHERE, "tests/windows_process", "tests/real_windows"]


# Most tests wait for containers rather than compute; beyond four the engine is what they wait for.
WORKERS = max(2, min(os.cpu_count() or 2, 4))
SIDE_BY_SIDE = ["-n", str(WORKERS), "--dist=loadgroup"]


def test(arguments: Sequence[str]) -> int:
    """Run all tests, or what the arguments select."""
    selected = any(not word.startswith("-") for word in arguments)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    # For tests/engine/test_other_host.py, which fails without, and for completion.
    if on_debian_as_root() and not (shutil.which("sshd", path=path) and shutil.which("zsh")):
        say("installing an SSH server, which is started for tests only, and zsh")
        install("openssh-server", "openssh-client", "iproute2", "util-linux", "zsh")
    with engine():
        if os.name == "nt":
            return pytest([*SIDE_BY_SIDE, *([] if selected else WINDOWS_TESTS), *arguments], cwd=ROOT)
        status = pytest([*SIDE_BY_SIDE, *arguments], cwd=ROOT)
        # What the arguments select may not be there.
        return status if selected else max(status, windows(arguments))


def windows(arguments: Sequence[str]) -> int:
    """Run tests in Windows' Python, or what the arguments select; those with an engine start it for their runs."""
    python = windows_python()
    if python is None:
        say("the tests of a Windows process are left out: Wine is for Debian and Ubuntu, as root, on x86-64")
        return 1 if os.environ.get("CI") else 0
    paths = [word for word in arguments if not word.startswith("-") and Path(ROOT, word.partition("::")[0]).exists()]
    options = [word for word in arguments if word not in paths]
    outside = [path for path in paths if "tests/engine" in path]
    inside = [path for path in paths if path not in outside]
    status = 0
    if inside or not paths:
        chosen = inside or [*ANYWHERE, "tests/windows_process"]
        status = in_windows_python(python, ["-m", "pytest", *SIDE_BY_SIDE, *chosen, *options])
    if outside or not paths:
        chosen = outside or ["tests/engine", "-m", "every_process"]
        with engine():
            status = max(status, pytest([*SIDE_BY_SIDE, "--process=windows", *chosen, *options], cwd=ROOT))
    return status


def in_windows_python(python: WindowsPython, words: Sequence[str]) -> int:
    """Run it in the checkout, once more where Wine's server has died meanwhile."""
    from tests.kit.wine import ServerDied

    try:
        return python.run(words, ROOT)
    except ServerDied:
        say("Wine's server has died, so the tests in Windows' Python begin anew")
        return python.run(words, ROOT)


def windows_python() -> WindowsPython | None:
    """Windows' Python under Wine, set up where it is not; None where that cannot be."""
    from tests.kit.wine import SYSTEM_PACKAGES, WindowsPython

    python = WindowsPython(ROOT)
    if python.is_made():
        return python
    if not on_debian_as_root() or platform.machine() != "x86_64":
        return None
    if shutil.which("wine") is None or shutil.which("osslsigncode") is None:
        say("installing Wine")
        install(*SYSTEM_PACKAGES)
    say("setting up Windows' Python in .windows")
    python.make(run)
    return python


def soak(arguments: Sequence[str]) -> int:
    """Run the tests with generated examples, with as many as take hours."""
    os.environ["WINCONTAINERS_TEST_SOAK"] = "1"
    with engine():
        status = pytest([*SIDE_BY_SIDE, "-m", "soak", "--durations=0", *arguments], cwd=ROOT)
        if arguments or os.name == "nt":
            return status
        return max(status, windows(["tests/windows_process", "tests/engine/test_endings.py", "-m", "soak"]))


def mutate(arguments: Sequence[str]) -> int:
    """See which of some faults in the package its tests notice; `python3 dev.py mutate --help`."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with engine():
        return run([VENV_PYTHON, "-m", "tests.mutation", *arguments], cwd=ROOT, check=False)


def lint(arguments: Sequence[str]) -> int:
    """Check formatting, style and types; --fix mends what can be mended."""
    fix = "--fix" in arguments
    steps: list[list[str | Path]] = [
        ["ruff", "format", *([] if fix else ["--check"]), ROOT],
        ["ruff", "check", *(["--fix"] if fix else []), ROOT],
        ["mypy"],
    ]
    return max([run([VENV_PYTHON, "-m", *step], check=False) for step in steps])


def docs(arguments: Sequence[str]) -> int:
    """Write the tables of the documentation that are made of the code; with --check only see whether they are."""
    return run([VENV_PYTHON, "-m", "tests.kit.docs", *arguments], cwd=ROOT, check=False)


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks, or those named."""
    names = list(arguments) or sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    with engine():
        return max([run([VENV_PYTHON, ROOT / "benchmarks" / f"{name}.py"], check=False) for name in names])


def engine_command(arguments: Sequence[str]) -> int:
    """Start, stop or look at the private engine."""
    parser = argparse.ArgumentParser(prog="dev.py engine")
    parser.add_argument("action", choices=["start", "stop", "status"])
    action = parser.parse_args(arguments).action
    if action == "stop":
        stop_engine()
        return 0
    if action == "start" and not answering() and not started_service():
        start_engine()
    url = answering()
    if url is None:
        say("no engine answers")
        return 1
    use(url)
    if action == "start":
        make_base()
    say(describe_engine())
    print(f"DOCKER_HOST={url}")
    return 0


COMMANDS = {
    "demo": demo,
    "test": test,
    "windows": windows,
    "soak": soak,
    "mutate": mutate,
    "lint": lint,
    "docs": docs,
    "bench": bench,
    "engine": engine_command,
}


# -- the virtual environment --------------------------------------------------------------------------------------


def make_venv() -> None:
    """Make .venv, or bring it up to date when pyproject.toml has changed."""
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever runs this may have any Python
        stop(f"this is Python {sys.version.split()[0]}", "run dev.py with Python 3.10 or newer")
    stamp = VENV / "made-from"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted and VENV_PYTHON.exists():
        return
    say("making the virtual environment in .venv")
    made = run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made != 0 and on_debian_as_root():
        install("python3-venv")
        made = run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made != 0:
        stop("Python cannot make a virtual environment", "install its venv module (Debian: python3-venv)")
    pip: list[str | Path] = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Dependency groups came with pip 25.1.
    run([*pip, "pip>=25.1"])
    run([*pip, "--editable", f"{ROOT}[all]", "--group", f"{ROOT / 'pyproject.toml'}:test"])
    run([*pip, "--group", f"{ROOT / 'pyproject.toml'}:lint"])
    run([*pip, "--no-deps", "--target", VENV / "reports", "--group", f"{ROOT / 'pyproject.toml'}:reports"])
    stamp.write_text(wanted)


def pytest(arguments: Sequence[str | Path], cwd: Path) -> int:
    # The suite starts hundreds of interpreters; each would compile everything anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return run([VENV_PYTHON, "-m", "pytest", *arguments], cwd=cwd, check=False)


# -- the engine ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """An engine that answers, in DOCKER_HOST where it is ours, with the base image; stopped again if started here."""
    ours = answering() is None and not started_service()
    try:
        if ours:
            start_engine()
        url = answering()
        if url is None:
            stop("the engine that was just started does not answer", f"look into {engine_folder() / 'dockerd.log'}")
        use(url)
        make_base()
        yield
    finally:
        if ours:
            stop_engine()


def answering() -> str | None:
    """The address of an engine that answers: the one in DOCKER_HOST or the current context, else our own."""
    import docker

    own = own_url()
    for environment in [dict(os.environ), {**os.environ, "DOCKER_HOST": own}]:
        if environment.get("DOCKER_HOST") == own and not (engine_folder() / "docker.sock").exists():
            continue
        try:
            client = docker.DockerClient.from_env(environment=environment, version="auto", timeout=10)
            client.ping()
        except (docker.errors.DockerException, OSError):
            continue
        client.close()
        named = environment.get("DOCKER_HOST")
        return named or docker.ContextAPI.get_current_context().Host or default_url()
    return None


def use(url: str) -> None:
    """Have everything from here on use this engine."""
    # With a DOCKER_HOST the context's certificates would be left aside, so only an own engine gets one.
    if url == own_url():
        os.environ["DOCKER_HOST"] = url


def own_url() -> str:
    return f"unix://{engine_folder() / 'docker.sock'}"


def default_url() -> str:
    return "npipe:////./pipe/docker_engine" if os.name == "nt" else "unix:///var/run/docker.sock"


def docker_client() -> Any:
    import docker

    return docker.DockerClient.from_env(version="auto", timeout=600)


def describe_engine() -> str:
    info = docker_client().info()
    return f"Docker {info['ServerVersion']}, {info['OSType']} containers, on {info['OperatingSystem']}"


def engine_folder() -> Path:
    """Where the private engine's socket, process id and log are; its images are in .engine always."""
    folder = ROOT / ".engine"
    if len(str(folder)) <= LONGEST_ENGINE_PATH:
        return folder
    return Path(tempfile.gettempdir()) / f"wincontainers-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


def started_service() -> bool:
    """On Windows, where hosted runners often leave it stopped: start the docker service, and see whether it answers.

    Starting it by hand has always worked (actions/runner-images#13729).
    """
    if os.name != "nt":
        return False
    say("no Docker engine answers; starting the docker service")
    run(["sc.exe", "start", "docker"], check=False)
    deadline = time.monotonic() + ENGINE_SECONDS
    while time.monotonic() < deadline:
        if answering():
            return True
        time.sleep(2)
    return False


def start_engine() -> None:
    """Start a private dockerd and wait until it answers."""
    if not on_debian_as_root():
        stop(
            "no Docker engine answers",
            "start Docker, or set DOCKER_HOST to an engine; only on Debian or Ubuntu, as root, this script starts one",
        )
    if shutil.which("dockerd") is None:
        say("installing docker.io")
        install("docker.io", "iptables")
    folder, images = engine_folder(), ROOT / ".engine"
    images.mkdir(exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    say("starting a Docker engine of this checkout's own")
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                *("--data-root", images / "data"),
                *("--exec-root", folder / "exec"),
                *("--pidfile", folder / "dockerd.pid"),
                *("--host", f"unix://{folder / 'docker.sock'}"),
                *("--bridge", "none"),
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    deadline = time.monotonic() + ENGINE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            tail = (folder / "dockerd.log").read_text(errors="replace").splitlines()[-5:]
            stop("the Docker engine ended at once", "\n      ".join([f"see {folder / 'dockerd.log'}", *tail]))
        if answering():
            return
        time.sleep(0.1)
    stop(f"the Docker engine does not answer after {ENGINE_SECONDS} s", f"look into {folder / 'dockerd.log'}")


def stop_engine() -> None:
    """Stop the private engine, if it runs."""
    pid_file = engine_folder() / "dockerd.pid"
    try:
        pid = int(pid_file.read_text())
        mine = str(ROOT / ".engine" / "data").encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        mine = False
    if not mine:
        say("no engine of this checkout runs")
        return
    say("stopping the engine")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + ENGINE_SECONDS
    while Path(f"/proc/{pid}").exists() and not is_zombie(pid):
        if time.monotonic() > deadline:
            stop(f"the engine, process {pid}, does not end", f"look into {engine_folder() / 'dockerd.log'}")
        time.sleep(0.05)
    # It leaves its own network namespace mounted, and nobody could delete the checkout.
    for line in Path("/proc/self/mounts").read_text().splitlines():
        mounted = line.split()[1]
        if mounted.startswith((f"{engine_folder()}/", f"{ROOT / '.engine'}/")):
            run(["umount", mounted], check=False)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def make_base() -> None:
    """Have the base image of the Linux images: pulled, or else made with debootstrap."""
    import docker

    client = docker_client()
    if client.info()["OSType"] != "linux":
        return
    try:
        client.images.get(BASE)
        return
    except docker.errors.ImageNotFound:
        say(f"pulling {BASE}")
    try:
        client.images.pull(BASE)
        return
    except docker.errors.APIError as problem:
        say(f"it cannot be pulled ({problem.explanation or problem}); making it with debootstrap")
    if not on_debian_as_root():
        stop(
            f"the image {BASE} can be neither pulled nor made here",
            f"load it into the engine: docker load or pull {BASE}",
        )
    if shutil.which("debootstrap") is None:
        install("debootstrap", "debian-archive-keyring")
    with tempfile.TemporaryDirectory(
        prefix="base-", dir=ROOT / ".engine" if (ROOT / ".engine").is_dir() else None
    ) as folder:
        tree, archive = Path(folder, "tree"), Path(folder, "base.tar")
        log = Path(folder, "debootstrap.log")
        with log.open("wb") as output:
            status = subprocess.call(["debootstrap", "--variant=minbase", SUITE, tree], stdout=output, stderr=output)
        if status != 0:
            print("\n".join(log.read_text(errors="replace").splitlines()[-20:]), file=sys.stderr)
            stop(f"debootstrap ended with {status}", "see the lines above")
        for cache in [*tree.glob("var/cache/apt/archives/*.deb"), *tree.glob("var/lib/apt/lists/*_*")]:
            cache.unlink()
        run(["tar", "--create", "--file", archive, "--directory", tree, "."])
        client.api.import_image_from_file(str(archive), repository=BASE.partition(":")[0], tag=BASE.partition(":")[2])


def containers_of_runs() -> set[str]:
    return {one["Id"][:12] for one in docker_client().api.containers(all=True, filters={"label": RUN_LABEL})}


# -- the machine --------------------------------------------------------------------------------------------------


def on_debian_as_root() -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return any(name in release for name in ("ID=debian", "ID=ubuntu", "ID_LIKE=debian", "ID_LIKE=ubuntu"))


def install(*packages: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "-qq", "update"], env=environment)
    run(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages], env=environment)


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, check: bool = True, env: dict[str, str] | None = None
) -> int:
    """Run a command; Ctrl+C is left to it, as it gets its own."""
    process = subprocess.Popen([str(word) for word in command], cwd=cwd, env=env)
    while True:
        try:
            status = process.wait()
            break
        except KeyboardInterrupt:
            continue
    if check and status != 0:
        stop(f"{command[0]} ended with {status}", " ".join(str(word) for word in command))
    return status


def say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)


def stop(problem: str, hint: str) -> NoReturn:
    print(f"dev.py: {problem}\nhint: {hint}", file=sys.stderr, flush=True)
    raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main())
