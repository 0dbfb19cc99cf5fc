"""Pictures that are told apart by their sizes."""

import struct
import zlib


def png(width, height=1):
    """A black one."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (1 + width)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def picture_of(test, attempt):
    """What an attempt of a test shows: as wide as its number, and as high as the test's name is long."""
    return png(attempt, len(test))
