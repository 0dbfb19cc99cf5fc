"""Running a directory of migrations."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_wincontainers.errors import MigrationError
from pytest_wincontainers.migrations.files import Migration, Style, find
from pytest_wincontainers.migrations.history import TABLES, History
from pytest_wincontainers.migrations.placeholders import Placeholders, values_for
from pytest_wincontainers.migrations.scripts import checksum_of, in_words, statements
from pytest_wincontainers.migrations.split import Statement

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


def migrate(
    connect: Connect,
    folder: Path,
    progress: Callable[[str], None],
    *,
    pattern: str = "*.sql",
    placeholders: Placeholders = None,
) -> None:
    """Run the migrations of a folder that the database does not have yet, in order, up to the first failure.

    `connect` makes a connection, with pymysql.connect's options. Two that run at once wait for each other. `progress`
    is told of each file. Raises MigrationError with file, line, statement and the server's words.
    """
    import pymysql

    migrations = find(folder, pattern)
    # Of its own: migrations may change their connection's settings and its database.
    with connect() as keeps:
        try:
            _lock(keeps)
            values = values_for(placeholders, migrations.style, _own_values(keeps, migrations.style))
            checksums = {}
            for one in migrations.files:
                with in_words(one):
                    checksums[one] = checksum_of(one, values)
            history = History(keeps, migrations.style)
            pending = history.pending(migrations, checksums)
            for number, one in enumerate(pending, 1):
                progress(f"migration {number} of {len(pending)}: {one.name}")
                history.begin(one, checksums[one])
                begun = time.monotonic()
                _run(connect, one, statements(one, migrations.style, values))
                history.end(int((time.monotonic() - begun) * 1000))
        except pymysql.Error as problem:
            code, words = (*problem.args, "", "")[:2]
            raise MigrationError(
                f"the migration history cannot be read or written: {code}: {words}", hint="check the server's log"
            ) from problem


def _lock(connection: pymysql.Connection[Any]) -> None:
    with connection.cursor() as cursor:
        # MySQL's names of locks have at most 64 characters.
        cursor.execute("SELECT GET_LOCK(CONCAT(%s, '-', MD5(DATABASE())), %s)", (_LOCK, _LOCK_SECONDS))
        if cursor.fetchone() != (1,):
            raise MigrationError(
                f"another run has been migrating this database for {_LOCK_SECONDS} s",
                hint="check with SHOW PROCESSLIST who is connected",
            )


def _own_values(connection: pymysql.Connection[Any], style: Style) -> Mapping[str, str]:
    """The values of Flyway's own placeholders that are the same for all files."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DATABASE(), SUBSTRING_INDEX(USER(), '@', 1), DATE_FORMAT(NOW(), '%Y-%m-%d %H:%i:%s')")
        database, user, now = cursor.fetchone() or ("", "", "")
    return {
        "flyway:database": database,
        "flyway:defaultSchema": database,
        "flyway:user": user,
        "flyway:timestamp": now,
        "flyway:table": TABLES[style],
    }


def _run(connect: Connect, one: Migration, found: Iterator[Statement]) -> None:
    """Run one file, on a connection of its own: no setting, variable or lock reaches the next one."""
    import pymysql
    from pymysql.constants import CLIENT

    try:
        connection = connect(client_flag=CLIENT.MULTI_STATEMENTS)
    except (pymysql.Error, OSError) as problem:
        code, words = (*problem.args, "", "")[:2]
        raise MigrationError(
            f"the migration {one.name} could not connect as root: {code}: {words}",
            hint="check the server's log, and whether an earlier migration changed the account or dropped the database",
        ) from problem
    with connection, in_words(one):
        last = Statement("", 1)
        for batch in _batches(found):
            _execute(connection, one, batch)
            last = batch[-1]
        # A transaction that the file has left open belongs to it, as with Flyway.
        _execute(connection, one, [Statement("COMMIT", last.line)])


def _batches(found: Iterator[Statement]) -> Iterator[Sequence[Statement]]:
    """Statements to send at once: the way to the server and back takes longer than many a statement."""
    batch: list[Statement] = []
    size = 0
    for statement in found:
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
        raise _failed(one, batch[min(answers, len(batch) - 1)], problem, answers) from problem


def _failed(one: Migration, statement: Statement, problem: Exception, answers: int = 0) -> MigrationError:
    code, words = (*problem.args, "", "")[:2]
    lines = statement.text.splitlines()
    shown = lines[:_SHOWN_LINES] + (["…"] if len(lines) > _SHOWN_LINES else [])
    # Several that went as one are told apart only by their answers.
    where = "at" if statement.single or not answers else f"in statement {answers + 1} of those from"
    return MigrationError(
        f"the migration {one.name} failed {where} line {statement.line}: {code}: {words}",
        details="\n".join(shown),
        hint=f"fix {one.path}; nothing after this statement was run, and the database is discarded",
    )
