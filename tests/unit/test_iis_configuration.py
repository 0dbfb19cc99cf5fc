"""The configuration files of sites as containers get them; the directories themselves stay as they are."""

import os
import re
import sys
import types
from pathlib import Path

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import make_plan
from pytest_wincontainers.services import Options
from pytest_wincontainers.services.declaration import Declaration, declarations_in
from pytest_wincontainers.services.iis import Iis
from pytest_wincontainers.services.iis.servers import SERVERS
from pytest_wincontainers.services.iis.site_files import SiteFiles
from pytest_wincontainers.services.iis.sites import Application, AppPool, Site, Tokens

XDT = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"'
SETTING = '<settings><add key="Who" value="{}" /></settings>'
TRANSFORM = (
    f'<settings {XDT}><add key="Who" value="tests" xdt:Transform="SetAttributes" xdt:Locator="Match(key)" /></settings>'
)


@pytest.fixture
def lay_out(tmp_path):
    """Write files; afterwards none of them has changed."""
    written = {}

    def lay_out(**folders):
        for folder, files in folders.items():
            for name, content in {"web.config": "<configuration />", **files}.items():
                if content is None:
                    continue
                path = tmp_path / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                written[path] = content if isinstance(content, bytes) else content.encode()
                path.write_bytes(written[path])
        return tmp_path

    yield lay_out
    assert {path: path.read_bytes() for path in written} == written
    on_disk = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(on_disk) == sorted(written)


def staged(base, *sites, returned=None, guest="windows"):
    """What is replaced in each site's directory, and the notes."""
    service = Iis(Options(), sites)
    service.check(base)
    service.check_returned(base, returned or {})
    made = service.staged(base, guest, {}, returned or {})
    replaced = [
        {name: content.decode() for name, content in folder.replaced.items()}
        for folder in made.folders
        if folder.source is not None
    ]
    return replaced, list(made.notes)


def refused(base, *sites, returned=None):
    """The error before anything starts."""
    declaration = Declaration("web", Iis(Options(), sites), lambda: returned, (), base, "conftest.py:7", None)
    with pytest.raises(DeclarationError) as caught:
        make_plan([declaration], ["web"], "abc", lambda: "secret")
    assert caught.value.hint
    return caught.value


def site(**options):
    return Site(**{"name": "shop", "path": "shop", "port": 80, **options})


# Transforms


def test_two_sites_with_transformed_files_of_which_one_is_a_section(lay_out):
    files = {
        "Configs/AppSetting.config": '<appSettings><add key="Who" value="nobody" /></appSettings>',
        "Configs/AppSetting.Docker.config": TRANSFORM.replace("settings", "appSettings"),
        "web.config": "<configuration><appSettings configSource='Configs\\AppSetting.config' /></configuration>",
    }
    base = lay_out(shop=files, admin={**files, "web.config": "<configuration />"})
    transforms = {"Configs/AppSetting.config": ["Configs/AppSetting.Docker.config"]}
    replaced, notes = staged(
        base, site(transforms=transforms, app_settings={"More": "1"}), Site("admin", "admin", 81, transforms=transforms)
    )
    assert replaced == [
        {
            "Configs/AppSetting.config": '<appSettings><add key="Who" value="tests" />'
            '<add key="More" value="1" /></appSettings>'
        },
        {"Configs/AppSetting.config": '<appSettings><add key="Who" value="tests" /></appSettings>'},
    ]
    assert notes == []


@pytest.mark.parametrize(
    "name", ["Configs/A.config", "Configs\\A.config", "configs/a.CONFIG", "Configs/../Configs/A.config"]
)
def test_a_file_is_named_as_windows_names_it(lay_out, name):
    base = lay_out(shop={"Configs/A.config": SETTING.format("nobody"), "T.config": TRANSFORM})
    replaced, _ = staged(base, site(transforms={name: ["T.config"]}))
    assert replaced == [{"Configs/A.config": SETTING.format("tests")}]


