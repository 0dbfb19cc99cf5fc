"""What is wrong with a site's files and settings: said before anything starts, with the file and the line."""

import dataclasses
import sys
from pathlib import Path

import pytest

from pytest_wincontainers import iis_container
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import make_plan
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import Declaration
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.sites import Application, AppPool, Site, Tokens

GOOD = "<configuration>\n  <appSettings><add key='a' value='b' /></appSettings>\n</configuration>"
ELSEWHERE = "<configuration>\n  <appSettings configSource='more.config' />\n</configuration>"


def refused(base, *sites, returned=None):
    def web():
        return returned

    declaration = Declaration("web", Iis(Options(), sites), web, (), base, "conftest.py:7", None)
    with pytest.raises(DeclarationError) as caught:
        make_plan([declaration], ["web"], "abc", lambda: "secret")
    assert caught.value.message.startswith("conftest.py:7: web: ")
    assert caught.value.hint
    return caught.value


def accepted(base, *sites, returned=None):
    declaration = Declaration("web", Iis(Options(), sites), lambda: returned, (), base, "conftest.py:7", None)
    make_plan([declaration], ["web"], "abc", lambda: "secret")


@pytest.fixture
def folder(tmp_path):
    def folder(name, config):
        made = tmp_path / name
        made.mkdir()
        if config is not None:
            (made / "Web.config").write_bytes(config if isinstance(config, bytes) else config.encode())
        return name

    return folder


@pytest.mark.parametrize("without_lxml", [False, True])
@pytest.mark.parametrize(
    ("config", "place", "why"),
    [
        ("<configuration>\n  <appSettings>\n</configuration>", "line 3, column", "malformed"),
        ("<configuration>\n<a b=1/></configuration>", "line 2, column", "malformed"),
        ("", "line 1, column", "malformed"),
        ('<?xml version="1.0" encoding="utf-16"?><configuration/>', "line 1, column", "encoding"),
        (b"<configuration a='\xff'/>", "line 1, column", "malformed"),
    ],
)
def test_a_malformed_web_config_that_nothing_changes(tmp_path, folder, monkeypatch, config, place, why, without_lxml):
    if without_lxml:
        monkeypatch.setitem(sys.modules, "lxml.etree", None)
    error = refused(tmp_path, Site("shop", folder("shop", config), 80))
    assert f"{Path('shop', 'Web.config')}, {place}" in error.message
    assert why in error.message


def test_a_malformed_web_config_of_an_application(tmp_path, folder):
    application = Application("/api", folder("api", "<configuration>"))
    error = refused(tmp_path, Site("shop", folder("shop", GOOD), 80, applications=[application]))
    assert f"{Path('api', 'Web.config')}, line 1" in error.message


@pytest.mark.parametrize(
    "config",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.encode("utf-16"),
        b"<?xml version='1.0' encoding='windows-1252'?><configuration a='\xe9'/>",
        # Not for Python to say.
        b"<?xml version='1.0' encoding='shift_jis'?><configuration a='\x83\x41'/>",
        b"<?xml version='1.0' encoding='x-of-its-own'?><configuration/>",
        "<!DOCTYPE configuration><configuration/>",
    ],
)
def test_others_are_left_alone(tmp_path, folder, config):
    accepted(tmp_path, Site("shop", folder("shop", config), 80))


