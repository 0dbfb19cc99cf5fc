"""Running a directory of migrations."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations import goose
from pytest_wincontainers.migrations.files import Migration, checksum, find, lines_of
from pytest_wincontainers.migrations.history import History
from pytest_wincontainers.migrations.split import ScriptError, Splitter, Statement

if TYPE_CHECKING:
    import pymysql

Connect = Callable[..., "pymysql.Connection[Any]"]

_SHOWN_LINES = 10
_LOCK = "wincontainers-migrations"
_LOCK_SECONDS = 600
_BATCH_STATEMENTS = 200
_BATCH_CHARACTERS = 250_000
# Each of these gives one answer, so that of several in one packet it is known which has failed.
_ONE_ANSWER = re.compile(r"(?:insert|replace|update|delete|create|alter|drop|set)\b", re.IGNORECASE)


def migrate(connect: Connect, folder: Path, progress: Callable[[str], None], *, pattern: str = "*.sql") -> None:
    """Run the migrations of a folder that the database does not have yet, in order, up to the first failure.

    `connect` makes a connection, with pymysql.connect's options. Two that run at once wait for each other. `progress`
    is told of each file. Raises MigrationError with file, line, statement and the server's words.
    """
    import pymysql
    from pymysql.constants import CLIENT

    migrations = find(folder, pattern)
    checksums = {one: _checksum(one) for one in migrations.files}
    # A connection of its own: migrations may change its settings and its database.
    with connect(client_flag=CLIENT.MULTI_STATEMENTS) as runs, connect() as keeps:
        try:
            with keeps.cursor() as cursor:
                # MySQL's names of locks have at most 64 characters.
                cursor.execute("SELECT GET_LOCK(CONCAT(%s, '-', MD5(DATABASE())), %s)", (_LOCK, _LOCK_SECONDS))
                if cursor.fetchone() != (1,):
                    raise MigrationError(
                        f"another run has been migrating this database for {_LOCK_SECONDS} s",
                        hint="check with SHOW PROCESSLIST who is connected",
                    )
            history = History(keeps, migrations.style)
            pending = history.pending(migrations, checksums)
            for number, one in enumerate(pending, 1):
                progress(f"migration {number} of {len(pending)}: {one.name}")
                history.begin(one, checksums[one])
                begun = time.monotonic()
                _run(runs, one)
                history.end(int((time.monotonic() - begun) * 1000))
        except pymysql.Error as problem:
            code, words = (*problem.args, "", "")[:2]
            raise MigrationError(
                f"the migration history cannot be read or written: {code}: {words}", hint="check the server's log"
            ) from problem


def _checksum(one: Migration) -> int:
    try:
        return checksum(lines_of(one.path))
    except UnicodeDecodeError as problem:
        raise MigrationError(
            f"the migration {one.name} is not UTF-8: {problem.reason} at byte {problem.start}",
            hint=f"save {one.path} as UTF-8",
        ) from None


def _run(connection: pymysql.Connection[Any], one: Migration) -> None:
    try:
        last = Statement("", 1)
        for batch in _batches(_statements(one.path)):
            _execute(connection, one, batch)
            last = batch[-1]
        # A transaction that the file has left open belongs to it, and not to the next.
        _execute(connection, one, [Statement("COMMIT", last.line)])
    except ScriptError as problem:
        raise MigrationError(
            f"the migration {one.name} cannot be parsed: line {problem.line}: {problem}", hint=f"fix {one.path}"
        ) from None


def _statements(path: Path) -> Iterator[Statement]:
    if goose.is_goose(lines_of(path)):
        return goose.split_up(lines_of(path))
    return Splitter().split(lines_of(path))


def _batches(statements: Iterator[Statement]) -> Iterator[Sequence[Statement]]:
    """Statements to send at once: the way to the server and back takes longer than many a statement."""
    batch: list[Statement] = []
    size = 0
    for statement in statements:
        alone = not (statement.single and _ONE_ANSWER.match(statement.text))
        if batch and (alone or len(batch) == _BATCH_STATEMENTS or size + len(statement.text) > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(statement)
        size += len(statement.text)
        if alone:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _execute(connection: pymysql.Connection[Any], one: Migration, batch: Sequence[Statement]) -> None:
    import pymysql

    answers = 0
    try:
        with connection.cursor() as cursor:
            # On a line of its own, as a statement may end in a comment.
            cursor.execute("\n;\n".join(statement.text for statement in batch))
            answers = 1
            # A procedure answers with several results; an unread error among them would be lost.
            while cursor.nextset():
                answers += 1
    except (pymysql.Error, OSError) as problem:
        raise _failed(one, batch[min(answers, len(batch) - 1)], problem) from problem


def _failed(one: Migration, statement: Statement, problem: Exception) -> MigrationError:
    code, words = (*problem.args, "", "")[:2]
    lines = statement.text.splitlines()
    shown = lines[:_SHOWN_LINES] + (["…"] if len(lines) > _SHOWN_LINES else [])
    return MigrationError(
        f"the migration {one.name} failed at line {statement.line}: {code}: {words}",
        details="\n".join(shown),
        hint=f"fix {one.path}; nothing after this statement was run, and the database is discarded",
    )