def test_a_list_is_for_the_web_config_as_the_dictionarys_key_is(lay_out):
    transform = TRANSFORM.replace("settings", "configuration")
    base = lay_out(
        shop={"web.config": None, "Web.config": SETTING.replace("settings", "configuration"), "T": transform}
    )
    by_list, by_name = (staged(base, site(transforms=one)) for one in (["t"], {"WEB.CONFIG": ("t",)}))
    assert by_list == by_name
    assert by_list[0][0].keys() == {"Web.config"}


def test_a_transform_without_effect_is_told_with_its_file(lay_out):
    base = lay_out(shop={"A.config": "<settings/>", "T.config": TRANSFORM})
    given = {"a.config": ["T.config"]}
    (note,) = staged(base, site(transforms=given))[1]
    assert note.startswith(f"the A.config of shop: {base / 'shop' / 'T.config'}, line 1: SetAttributes changes nothing")
    error = refused(base, site(transforms=given, strict=True))
    assert "a transform of shop does not match its A.config" in error.message
    assert "SetAttributes changes nothing" in error.details


def test_a_transform_beside_the_declaring_file(lay_out):
    base = lay_out(shop={"A.config": SETTING.format("nobody")}, build={"web.config": None, "T.config": TRANSFORM})
    replaced, _ = staged(base, site(transforms={"A.config": ["build/T.config"]}))
    assert replaced == [{"A.config": SETTING.format("tests")}]


REFUSED_TRANSFORMS = [
    ({"B.config": []}, "transforms= names B.config, which does not exist in", "did you mean 'A.config'?"),
    ({"Configs/B.config": []}, "transforms= names Configs/B.config, which does not exist in", ""),
    ({"no/B.config": []}, "transforms= names no/B.config, which does not exist in", ""),
    ({"Configs": []}, "transforms= names Configs, which does not exist in", ""),
    ({"../other/web.config": []}, "transforms= names ../other/web.config, which leads out of", ""),
    ({"Configs\\..\\..\\x": []}, "which leads out of", ""),
    ({"C:\\x.config": []}, "transforms= names C:\\x.config, which leads out of", ""),
    ({"web.config/x.config": []}, "transforms= names web.config/x.config, which does not exist in", ""),
    ({"/x.config": []}, "transforms= names /x.config, which leads out of", ""),
    ({"A.config": ["T.config"]}, "the transform T.config was not found", ""),
    ({"A.config": [], "a.CONFIG": []}, "transforms= names A.config twice, as 'A.config' and 'a.CONFIG'", ""),
    ({"web.config": [], "./web.config": []}, "transforms= names web.config twice", ""),
    ({"note.txt": []}, f"{Path('shop', 'note.txt')}, line 1, column 1: the XML is malformed", ""),
    ({"Broken.config": []}, f"{Path('shop', 'Broken.config')}, line 2, column", "the XML is malformed"),
]


@pytest.mark.parametrize(("transforms", "sentence", "more"), REFUSED_TRANSFORMS)
def test_a_transform_that_cannot_be(lay_out, transforms, sentence, more):
    base = lay_out(
        other={},
        shop={"A.config": "<a/>", "Configs/C.config": "<a/>", "note.txt": "a note", "Broken.config": "<a>\n<b></a>"},
    )
    error = refused(base, site(transforms=transforms))
    assert sentence in error.message
    assert more in error.message


def test_an_application_with_a_transformed_file_has_its_sites_settings(lay_out):
    base = lay_out(shop={}, api={"web.config": None, "A.config": SETTING.format("nobody"), "T.config": TRANSFORM})
    application = Application("/api", "api", transforms={"A.config": ["T.config"]})
    replaced, _ = staged(base, site(applications=[application]), returned={"app_settings": {"Mode": "test"}})
    assert replaced[0].keys() == {"web.config"}
    assert replaced[1] == {"A.config": SETTING.format("tests")}