def test_a_web_config_that_cannot_be_read(tmp_path, folder, monkeypatch):
    def unreadable(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    error = refused(tmp_path, Site("shop", folder("shop", GOOD), 80))
    assert error.message.endswith("Web.config cannot be read: Permission denied.")


def test_an_application_needs_no_web_config(tmp_path, folder):
    applications = [Application("/api", folder("api", None))]
    accepted(tmp_path, Site("shop", folder("shop", GOOD), 80, applications=applications))


def test_what_is_returned_is_tried_too(tmp_path, folder):
    site = Site("shop", folder("shop", ELSEWHERE), 80)
    accepted(tmp_path, site, returned={"connection_strings": {"Shop": "x"}})
    error = refused(tmp_path, site, returned={"app_settings": {"Mode": "x"}})
    assert "Web.config, line 2: configSource='more.config' names a file that does not exist" in error.message


@pytest.mark.parametrize("kind", ["app_settings", "connection_strings"])
@pytest.mark.parametrize("value", [5, None, b"x", Path("x")])
def test_returned_settings_are_text(tmp_path, folder, kind, value):
    error = refused(tmp_path, Site("shop", folder("shop", GOOD), 80), returned={kind: {"Max": value}})
    assert f'the returned {kind}["Max"] must be a string' in error.message


MISTAKES = [
    ({"port": "8080"}, "port= must be an integer, not '8080'", "write 8080 without quotes"),
    ({"transforms": "Web.Test.config"}, "transforms= must be a list or", "write transforms=['Web.Test.config']"),
    (
        {"transforms": {"a.config": "Web.Test.config"}},
        'transforms["a.config"] must be a list, not a str',
        "put it into a list: […]",
    ),
    ({"transforms": {Path("a.config"): []}}, "each key of Site(): transforms must be a string", "string"),
    ({"tokens": {"Port": 80}}, 'tokens["Port"] must be a string, not an int', "write it as a string"),
    ({"tokens": ["Port"]}, "tokens= must be a Tokens or a dictionary, not a list", "Tokens"),
    (
        {"tokens": Tokens(files="*.config")},
        "Tokens(): files= must be a list, not '*.config'",
        "write files=['*.config']",
    ),
    ({"tokens": Tokens(style="ms")}, 'style= must be "octopus" or "azure"', "octopus"),
    ({"json_settings": {"A:B": "x"}}, 'json_settings["A:B"] must be a dictionary, not a str', "dictionary"),
    ({"json_settings": {"a.json": {"A": []}}}, 'json_settings["a.json"]["A"] must be a string or', "string"),
    ({"app_settings": {"Max": 5}}, 'app_settings["Max"] must be a string', "write it as a string"),
    ({"connection_strings": {"Shop": None}}, 'connection_strings["Shop"] must be a string', "omit it"),
    ({"app_settings": ["Max", "5"]}, "app_settings= must be a dictionary", "a dictionary"),
    ({"timeout": "60"}, "timeout= must be a number", "a number"),
    ({"path": None}, "path= must be a string or a path", "omit it"),
    ({"pool": {"MODE": "x"}}, "pool= must be an AppPool", "pass an AppPool"),
    ({"pool": AppPool(environment={"MODE": 1})}, 'environment["MODE"] must be a string', "write it as a string"),
    ({"pool": AppPool(pipeline_mode="classic")}, 'pipeline_mode= must be "Integrated" or "Classic"', "Integrated"),
    ({"pool": AppPool(user="u", password=31337)}, "password= must be a string, not an int", "string"),
    (
        {"applications": Application("/api", "api", connection_strings={"Shop": "Pwd=31337"})},
        "applications= must be a list, not an Application",
        "write applications=[…]",
    ),
    ({"applications": [Application("/api", 7)]}, "path= must be a string or a path", "string"),
    ({"pool": AppPool(identity="SpecificUser")}, "identity= must be", "set user= and password="),
]


@pytest.mark.parametrize(("given", "sentence", "hint"), MISTAKES)
def test_a_value_of_another_type(given, sentence, hint):
    with pytest.raises(DeclarationError) as caught:
        iis_container(Site(**{"name": "shop", "path": "shop", "port": 80, **given}))
    assert sentence in caught.value.message
    assert hint in caught.value.hint
    assert "31337" not in str(caught.value)


class Anything:
    pass


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, one.name) for kind in (Site, Application, AppPool) for one in dataclasses.fields(kind)]
)
def test_every_field_is_checked(kind, name):
    application = {"at": "/api", "path": "api"}
    given = {Site: {}, Application: {**application}, AppPool: {}}
    given[kind][name] = Anything()
    pool, application = AppPool(**given[AppPool]), Application(**{**application, **given[Application]})
    site = {"name": "shop", "path": "shop", "port": 80, "pool": pool, "applications": [application], **given[Site]}
    with pytest.raises(DeclarationError, match=f"{name}= must be .*, not an Anything"):
        iis_container(Site(**site))


def test_sites_are_sites():
    with pytest.raises(DeclarationError, match="sites.* must be a Site, not 'shop'"):
        iis_container("shop")
