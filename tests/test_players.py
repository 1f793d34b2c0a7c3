"""The names that games have told, and whose characters a restore would touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrations import migrate
from palserver.services.games.players import keep_players
from palserver.services.restores.characters import PreviewPlayer, list_players
from palserver.store import instances
from palserver.store import players as store
from palserver.store.database import Database
from palserver.store.players import KEPT_PLAYERS, KnownPlayer
from tests.house import House, count_calls
from tests.pretend_rows import make_instance
from tests.test_game_rosters import make_player
from tests.waiting import wait_until

ANNA, BEN = f"AF6D9A43{'0' * 24}", f"0B6D9A43{'0' * 24}"
LONG_AGO = "2026-01-01T00:00:00.000Z"
WORLD = f"Saved/SaveGames/0/{'A' * 32}"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "panel.db", migrate)
    for name in ("pal", "other"):
        database.write(instances.add_instance, make_instance(name))
    yield database
    database.close()


def list_names(database: Database, instance: str = "pal") -> dict[str, str]:
    return {each.player_uid: each.name for each in store.list_players(database.reader, instance)}


def count_commits(database: Database) -> int:
    """Another number after each transaction that has changed something."""
    return int(database.reader.execute("PRAGMA data_version").fetchone()[0])


def tell(database: Database, *players: dict[str, Any]) -> bool:
    """One answer of the game; returns whether anything was written."""
    before = count_commits(database)
    keep_players(database, "pal", [make_player(player.pop("name"), **player) for player in players])
    return count_commits(database) != before


class TestKept:
    def test_an_answer_like_the_one_before_is_not_written(self, database):
        """Nor is one in which somebody is missing; a new name and somebody new are."""
        anna, ben = {"name": "Anna", "player_id": ANNA}, {"name": "Ben", "player_id": BEN}
        assert tell(database, dict(anna))
        assert not tell(database, dict(anna))
        assert tell(database, dict(anna), dict(ben))
        assert not tell(database, dict(anna), dict(ben))
        assert not tell(database, dict(ben))
        assert not tell(database)
        assert tell(database, dict(anna, name="Annabel"))
        assert list_names(database) == {ANNA: "Annabel", BEN: "Ben"}

    def test_the_day_is_kept_up(self, database):
        """Once a day, so that those who still play are not the first to be forgotten."""
        database.write(store.set_players, "pal", [KnownPlayer("pal", ANNA, "Anna", LONG_AGO)])
        assert tell(database, {"name": "Anna", "player_id": ANNA})
        assert not tell(database, {"name": "Anna", "player_id": ANNA})
        (anna,) = store.list_players(database.reader, "pal")
        assert anna.last_seen_at > LONG_AGO

    @pytest.mark.parametrize(
        "player",
        [
            {"name": "anna77", "player_id": None, "loading": True},
            {"name": "", "player_id": ANNA},
            {"name": None, "player_id": ANNA},
            {"name": "Anna", "player_id": "-17"},
            {"name": "Anna", "player_id": f"{ANNA}0"},
            {"name": "Anna", "player_id": "../../../../etc/passwd"},
        ],
    )
    def test_what_is_not_known_is_not_kept(self, database, player):
        """Who is joining, who has no name, and whose id is none."""
        assert not tell(database, dict(player))
        tell(database, {"name": "Before", "player_id": ANNA})
        assert not tell(database, dict(player))
        assert list_names(database) == {ANNA: "Before"}

    def test_an_id_is_written_as_the_file_is_called(self, database):
        """In capitals and without dashes, however the game writes it."""
        tell(database, {"name": "Anna", "player_id": "af6d9a43-0000-0000-0000-000000000000"})
        assert list_names(database) == {ANNA: "Anna"}
        assert not tell(database, {"name": "Anna", "player_id": ANNA})

    def test_any_name_is_kept_as_it_is(self, database):
        """Marks, markup, and of an endless one as much as anybody reads."""
        for name in ("<b>\u202egnp\u2067</b>", "'; DROP TABLE players; --", "\0", "W" * 5000):
            assert tell(database, {"name": name, "player_id": ANNA})
            assert not tell(database, {"name": name, "player_id": ANNA})
            assert list_names(database) == {ANNA: name[:200]}

    def test_two_names_for_one_id(self, database):
        """The last one counts, and it is not written again and again."""
        both = [{"name": name, "player_id": ANNA} for name in ("Anna", "Ben")]
        assert tell(database, *map(dict, both))
        assert not tell(database, *map(dict, both))
        assert list_names(database) == {ANNA: "Ben"}


class TestBounds:
    def test_those_seen_longest_ago_are_forgotten(self, database):
        """So many are kept of an instance, and none of another is lost for it."""
        old = [KnownPlayer("pal", f"{number:032X}", "old", LONG_AGO) for number in range(KEPT_PLAYERS)]
        database.write(store.set_players, "pal", old)
        database.write(store.set_players, "other", [KnownPlayer("other", ANNA, "Anna", "2025")])
        assert len(list_names(database)) == KEPT_PLAYERS
        tell(database, {"name": "Anna", "player_id": ANNA})
        names = list_names(database)
        assert (len(names), names[ANNA]) == (KEPT_PLAYERS, "Anna")
        assert list_names(database, "other") == {ANNA: "Anna"}

    def test_a_game_that_names_more_is_not_written_again_and_again(self, database):
        """What does not fit is left out, whoever that is."""
        many = [
            make_player("x", player_id=f"{number:032X}", user_id=f"steam_{number}")
            for number in range(1, KEPT_PLAYERS + 100)
        ]
        keep_players(database, "pal", many)
        before = count_commits(database)
        keep_players(database, "pal", many)
        assert (count_commits(database), len(list_names(database))) == (before, KEPT_PLAYERS)

    def test_they_go_with_their_instance(self, database):
        """And an answer that comes afterwards brings nobody back."""
        tell(database, {"name": "Anna", "player_id": ANNA})
        database.write(instances.remove_instance, "pal")
        assert list_names(database) == {}
        tell(database, {"name": "Anna", "player_id": ANNA})
        assert list_names(database) == {}


class TestCharacters:
    def list(self, names: dict[str, str] | None = None, **told: list[str]) -> list[PreviewPlayer]:
        nothing: dict[str, list[str]] = {"added": [], "changed": [], "removed": []}
        return list_players(nothing | told, names or {})

    def test_nobody(self):
        """What is no player's file names nobody."""
        others = [f"{WORLD}/Level.sav", f"{WORLD}/Players/readme.sav", f"{WORLD}/Players/{ANNA}.sav.bak"]
        assert self.list(changed=[*others, f"{WORLD}/backup/world/1/Players/{ANNA}.sav"]) == []

    def test_each_by_what_becomes_of_it(self):
        """By their names, those without one last; nobody is called by a name that was never told."""
        told = self.list(
            {BEN: "Ben", "1" * 32: "Anna"},
            added=[f"{WORLD}/Players/{BEN}.sav"],
            changed=[f"{WORLD}/Players/{'1' * 32}.sav"],
            removed=[f"{WORLD}/Players/{ANNA.lower()}.sav"],
        )
        assert told == [
            PreviewPlayer("1" * 32, "Anna", "changed"),
            PreviewPlayer(BEN, "Ben", "added"),
            PreviewPlayer(ANNA, None, "removed"),
        ]

    def test_what_is_stored_for_a_character_is_not_the_character(self):
        """It may come or go alone: the character is changed then, and follows its own file else."""
        own, stored = f"{WORLD}/Players/{ANNA}.sav", f"{WORLD}/Players/{ANNA}_dps.sav"
        assert self.list(removed=[stored]) == [PreviewPlayer(ANNA, None, "changed")]
        assert self.list(changed=[own], added=[stored]) == [PreviewPlayer(ANNA, None, "changed")]
        assert self.list(removed=[own, stored]) == [PreviewPlayer(ANNA, None, "removed")]

    def test_who_is_in_both_worlds_is_not_lost(self):
        """A world of another name takes the place of the live one, with somebody who is in both."""
        other = WORLD.replace("A", "B", 32)
        told = self.list(added=[f"{other}/Players/{ANNA}.sav"], removed=[f"{WORLD}/Players/{ANNA}.sav"])
        assert told == [PreviewPlayer(ANNA, None, "changed")]


def test_polls_keep_what_the_game_tells(tmp_path, game):
    """Once the names are kept, poll after poll writes nothing; who is joining is waited for."""
    house = House(tmp_path).start()
    try:
        anna = game.join("Anna", userId="steam_1")["playerId"]
        game.join("ben77", userId="steam_2", loading=True)
        house.adopt(game)
        wait_until(lambda: list_names(house.database, game.name) == {anna: "Anna"}, "Anna is kept")
        written, polled = count_commits(house.database), count_calls(game, "players")
        wait_until(lambda: count_calls(game, "players") > polled + 4, "it is asked again and again")
        assert count_commits(house.database) == written
    finally:
        house.close()