def test_a_machine_config_is_a_file_as_others_are(lay_out):
    base = lay_out(shop={"machine.config": SETTING.format("nobody"), "T.config": TRANSFORM})
    replaced, _ = staged(base, site(transforms={"machine.config": ["T.config"]}))
    assert replaced == [{"machine.config": SETTING.format("tests")}]


# Sections in files of their own


def sections(attribute, section="connectionStrings"):
    return f"<configuration>\n<{section} {attribute} /></configuration>"


def test_a_section_is_followed_after_both_files_were_transformed(lay_out):
    base = lay_out(
        shop={
            "web.config": "<configuration>\n<connectionStrings /></configuration>",
            "Configs/Conn.config": '<connectionStrings><add name="Shop" connectionString="old" /></connectionStrings>',
            "Web.Docker.config": f"<configuration {XDT}><connectionStrings configSource='configs\\conn.config' "
            'xdt:Transform="SetAttributes" /></configuration>',
            "Conn.Docker.config": f'<connectionStrings {XDT}><add name="Log" connectionString="old" '
            'xdt:Transform="Insert" /></connectionStrings>',
        }
    )
    transforms = {"Configs/Conn.config": ["Conn.Docker.config"], "web.config": ["Web.Docker.config"]}
    replaced, notes = staged(base, site(transforms=transforms, connection_strings={"Shop": "new", "Log": "log"}))
    assert replaced[0] == {
        "web.config": sections('configSource="configs\\conn.config"'),
        "Configs/Conn.config": '<connectionStrings><add name="Shop" connectionString="new" />'
        '<add name="Log" connectionString="log" /></connectionStrings>',
    }
    assert notes == []


def test_returned_connection_strings_go_into_the_file_of_the_section(lay_out):
    file = '<connectionStrings>\n  <add name="Shop" connectionString="old" />\n</connectionStrings>'
    base = lay_out(shop={"web.config": sections("configSource='Configs\\conn.config'"), "Configs/Conn.config": file})
    replaced, notes = staged(base, site(), returned={"connection_strings": {"shop": "new", "Shpo": "x"}})
    assert replaced == [
        {
            "Configs/Conn.config": '<connectionStrings>\n  <add name="Shop" connectionString="new" />\n'
            '  <add name="Shpo" connectionString="x" />\n</connectionStrings>'
        }
    ]
    assert notes == [
        "the web.config of shop: it has no connection string 'Shpo', so one was added; did you mean 'Shop'?"
    ]


@pytest.mark.parametrize(
    "section",
    [
        "<connectionStrings configSource='{}' />",
        '<appSettings\r\n  a="x" file = "{}"><add key="file" /></appSettings>',
        "<custom><deep configSource='{}' /></custom>",
    ],
)
def test_mono_gets_the_path_of_a_sections_file_as_linux_has_it(lay_out, section):
    config = f"<configuration>\r\n{section}<other file='configs\\conn.config' /></configuration><!-- \u00e4 -->"
    base = lay_out(shop={"web.config": config.format("configs\\conn.config"), "Configs/Conn.config": "<x />"})
    assert staged(base, site())[0] == [{}]
    (replaced,) = staged(base, site(), guest="linux")[0]
    assert replaced == {"web.config": config.format("Configs/Conn.config")}


@pytest.mark.parametrize("encoding", ["x-of-its-own", "utf-8"])
def test_mono_gets_a_web_config_that_cannot_be_decoded_as_it_is(lay_out, encoding):
    config = f"<?xml version='1.0' encoding='{encoding}'?><a configSource='b\\c' d='".encode() + b"\xe4'/>"
    base = lay_out(shop={"web.config": config})
    files = SiteFiles(base / "shop")
    SERVERS["linux"].adapt(files)
    assert files.changed == {}


def test_mono_gets_the_path_of_a_missing_file_as_it_is(lay_out):
    base = lay_out(shop={"web.config": sections("configSource='No\\Conn.config'")})
    assert staged(base, site(), guest="linux")[0] == [{}]


