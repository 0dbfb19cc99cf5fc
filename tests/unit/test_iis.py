"""Declared sites: their places, the calls of appcmd, and the counterpart on Linux."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.guests.builds import WindowsHost, WindowsVersion
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.iis import Iis, appcmd
from pytest_wincontainers.services.iis.layout import host
from pytest_wincontainers.services.iis.servers import SERVERS
from pytest_wincontainers.services.iis.sites import Application, AppPool, Site
from tests.guest.windows import words_of


def calls(*sites, **environment):
    return appcmd.setup(SERVERS["windows"].place(host(sites, {})), environment)


def test_a_site_with_nothing_else():
    assert calls(Site("shop", "build/shop", 8080)) == [
        "add apppool /name:shop /managedRuntimeVersion:v4.0 /managedPipelineMode:Integrated "
        "/enable32BitAppOnWin64:false /processModel.identityType:ApplicationPoolIdentity",
        "add site /name:shop /id:1 /bindings:http/*:8080: /physicalPath:C:\\sites\\shop",
        "set app /app.name:shop/ /applicationPool:shop",
    ]


def test_everything_in_its_order():
    api = Application("/api", "api", pool=AppPool(user="svc", password="pass word"), virtual_directories={"/x": "x"})
    site = Site("my shop", "s", 80, host_header="shop.local", applications=[api], virtual_directories={"/f": "f"})
    assert calls(site, A="1") == [
        "add apppool /name:my-shop /managedRuntimeVersion:v4.0 /managedPipelineMode:Integrated "
        "/enable32BitAppOnWin64:false /processModel.identityType:ApplicationPoolIdentity",
        "set config -section:system.applicationHost/applicationPools "
        "/+[name='my-shop'].environmentVariables.[name='A',value='1'] /commit:apphost",
        'add site "/name:my shop" /id:1 /bindings:http/*:80:shop.local /physicalPath:C:\\sites\\my-shop',
        'set app "/app.name:my shop/" /applicationPool:my-shop',
        'add vdir "/app.name:my shop/" /path:/f /physicalPath:C:\\sites\\my-shop-f',
        "add apppool /name:my-shop-api /managedRuntimeVersion:v4.0 /managedPipelineMode:Integrated "
        '/enable32BitAppOnWin64:false /processModel.identityType:SpecificUser /processModel.userName:svc "/processModel.password:pass word"',
        "set config -section:system.applicationHost/applicationPools "
        "/+[name='my-shop-api'].environmentVariables.[name='A',value='1'] /commit:apphost",
        'add app "/site.name:my shop" /path:/api /physicalPath:C:\\sites\\my-shop-api /applicationPool:my-shop-api',
        'add vdir "/app.name:my shop/api" /path:/x /physicalPath:C:\\sites\\my-shop-api-x',
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "/+[name='p'].environmentVariables.[name='V',value='plain']"),
        ("it's", "/+[name='p'].environmentVariables.[name='V',value='it''s']"),
        ("50%", "/+[name='p'].environmentVariables.[name='V',value='50%u0025']"),
        ("a b", "\"/+[name='p'].environmentVariables.[name='V',value='a b']\""),
        ('"q"', "/+[name='p'].environmentVariables.[name='V',value='\\\"q\\\"']"),
        ("end\\", "/+[name='p'].environmentVariables.[name='V',value='end\\']"),
        ('\\"', "/+[name='p'].environmentVariables.[name='V',value='\\\\\\\"']"),
    ],
)
def test_quoting(value, written):
    assert (
        calls(Site("p", "p", 80, pool=AppPool({"V": value})))[1].split(" ", 3)[3].removesuffix(" /commit:apphost")
        == written
    )


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_the_calls_of_any_password_and_name_are_taken_apart_again(password, name):
    pool, *_ = calls(Site("s", "s", 80, pool=AppPool(user=name, password=password)))
    words = dict(word.partition(":")[::2] for word in words_of(pool)[2:])
    assert words["/processModel.password"].replace("%u0025", "%") == password
    assert words["/processModel.userName"].replace("%u0025", "%") == name


def test_many_variables_make_several_calls():
    made = calls(Site("s", "s", 80), **{f"V{number}": "x" * 5_000 for number in range(13)})
    sets = [call for call in made if call.startswith("set config")]
    assert len(sets) == 3
    assert all(len(call) < 31_000 for call in sets)
    assert "".join(sets).count("environmentVariables") == 13


def test_places_never_meet():
    sites = [Site("a b", "x", 1), Site("a-b", "x", 2, applications=[Application("/c", "x"), Application("/C-", "x")])]
    placed = SERVERS["windows"].place(host(sites, {}))
    assert [one.folder for one in placed] == [
        "C:\\sites\\a-b",
        "C:\\sites\\a-b-2",
        "C:\\sites\\a-b-2-c",
        "C:\\sites\\a-b-2-C-2",
    ]
    assert [one.pool_name for one in placed] == ["a-b", "a-b-2", "a-b-2", "a-b-2"]


def test_passwords_are_nowhere_to_be_seen():
    site = Site("s", "s", 80, pool=AppPool(user="u", password="hunter22"))
    service = Iis(Options(), (site,))
    assert "hunter22" not in repr(service)
    assert list(service.secrets(str).values()) == ["hunter22"]
    # Masked, it would make logs unreadable.
    assert not Iis(Options(), (Site("s", "s", 80, pool=AppPool(user="u", password="a")),)).secrets(str)


def test_features_are_arguments_of_the_windows_image():
    host = WindowsHost(WindowsVersion(20348, 1), server=True, default="process")
    info = EngineInfo(id="1", name="", version="", guest="windows", system="", near=True, host="", windows=host)
    given = Iis(Options(), (Site("s", "s", 80),), ("websockets", "url-rewrite")).image(info)
    assert given.arguments["FEATURES"] == "url-rewrite websockets"
    assert "FEATURES" not in Iis(Options(), (Site("s", "s", 80),)).image(info).arguments


SITES = (Site("shop", "shop", 8080), Site("admin", "admin", 8081, pool=AppPool(environment={"DESK": "1"})))


def joined():
    returned = {
        worker: {"connection_strings": {"Shop": f"Database=shop_{worker}"}, "environment": {"WHO": worker}}
        for worker in ("gw0", "gw1")
    }
    return Iis(Options(), SITES).joined(returned)


def test_each_worker_has_sites_and_pools_of_its_own():
    hosted = joined().hosted
    assert [(one.number, one.site.name, one.site.port, one.worker) for one in hosted] == [
        (1, "shop-gw0", 8080, "gw0"),
        (2, "admin-gw0", 8081, "gw0"),
        (3, "shop-gw1", 8082, "gw1"),
        (4, "admin-gw1", 8083, "gw1"),
    ]
    made = appcmd.setup(SERVERS["windows"].place(hosted), {})
    assert [call for call in made if call.startswith("add site")][2] == (
        "add site /name:shop-gw1 /id:3 /bindings:http/*:8082: /physicalPath:C:\\sites\\shop-gw1"
    )
    assert any("admin-gw1" in call and "'WHO',value='gw1'" in call and "'DESK',value='1'" in call for call in made)


def test_a_worker_sees_its_sites_by_their_declared_names_and_ports():
    part = Iis(Options(), SITES).part(("gw0", "gw1"), "gw1")
    face = part.face("web", {port: port + 50000 for port in joined().ports}, {})
    assert face.ports == {8080: 58082, 8081: 58083}
    assert (face.url, face.site("admin").url) == ("http://web:58082", "http://web:58083")


def test_ports_of_workers_are_free_ones():
    sites = [Site("a", "a", 65535), Site("b", "b", 1024), Site("c", "c", 1024, host_header="c.local")]
    hosted = host(sites, {"gw0": {}, "gw1": {}, "gw2": {}})
    assert [one.site.port for one in hosted] == [65535, 1024, 1024, 1025, 1026, 1026, 1027, 1028, 1028]


def test_each_worker_gets_its_own_web_config(tmp_path):
    for name in ("shop", "admin"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "web.config").write_text("<configuration />")
    staged = joined().staged(tmp_path, "linux", {}, {})
    configs = {folder.target: folder.replaced["web.config"].decode() for folder in staged.folders if folder.source}
    assert {target: re.findall(r"Database=(\w+)", text) for target, text in configs.items()} == {
        "/srv/sites/shop-gw0": ["shop_gw0"],
        "/srv/sites/admin-gw0": ["shop_gw0"],
        "/srv/sites/shop-gw1": ["shop_gw1"],
        "/srv/sites/admin-gw1": ["shop_gw1"],
    }


@pytest.mark.parametrize(
    ("given", "noted"),
    [
        ({"Shop": "x", "Audit": "x"}, []),
        ({"shop": "x"}, []),
        ({"Shp": "x"}, ["it has no connection string 'Shp', so one was added; did you mean 'Shop'?"]),
        ({"Default": "x"}, ["it has no connection string 'Default', so one was added; it has 'Audit', 'Shop'"]),
        # Whoever gives each application what any of them needs means it.
        ({"Shop": "x", "Other": "x"}, []),
        (
            {"Shop": "x", "Audits": "x"},
            ["it has no connection string 'Audits', so one was added; did you mean 'Audit'?"],
        ),
        ({}, []),
    ],
)
def test_a_connection_string_that_a_site_does_not_have_is_noted(tmp_path, given, noted):
    strings = (
        '<add name="Gone" /><clear /><add name="Shop" /><add name="Audit" /><add name="Old" /><remove name="old" />'
    )
    for name in ("shop", "bare"):
        (tmp_path / name).mkdir()
        inside = f"<connectionStrings>{strings}</connectionStrings>" if name == "shop" else ""
        (tmp_path / name / "web.config").write_text(f"<configuration>{inside}</configuration>")
    service = Iis(Options(), (Site("shop", "shop", 80, connection_strings=given), Site("bare", "bare", 81)))
    assert list(service.staged(tmp_path, "linux", {}, {}).notes) == [
        f"the web.config of shop: {line}" for line in noted
    ]
    bare = Iis(Options(), (Site("bare", "bare", 81, connection_strings=given),))
    assert not bare.staged(tmp_path, "linux", {}, {}).notes
