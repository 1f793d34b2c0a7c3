"""Facts about the values of the game's settings: read, written, checked, compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.template import TEMPLATE_OPTIONS
from palserver.errors import Invalid
from palserver.inifile import decode, read_options, set_options
from palserver.services.settings.sources import list_sources
from palserver.services.settings.table import DEFAULTS, OPTIONS, Option
from palserver.services.settings.values import check_values, hash_meaning, is_same, read_value, write_value

SECTION = "[/Script/Pal.PalGameWorldSettings]"

# What a person may type into a name: nothing that could end the text, or the line.
words = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters='"\\'), max_size=30)
ids = st.from_regex(r"[A-Za-z0-9_]{1,20}", fullmatch=True)


def values_of(option: Option) -> st.SearchStrategy[object]:
    """All that `check_values` takes."""
    low = 0 if option.minimum is None else option.minimum
    match option.type:
        case "bool":
            return st.booleans()
        case "int":
            return st.integers(int(low), int(option.maximum or 2**31 - 1))
        case "float":
            return st.floats(low, option.maximum or 1e9)
        case "enum":
            return st.sampled_from(option.choices)
        case "list" if option.choices:
            return st.lists(st.sampled_from(option.choices), min_size=1, unique=True)
        case "list":
            return st.lists(ids, max_size=10)
    return words


changes = st.fixed_dictionaries({}, optional={key: values_of(option) for key, option in OPTIONS.items()})


def problems_of(values: dict[str, object]) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        check_values(values)
    return caught.value.fields


class TestTable:
    def test_it_is_the_template_of_the_game(self):
        """Each of the game's options, in its order, with its default; and each default can be set again."""
        assert list(DEFAULTS.items()) == list(TEMPLATE_OPTIONS.items())
        for option in OPTIONS.values():
            default = read_value(option, option.default)
            assert default is not None
            assert write_value(option, default) == option.default
            assert check_values({option.key: default}) == {option.key: option.default}

    def test_what_looks_alike_is_not_mixed_up(self):
        """Two options differ in their first letter alone, and are of different kinds."""
        name = "AdditionalDropItemWhenPlayerKillingInPvPMode"
        assert (OPTIONS[name].type, OPTIONS[f"b{name}"].type) == ("string", "bool")


class TestChecking:
    def test_all_problems_are_told_at_once(self):
        """By the names that were sent, each in words; nothing is half accepted."""
        sent = {
            "ExpRate": 21,
            "ServerPlayerMaxNum": 3.5,
            "bIsPvP": 1,
            "DeathPenalty": "Everything",
            "ServerName": 'a"b',
            "CrossplayPlatforms": ["Steam", "Switch"],
            "DenyTechnologyList": ["a,b"],
            "ExpRat": 1,
            "PalCaptureRate": 1,
        }
        assert problems_of(sent) == {
            "ExpRate": "must be from 0.1 to 20",
            "ServerPlayerMaxNum": "must be a whole number",
            "bIsPvP": "must be true or false",
            "DeathPenalty": "must be one of None, Item, ItemAndEquipment, All",
            "ServerName": 'must not hold ", \\ or control characters',
            "CrossplayPlatforms": "must hold some of Steam, Xbox, PS5, Mac, each once",
            "DenyTechnologyList": "must hold ids of letters, digits and _",
            "ExpRat": "is not known",
        }

    @pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf"), 10**400, [1], {}])
    def test_what_is_no_number(self, value):
        """Nothing but a number that can be one of the game's is taken for a number."""
        assert "ExpRate" in problems_of({"ExpRate": value})

    @pytest.mark.parametrize("value", ["a\nb", "a\\", "\x00", "\x85", "\ud800", 'x"', "a" * 501, 5, None])
    def test_what_could_break_the_line(self, value):
        """A quote, a backslash, a line end, half a character: one of them, and the game uses its defaults."""
        assert "ServerName" in problems_of({"ServerName": value})

    def test_a_name_in_another_case_is_the_same_option(self):
        """And twice the same one is a mistake of whoever sent it."""
        assert check_values({"exprate": 2}) == {"ExpRate": "2.000000"}
        assert problems_of({"ExpRate": 1, "exprate": 2}) == {"exprate": "is given twice"}