@pytest.mark.parametrize(
    ("attribute", "sentence"),
    [
        (
            "configSource='No.config'",
            "web.config, line 2: configSource='No.config' names a file that does not exist in",
        ),
        (
            "configSource='..\\Conn.config'",
            "web.config, line 2: <connectionStrings> has configSource='..\\\\Conn.config'",
        ),
        ("configSource='Configs/Conn.config'", "with a slash, which .NET rejects"),
        ("configSource='Configs\\Other.config'", "Other.config, line 1: the root element is other"),
        ("configSource='note.txt'", "note.txt, line 1, column 1: the XML is malformed"),
    ],
)
def test_a_section_file_that_cannot_be(lay_out, attribute, sentence):
    base = lay_out(shop={"web.config": sections(attribute), "Configs/Other.config": "<other/>", "note.txt": "x"})
    error = refused(base, site(), returned={"connection_strings": {"Shop": "x"}})
    assert sentence in error.message


def test_a_section_file_is_not_looked_at_without_settings_for_it(lay_out):
    base = lay_out(shop={"web.config": sections("configSource='No.config'")})
    assert staged(base, site(app_settings={"a": "1"}))[1] == []


def test_app_settings_are_also_set_in_the_file_that_would_override_them(lay_out):
    config = sections("file='More.config'", "appSettings")
    base = lay_out(shop={"web.config": config, "More.config": '<appSettings><add key="a" value="0" /></appSettings>'})
    replaced, _ = staged(base, site(app_settings={"A": "1", "b": "2"}))
    assert replaced[0]["More.config"] == '<appSettings><add key="a" value="1" /></appSettings>'
    assert '<add key="A" value="1" />' in replaced[0]["web.config"]
    assert '<add key="b" value="2" />' in replaced[0]["web.config"]


@pytest.mark.parametrize("file", ["No.config", "..\\other\\web.config"])
def test_a_merged_file_that_is_not_in_the_container_overrides_nothing(lay_out, file):
    base = lay_out(shop={"web.config": sections(f"file='{file}'", "appSettings")}, other={})
    replaced, notes = staged(base, site(app_settings={"a": "1"}))
    assert replaced[0].keys() == {"web.config"}
    outside = "the web.config of shop: appSettings has file='..\\\\other\\\\web.config', which is not in the container"
    assert notes == ([] if file == "No.config" else [outside])


# Tokens


def test_tokens_come_first(lay_out):
    base = lay_out(
        shop={
            "web.config": "<configuration><a b='#{B}'/></configuration>",
            "A.config": SETTING.format("#{Who}"),
            "T.config": TRANSFORM.replace("tests", "#{Who} & co".replace("&", "&amp;")),
            "Configs/Deep/x.json": '{"a": "#{Who}"}',
            "Untouched.txt": "#{Who}",
        }
    )
    tokens = Tokens({"b": "<"}, files=["web.config", "*.CONFIG", "**/*.json"])
    declared = site(tokens=tokens, transforms={"A.config": ["T.config"]}, app_settings={"x": "y"})
    replaced, notes = staged(base, declared, returned={"tokens": {"Who": 'a"b'}})
    assert replaced == [
        {
            "web.config": '<configuration><a b=\'&lt;\'/><appSettings><add key="x" value="y" /></appSettings>'
            "</configuration>",
            "A.config": '<settings><add key="Who" value="a&quot;b &amp; co" /></settings>',
            "T.config": TRANSFORM.replace("tests", "a&quot;b &amp; co"),
            "Configs/Deep/x.json": '{"a": "a\\"b"}',
        }
    ]
    assert notes == []


def test_tokens_are_off_unless_given(lay_out):
    base = lay_out(shop={"web.config": "<configuration><a b='#{B}'/></configuration>"})
    assert staged(base, site()) == ([{}], [])
    replaced, notes = staged(base, site(tokens={}))
    assert replaced == [{}]
    assert notes == [
        f"the web.config of shop: {base / 'shop' / 'web.config'}, line 1: #{{B}} stays as it is: "
        "the token 'B' has no value."
    ]
    assert staged(base, site(tokens={"B": "x"}))[0] == [{"web.config": "<configuration><a b='x'/></configuration>"}]


