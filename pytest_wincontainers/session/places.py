"""The places of pytest-xdist workers: a worker that replaces a crashed one gets that one's place."""

from __future__ import annotations


class WorkerPlaces:
    """The places, each named after the first worker that had it."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}
        self._free: list[str] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all places, in the order in which they were first taken."""
        return tuple(self._taken)

    def take(self, worker: str) -> str:
        """The place of a worker that joins."""
        place = self._free.pop(0) if self._free else worker
        self._taken[place] = worker
        return place

    def leave(self, worker: str) -> None:
        """Free the place of a worker that is gone; pytest-xdist may say so twice."""
        for place, taker in self._taken.items():
            if taker == worker and place not in self._free:
                self._free.append(place)
