"""Facts about reading PalWorldSettings.ini."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palserver.inifile import BrokenLine, decode, find_option, read_options, split_options, unquote

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