def test_a_token_without_a_value_with_strict(lay_out):
    base = lay_out(shop={"A.config": "#{Who}"})
    error = refused(base, site(tokens=Tokens(files=["A.config"]), strict=True))
    assert "a token in the A.config of shop was not replaced" in error.message
    assert "#{Who} stays as it is" in error.details


def test_what_tokens_make_malformed_is_refused(lay_out):
    base = lay_out(shop={"web.config": "<configuration>##{A}"})
    error = refused(base, site(tokens={"A": "x"}))
    assert f"{Path('shop', 'web.config')}, line 1, column" in error.message


def test_a_file_with_tokens_that_cannot_be_read(lay_out, monkeypatch):
    base = lay_out(shop={"a.txt": "#{X}"})
    read_bytes = Path.read_bytes

    def unreadable(path):
        if path.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", unreadable)
        error = refused(base, site(tokens=Tokens(files=["a.txt"])))
    assert f"{Path('shop', 'a.txt')} cannot be read: Permission denied" in error.message


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (["No.config"], "tokens= names No.config, which does not exist in"),
        (["Configs/*.config"], "tokens= names Configs/*.config, which matches no file in"),
        (["*.json"], "tokens= names *.json, which matches no file in"),
        (["../*.config"], "tokens= names ../*.config, which matches no file in"),
        (["../web.config"], "tokens= names ../web.config, which leads out of"),
    ],
)
def test_files_of_tokens_that_are_none(lay_out, files, sentence):
    base = lay_out(shop={"Configs/Deep/x.json": "{}"})
    assert sentence in refused(base, site(tokens=Tokens(files=files))).message


def test_returned_tokens_are_for_some_site(lay_out):
    base = lay_out(shop={}, admin={})
    error = refused(base, site(), returned={"tokens": {"A": "x"}})
    assert "the returned tokens are for no site" in error.message
    staged(base, site(), Site("admin", "admin", 81, tokens=Tokens()), returned={"tokens": {"A": "x"}})


# JSON


def test_json_settings_of_a_site_and_returned_ones(lay_out):
    base = lay_out(
        shop={"appsettings.json": '{"A": 1, "B": 1}', "Conf/More.json": "{}"}, admin={}, api={"AppSettings.json": "{}"}
    )
    declared = site(
        json_settings={"AppSettings.json": {"a": 2}, "conf\\more.json": {"C:0": "x"}},
        applications=[Application("/api", "api")],
    )
    returned = {"json_settings": {"appsettings.json": {"B": None, "D": 1.5}}}
    replaced, _ = staged(base, declared, Site("admin", "admin", 81), returned=returned)
    assert replaced == [
        {"appsettings.json": '{"A": 2, "B": null, "D": 1.5}', "Conf/More.json": '{"C": ["x"]}'},
        {"AppSettings.json": '{"B": null, "D": 1.5}'},
        {},
    ]


@pytest.mark.parametrize(
    ("declared", "returned", "sentence"),
    [
        ({"no.json": {}}, {}, "json_settings= names no.json, which does not exist in"),
        ({"../a.json": {}}, {}, "json_settings= names ../a.json, which leads out of"),
        ({"a.json": {}, "A.json": {}}, {}, "json_settings= names a.json twice, as 'a.json' and 'A.json'"),
        ({"web.config": {}}, {}, f"{Path('shop', 'web.config')}, line 1, column 1: the JSON is malformed"),
        ({"a.json": {"A:B": 1}}, {}, f"{Path('shop', 'a.json')}, line 1: A is a value, so A:B cannot be in it."),
        ({}, {"no.json": {"a": 1}}, "the returned json_settings name no.json, which no site has"),
        ({}, {"a.json": {"a": []}}, 'the returned json_settings["a.json"]["a"] must be a string or'),
        ({}, {"a.json": 1}, 'the returned json_settings["a.json"] must be a dictionary, not an int'),
    ],
)
def test_json_settings_that_cannot_be(lay_out, declared, returned, sentence):
    base = lay_out(shop={"a.json": '{"A": 1}'})
    error = refused(base, site(json_settings=declared), returned={"json_settings": returned} if returned else None)
    assert sentence in error.message


