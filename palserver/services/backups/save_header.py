"""The header of a .sav file: whether the file can be whole, told from its first bytes and its size."""

from __future__ import annotations

import struct

HEADER = struct.Struct("<II3sB")  # length of the contents, length of them compressed once, magic, type
PREFIX_MAGIC = b"CNK"
MAGICS = (b"PlZ", b"PlM")
ONCE, TWICE = 0x31, 0x32
LONGEST_BYTES = 2 * HEADER.size


def find_fault(head: bytes, size_bytes: int) -> str | None:
    """What is wrong with a file of `size_bytes` that begins with `head`; None if nothing is to be seen.

    `head` is at least LONGEST_BYTES long, or all of the file.
    """
    if not head.strip(b"\0"):
        return "is nothing but zeros" if head else "is empty"
    start = HEADER.size if head[8:11] == PREFIX_MAGIC else 0
    if len(head) < start + HEADER.size:
        return "ends before its header does"
    plain_bytes, packed_bytes, magic, kind = HEADER.unpack_from(head, start)
    if magic not in MAGICS or kind not in (ONCE, TWICE):
        return "does not begin like a save"
    if not plain_bytes or not packed_bytes:
        return "is empty by its own header"
    body_bytes = size_bytes - start - HEADER.size
    # Compressed twice, the body is that of the second time, whose length is written nowhere.
    if body_bytes < (packed_bytes if kind == ONCE else 1):
        return "is shorter than its header says"
    return None
