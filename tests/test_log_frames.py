"""The engine's log stream as lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from palserver.clients.log_frames import MAX_LINE_BYTES, LogReader, RawLine

TIME = "2026-09-01T20:15:00.123456789Z"


def frame(stream: int, payload: bytes) -> bytes:
    return bytes((stream, 0, 0, 0)) + len(payload).to_bytes(4, "big") + payload


def line(text: str, stream: int = 1) -> bytes:
    return frame(stream, f"{TIME} {text}\n".encode())


def read(data: bytes, *, is_tty: bool = False, piece_bytes: int = 0) -> list[RawLine]:
    reader = LogReader(is_tty=is_tty)
    size = piece_bytes or len(data)
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return [line for piece in pieces for line in reader.feed(piece)]


def test_streams_are_told_apart():
    """Standard output and standard error keep their names, and their time stands beside the text."""
    assert read(line("out") + line("err", stream=2)) == [
        RawLine(TIME, "stdout", "out"),
        RawLine(TIME, "stderr", "err"),
    ]


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), max_size=8),
    size=st.integers(1, 40),
)
def test_pieces_of_any_size_give_the_same_lines(texts, size):
    """Frames, lines and characters of several bytes may be split anywhere."""
    data = b"".join(line(text, stream=1 + number % 2) for number, text in enumerate(texts))
    assert [found.text for found in read(data, piece_bytes=size)] == texts


def test_a_line_in_several_frames_is_one_line():
    """Past 16 KiB there are several frames, each with a copy of the time, only the last with a newline."""
    first = frame(1, f"{TIME} {'a' * 100}".encode())
    last = frame(1, f"{TIME} {'b' * 100}\n".encode())
    assert read(first + line("between", stream=2) + last) == [
        RawLine(TIME, "stderr", "between"),
        RawLine(TIME, "stdout", "a" * 100 + "b" * 100),
    ]


def test_an_endless_line_is_cut_and_says_so():
    """Memory stays bounded when the newline never comes; how much was cut is told."""
    reader = LogReader(is_tty=False)
    for _ in range(10):
        assert reader.feed(frame(1, f"{TIME} {'x' * MAX_LINE_BYTES}".encode())) == []
    (found,) = reader.feed(line("end"))
    assert found.text.startswith("x" * MAX_LINE_BYTES)
    assert found.text.endswith(f"… (+{9 * MAX_LINE_BYTES + len('end')} bytes)")
    assert reader.feed(line("next")) == [RawLine(TIME, "stdout", "next")]


def test_broken_text_is_replaced():
    """Bytes that are no UTF-8 become the replacement character, and the line arrives."""
    assert read(frame(1, TIME.encode() + b" caf\xe9 \xff\n"))[0].text == "caf\ufffd \ufffd"


def test_an_empty_line_is_a_line():
    """The game prints an empty line after each REST call's line."""
    assert read(line("")) == [RawLine(TIME, "stdout", "")]


def test_a_terminals_log_has_no_frames():
    """With a terminal the stream is plain text with carriage returns, and may be split anywhere too."""
    data = f"{TIME} one\r\n{TIME} 두번째\r\n".encode()
    for size in (1, 3, 1000):
        assert [found.text for found in read(data, is_tty=True, piece_bytes=size)] == ["one", "두번째"]