def test_tokens_and_json_do_not_need_lxml(lay_out, monkeypatch):
    monkeypatch.setitem(sys.modules, "lxml.etree", None)
    base = lay_out(shop={"a.json": '{"A": "#{X}"}'})
    declared = site(tokens=Tokens({"X": "x"}, files=["a.json"]), json_settings={"a.json": {"B": 1}})
    assert staged(base, declared)[0] == [{"a.json": '{"A": "x", "B": 1}'}]
    assert "needs the package lxml" in refused(base, site(transforms={"web.config": []})).message
    assert "needs the package lxml" in refused(base, site(app_settings={"a": "b"})).message


# Variables of ASP.NET Core


@pytest.mark.parametrize("pool", [False, True])
def test_variables_of_asp_net_core_are_written_with_underscores(lay_out, pool):
    base = lay_out(shop={})
    bad, good = {"Logging:LogLevel:Default": "x"}, {"Logging__LogLevel__Default": "x"}
    for names in (bad, good):
        declared = site(pool=AppPool(names)) if pool else site()
        service = Iis(Options() if pool else Options(environment=names), (declared,))
        if names is good:
            service.check(base)
            continue
        with pytest.raises(DeclarationError) as caught:
            service.check(base)
        assert "a colon in the name of an environment variable: 'Logging:LogLevel:Default'" in caught.value.message
        assert "write 'Logging__LogLevel__Default'" in caught.value.hint
    assert "a colon" in refused(base, site(), returned={"environment": bad}).message


# Names


@pytest.mark.skipif(os.path.normcase("A") == "a", reason="Windows has no two files of one name")
def test_names_that_differ_by_case_only(tmp_path):
    for name in ("A.config", "a.config"):
        (tmp_path / name).write_text(name)
    files = SiteFiles(tmp_path)
    assert [files.look_up(name) for name in ("A.config", "a.config", "a.CONFIG")] == [
        "A.config",
        "a.config",
        "a.config",
    ]


# The documentation


def test_the_example_of_the_documentation(lay_out):
    page = (Path(__file__).parents[2] / "docs" / "iis.md").read_text("utf-8")
    (code,) = [
        block for block in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL) if "Tokens" in block
    ]
    site = {
        "web.config": "<configuration><connectionStrings configSource='Configs\\Conn.config' /></configuration>",
        "Web.Docker.config": "<configuration />",
        "Configs/Conn.config": "<connectionStrings />",
        "Configs/AppSetting.config": '<settings><add key="Who" theme="#{Theme}" value="#{Database}" /></settings>',
        "Configs/AppSetting.Docker.config": TRANSFORM,
        "appsettings.json": "{}",
    }
    base = lay_out(**{"build/shop": site, "build/admin": site})
    module = types.ModuleType("declared")
    exec(compile(code, str(base / "conftest.py"), "exec"), vars(module))
    planned = make_plan(declarations_in([module]), ["web"], "abc", lambda: "secret").containers[-1]
    service = planned.service
    folders = service.staged(base, "windows", planned.secrets, planned.returned).folders
    shop, admin = [folder.replaced for folder in folders if folder.source is not None]
    assert b"Database=shop" in shop["Configs/Conn.config"]
    assert "appsettings.json" in shop
    assert b'theme="#{Theme}" value="#{Database}"' not in admin["Configs/AppSetting.config"]
    assert b'theme="plain"' in admin["Configs/AppSetting.config"]
    assert b'"Default": "Warning"' in admin["appsettings.json"]
    assert b"Database=shop" in admin["appsettings.json"]
