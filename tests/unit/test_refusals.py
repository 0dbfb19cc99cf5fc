"""What a person gets wrong in a declaration: one clear sentence and a hint, before anything starts."""

import importlib.util

import pytest

from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import closure, make_plan
from pytest_wincontainers.services.declaration import declarations_in

BOX = 'container(image="box:1")'

XDT = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"'
FILES = {
    "site/web.config": '<configuration>\n  <appSettings><add key="a" value="b" /></appSettings>\n</configuration>',
    "plain/page.html": "no web.config here",
    "broken.config": "<configuration>\n  <appSettings>\n  <add></configuration>",
    "unknown.config": f'<configuration {XDT}>\n  <appSettings xdt:Transform="Replacee" />\n</configuration>',
    "aimless.config": f'<configuration {XDT}>\n  <add key="a" xdt:Transform="Remove" xdt:Locator="Match(kei)" />\n</configuration>',
    "vain.config": f'<configuration {XDT}>\n  <nothing xdt:Transform="Remove" />\n</configuration>',
}


def site(options="", path="site"):
    return f'@iis_container(Site("shop", path="{path}", port=80{options}))\ndef web(): pass'


WEB = "web"
REFUSED = {
    "no web.config": (site(path="plain"), WEB, "There is no web.config in", "publish the site"),
    "no transform": (
        site(', transforms=["no.config"]'),
        WEB,
        "the transform no.config was not found",
        "names files in",
    ),
    "a transform that does not parse": (
        site(', transforms=["broken.config"]'),
        WEB,
        "broken.config, line 3, column",
        "Correct the file",
    ),
    "a transform of no known name": (
        site(', transforms=["unknown.config"]'),
        WEB,
        "unknown.config, line 2: There is no transform 'Replacee'",
        "The transforms are",
    ),
    "a locator without a target": (
        site(', transforms=["aimless.config"]'),
        WEB,
        "aimless.config, line 2: Match(kei) finds no attribute",
        "Give the transform element the attribute",
    ),
    "a transform that matches nothing, strictly": (
        site(', transforms=["vain.config"], strict=True'),
        WEB,
        "a transform of site does not match its web.config",
        "omit strict=True",
    ),
    "a site's name that IIS does not take": (
        '@iis_container(Site("a/b", path="site", port=80))\ndef web(): pass',
        WEB,
        "the site a/b has / in its name",
        "IIS does not allow",
    ),
    "two sites of one name": (
        '@iis_container(Site("a", path="site", port=80), Site("A", path="site", port=81))\ndef web(): pass',
        WEB,
        "two sites have the name a",
        "give each site its own name",
    ),
    "one host header twice on a port": (
        '@iis_container(Site("a", "site", 80, host_header="x.y"), Site("b", "site", 80, host_header="X.y"))\n'
        "def web(): pass",
        WEB,
        "two sites have the port 80 and the host header x.y",
        "its own host_header=",
    ),
    "an application without a folder": (
        site(', applications=[Application("/api", "nowhere")]'),
        WEB,
        "the site shop is missing the directory of its application /api:",
        "build it first",
    ),
    "an application and a directory in one place": (
        site(', applications=[Application("/api", "site")], virtual_directories={"/api": "site"}'),
        WEB,
        "the site shop has two applications or virtual directories at /api",
        "give each its own path",
    ),
    "an identity nobody knows": (
        site(', pool=AppPool(identity="Me")'),
        WEB,
        "the site shop has a pool with an invalid identity='Me'",
        "set user= and password=",
    ),
    "a feature nobody knows": (
        '@iis_container(Site("shop", "site", 80), features=["php"])\ndef web(): pass',
        WEB,
        "unknown feature: 'php'",
        "use one of dynamic-compression, url-rewrite, websockets",
    ),
    "unknown need": (
        f"@{BOX}\ndef web(databse): pass\n\n@{BOX}\ndef database(): pass",
        "web",
        "web needs a container called 'databse', but none is declared; did you mean 'database'?",
        "function name containers, not other fixtures",
    ),
    "a circle": (
        f"@{BOX}\ndef a(c): pass\n\n@{BOX}\ndef b(a): pass\n\n@{BOX}\ndef c(b): pass",
        "b",
        "circular dependency between containers: a -> c -> b -> a",
        "remove a parameter from",
    ),
    "one name twice": (
        f"@{BOX}\ndef web(): pass\n\n@{BOX}\ndef web(): pass",
        "web",
        "two containers are called web",
        "rename one of the functions",
    ),
    "a database of the plugin's own": (
        '@mysql_container(database="wincontainers")\ndef database(): pass',
        "database",
        "database='wincontainers' is reserved",
        "another name",
    ),
    "an account of the server's own": (
        '@mysql_container(user="root")\ndef database(): pass',
        "database",
        "user='root' is reserved for the server's own use",
        "another name",
    ),
    "a snapshot nobody knows": (
        '@mysql_container(snapshot="alwayss")\ndef database(): pass',
        "database",
        "unknown snapshot mode: 'alwayss'",
        'use "auto", "never" or "refresh"',
    ),
    "no migrations folder": (
        '@mysql_container(migrations="db/migrations")\ndef database(): pass',
        "database",
        "does not exist",
        "migrations= is resolved against the declaring file's directory",
    ),
    "no site folder": (
        '@iis_container(Site("shop", path="nowhere", port=80))\ndef web(): pass',
        "web",
        "the site shop is missing its directory:",
        "build it first",
    ),
    "two sites on one port": (
        '@iis_container(Site("a", path=".", port=80), Site("b", path=".", port=80))\ndef web(): pass',
        "web",
        "two sites have the port 80",
        "give each site its own port",
    ),
    "no Dockerfile": (
        '@container(build="nowhere")\ndef box(): pass',
        "box",
        "there is no Dockerfile in",
        "build= names the Dockerfile's directory",
    ),
    "nothing to mount": (
        '@container(image="x", mounts=[Mount("nowhere", "/x")])\ndef box(): pass',
        "box",
        "nowhere does not exist",
        "a mount's source is resolved against",
    ),
    "neither image nor build": (
        "@container()\ndef box(): pass",
        "box",
        "neither image= nor build= is given",
        "add image=",
    ),
    "a function that raises": (
        f"@{BOX}\ndef web(): return {{}}['x']",
        "web",
        "web raised KeyError: 'x'",
        "before anything runs",
    ),
    "a wrong key returned": (
        f"@{BOX}\ndef web(): return {{'enviroment': {{}}}}",
        "web",
        "web returned an unknown key: 'enviroment'; did you mean 'environment'?",
        "allowed keys: environment",
    ),
    "a browser nobody knows": (
        '@selenium_container(browser="netscape")\ndef browser(): pass',
        "browser",
        "unknown browser: 'netscape'",
        "use one of chrome, edge",
    ),
}


def plan(module, needed):
    declarations = declarations_in([module])
    return make_plan(declarations, closure(declarations, [needed]), "abc", lambda: "secret")


@pytest.mark.parametrize("case", REFUSED)
def test_a_declaration_that_cannot_be(tmp_path, case):
    declared, needed, sentence, hint = REFUSED[case]
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    conftest = tmp_path / "conftest.py"
    conftest.write_text("from pytest_wincontainers import *\n\n" + declared)
    spec = importlib.util.spec_from_file_location("a_suites_conftest", conftest)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(DeclarationError) as refused:
        plan(module, needed)
    assert sentence in f"{refused.value.message}\n{refused.value.details}"
    assert hint in refused.value.hint
