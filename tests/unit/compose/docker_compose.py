"""Docker Compose itself, for comparison: what it makes of the cases is recorded next to them.

    python -m tests.unit.compose.docker_compose

records it again, with the `docker-compose` on the path or the plugin of `docker`; version 2 or newer.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

CASES = Path(__file__).parent / "cases"
OPTIONS = json.loads((CASES / "cases.json").read_text("utf-8"))


def tool():
    """The command line of Docker Compose, or None where there is none."""
    for command in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(command[0]) and run([*command, "version", "--short"], CASES).returncode == 0:
            version = run([*command, "version", "--short"], CASES).stdout.strip().removeprefix("v")
            if int(version.partition(".")[0]) >= 2:
                return command, version
    return None


def run(command, folder, environment=None):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "USERPROFILE") if name in os.environ}
    return subprocess.run(
        command, cwd=folder, env={**kept, **(environment or {})}, capture_output=True, encoding="utf-8", timeout=60
    )


def broken_file(case):
    return next((CASES / case).glob("broken.y*ml"))


def configured(command, case, *arguments):
    """What Docker Compose makes of a case: its resolved values, or the end of its error."""
    options = OPTIONS[case]
    profiles = [word for one in options.get("profiles", []) for word in ("--profile", one)]
    found = run(
        [*command, *arguments, *profiles, "config", "--format", "json"], CASES / case, options.get("environment")
    )
    if found.returncode:
        return found.stderr.strip().splitlines()[-1]
    return comparable(json.loads(found.stdout), CASES / case, doubled=True)


def comparable(value, folder, doubled=False):
    """Values without what is empty, means the default, or differs by the place of this checkout."""
    if isinstance(value, dict):
        pairs = {
            _text(key, folder, doubled): comparable(one, folder, doubled)
            for key, one in value.items()
            if not key.startswith("x-") and key != "label_file"
        }
        return {key: one for key, one in pairs.items() if not _means_nothing(key, one)}
    if isinstance(value, list):
        return [comparable(one, folder, doubled) for one in value]
    return _text(value, folder, doubled) if isinstance(value, str) else value


def _means_nothing(key, value):
    # A command that is empty is not the image's, and variables without a value are in the result.
    if key in {"command", "entrypoint"}:
        return value is None
    return value in ({}, []) or (value is None and not key.isupper())


def _text(text, folder, doubled):
    if doubled:
        text = text.replace("$$", "$")  # as in a compose file
    for path, word in ((folder, "{case}"), (folder.parent, "{cases}"), (Path.home(), "{home}")):
        if text.startswith(str(path)):
            return (word + text[len(str(path)) :]).replace("\\", "/").replace("/./", "/")
    return text


def main():
    found = tool()
    if found is None:
        raise SystemExit("Docker Compose 2 or newer is not installed")
    command, version = found
    for case in OPTIONS:
        written = {
            "version": version,
            "config": configured(command, case),
            "broken": _text(configured(command, case, "-f", broken_file(case).name), CASES / case, False),
        }
        text = json.dumps(written, indent=2, sort_keys=True, ensure_ascii=False)
        (CASES / case / "docker-compose.json").write_text(text.replace(str(CASES / case), "{case}") + "\n", "utf-8")
        print(case, written["broken"])


if __name__ == "__main__":
    main()
