"""Facts about reading PalWorldSettings.ini."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palserver.inifile import (
    BrokenLine,
    decode,
    find_option,
    is_whole,
    read_options,
    set_options,
    split_options,
    unquote,
)

SECTION = "[/Script/Pal.PalGameWorldSettings]"


def ini(options: str) -> str:
    return f"{SECTION}\nOptionSettings=({options})\n"


class TestReadOptions:
    def test_plain_values(self):
        """Each option comes by its name, its value as written, quotes and brackets included."""
        text = ini('Difficulty=None,ExpRate=1.000000,ServerName="My Pals",CrossplayPlatforms=(Steam,Xbox)')
        assert read_options(text) == {
            "Difficulty": "None",
            "ExpRate": "1.000000",
            "ServerName": '"My Pals"',
            "CrossplayPlatforms": "(Steam,Xbox)",
        }

    def test_commas_and_brackets_inside_quotes(self):
        """Nothing inside quotes cuts a value: a name may hold commas, brackets and equals signs."""
        text = ini('ServerName="a,b) (c=d",AdminPassword="p=1,2"')
        assert read_options(text) == {"ServerName": '"a,b) (c=d"', "AdminPassword": '"p=1,2"'}

    def test_doubled_quotes_in_a_list(self):
        """The official list example, with its doubled quotes, stays one value."""
        text = ini('DenyTechnologyList=(""PALBOX"",""RepairBench""),ExpRate=1')
        assert read_options(text)["DenyTechnologyList"] == '(""PALBOX"",""RepairBench"")'
        assert read_options(text)["ExpRate"] == "1"

    def test_empty_value(self):
        """An option without a value is there, and empty."""
        assert read_options(ini("DenyTechnologyList=,ExpRate=1")) == {
            "DenyTechnologyList": "",
            "ExpRate": "1",
        }

    @pytest.mark.parametrize(
        "text",
        [
            f"{SECTION}\r\nOptionSettings=(ExpRate=2)\r\n",
            f"\ufeff{SECTION}\nOptionSettings=(ExpRate=2)",
            f"; a remark\n\n{SECTION}\n;OptionSettings=(ExpRate=9)\nOptionSettings=(ExpRate=2)  \n",
            f"[Other]\nOptionSettings=(ExpRate=9)\n{SECTION}\nOptionSettings = (ExpRate = 2)\n[Third]\nA=1\n",
            f"{SECTION}\nOptionSettings=(ExpRate=9)\nOptionSettings=(ExpRate=2)\n",
        ],
        ids=[
            "windows line ends",
            "byte order mark",
            "comments",
            "other sections and spaces",
            "last line wins",
        ],
    )
    def test_tolerated_shapes(self, text):
        """Line ends, a byte order mark, comments, spaces and foreign sections do no harm."""
        assert read_options(text) == {"ExpRate": "2"}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            SECTION,
            "OptionSettings=(ExpRate=2)",
            f"{SECTION}\nOptionSettings=(ExpRate=2\n",
            f"{SECTION}\nOptionSettings=ExpRate=2\n",
            ini('ServerName="open'),
            ini('ServerName="one\ntwo"'),
            ini("CrossplayPlatforms=(Steam"),
            ini("CrossplayPlatforms=Steam)"),
        ],
    )
    def test_broken_file(self, text):
        """Where the game would silently use its defaults there are no options, and no error."""
        assert read_options(text) == {}

    def test_line_separator_in_a_name(self):
        """A character that only Python takes for a line end does not break the line."""
        assert read_options(ini('ServerName="a\u2028b"')) == {"ServerName": '"a\u2028b"'}


class TestSplitOptions:
    @given(st.text(alphabet='ab=,()"\\ ', max_size=40))
    def test_loses_nothing(self, text):
        """Joined by commas the pieces are the text again, whatever it was."""
        try:
            pieces = split_options(text)
        except BrokenLine:
            return
        assert ",".join(pieces) == text

    @given(st.text(max_size=200))
    def test_never_fails_otherwise(self, text):
        """No text makes reading raise anything."""
        read_options(ini(text))
        read_options(text)


class TestValues:
    def test_find_option_ignores_case(self):
        """An option is found however its name is written, there and here."""
        options = read_options(ini("ExpRate=1,restapiport=2"))
        assert find_option(options, "RESTAPIPort") == "2"
        assert find_option(options, "AdminPassword") is None

    @pytest.mark.parametrize(
        ("value", "expected"),
        [('"secret"', "secret"), ('""', ""), ("bare", "bare"), ('"', '"'), ('"한국"', "한국")],
    )
    def test_unquote(self, value, expected):
        """Only a pair of quotes around the whole is taken away."""
        assert unquote(value) == expected

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_decode(self, encoding):
        """The file may be in UTF-8 or UTF-16, with its mark or without."""
        text = ini('ServerName="팰"')
        assert read_options(decode(text.encode(encoding))) == {"ServerName": '"팰"'}

    def test_decode_replaces(self):
        """Bytes that are no text cost only themselves."""
        options = read_options(decode(ini('ServerName="?",ExpRate=1').encode().replace(b"?", b"\xff")))
        assert options == {"ServerName": '"\ufffd"', "ExpRate": "1"}


DEFAULTS = {"Difficulty": "None", "ExpRate": "1.000000"}


class TestSetOptions:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("(ExpRate=1,Mine=x)", "(ExpRate=2,Mine=x)"),
            ("( exprate = 1 , Mine=x )", "( exprate = 2 , Mine=x )"),
            ("(Mine=(a,(b,c)),ExpRate=)", "(Mine=(a,(b,c)),ExpRate=2)"),
            ('(A="x, ExpRate=9, \\", y",ExpRate=1)', '(A="x, ExpRate=9, \\", y",ExpRate=2)'),
            ("(ExpRate=1,Mine=x,EXPRATE=5)", "(ExpRate=2,Mine=x,EXPRATE=2)"),
            ("(Mine=x)", "(Mine=x,ExpRate=2)"),
            ("()", "(ExpRate=2)"),
        ],
    )
    def test_only_the_value_changes(self, before, after):
        """Names, order, spaces and foreign options stay; one that is written twice is set twice."""
        assert set_options(f"{SECTION}\nOptionSettings={before}\n".encode(), {"ExpRate": "2"}, DEFAULTS) == (
            f"{SECTION}\nOptionSettings={after}\n".encode()
        )

    @pytest.mark.parametrize(
        "around",
        [
            (b"\xef\xbb\xbf; x\r\n", b"\r\n\r\n[Other]\r\nOptionSettings=(ExpRate=7)\r\n"),
            (b"; \xff\xfe not a text \x00\n", b"\n; \xc3("),
            (b"", b""),
        ],
        ids=["mark and windows line ends", "bytes that are no text", "no line end"],
    )
    def test_what_is_around_stays_byte_for_byte(self, around):
        """The byte order mark, line ends, other sections, and what is no text at all."""
        head, tail = around
        line = f'{SECTION}\nOptionSettings=(ServerName="팰월드",ExpRate=%s)'
        before, after = (head + (line % value).encode() + tail for value in ("1", "2"))
        assert set_options(before, {"ExpRate": "2"}, DEFAULTS) == after

    def test_a_file_in_utf_16_stays_one(self):
        """As Windows editors write it."""
        text = f'{SECTION}\r\nOptionSettings=(ServerName="팰",ExpRate=1)\r\n'
        new = set_options(text.encode("utf-16"), {"ExpRate": "2"}, DEFAULTS)
        assert new == text.replace("ExpRate=1", "ExpRate=2").encode("utf-16")

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("", f"{SECTION}\nOptionSettings=(Difficulty=None,ExpRate=2)\n"),
            ("[A]\nB=1", f"[A]\nB=1\n{SECTION}\nOptionSettings=(Difficulty=None,ExpRate=2)\n"),
            (f"{SECTION}\n\nB=1\n", f"{SECTION}\nOptionSettings=(Difficulty=None,ExpRate=2)\n\nB=1\n"),
            (ini('ServerName="open'), f"{SECTION}\nOptionSettings=(Difficulty=None,ExpRate=2)\n"),
            (ini('A="one\ntwo"'), f"{SECTION}\nOptionSettings=(Difficulty=None,ExpRate=2)\n"),
        ],
        ids=["nothing", "no section", "an empty section", "an open quote", "a line end in a text"],
    )
    def test_where_there_is_no_whole_line(self, before, after):
        """It is made of the defaults, which the game has been using anyway."""
        assert set_options(before.encode(), {"ExpRate": "2"}, DEFAULTS) == after.encode()

    @given(st.binary(max_size=200), st.text(alphabet='ab=,()"\\ \n\r\ufeff팰', max_size=60))
    def test_it_is_there_whatever_the_file_was(self, junk, text):
        """Afterwards the game reads the value, and setting it again changes no byte."""
        for content in (junk, ini(text).encode(), text.encode() + b"\n" + ini("Mine=1").encode()):
            new = set_options(content, {"ExpRate": "2"}, DEFAULTS)
            assert find_option(read_options(decode(new)), "ExpRate") == "2"
            assert set_options(new, {"ExpRate": "2"}, DEFAULTS) == new

    @given(st.text(alphabet='ab=,()"\\ 팰', max_size=60))
    def test_nothing_else_is_lost(self, options):
        """Where the line is whole, every other option is as it was, and in its place."""
        content = ini(options).encode()
        if not is_whole(ini(options)):
            return
        before = read_options(ini(options))
        after = read_options(decode(set_options(content, {"ExpRate": "2"}, DEFAULTS)))
        assert list((before | {"ExpRate": "2"}).items()) == list(after.items())

    def test_an_escaped_quote_ends_no_text(self):
        """As the engine reads it; outside of quotes a backslash is a letter like any other."""
        text = ini(r'ServerName="say \"hi, you\" \\",Other=a\,ExpRate=1')
        options = read_options(text)
        assert unquote(options["ServerName"]) == 'say "hi, you" \\'
        assert options["ExpRate"] == "1"
