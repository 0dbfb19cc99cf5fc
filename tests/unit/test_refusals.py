"""What a person gets wrong in a declaration: one clear sentence and a hint, before anything starts.

How a person sees each of them is in tests/plugin/test_mistakes.py, which takes them from here.
"""

import importlib.util
from dataclasses import dataclass

import pytest

from pytest_wincontainers.dependencies import closure
from pytest_wincontainers.errors import DeclarationError
from pytest_wincontainers.plan import make_plan
from pytest_wincontainers.services import Service, declare
from pytest_wincontainers.services.declaration import declarations_in
from tests.kit.links import can_link, cases

BOX = 'container(image="box:1")'

XDT = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"'
FILES = {
    "site/web.config": '<configuration>\n  <appSettings><add key="a" value="b" /></appSettings>\n</configuration>',
    "linked/web.config": "<configuration />",
    "plain/page.html": "no web.config here",
    "torn/web.config": "<configuration>\n  <appSettings>\n</configuration>",
    "broken.config": "<configuration>\n  <appSettings>\n  <add></configuration>",
    "unknown.config": f'<configuration {XDT}>\n  <appSettings xdt:Transform="Replacee" />\n</configuration>',
    "aimless.config": f'<configuration {XDT}>\n  <add key="a" xdt:Transform="Remove" xdt:Locator="Match(kei)" />\n</configuration>',
    "vain.config": f'<configuration {XDT}>\n  <nothing xdt:Transform="Remove" />\n</configuration>',
}
LINKS = {"linked/bin": "../plain"}


