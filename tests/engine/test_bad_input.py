"""What a person gets wrong: one clear sentence and a hint, and nothing left running."""

import pytest

from tests.windows import standins

BOX = 'container(image=IMAGE, command=["box", "sleep"])'

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


WEB = "def test_it(web): pass"
REFUSED = {
    "no web.config": (site(path="plain"), WEB, "There is no web.config in", "publish the site"),
    "no transform": (site(', transforms=["no.config"]'), WEB, "there is no transform no.config", "names files in"),
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
        "a transform of site names what its web.config does not have",
        "leave out strict=True",
    ),
    "a site's name that IIS does not take": (
        '@iis_container(Site("a/b", path="site", port=80))\ndef web(): pass',
        WEB,
        "the site a/b has / in its name",
        "IIS does not take",
    ),
    "two sites of one name": (
        '@iis_container(Site("a", path="site", port=80), Site("A", path="site", port=81))\ndef web(): pass',
        WEB,
        "two sites have the name a",
        "give each its own",
    ),
    "one host header twice on a port": (
        '@iis_container(Site("a", "site", 80, host_header="x.y"), Site("b", "site", 80, host_header="X.y"))\n'
        "def web(): pass",
        WEB,
        "two sites have the port 80 and the host header x.y",
        "a host_header= of its own",
    ),
    "an application without a folder": (
        site(', applications=[Application("/api", "nowhere")]'),
        WEB,
        "the site shop with the application /api has no folder at",
        "build it first",
    ),
    "an application and a directory in one place": (
        site(', applications=[Application("/api", "site")], virtual_directories={"/api": "site"}'),
        WEB,
        "the site shop has two things at /api",
        "a path of its own",
    ),
    "an identity nobody knows": (
        site(', pool=AppPool(identity="Me")'),
        WEB,
        "the site shop has a pool with identity='Me'",
        "an account is given with user= and password=",
    ),
    "a feature nobody knows": (
        '@iis_container(Site("shop", "site", 80), features=["php"])\ndef web(): pass',
        WEB,
        "there is no feature 'php'",
        "there is dynamic-compression, url-rewrite, websockets",
    ),
    "unknown mark": (
        f"@{BOX}\ndef database(): pass",
        "@pytest.mark.wincontainers('databse')\ndef test_it(): pass",
        "no container is called so; did you mean 'database'?",
        "declared are: database",
    ),
    "mark without a name": (
        f"@{BOX}\ndef database(): pass",
        "@pytest.mark.wincontainers\ndef test_it(): pass",
        "mark without names of containers",
        '@pytest.mark.wincontainers("database")',
    ),
    "unknown need": (
        f"@{BOX}\ndef web(databse): pass\n\n@{BOX}\ndef database(): pass",
        "def test_it(web): pass",
        "web needs a container called 'databse', and there is none; did you mean 'database'?",
        "parameters name containers, not other fixtures",
    ),
    "a circle": (
        f"@{BOX}\ndef a(c): pass\n\n@{BOX}\ndef b(a): pass\n\n@{BOX}\ndef c(b): pass",
        "def test_it(b): pass",
        "these containers need each other in a circle: a -> c -> b -> a",
        "take a parameter off",
    ),
    "one name twice": (
        f"@{BOX}\ndef web(): pass\n\n@{BOX}\ndef web(): pass",
        "def test_it(web): pass",
        "two containers are called web",
        "rename one of the functions",
    ),
    "a database of the plugin's own": (
        '@mysql_container(database="wincontainers")\ndef database(): pass',
        "def test_it(database): pass",
        "database='wincontainers' is not for tests",
        "another name",
    ),
    "an account of the server's own": (
        '@mysql_container(user="root")\ndef database(): pass',
        "def test_it(database): pass",
        "user='root' is an account of the server's own",
        "another name",
    ),
    "a snapshot nobody knows": (
        '@mysql_container(snapshot="alwayss")\ndef database(): pass',
        "def test_it(database): pass",
        "snapshot='alwayss' is nothing that is known",
        'it is "auto", "never" or "refresh"',
    ),
    "no migrations folder": (
        '@mysql_container(migrations="db/migrations")\ndef database(): pass',
        "def test_it(database): pass",
        "there is no migrations folder at",
        "from the folder of the file that declares",
    ),
    "no site folder": (
        '@iis_container(Site("shop", path="nowhere", port=80))\ndef web(): pass',
        "def test_it(web): pass",
        "the site shop has no folder at",
        "build it first",
    ),
    "two sites on one port": (
        '@iis_container(Site("a", path=".", port=80), Site("b", path=".", port=80))\ndef web(): pass',
        "def test_it(web): pass",
        "two sites have the port 80",
        "give each its own",
    ),
    "no Dockerfile": (
        '@container(build="nowhere")\ndef box(): pass',
        "def test_it(box): pass",
        "there is no Dockerfile in",
        "build= names the folder",
    ),
    "nothing to mount": (
        '@container(image="x", mounts=[Mount("nowhere", "/x")])\ndef box(): pass',
        "def test_it(box): pass",
        "there is nothing to mount at",
        "a mount's source is meant from",
    ),
    "neither image nor build": (
        "@container()\ndef box(): pass",
        "def test_it(box): pass",
        "neither image= nor build= is given",
        "add image=",
    ),
    "a function that raises": (
        f"@{BOX}\ndef web(): return {{}}['x']",
        "def test_it(web): pass",
        "web raised KeyError: 'x'",
        "before anything runs",
    ),
    "a wrong key returned": (
        f"@{BOX}\ndef web(): return {{'enviroment': {{}}}}",
        "def test_it(web): pass",
        "web returned 'enviroment'; did you mean 'environment'?",
        "takes: environment",
    ),
    "a browser nobody knows": (
        '@selenium_container(browser="netscape")\ndef browser(): pass',
        "def test_it(browser): pass",
        "'netscape' is not a browser",
        "one of chrome, edge",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_anything_starts(suite, mode, case):
    declared, test, sentence, hint = REFUSED[case]
    suite.files(
        conftest="from guest import *\nfrom pytest_wincontainers import *\n\n" + declared,
        test_it="import pytest\n\n" + test,
    )
    for name, content in FILES.items():
        path = suite.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    finished = suite.run(*mode)
    assert finished.status == 4
    errors = [line for line in finished.output.splitlines() if line.startswith(("ERROR: ", "  | ", "hint: "))]
    assert [line[:6] for line in (errors[0], errors[-1])] == ["ERROR:", "hint: "]
    assert sentence in "".join(errors[:-1])
    assert hint in errors[-1]
    assert "Traceback" not in finished.output
    assert suite.created() == []


FAILS = {
    "a broken image": (
        '@container(build="broken")\ndef box(): pass',
        ["does not build", "| step 2 says no", "hint: try it by hand: docker build"],
    ),
    "an image nobody has": (
        '@container(image="wincontainers.invalid/nothing:1")\ndef box(): pass',
        ["the image wincontainers.invalid/nothing:1", "cannot be pulled\n  | "],
    ),
    "a container that ends at once": (
        '@container(image=IMAGE, ports=[80], command=["box", "end", "7", "last words"])\ndef box(): pass',
        ["box ended before it was ready with exit code 7", "| last words", "hint: its whole log is"],
    ),
    "a program that is not there": (
        '@container(image=IMAGE, command=["no-such-program"])\ndef box(): pass',
        ["the Docker engine refused to start", "no-such-program"],
    ),
    "a port nobody listens on": (
        '@container(image=IMAGE, command=["box", "sleep"], ports=[81], timeout=1)\ndef box(): pass',
        ["box is not ready after 1 s: port 81: connection refused", "--wincontainers-timeout"],
    ),
    "a check that raises": (
        "def check(endpoint): return 1 / 0\n\n"
        '@container(image=IMAGE, command=["box", "sleep"], ready=check)\ndef box(): pass',
        ["the readiness check of box raised ZeroDivisionError", "hint: a check returns None when it holds"],
    ),
    "a preparation that raises": (
        "def prepare(endpoint): return 1 / 0\n\n"
        '@container(image=IMAGE, command=["box", "sleep"], prepare=prepare)\ndef box(): pass',
        ["preparing box failed: ZeroDivisionError", "hint: its log is"],
    ),
    "a broken migration": (
        '@mysql_container(migrations="migrations")\ndef box(): pass',
        [
            "the migration 2_bad.sql failed at line 3: 1146: Table 'test.nowhere' doesn't exist",
            "| SELECT * FROM nowhere",
        ],
    ),
    "what it needs fails": (
        '@container(image=IMAGE, ports=[80], command=["box", "end", "1"])\ndef first(): pass\n\n'
        '@container(image=IMAGE, command=["box", "sleep"])\ndef box(first): pass',
        ["first ended before it was ready with exit code 1", "| (it wrote nothing)"],
    ),
}


@pytest.mark.parametrize("case", FAILS)
def test_fails_the_tests_that_need_it(suite, mode, case):
    declared, words = FAILS[case]
    (suite.path / "broken").mkdir()
    (suite.path / "broken" / "Dockerfile").write_text(f"FROM {standins.box()}\nRUN echo step 2 says no; exit 1\n")
    (suite.path / "migrations").mkdir()
    (suite.path / "migrations" / "1_good.sql").write_text("CREATE TABLE t (id INT);")
    (suite.path / "migrations" / "2_bad.sql").write_text("INSERT INTO t VALUES (1);\n\nSELECT * FROM nowhere;\n")
    (suite.path / "migrations" / "10_never.sql").write_text("SELECT 1;")
    suite.files(
        conftest="from guest import *\nfrom pytest_wincontainers import *\n\n" + declared,
        test_it="def test_1(box): pass\n\ndef test_2(box): pass\n\ndef test_alone(): pass\n",
    )
    finished = suite.run(*mode)
    assert finished.outcomes() == {"passed": 1, "errors": 2}
    for word in words:
        assert word in finished.output
    assert "Traceback" not in finished.output
    if not mode:
        # Told in full once; the next test names the first.
        assert finished.output.count(words[-1]) == 1


def test_a_container_that_ends_during_the_tests(suite, mode):
    suite.files(
        conftest="""
        from guest import IMAGE, ROOT
        from pytest_wincontainers import container

        @container(image=IMAGE, command=["box", "until", ROOT + "door", "5", "bye"])
        def box():
            pass
        """,
        test_it="""
        import time
        from guest import ROOT

        def test_1_ends_it(box):
            box.exec("box", "touch", ROOT + "door")
            time.sleep(1)

        def test_2_says_so(box):
            pass
        """,
    )
    finished = suite.run(*mode, *(["--dist=loadfile"] if mode else []))
    assert finished.outcomes() == {"passed": 1, "errors": 1}
    assert "box ended during the tests with exit code 5" in finished.output
    assert "| bye" in finished.output


def test_no_engine(suite, mode):
    suite.files(
        conftest=f"from guest import *\nfrom pytest_wincontainers import *\n\n@{BOX}\ndef box(): pass",
        test_it="def test_it(box): pass\n\ndef test_alone(): pass\n",
    )
    finished = suite.run(*mode, DOCKER_HOST="tcp://127.0.0.1:9")
    assert finished.outcomes() == {"passed": 1, "errors": 1}
    assert "no Docker engine answers at tcp://127.0.0.1:9" in finished.output
    assert "hint: start the engine, or name another one with DOCKER_HOST" in finished.output

    skipped = suite.run(*mode, "--wincontainers-missing-engine=skip", DOCKER_HOST="tcp://127.0.0.1:9")
    assert skipped.outcomes() == {"passed": 1, "skipped": 1}


def test_a_declaration_in_a_deeper_conftest(suite, mode):
    (suite.path / "deep").mkdir()
    (suite.path / "deep" / "conftest.py").write_text(
        f"from guest import *\nfrom pytest_wincontainers import *\n\n@{BOX}\ndef box(): pass\n"
    )
    (suite.path / "deep" / "test_it.py").write_text("def test_it(box): pass\n")
    finished = suite.run(*mode)
    assert finished.status != 0
    assert "box is declared in a conftest.py that is not read at the start" in finished.output
    assert "hint: move the declaration to the conftest.py of the root folder" in finished.output
    assert suite.created() == []


def test_asked_for_at_run_time(suite):
    suite.files(
        conftest=f"from guest import *\nfrom pytest_wincontainers import *\n\n@{BOX}\ndef box(): pass",
        test_it="def test_it(request): request.getfixturevalue('box')\n",
    )
    finished = suite.run()
    assert finished.outcomes() == {"failed": 1}
    assert 'mark the test with @pytest.mark.wincontainers("box")' in finished.output
