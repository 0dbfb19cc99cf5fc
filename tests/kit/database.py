"""A MySQL server of our own image, for tests that talk to one without a run."""

import contextlib
import time

import pymysql

from pytest_wincontainers.engines.docker import DockerEngine
from pytest_wincontainers.packing import Folder, packed
from pytest_wincontainers.run.images import ensure_image
from pytest_wincontainers.services.agent import DIRECTORIES
from pytest_wincontainers.services.mysql import IMAGE
from pytest_wincontainers.services.mysql.accounts import sql
from pytest_wincontainers.services.mysql.connection import connect


def image(own=IMAGE):
    """The name of one of our own images, built where it is missing."""
    engine = DockerEngine()
    name, _ = ensure_image(engine, own.build(engine.info()), _NoLocks(), lambda _: None, lambda make: make())
    engine.close()
    return name


def network(client):
    """The network of Windows engines, which runs are in, made where it is missing."""
    if not client.networks.list(names=["^nat$"]):
        client.networks.create("nat", driver="bridge")
    return client.networks.get("nat")


class Server:
    """A server in a container: `connect()` is as root, in the database `t`."""

    def __init__(self, client, *options):
        network(client)
        environment = {"MYSQL_BINARY_LOG": "1"}
        self.container = client.containers.create(image(), list(options), network="nat", environment=environment)
        begins = {"accounts.sql": sql("t", "t", "t", "root").encode()}
        with packed([Folder(None, DIRECTORIES["linux"], begins)]) as archive:
            self.container.put_archive("/", archive)
        self.container.start()
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 60
        while True:
            self.container.reload()
            self.host = self.container.attrs["NetworkSettings"]["Networks"]["nat"]["IPAddress"]
            try:
                self.connect(database=None).close()
                return
            except pymysql.Error:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def connect(self, **options):
        given = {"database": "t", "autocommit": True, "charset": "utf8mb4", **options}
        return connect(host=self.host, user="root", password="root", **given)

    def execute(self, *statements, **options):
        with self.connect(**options) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def remove(self):
        self.container.remove(force=True, v=True)


class _NoLocks:
    def named(self, name, waiting):
        return contextlib.nullcontext()
