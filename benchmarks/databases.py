"""How long databases take: migrations beside the mysql client, a start from a snapshot beside an empty one, and resets.

    python3 dev.py bench databases

300 migration files make 60 tables with 100,000 rows. Everything is measured in one run, side by side, on one engine;
the figures to look at are the ratios.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pymysql

from pytest_wincontainers.databases.prepared import PreparedState
from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.migrations.runner import migrate
from pytest_wincontainers.packing import Folder, packed
from pytest_wincontainers.run.images import tag_of
from pytest_wincontainers.services.agent import DIRECTORIES
from pytest_wincontainers.services.mysql import IMAGE
from pytest_wincontainers.services.mysql.accounts import sql
from pytest_wincontainers.services.mysql.connection import connect

TABLES, FILES, ROWS = 60, 300, 100_000
ROUNDS = 5
RESETS = 40

SUITE = """
from pytest_wincontainers import mysql_container

@mysql_container(database="shop"{options})
def database():
    pass
"""


def make_migrations(folder: Path) -> None:
    """Five files for each table: itself, an index, a trigger, and its rows, one by one and many at once."""
    each = ROWS // TABLES
    for number in range(TABLES):
        parent = f",\n  FOREIGN KEY (parent) REFERENCES t{number - 1} (id) ON DELETE CASCADE" if number % 3 else ""
        made = (
            f"CREATE TABLE t{number} (\n  id INT AUTO_INCREMENT PRIMARY KEY, parent INT, name VARCHAR(80) NOT NULL,\n"
            f"  price DECIMAL(10, 2), note TEXT, made DATETIME{parent}\n);\n"
        )
        trigger = (
            f"DELIMITER //\nCREATE TRIGGER r{number} BEFORE UPDATE ON t{number} FOR EACH ROW\nBEGIN\n"
            "  SET NEW.note = CONCAT(NEW.note, '; changed'); -- here\nEND//\nDELIMITER ;\n"
        )
        note = "a note; of some words that is neither short nor long"
        row = f"({{0}}, 'it''s name {{1}}', {{1}}.25, '{note}', '2026-01-02 03:04:05')"
        columns = "(parent, name, price, note, made)"
        singles, many = range(each // 10), range(each // 10, each)
        parents = {one: 1 + one % (each // 10) for one in range(each)}
        one_by_one = "".join(
            f"INSERT INTO t{number} {columns} VALUES {row.format(parents[one], one)};\n" for one in singles
        )
        at_once = f"INSERT INTO t{number} {columns} VALUES\n" + ",\n".join(
            row.format(parents[one], one) for one in many
        )
        contents = [made, f"CREATE INDEX by_name ON t{number} (name);\n", one_by_one, at_once + ";\n", trigger]
        for step, content in enumerate(contents):
            (folder / f"{number * len(contents) + step + 1:03d}_t{number}.sql").write_text(content, "utf-8")


class Server:
    """A server with nothing in it, from our own image."""

    def __init__(self, client: docker.DockerClient, image: str, log: str = "1") -> None:
        self.container = client.containers.create(
            image,
            network="nat",
            environment={"MYSQL_BINARY_LOG": log},
            labels={"pytest-wincontainers.benchmark": "1"},
        )
        begins = {"accounts.sql": sql("shop", "shop", "shop", "root").encode()}
        with packed([Folder(None, DIRECTORIES["linux"], begins)]) as archive:
            self.container.put_archive("/", archive)
        self.container.start()
        self.container.reload()
        self.host = self.container.attrs["NetworkSettings"]["Networks"]["nat"]["IPAddress"]
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
                return
            except pymysql.Error:  # noqa: PERF203 - that is what it waits for
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def connect(self, **options: Any) -> pymysql.Connection[Any]:
        """As root, in the database."""
        given: dict[str, Any] = {"database": "shop", "autocommit": True, "charset": "utf8mb4", **options}
        return connect(host=self.host, user="root", password="root", **given)

    def remove(self) -> None:
        """Take it away."""
        self.container.remove(force=True, v=True)


def seconds(step: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun


def by_client(server: Server, folder: Path) -> float:
    """The same files by the mysql client, on the server's own machine: one process that reads one after the other."""
    spool = io.BytesIO()
    with tarfile.open(mode="w", fileobj=spool) as archive:
        archive.add(folder, "migrations")
    server.container.put_archive("/", spool.getvalue())
    command = "for f in /migrations/*.sql; do cat $f; echo; done | mariadb -uroot -proot shop"
    return seconds(lambda: check(server.container.exec_run(["sh", "-c", command])))


def check(done: Any) -> None:
    """Stop where a command failed."""
    if done.exit_code != 0:
        raise SystemExit(done.output.decode())


def suite(folder: Path, options: str) -> None:
    """A suite of one test."""
    (folder / "conftest.py").write_text(SUITE.format(options=options), "utf-8")
    (folder / "test_it.py").write_text("def test_it(database):\n    assert database.port\n", "utf-8")


