"""Commands in containers, for tests that have an engine and no run."""

from pytest_wincontainers.engines.docker.streams import ExecStream


def run(api, container, *words, user=""):
    """The exit code, the output and the error output.

    Not by the SDK's exec_start, which loses what comes with the head of the answer (docker/docker-py#3332).
    """
    code, pieces = ExecStream(api, container, words, {}, user).run()
    outputs, errors = zip(*pieces, strict=True) if pieces else ((), ())
    return code, b"".join(filter(None, outputs)), b"".join(filter(None, errors))