def lay_out(folder):
    """Write the files that declarations name."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    for name, target in LINKS.items() if can_link() else ():
        (folder / name).symlink_to(target)


def site(options="", path="site"):
    return f'@iis_container(Site("shop", path="{path}", port=80{options}))\ndef web(): pass'


WEB = "web"
LINKED = ("a link that leads out of a site", "a link that leads out of a virtual directory")
REFUSED = {
    "no web.config": (site(path="plain"), WEB, "There is no web.config in", "publish the site"),
    "a web.config that does not parse": (
        site(path="torn"),
        WEB,
        "web.config, line 3, column",
        "Correct the file",
    ),
    "a link that leads out of a site": (
        site(path="linked"),
        WEB,
        "leads out of ",
        "remove the link, or put what it leads to into the directory",
    ),
    "a link that leads out of a virtual directory": (
        site(', virtual_directories={"/files": "linked"}'),
        WEB,
        "leads out of ",
        "remove the link, or put what it leads to into the directory",
    ),
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
        'AppPool(): identity= must be "ApplicationPoolIdentity" or ',
        "pass",
    ),
    "a feature nobody knows": (
        '@iis_container(Site("shop", "site", 80), features=["php"])\ndef web(): pass',
        WEB,
        'iis_container(): features[0] must be "dynamic-compression" or "url-rewrite" or "websockets", not \'php\'',
        'pass "dynamic-compression"',
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
        'mysql_container(): snapshot= must be "auto" or "never" or "refresh", not \'alwayss\'',
        'pass "auto" or',
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
        'selenium_container(): browser= must be "chrome" or "edge", not \'netscape\'',
        'pass "chrome" or "edge"',
    ),
    "a file to copy that is not there": (
        '@container(image="x", files={"/app/a.json": Path("nowhere.json")})\ndef box(): pass',
        "box",
        "nowhere.json, which does not exist",
        "pass the file's text as a string",
    ),
    "a file with a relative target": (
        '@container(image="x", files={"app/a.json": ""})\ndef box(): pass',
        "box",
        "files= has a target that is not a full path: 'app/a.json'",
        'for example "C:/app/settings.json"',
    ),
    "a file with a target relative to a drive": (
        '@container(image="x", files={"C:a.json": ""})\ndef box(): pass',
        "box",
        "files= has a target that is not a full path: 'C:a.json'",
        'for example "C:/app/settings.json"',
    ),
    "a file on another drive": (
        '@container(image="x", files={"D:/a.json": ""})\ndef box(): pass',
        "box",
        "files= has a target on D:",
        "only have drive C:",
    ),
    "a file in the place of the root": (
        '@container(image="x", files={"C:/": Path(".")})\ndef box(): pass',
        "box",
        "files= has a target that names no file or directory: 'C:/'",
        "end it with the name",
    ),
    "a file that climbs": (
        '@container(image="x", files={"/app/../etc/passwd": ""})\ndef box(): pass',
        "box",
        "files= has a target that names no file or directory",
        "end it with the name",
    ),
    "a file twice": (
        '@container(image="x", files={"C:/app/a.json": "", "c:\\\\APP\\\\a.json": ""})\ndef box(): pass',
        "box",
        "which are the same",
        "remove one of them",
    ),
    "a file of a number": (
        '@container(image="x", files={"/app/a": 1})\ndef box(): pass',
        "box",
        'container(): files["/app/a"] must be a path or a string or bytes or an Output, not an int',
        'for example files={"C:/app/settings.json": Path("settings.json")}',
    ),
    "a returned file that is not there": (
        f"@{BOX}\ndef box(): return {{'files': {{'/app/a.json': Path('nowhere.json')}}}}",
        "box",
        "nowhere.json, which does not exist",
        "pass the file's text as a string",
    ),
    "an alias that is no name": (
        '@container(image="x", aliases=["my shop"])\ndef box(): pass',
        "box",
        "aliases= has 'my shop', which is no network name",
        "use letters, digits",
    ),
    "an alias of two containers": (
        '@container(image="x", aliases=["db"])\ndef a(): pass\n\n@container(image="x", aliases=["DB"])\ndef b(a): pass',
        "b",
        "aliases= has 'db', which a has, too",
        "each name on the network belongs to one container",
    ),
    "a label of our own": (
        '@container(image="x", labels={"pytest-wincontainers.run": "1"})\ndef box(): pass',
        "box",
        "labels= has 'pytest-wincontainers.run'",
        "are this package's own",
    ),
    "a health check of nothing": (
        '@container(image="x", healthcheck=Healthcheck(""))\ndef box(): pass',
        "box",
        "healthcheck= has no command",
        "for example Healthcheck(",
    ),
    "a health check in no time": (
        '@container(image="x", healthcheck=Healthcheck("true", interval=0))\ndef box(): pass',
        "box",
        "healthcheck= has interval=0",
        "it must be more than 0",
    ),
    "a job of no image": (
        '@job_container(command=["make"])\ndef build(): pass',
        "build",
        "neither image= nor build= is given",
        "add image=",
    ),
    "a job without its source": (
        '@job_container(image="x", source="nowhere")\ndef build(): pass',
        "build",
        "nowhere does not exist",
        "source= is resolved against",
    ),
    "a job that collects what is elsewhere": (
        '@job_container(image="x", collect={"out": "../out"})\ndef build(): pass',
        "build",
        "collect= has 'out', '../out', which is not in the job's working directory",
        "use a path relative to the working directory",
    ),
    "a job whose output has no name": (
        '@job_container(image="x", collect={"../out": "out"})\ndef build(): pass',
        "build",
        "collect= has the name '../out', which cannot be a directory for an output",
        "use letters, digits",
    ),
    "a job whose output is in the place of its results": (
        '@job_container(image="x", collect={"results": "out"}, results="*.xml")\ndef build(): pass',
        "build",
        "collect= has the name 'results'",
        "where results= go",
    ),
    "a job with results elsewhere": (
        '@job_container(image="x", results="C:/reports/*.xml")\ndef build(): pass',
        "build",
        "results= has 'C:/reports/*.xml', which is not in the job's working directory",
        "use a path relative to the working directory",
    ),
    "a job with a cache of no key": (
        '@job_container(image="x", cache=Cache("node_modules", "package-lock.json"))\ndef build(): pass',
        "build",
        "package-lock.json, which is not a file",
        "key= names files relative to source=",
    ),
    "a job with a cache without files": (
        '@job_container(image="x", cache=Cache("node_modules", []))\ndef build(): pass',
        "build",
        "cache= names no file in key=",
        "for example Cache(",
    ),
    "a job with a readiness check": (
        '@job_container(image="x", ready=ready.log("done"))\ndef build(): pass',
        "build",
        "a job is ready when its command has ended",
        "remove them",
    ),
    # -- options of the wrong kind ---------------------------------------------------------------------------
    "a check that is not called": (
        '@container(image="x", ports=[7000], ready=ready.http)\ndef box(): pass',
        "box",
        "ready=ready.http is not called",
        "write ready=ready.http(7000)",
    ),
    "a check that is not called, in a list": (
        '@container(image="x", ready=[ready.log("up"), ready.exec])\ndef box(): pass',
        "box",
        "ready=ready.exec is not called",
        'write ready=ready.exec("program")',
    ),
    "a check as a word": (
        '@container(image="x", ready="http")\ndef box(): pass',
        "box",
        "container(): ready= must be a function with 1 parameter or a list, not 'http'",
        "use a check such as ready.http(8080)",
    ),
    "a check without a parameter": (
        'def up(): return None\n\n@container(image="x", ready=[up])\ndef box(): pass',
        "box",
        "container(): ready[0] must be a function with 1 parameter, not up()",
        "use a check such as ready.http(8080), or a function with one parameter",
    ),
    "a check of a port that is not declared": (
        '@container(image="x", ports=[7000], ready=ready.http(7001))\ndef box(): pass',
        "box",
        "ready= checks the port 7001, which the container does not have",
        "its ports are 7000",
    ),
    "a check of a port where none is declared": (
        '@container(image="x", ready=ready.tcp(7001))\ndef box(): pass',
        "box",
        "ready= checks the port 7001, which the container does not have",
        "add ports=[7001]",
    ),
    "a check's port as a word": (
        '@container(image="x", ports=[7000], ready=ready.http("7000"))\ndef box(): pass',
        "box",
        "ready.http(): port= must be an integer, not '7000'",
        "write 7000 without quotes",
    ),
    "one status instead of a list": (
        '@container(image="x", ports=[7000], ready=ready.http(7000, status=200))\ndef box(): pass',
        "box",
        "ready.http(): status= must be a list, not 200",
        "write status=[200]",
    ),
    "a pattern that is none": (
        '@container(image="x", ready=ready.log("("))\ndef box(): pass',
        "box",
        "ready.log() has an invalid pattern: missing )",
        "give a regular expression as a string",
    ),
    "a mapping of ports": (
        '@container(image="x", ports={7000: 8000})\ndef box(): pass',
        "box",
        "container(): ports= must be a list, not a dict",
        "list the ports inside the container, for example ports=[7000]; the ports to connect to are chosen for you",
    ),
    "ports as docker writes them": (
        '@container(image="x", ports=["8000:7000"])\ndef box(): pass',
        "box",
        "container(): ports[0] must be an integer, not '8000:7000'",
        "for example ports=[7000]",
    ),
    "one port": (
        '@container(image="x", ports=7000)\ndef box(): pass',
        "box",
        "container(): ports= must be a list, not 7000",
        "for example ports=[7000]",
    ),
    "a port that is none": (
        '@container(image="x", ports=[70000])\ndef box(): pass',
        "box",
        "ports= has an invalid port: 70000",
        "use ports from 1 to 65535",
    ),
    "a command in one word": (
        '@container(image="x", command="sleep 100")\ndef box(): pass',
        "box",
        "container(): command= must be a list or a dictionary, not 'sleep 100'",
        'write each word on its own, for example command=["sleep", "100"]',
    ),
    "a mount as docker writes it": (
        '@container(image="x", mounts=["data:/data"])\ndef box(): pass',
        "box",
        "container(): mounts[0] must be a Mount, not 'data:/data'",
        'for example mounts=[Mount("data", "/data")]',
    ),
    "one mount": (
        '@container(image="x", mounts=Mount("data", "/data"))\ndef box(): pass',
        "box",
        "container(): mounts= must be a list, not a Mount",
        "for example mounts=[",
    ),
    "a preparation that was called": (
        'def fill(endpoint): pass\n\n@container(image="x", prepare=fill(None))\ndef box(): pass',
        "box",
        "container(): prepare= must be a function with 1 parameter, not None",
        "without calling it",
    ),
    "a number in the environment": (
        '@container(image="x", environment={"PORT": 8080})\ndef box(): pass',
        "box",
        'container(): environment["PORT"] must be a string, not an int',
        'write it as a string, for example "8080"',
    ),
    "a list as the environment": (
        '@container(image="x", environment=["A=b"])\ndef box(): pass',
        "box",
        "container(): environment= must be a dictionary, not a list",
        "pass a dictionary",
    ),
    "memory as docker writes it": (
        '@container(image="x", memory="512m")\ndef box(): pass',
        "box",
        "container(): memory= must be an integer, not '512m'",
        "pass an integer",
    ),
    "no memory": (
        '@container(image="x", memory=0)\ndef box(): pass',
        "box",
        "memory= must be more than 0",
        "omit it",
    ),
    "a time as a word": (
        '@container(image="x", timeout="30")\ndef box(): pass',
        "box",
        "container(): timeout= must be a number, not '30'",
        "pass a number",
    ),
    "an isolation nobody knows": (
        '@container(image="x", isolation="hyper-v")\ndef box(): pass',
        "box",
        'container(): isolation= must be "process" or "hyperv", not \'hyper-v\'',
        'pass "process" or "hyperv"',
    ),
    "one feature": (
        '@iis_container(Site("shop", "site", 80), features="websockets")\ndef web(): pass',
        WEB,
        "iis_container(): features= must be a list, not 'websockets'",
        "write features=['websockets']",
    ),
    "a port of a site as a word": (
        '@iis_container(Site("shop", "site", "8080"))\ndef web(): pass',
        WEB,
        "Site(): port= must be an integer, not '8080'",
        "write 8080 without quotes",
    ),
    "one transform": (
        site(', transforms="Web.Test.config"'),
        WEB,
        "Site(): transforms= must be a list or a dictionary, not 'Web.Test.config'",
        "write transforms=['Web.Test.config']",
    ),
    "a number in the application settings": (
        site(', app_settings={"Retries": 3}'),
        WEB,
        'Site(): app_settings["Retries"] must be a string, not an int',
        'write it as a string, for example "8080"',
    ),
    "a number in a pool's environment": (
        site(', pool=AppPool(environment={"N": 3})'),
        WEB,
        'AppPool(): environment["N"] must be a string, not an int',
        "write it as a string",
    ),
    "inputs of a command that are one": (
        '@mysql_container(migrations=command("true", inputs="db"))\ndef database(): pass',
        "database",
        "command(): inputs= must be a list, not 'db'",
        "write inputs=['db']",
    ),
    # -- how decorators are written --------------------------------------------------------------------------
    "an option of the kind's own, misspelled": (
        '@mysql_container(migration="db")\ndef database(): pass',
        "database",
        "mysql_container() has no option 'migration'; did you mean 'migrations'?",
        "its options are database, user, migrations,",
    ),
    "an option of all kinds, misspelled": (
        '@container(image="x", enviroment={})\ndef box(): pass',
        "box",
        "container() has no option 'enviroment'; did you mean 'environment'?",
        "its options are ports, user, image,",
    ),
    "an option of a site, misspelled": (
        '@iis_container(Site("shop", path=".", port=80, helath="/x"))\ndef web(): pass',
        "web",
        "Site() has no option 'helath'; did you mean 'health'?",
        "its options are name, path, port,",
    ),
    "an option of an application's pool, misspelled": (
        '@iis_container(Site("shop", ".", 80, applications=[Application("/a", ".", pool=AppPool(enviroment={}))]))\n'
        "def web(): pass",
        "web",
        "AppPool() has no option 'enviroment'; did you mean 'environment'?",
        "its options are environment, enable_32bit,",
    ),
    "an option of a mount, misspelled": (
        '@container(image="x", mounts=[Mount(".", "/x", readonly=True)])\ndef box(): pass',
        "box",
        "Mount() has no option 'readonly'; did you mean 'read_only'?",
        "its options are source, target, read_only",
    ),
    "no parentheses": (
        "@mysql_container\ndef database(): pass",
        "database",
        "@mysql_container is used without parentheses",
        "write @mysql_container(…) above def database",
    ),
    "no parentheses where sites are expected": (
        "@iis_container\ndef web(): pass",
        WEB,
        "@iis_container is used without parentheses",
        "write @iis_container(…) above def web",
    ),
    # -- what declaring functions return ---------------------------------------------------------------------
    "the face of a container instead of a string": (
        f'@mysql_container()\ndef database(): pass\n\n@{BOX}\ndef box(database): return {{"environment": {{"DB": database}}}}',
        "box",
        'box: the returned environment["DB"] must be a string, not a MySqlFace',
        "use one of its attributes, for example .connection_string or .url or .host",
    ),
    "None instead of a string": (
        f'@{BOX}\ndef box(): return {{"environment": {{"DB": None}}}}',
        "box",
        'box: the returned environment["DB"] must be a string, not None',
        'omit it, or use ""',
    ),
    "a number instead of a string": (
        f'@{BOX}\ndef box(): return {{"environment": {{"PORT": 8080}}}}',
        "box",
        'box: the returned environment["PORT"] must be a string, not an int',
        "write it as a string",
    ),
    "a connection string that is none": (
        '@iis_container(Site("shop", "site", 80))\ndef web(): return {"connection_strings": {"Shop": 1}}',
        WEB,
        'web: the returned connection_strings["Shop"] must be a string, not an int',
        "write it as a string",
    ),
}


def plan(conftest, needed):
    spec = importlib.util.spec_from_file_location("a_suites_conftest", conftest)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    declarations = declarations_in([module])
    return make_plan(declarations, closure(declarations, [needed]), "abc", lambda: "secret")


@pytest.mark.parametrize("case", cases(REFUSED, *LINKED))
def test_a_declaration_that_cannot_be(tmp_path, case):
    declared, needed, sentence, hint = REFUSED[case]
    lay_out(tmp_path)
    conftest = tmp_path / "conftest.py"
    conftest.write_text("from pathlib import Path\nfrom pytest_wincontainers import *\n\n" + declared)
    with pytest.raises(DeclarationError) as refused:
        plan(conftest, needed)
    assert sentence in f"{refused.value.message}\n{refused.value.details}"
    assert hint in refused.value.hint


def test_fields_that_begin_with_an_underscore_are_no_options():
    @dataclass(frozen=True)
    class Private(Service):
        kind = "private"
        level: int = 1
        _worker: str = ""

    with pytest.raises(DeclarationError, match=r"private_container\(\) has no option '_worker'") as refused:
        declare(Private({"_worker": "gw0"}))
    assert refused.value.hint.startswith("its options are level, image, ")
