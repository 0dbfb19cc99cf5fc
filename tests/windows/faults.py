"""Failures on request: a share of calls, by a seed, or whatever goes beyond a number of starts at once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence

from .proxy import Call, Refused

LATE = "cannot kill container: {container}: tried to kill container, but did not receive an exit event"
CROWDED = "hcs::System::Start {container}: hcsshim: timeout waiting for notification: unknown"


class Faults:
    """Of every `deck` calls one fails, with one of `texts`; which one is drawn by `seed`.

    So the share is exact, and nobody can have bad luck for ever. `at_once` is the number of starts that the engine
    bears side by side, each of which takes `seconds`. A kill is answered with an error `late` seconds before the container
    ends.
    """

    def __init__(
        self,
        texts: Sequence[str] = (),
        *,
        deck: int = 5,
        seed: int = 1,
        at_once: int | None = None,
        seconds: float = 0.0,
        phase: str = "start",
        late: float | None = None,
    ) -> None:
        self._late = late
        self._texts = list(texts)
        self._deck = deck
        self._random = random.Random(seed)
        self._cards: list[bool] = []
        self._at_once = at_once
        self._seconds = seconds
        self._phase = phase
        self._lock = threading.Lock()
        self._starting = 0
        self.failed: list[tuple[float, str]] = []
        """When a call was made to fail, and in which words."""
        self.crowded: list[float] = []
        """When the containers were created that failed because too many started at once."""

    def start(self, call: Call) -> None:
        """A start is asked for: let it through, or fail it."""
        if self._phase == "start":
            self._draw(call)
        if self._at_once is None:
            return
        with self._lock:
            self._starting += 1
            crowded = self._starting > self._at_once
        try:
            time.sleep(self._seconds)
        finally:
            with self._lock:
                self._starting -= 1
        if crowded:
            known = call.container
            self.crowded.append(known.created if known else 0.0)
            self._fail(CROWDED.format(container=call.words[1]))

    def kill(self, call: Call) -> None:
        """A kill is asked for: let it through, or only later."""
        if self._late is not None:
            threading.Timer(self._late, call.proxy.upstream, ("POST", call.path)).start()
            raise Refused(500, LATE.format(container=call.words[1]))

    def other(self, phase: str, call: Call) -> None:
        """Another kind of call is asked for."""
        if self._phase == phase:
            self._draw(call)

    def _draw(self, call: Call) -> None:
        if not self._texts:
            return
        with self._lock:
            if not self._cards:
                self._cards = [True, *[False] * (self._deck - 1)]
                self._random.shuffle(self._cards)
            bad, text = self._cards.pop(), self._random.choice(self._texts)
        if bad:
            self._fail(text.format(container=call.words[1]))

    def _fail(self, text: str) -> None:
        self.failed.append((time.monotonic(), text))
        raise Refused(500, text)