class TestRoundTrip:
    @given(changes, words)
    def test_what_is_set_is_read_again(self, values, name):
        """Into a file of somebody's own, and out of it: the same values, and all others as they were."""
        content = (
            f'{SECTION}\r\nOptionSettings=(Mine=(a,"b,c"),ServerName="{name}",ExpRate=3)\r\n; 끝\r\n'.encode()
        )
        raw = check_values(values)
        new = set_options(content, raw, DEFAULTS)
        written = read_options(decode(new))
        assert written["Mine"] == '(a,"b,c")'
        for key, value in ({"ServerName": name, "ExpRate": 3} | values).items():
            assert is_same(
                read_value(OPTIONS[key], written[key].strip() if key in values else written[key]), value
            )
        assert set_options(new, raw, DEFAULTS) == new
        assert new.endswith("; 끝\r\n".encode())

    @given(changes)
    def test_a_missing_file_is_made_of_the_defaults(self, values):
        """All options in the game's order, those that were set among them."""
        written = read_options(decode(set_options(b"", check_values(values), DEFAULTS)))
        assert list(written) == list(DEFAULTS)
        assert written == DEFAULTS | check_values(values)


class TestMeaning:
    def test_the_same_written_otherwise(self):
        """Case, spaces, order, what is left out: it means the same as long as the game does the same."""
        one = f'{SECTION}\nOptionSettings=(ExpRate=1.5,ServerName="a")'.encode()
        other = f'\ufeff{SECTION}\r\nOptionSettings=(servername="a",ExpRate = 1.500000,bIsPvP=false)\r\n'
        assert hash_meaning(one) == hash_meaning(other.encode())
        assert (
            hash_meaning(b"") == hash_meaning(None) == hash_meaning(f"{SECTION}\nOptionSettings=(".encode())
        )
        assert hash_meaning(one) != hash_meaning(b"")
        assert hash_meaning(b"") != hash_meaning(f"{SECTION}\nOptionSettings=(Mine=1)".encode())

    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            (1, 1.0, True),
            (0.1, 0.10000000149, True),
            (1, True, False),
            (["Steam", "Xbox"], ["Xbox", "Steam"], True),
            ("Item", "All", False),
            (0, 0.0, True),
            (None, 0, False),
        ],
    )
    def test_what_counts_as_the_same(self, one, other, expected):
        """Floats as the game keeps them, lists in any order; true is no 1."""
        assert is_same(one, other) is expected


def inspect(image: str, *arguments: str, **environment: str) -> dict[str, object]:
    variables = [f"{name}={value}" for name, value in environment.items()]
    return {"Config": {"Image": image, "Env": variables}, "Path": "/init.sh", "Args": list(arguments)}


class TestSources:
    @pytest.mark.parametrize(
        ("image", "environment", "expected"),
        [
            ("thijsvanloef/palworld-server-docker:latest", {}, True),
            ("docker.io/thijsvanloef/palworld-server-docker@sha256:0", {}, True),
            ("thijsvanloef/palworld-server-docker", {"DISABLE_GENERATE_SETTINGS": "TRUE"}, False),
            ("thijsvanloef/palworld-server-docker", {"DISABLE_GENERATE_SETTINGS": "false"}, True),
            ("jammsen/palworld-dedicated-server:latest", {}, True),
            ("jammsen/palworld-dedicated-server:latest", {"SERVER_SETTINGS_MODE": "manual"}, False),
            ("registry:5000/supersunho/palworld-server", {}, True),
            ("ghcr.io/pocketpairjp/palserver:1.0.3", {}, False),
            ("palworld_server_steam:1.0", {}, False),
            ("other/my-thijsvanloef/palworld-server-docker", {}, False),
        ],
    )
    def test_images_that_write_the_file_anew(self, image, environment, expected):
        """By their names, and the variable with which each can be kept from it."""
        found = [source.source for source in list_sources(inspect(image, **environment), False)]
        assert ("environment" in found) is expected

    def test_the_command_line_and_the_world(self):
        """An argument has its option; a world's own options all but those of the server's identity."""
        sources = list_sources(inspect("x", "-players=8 -publicport=1", "-Unknown"), True)
        command, world = sources
        assert (command.source, set(command.keys)) == ("command_line", {"ServerPlayerMaxNum", "PublicPort"})
        assert world.source == "world_option"
        assert "ExpRate" in world.keys
        assert "ServerName" not in world.keys
