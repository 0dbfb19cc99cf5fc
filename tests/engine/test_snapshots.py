"""Snapshots: a prepared server kept as an image, and the next run that starts from it."""

import io
import json
import re
import secrets
import threading

import pymysql
import pytest

from tests.kit.waiting import wait_for
from tests.windows import standins
from tests.windows.proxy import Proxy, Refused
from tests.windows.rules import RULES
from tests.windows.rules.base import Area

pytestmark = pytest.mark.few_hosts

# Nobody else's snapshots have the same key.
SLOW = f"""-- {secrets.token_hex(8)}
CREATE TABLE t (id INT PRIMARY KEY, made TIMESTAMP(6) DEFAULT NOW(6));
SELECT SLEEP(0.5);
INSERT INTO t (id) VALUES (1);
"""
CONFTEST = """
import pathlib
import worth
from pytest_wincontainers import mysql_container

def also(endpoint):
    endpoint.execute("INSERT INTO t (id) VALUES (2)")

@mysql_container(database="shop", migrations="migrations", prepare=also{options})
def database():
    pass
"""
ACCESS_DENIED = 1045
# How long a preparation takes that is worth a snapshot; less than the usual, as each run here would take as long.
WORTH = """
from pytest_wincontainers.run.container import preparation

preparation.WORTH_SECONDS = {seconds}
"""
TEST = """
import pathlib

def test_it(database):
    rows = database.execute("SELECT id, made FROM t ORDER BY id")
    assert [id for id, _ in rows] == [1, 2]
    with pathlib.Path("made").open("a") as file:
        print(rows[0][1], database.password, database.inside.root_password, file=file)
    # Tests write after the snapshot is made.
    database.execute("INSERT INTO t (id) VALUES (3)")
"""


def conftest(options=""):
    return CONFTEST.format(options=options)


@pytest.fixture
def shop(suite, real_client):
    (suite.path / "migrations").mkdir()
    (suite.path / "migrations" / "1.sql").write_text(SLOW)
    suite.snapshots = lambda: tags(real_client) & suite.committed()
    suite.files(conftest=conftest(), test_it=TEST, worth=WORTH.format(seconds=0.2))
    yield suite
    for tag in suite.snapshots():
        real_client.images.remove(tag, force=True)


def tags(client, kind="snapshot"):
    return {tag for image in found(client, kind) for tag in image["RepoTags"] or ()}


def found(client, kind="snapshot"):
    # Not by images.list(), which asks for each of them again, and another test may have removed it.
    return client.api.images(filters={"label": f"pytest-wincontainers.{kind}"})


def made_lines(suite):
    return (suite.path / "made").read_text().splitlines()


def made(suite):
    return [line.split()[:2] for line in made_lines(suite)]


