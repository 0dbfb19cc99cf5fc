"""Outputs of jobs in other declarations, and what jobs keep for later runs."""

import os
import time
from pathlib import Path

import pytest

from pytest_wincontainers.engines.base import Mount
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import make_plan
from pytest_wincontainers.run import keeping
from pytest_wincontainers.run.keeping import Keeping, key_of
from pytest_wincontainers.services import Options, declare
from pytest_wincontainers.services.declaration import declaration_of
from pytest_wincontainers.services.generic import Generic
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.sites import Application, Site
from pytest_wincontainers.services.job import Job
from pytest_wincontainers.services.outputs import Output, outputs_in, with_paths

SITE = Output("build", "site")


def path_of(output):
    return Path("collected") / output.job / output.name


def test_outputs_are_found_wherever_they_are():
    api = Application("/api", Output("build", "api"))
    service = Iis(Options(files={"/x": SITE}), (Site("shop", SITE, 80, applications=[api]),))
    assert list(outputs_in(service)) == [SITE, SITE, Output("build", "api")]
    resolved = with_paths(service, path_of)
    assert list(outputs_in(resolved)) == []
    assert resolved.sites[0].path == path_of(SITE)
    assert resolved.sites[0].applications[0].path == Path("collected/build/api")
    assert resolved.options["files"] == {"/x": path_of(SITE)}


def test_a_value_without_outputs_stays_the_same():
    service = Generic(Options(image="x", mounts=[Mount("a", "/b")]))
    assert with_paths(service, path_of) is service


@pytest.fixture
def build():
    @declare(Job(Options(image="x"), collect={"site": "out"}))
    def build():
        pass

    return build


def test_what_uses_an_output_needs_the_job(build):
    @declare(Generic(Options(image="x", files={"/app": build.output("site")})))
    def app(database):
        pass

    assert declaration_of(app).needs == ("database", "build")
    assert declaration_of(app).parameters == ("database",)


def test_the_function_is_called_without_the_job(build, tmp_path):
    @declare(Iis(Options(), (Site("shop", build.output("site"), 8080),)))
    def web():
        return {"app_settings": {"Mode": "test"}}

    declarations = [declaration_of(build), declaration_of(web)]
    plan = make_plan(declarations, ["web"], "abc", lambda: "token")
    assert [(one.name, one.needs) for one in plan.containers] == [("build", ()), ("web", ("build",))]


def test_an_output_that_the_job_does_not_have(build):
    with pytest.raises(
        DeclarationError, match=r"build.output\('sit'\): the job collects nothing of that name"
    ) as refused:
        build.output("sit")
    assert "did you mean 'site'?" in refused.value.message
    assert refused.value.hint == "it collects site"


def test_what_is_kept_is_found_by_its_key(tmp_path):
    kept = Keeping(tmp_path, "jobs")
    assert kept.find("one") is None
    kept.keep("one", lambda path: path.write_text("first"))
    kept.keep("one", lambda path: path.write_text("second"))
    assert kept.find("one").read_text() == "first"
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["one"]


def test_what_could_not_be_written_is_not_kept(tmp_path):
    def write(path):
        path.mkdir()
        (path / "half").touch()
        raise OSError("no space")

    kept = Keeping(tmp_path, "jobs")
    with pytest.raises(OSError, match="no space"):
        kept.keep("one", write)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_old_entries_and_too_many_are_removed(tmp_path):
    kept = Keeping(tmp_path, "jobs")
    for number in range(keeping._KEPT + 2):
        kept.keep(f"{number:02}", Path.mkdir)
        os.utime(tmp_path / "jobs" / f"{number:02}", (time.time() - 1000 + number,) * 2)
    kept.keep("old", Path.touch)
    os.utime(tmp_path / "jobs" / "old", (time.time() - 31 * 24 * 3600,) * 2)
    (tmp_path / "jobs" / ".unfinished-1").mkdir()
    os.utime(tmp_path / "jobs" / ".unfinished-1", (time.time() - 25 * 3600,) * 2)
    # What is used counts as new.
    assert kept.find("03") is not None
    kept.keep("new", Path.touch)
    names = {path.name for path in (tmp_path / "jobs").iterdir()}
    assert len(names) == keeping._KEPT
    assert {"new", "03"} <= names
    assert not {"old", "00", "01", "02", ".unfinished-1"} & names


def test_keys_tell_parts_apart():
    assert len({key_of("a", "b"), key_of("ab"), key_of("ab", ""), key_of("", "ab"), key_of("b", "a")}) == 5
    assert key_of(b"a") == key_of("a")
