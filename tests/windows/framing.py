"""Where an HTTP answer ends in the bytes that pass by."""

from __future__ import annotations


class Framing:
    """Follows one answer. `endless` is known after its head: such an answer ends with the connection."""

    def __init__(self) -> None:
        self.whole = False
        self.endless = False
        self._seen = bytearray()
        self._headed = False
        self._chunked = False
        self._last = False
        self._missing = 0

    def follow(self, piece: bytes) -> bool:
        """Take what comes next; whether the answer is whole with it."""
        self._seen += piece
        while not (self.whole or self.endless) and self._step():
            pass
        return self.whole

    def _step(self) -> bool:
        """Whether there was enough to go on."""
        if not self._headed:
            return self._head()
        if self._missing or not self._chunked:
            there = min(self._missing, len(self._seen))
            del self._seen[:there]
            self._missing -= there
            self.whole = not self._missing and not self._chunked
            return bool(there)
        line = self._taken(b"\r\n")
        if line is None:
            return False
        if self._last:
            # Lines after the last piece, of which the last is empty.
            self.whole = not line
            return True
        size = int(line.partition(b";")[0], 16)
        self._last = not size
        self._missing = size + 2 if size else 0
        return True

    def _head(self) -> bool:
        head = self._taken(b"\r\n\r\n")
        if head is None:
            return False
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
        fields = {name.strip(): value.strip() for name, _, value in lines}
        self._headed = True
        self._chunked = fields.get(b"transfer-encoding") == b"chunked"
        self._missing = int(fields.get(b"content-length", 0))
        self.endless = not self._chunked and b"content-length" not in fields
        self.whole = not self._chunked and not self.endless and not self._missing
        return True

    def _taken(self, end: bytes) -> bytes | None:
        before, found, after = self._seen.partition(end)
        if not found:
            return None
        self._seen = after
        return bytes(before)