def ready_after(folder: Path, *options: str) -> float:
    """How long a run says that its database took."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode != 0:
        raise SystemExit(done.stdout)
    (database,) = json.loads((folder / ".wincontainers" / "latest" / "run.json").read_text("utf-8"))["containers"]
    return float(database["seconds"])


def main() -> None:
    """Measure and tell."""
    engine = DockerEngine()
    image = tag_of(engine, IMAGE.build(engine.info()))
    client = docker.DockerClient.from_env(version="auto", timeout=600)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in ("migrations", "empty", "full"):
            (folder / name).mkdir()
        make_migrations(folder / "migrations")
        suite(folder / "empty", "")
        suite(folder / "full", ", migrations='../migrations'")
        ready_after(folder / "empty")

        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(ROUNDS):
            for times, way in ((theirs, by_client), (ours, by_us)):
                server = Server(client, image)
                times.append(way(server, folder / "migrations"))
                server.remove()
        tell("300 files by the mysql client", statistics.median(theirs))
        tell("300 files by migrations=", statistics.median(ours), statistics.median(theirs))

        # An earlier benchmark may have left one.
        first = ready_after(folder / "full", "--wincontainers-snapshots=refresh")
        empty, again = [], []
        for _ in range(ROUNDS):
            empty.append(ready_after(folder / "empty"))
            again.append(ready_after(folder / "full"))
        tell("an empty server, ready", statistics.median(empty))
        tell("first run with the migrations, ready", first)
        tell("second run, from its snapshot, ready", statistics.median(again), statistics.median(empty))

        server = Server(client, image)
        by_us(server, folder / "migrations")
        resets, nothing = measure_resets(server)
        anew = [seconds(lambda: make_anew(server, folder / "migrations")) for _ in range(3)]
        server.remove()
        tell("drop, create, migrate", statistics.median(anew))
        tell("reset after a test that touched nothing", statistics.median(nothing), statistics.median(anew))
        tell("reset after a test that touched 3 of 60 tables", statistics.median(resets), statistics.median(anew))
        compare_resets(client, image)
        compare_migrations(client, image, folder / "migrations")


def by_us(server: Server, folder: Path) -> float:
    """The same files as a run would do it."""
    return seconds(lambda: migrate(server.connect, folder, lambda _: None))


def make_anew(server: Server, folder: Path) -> None:
    """What a suite does without resets."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE shop")
        cursor.execute("CREATE DATABASE shop")
    by_us(server, folder)


def measure_resets(server: Server) -> tuple[list[float], list[float]]:
    """Times of resets after tests that touched three tables, and after tests that touched nothing."""
    prepared = PreparedState(lambda: server.connect(database=None), "wincontainers")
    prepared.keep(lambda _: None)
    prepared.reset()
    resets, nothing = [], []
    with server.connect() as connection, connection.cursor() as cursor:
        for number in range(RESETS):
            for table in (2, 20, 41):
                cursor.execute(f"INSERT INTO t{table} (parent, name) VALUES (1, 'new')")
                cursor.execute(f"UPDATE t{table} SET name = 'changed' WHERE id = {number + 2}")
                cursor.execute(f"DELETE FROM t{table} WHERE id = {number + 100}")
            resets.append(seconds(prepared.reset))
            nothing.append(seconds(prepared.reset))
    return resets, nothing


BIG = 1_000_000
TOUCHES = {
    "one row of 1,000,000": ["UPDATE big SET price = 1 WHERE id = 77"],
    "a row added to 1,000,000": ["INSERT INTO big (name) VALUES ('new')"],
    "1,000 rows of 1,000,000": ["UPDATE big SET price = 1 WHERE id <= 1000"],
    "ALTER TABLE of two rows": ["ALTER TABLE small ADD more INT"],
    "CREATE INDEX on two rows": ["CREATE INDEX more ON small (v)"],
    "ANALYZE TABLE of two rows": ["ANALYZE TABLE small"],
    "nothing": [],
}


def compare_resets(client: docker.DockerClient, image: str) -> None:
    """Resets beside a table of a million rows: by the binary log, and on a server without one."""
    compared, logged = (times_of_resets(Server(client, image, log)) for log in ("", "1"))
    for what, took in compared.items():
        tell(f"reset, {what}, compared", took)
        tell(f"reset, {what}, by the log", logged[what], took)


def times_of_resets(server: Server) -> dict[str, float]:
    """How long resets take on one server, which is removed then."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), price DECIMAL(10, 2), note TEXT)"
        )
        cursor.execute(
            f"INSERT INTO big (name, price, note) SELECT CONCAT('name ', seq), seq / 7, 'a note' FROM seq_1_to_{BIG}"
        )
        cursor.execute("CREATE TABLE small (id INT PRIMARY KEY, v INT)")
        cursor.execute("INSERT INTO small VALUES (1, 1), (2, 2)")
        PreparedState(lambda: server.connect(database=None), "wincontainers").keep(lambda _: None)
        # Another process than that which has kept it, as with workers.
        prepared = PreparedState(lambda: server.connect(database=None), "wincontainers")
        times = {"the first of a process": seconds(prepared.reset)}
        for what, statements in TOUCHES.items():
            each = []
            for _ in range(ROUNDS):
                for statement in statements:
                    cursor.execute(statement)
                each.append(seconds(prepared.reset))
            times[what] = statistics.median(each)
    server.remove()
    return times


def compare_migrations(client: docker.DockerClient, image: str, folder: Path) -> None:
    """What the binary log costs migrations."""
    times: dict[str, list[float]] = {"": [], "1": []}
    for _ in range(ROUNDS):
        for log, each in times.items():
            server = Server(client, image, log)
            each.append(by_us(server, folder))
            server.remove()
    tell("300 files without a log", statistics.median(times[""]))
    tell("300 files with one", statistics.median(times["1"]), statistics.median(times[""]))


def tell(what: str, took: float, beside: float | None = None) -> None:
    """One line."""
    ratio = ""
    if beside is not None:
        ratio = f"   {took / beside:.2f} times" if took > beside / 10 else f"   {beside / took:.0f} times faster"
    print(f"{what:50} {took * 1000:9.1f} ms{ratio}")


if __name__ == "__main__":
    main()