def at_once(suite, count):
    """The outcomes of several runs."""
    outputs = []
    threads = [threading.Thread(target=lambda: outputs.append(suite.run("-v").outcomes())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outputs


def words(suite):
    return {word for line in made_lines(suite) for word in line.split()[2:]}


def test_the_next_run_starts_from_it(shop, real_client):
    assert shop.run("-v").outcomes() == {"passed": 1}
    (tag,) = shop.snapshots()
    assert shop.run("-v").outcomes() == {"passed": 1}
    first, second = made(shop)
    assert first == second, "the migrations ran again"
    assert shop.snapshots() == {tag}
    image = real_client.images.get(tag)
    assert len(words(shop)) == 4
    for word in words(shop):
        assert word not in str(image.attrs) + str(image.history())
    assert image.labels["pytest-wincontainers.run"] == ""


@pytest.mark.linux_guest
def test_nobody_has_the_passwords_that_are_in_it(shop, real_client):
    assert shop.run("-v").outcomes() == {"passed": 1}
    (tag,) = shop.snapshots()
    (password,), (root_password,) = ({line.split()[place] for line in made_lines(shop)} for place in (2, 3))
    server = real_client.containers.create(tag, network="nat", labels={"nothing": "of ours"})
    try:
        server.start()
        server.reload()
        host = server.attrs["NetworkSettings"]["Networks"]["nat"]["IPAddress"]
        wait_for(lambda: b"ready for connections" in server.logs())
        for user, known in (("test", password), ("root", root_password), ("root", "")):
            with pytest.raises(pymysql.err.OperationalError) as refused:
                pymysql.connect(host=host, user=user, password=known)
            assert refused.value.args[0] == ACCESS_DENIED
    finally:
        server.remove(force=True)


def test_a_prepared_state_is_in_it(shop):
    shop.files(
        conftest="""
        import worth
        from pytest_wincontainers import mysql_container

        @mysql_container(database="shop", migrations="migrations", reset="test")
        def database():
            pass
        """,
        test_it="""
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(database, number):
            assert database.execute("SELECT id FROM t") == [(1,)]
            database.execute("INSERT INTO t (id) VALUES (2)")
        """,
    )
    assert shop.run().outcomes() == {"passed": 3}
    (tag,) = shop.snapshots()
    assert shop.run().outcomes() == {"passed": 3}
    assert shop.snapshots() == {tag}


@pytest.mark.linux_guest
def test_another_migration_is_another_snapshot(shop, real_client):
    assert shop.run().outcomes() == {"passed": 1}
    (shop.path / "migrations" / "1.sql").write_text(SLOW + "-- changed\n")
    assert shop.run().outcomes() == {"passed": 1}
    first, second = made(shop)
    assert first != second
    assert len(shop.snapshots()) == 2


@pytest.mark.linux_guest
def test_never_and_refresh(shop, real_client):
    def run(word):
        return shop.run(f"--wincontainers-snapshots={word}")

    assert run("never").outcomes() == {"passed": 1}
    assert shop.snapshots() == set()
    assert run("auto").outcomes() == {"passed": 1}
    assert run("refresh").outcomes() == {"passed": 1}
    assert run("auto").outcomes() == {"passed": 1}
    never, auto, refreshed, again = made(shop)
    assert len({str(one) for one in (never, auto, refreshed)}) == 3
    assert again == refreshed


@pytest.mark.linux_guest
def test_quick_migrations_are_run_again(shop, real_client):
    shop.files(worth=WORTH.format(seconds=60))
    (shop.path / "migrations" / "1.sql").write_text(SLOW.replace("0.5", "0"))
    assert shop.run().outcomes() == {"passed": 1}
    assert shop.snapshots() == set()


@pytest.mark.linux_guest
def test_one_run_makes_it_and_the_other_waits(shop, real_client):
    assert at_once(shop, 2) == [{"passed": 1}] * 2
    first, second = made(shop)
    assert first == second
    assert len(shop.snapshots()) == 1


def break_it(client, tag):
    """Its server ends at once."""
    broken = client.containers.create(tag, labels={"nothing": "of ours"})
    repository, _, name = tag.rpartition(":")
    broken.commit(repository, name, conf={"Entrypoint": ["/bin/false"], "Labels": client.images.get(tag).labels})
    broken.remove()


@pytest.mark.linux_guest
def test_a_broken_one_is_made_anew_once(shop, real_client):
    assert shop.run().outcomes() == {"passed": 1}
    (tag,) = shop.snapshots()
    break_it(real_client, tag)
    assert at_once(shop, 2) == [{"passed": 1}] * 2
    first, second, third = made(shop)
    assert first != second
    assert second == third


def test_a_broken_one_is_made_anew(shop, real_client):
    assert shop.run().outcomes() == {"passed": 1}
    (tag,) = shop.snapshots()
    break_it(real_client, tag)
    finished = shop.run()
    assert finished.outcomes() == {"passed": 1}
    assert re.search("the snapshot of database was recreated: database ended before it was ready", finished.output)


def test_one_that_lacks_what_was_prepared_is_made_anew(shop, real_client):
    assert shop.run().outcomes() == {"passed": 1}
    (tag,) = shop.snapshots()
    history = real_client.images.get(tag).history()
    # The newest: what stands in for a Windows image is made of the one for Linux.
    base = next(one for one in history if re.search("wincontainers(-test)?/mysql:", str(one.get("Tags"))))
    real_client.images.remove(tag, force=True)
    real_client.images.get(base["Tags"][0]).tag(*tag.rsplit(":", 1))
    finished = shop.run()
    assert finished.outcomes() == {"passed": 1}
    assert "the snapshot of database was recreated: it is incomplete" in finished.output


GRANTED = SLOW + "CREATE DATABASE archive; CREATE TABLE archive.t (id INT); GRANT SELECT ON archive.* TO 'shop'@'%';\n"


@pytest.mark.linux_guest
def test_what_migrations_have_granted(shop):
    (shop.path / "migrations" / "1.sql").write_text(GRANTED)
    shop.files(test_it=TEST + "    assert database.execute('SELECT * FROM archive.t') == []\n")
    assert shop.run().outcomes() == {"passed": 1}
    assert shop.run().outcomes() == {"passed": 1}
    first, second = made(shop)
    assert first == second


PAIR = """
import worth
from pytest_wincontainers import mysql_container

@mysql_container(database="shop", migrations="migrations"{options})
def primary():
    pass

@mysql_container(database="shop", migrations="migrations"{options})
def replica(primary):
    return {{"environment": {{"PEER": primary.{peer}}}}}
"""


@pytest.mark.linux_guest
@pytest.mark.parametrize("peer", ["host", "connection_string"])
def test_neighbours_are_no_part_of_it(shop, real_client, peer):
    """Their names and passwords are new in every run; and where there is a password, there is no snapshot."""
    shop.files(
        conftest=PAIR.format(options="", peer=peer),
        test_it=f"""
        import pathlib

        def test_it(primary, replica):
            assert replica.exec("printenv", "PEER").output.strip() == primary.inside.{peer}
            (made,) = replica.execute("SELECT made FROM t")
            with pathlib.Path("made").open("a") as file:
                print(made[0], primary.password, file=file)
        """,
    )
    assert shop.run().outcomes() == {"passed": 1}
    assert shop.run().outcomes() == {"passed": 1}
    assert len(shop.snapshots()) == (2 if peer == "host" else 1)
    first, second = made(shop)
    assert (first == second) == (peer == "host")
    for tag in shop.snapshots():
        for word in words(shop):
            assert word not in str(real_client.images.get(tag).attrs)


@pytest.mark.linux_guest
def test_runs_whose_databases_need_each_other_wait_for_none(shop):
    """Were one's place kept while it waits for a neighbour, two runs could wait for each other."""
    (shop.path / "migrations" / "1.sql").write_text(SLOW.replace("0.5", "0.1"))
    conftest = PAIR.format(options="", peer="host")
    shop.files(
        conftest=conftest[: conftest.index("    return")] + "    pass\n",
        test_it="def test_it(primary, replica): pass\n",
    )
    assert at_once(shop, 3) == [{"passed": 1}] * 3


@pytest.mark.linux_guest
def test_settings_of_the_run_that_made_it_do_not_stay(shop):
    shop.files(conftest=conftest(", log_statements=True"))
    assert shop.run().outcomes() == {"passed": 1}
    shop.files(
        conftest=conftest(),
        test_it=TEST + "    assert database.execute('SELECT @@general_log') == [(0,)]\n",
    )
    assert shop.run().outcomes() == {"passed": 1}
    assert shop.run().outcomes() == {"passed": 1}


@pytest.mark.linux_guest
def test_those_that_lost_their_name_are_removed(shop, real_client):
    def there():
        return {image["Id"] for image in found(real_client)}

    assert shop.run().outcomes() == {"passed": 1}
    (tag,) = shop.snapshots()
    first = real_client.images.get(tag).id
    assert shop.run("--wincontainers-snapshots=refresh").outcomes() == {"passed": 1}
    assert real_client.images.get(tag).id != first
    wait_for(lambda: first not in there(), seconds=20)


BIG = 200_000


def test_the_first_reset_of_a_run_compares_nothing(shop):
    """Neither after the migrations nor after a start from their snapshot: the server has read few rows by then."""
    (shop.path / "migrations" / "2.sql").write_text(
        f"CREATE TABLE big (id INT PRIMARY KEY, v INT);\nINSERT INTO big SELECT seq, seq FROM seq_1_to_{BIG};\n"
    )
    shop.files(
        conftest="""
        import worth
        from pytest_wincontainers import mysql_container

        @mysql_container(database="shop", migrations="migrations", reset="test")
        def database():
            pass
        """,
        test_it=f"""
        def reads(database):
            return sum(int(count) for _, count in database.execute("SHOW GLOBAL STATUS LIKE 'Handler_read%'"))

        def test_it(database):
            # The server was started after the snapshot was made, or from it.
            assert reads(database) < {BIG} / 4
            database.execute("DELETE FROM big WHERE id = 7")
            database.reset()
            assert database.execute("SELECT v FROM big WHERE id = 7") == [(7,)]
            assert reads(database) < {BIG} / 4
        """,
    )
    assert shop.run().outcomes() == {"passed": 1}
    assert len(shop.snapshots()) == 1
    assert shop.run().outcomes() == {"passed": 1}


# -- the command `images` -----------------------------------------------------------------------------------------

BUILT = """
from pytest_wincontainers import container

@container(build="built", command=["box", "serve", "8000"], ports=[8000])
def web():
    pass
"""


@pytest.fixture
def images(shop, real_client):
    """What the suite has made, by kind: an image of a Dockerfile, and a snapshot; both containers are up."""
    (shop.path / "built").mkdir()
    (shop.path / "built" / "Dockerfile").write_text(f"FROM {standins.box()}\nENV MADE={secrets.token_hex(8)}\n")
    shop.files(conftest=conftest() + BUILT)
    done = shop.command("images", "build", "web")
    made = {"image": re.search(r"^web: (wincontainers/built:\w+)$", done.output, re.MULTILINE)[1]}
    assert shop.command("up").status == 0
    (made["snapshot"],) = shop.snapshots()
    yield made
    shop.command("down")
    for name in tags(real_client, "image") & {made["image"]}:
        real_client.images.remove(name)


def test_images_and_snapshots_are_listed(shop, images):
    listed = json.loads(shop.command("images", "list", "--json").output)
    assert {one["image"]: one["kind"] for one in listed if one["image"] in images.values()} == {
        name: kind for kind, name in images.items()
    }
    lines = [line.split()[:2] for line in shop.command("images", "list").output.splitlines()]
    assert lines[0] == ["IMAGE", "KIND"]
    assert all([name, kind] in lines for kind, name in images.items())


@pytest.mark.windows_guest
def test_what_is_removed_and_what_stays(shop, images, engine, real_client):
    """Through an engine that tells of these images only, as others on it are in use by other tests."""
    mine = f"{secrets.token_hex(8)}:1"
    label = {"pytest-wincontainers.image": "1"}
    dockerfile = f"FROM {standins.box()}\nENV MADE={secrets.token_hex(8)}\n"
    nameless, _ = real_client.images.build(fileobj=io.BytesIO(dockerfile.encode()), labels=label, rm=True)
    ours = {images["image"], images["snapshot"], mine}
    area = Area()

    @area.answered("GET", "/images/json", "a test")
    def only_ours(call):
        call.answer = [one for one in call.answer if one["Id"] == nameless.id or ours & {*(one["RepoTags"] or ())}]

    @area.asked("DELETE", "/images/.+", "a test")
    def nothing_else_goes(call):
        if call.path.removeprefix("/images/") not in {*ours, nameless.id}:
            raise Refused(403, "this is not to be removed")

    proxy = Proxy(engine.proxy.preset, engine.proxy.socket_path, [*RULES, *area]).start()

    def prune(*options):
        return shop.command("images", "prune", *options, DOCKER_HOST=proxy.url)

    def there():
        return (tags(real_client, "image") | tags(real_client)) & ours

    try:
        done = prune()
        assert (done.status, sorted(done.output.split())) == (
            0,
            sorted(["removed", images["snapshot"], "removed", nameless.id]),
        )
        assert there() == {images["image"]}
        used = prune("--all")
        assert (used.status, f"{images['image']} was not removed: " in used.output) == (1, True)
        assert there() == {images["image"]}
        assert shop.command("down").status == 0
        real_client.images.get(images["image"]).tag(mine)
        done = prune("--all")
        assert (done.status, done.output) == (0, f"removed {images['image']}\n")
        assert there() == {mine}
        assert prune("--all").output == ""
    finally:
        proxy.stop()
        for tag in there():
            real_client.images.remove(tag)
