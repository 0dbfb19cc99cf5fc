"""Declared sites: their places, the calls of appcmd, and the counterpart on Linux."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wincontainers.engines.base import EngineInfo
from pytest_wincontainers.guests.builds import WindowsHost, WindowsVersion
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.iis import Iis, appcmd
from pytest_wincontainers.services.iis.servers import SERVERS
from pytest_wincontainers.services.iis.sites import Application, AppPool, Site
from tests.guest.windows import words_of


def calls(*sites, **environment):
    return appcmd.setup(SERVERS["windows"].place(sites), environment)


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
    placed = SERVERS["windows"].place(sites)
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
