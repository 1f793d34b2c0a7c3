"""Facts about finding a game's address and password."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath

import gevent
import pytest
import requests
from gevent.pool import Group

from palserver import errors
from palserver.clients import palworld
from palserver.clients.engine import Engine
from palserver.clients.palworld_http import GameAddress
from palserver.services.games.access import GameAccess, find_address
from palserver.services.games.addresses import SETTINGS_PATH, list_base_urls, list_passwords
from tests.game import ADMIN_PASSWORD, SAVED_PATH
from tests.panel import find_free_port
from tests.pretend_game import PASSWORD, PretendGame
from tests.pretend_rows import make_container, make_instance, publish

HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens there; it is what the engine reports


class TestBaseUrls:
    @pytest.mark.parametrize("host_ip", [EVERYWHERE, "::", ""])
    def test_published_everywhere(self, host_ip):
        """A port published on every address is reached on the loopback, and that before the container."""
        container = make_container(ports=(publish(host_ip, 31000),))
        urls = list_base_urls(make_instance(), container, {}, HERE)
        assert urls == ["http://127.0.0.1:31000", "http://172.17.0.5:8212"]

    def test_published_on_one_address(self):
        """A port published on one address is reached there."""
        container = make_container(ports=(publish("192.168.0.9", 31000), publish("::1", 31001)), addresses=())
        urls = list_base_urls(make_instance(), container, {}, HERE)
        assert urls == ["http://192.168.0.9:31000", "http://[::1]:31001"]

    def test_both_families(self):
        """The same port published for IPv4 and IPv6 is one address."""
        container = make_container(ports=(publish(EVERYWHERE, 31000), publish("::", 31000)), addresses=())
        assert list_base_urls(make_instance(), container, {}, HERE) == ["http://127.0.0.1:31000"]

    def test_other_ports_are_left_alone(self):
        """Only the port of the REST API is tried: neither the game's nor the same number on UDP."""
        ports = (publish(EVERYWHERE, 31000, "8212/udp"), publish(EVERYWHERE, 31001, "25575/tcp"))
        urls = list_base_urls(make_instance(), make_container(ports=ports), {}, HERE)
        assert urls == ["http://172.17.0.5:8212"]

    def test_host_network(self):
        """A container on the host's network is reached on the loopback."""
        container = make_container(is_on_host_network=True, addresses=())
        assert list_base_urls(make_instance(), container, {}, HERE) == ["http://127.0.0.1:8212"]

    def test_far_engine(self):
        """What an engine on another host publishes is reached there; its loopback is not ours."""
        ports = (publish(EVERYWHERE, 31000), publish("127.0.0.1", 31001))
        urls = list_base_urls(make_instance(), make_container(ports=ports, addresses=()), {}, "10.0.0.7")
        assert urls == ["http://10.0.0.7:31000"]

    @pytest.mark.parametrize(
        ("options", "environment", "port"),
        [
            ({"RESTAPIPort": "9001"}, {"REST_API_PORT": "9002"}, 9001),
            ({"restapiport": "9001"}, {}, 9001),
            ({}, {"REST_API_PORT": "9002", "RESTAPI_PORT": "9003"}, 9002),
            ({}, {"RESTAPI_PORT": "9003"}, 9003),
            ({"RESTAPIPort": "0"}, {"REST_API_PORT": "x"}, 8212),
            ({"RESTAPIPort": "99999"}, {"REST_API_PORT": ""}, 8212),
            ({}, {}, 8212),
        ],
    )
    def test_rest_port(self, options, environment, port):
        """The file knows the port best, then the environment, then the game's default."""
        container = make_container(environment=environment)
        assert list_base_urls(make_instance(), container, options, HERE) == [f"http://172.17.0.5:{port}"]

    def test_by_hand(self):
        """An address set by hand is the only one: no other game may take its place."""
        instance = make_instance(rest_address="http://10.1.1.1:8212")
        container = make_container(ports=(publish(EVERYWHERE, 31000),))
        assert list_base_urls(instance, container, {}, HERE) == ["http://10.1.1.1:8212"]


class TestPasswords:
    def test_order(self):
        """By hand, from the file, from the environment; each once."""
        instance = make_instance(admin_password="hand")
        container = make_container(environment={"ADMIN_PASSWORD": "environment"})
        options = {"AdminPassword": '"file"'}
        assert list_passwords(instance, container, options) == ["hand", "file", "environment"]
        assert list_passwords(make_instance(admin_password="file"), container, options) == [
            "file",
            "environment",
        ]

    def test_none_known(self):
        """Without any, the game is asked all the same, so that it can say that it wants one."""
        assert list_passwords(make_instance(), make_container(), {"AdminPassword": '""'}) == [""]


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[PretendGame]:
    game = PretendGame(tmp_path_factory.mktemp("game"))
    yield game
    game.close()


@pytest.fixture
def pretend(running: PretendGame) -> Iterator[PretendGame]:
    yield running
    running.set_faults(unauthorized=False, hang=False, bad_json=False)


class TestFindAddress:
    def test_first_that_answers(self, pretend):
        """Closed ports and wrong passwords are passed over until one pair is answered with 200."""
        closed = f"http://127.0.0.1:{find_free_port()}"
        found = find_address([closed, pretend.address.base_url], ["wrong", PASSWORD])
        assert found == pretend.address

    def test_all_passwords_refused(self, pretend):
        """A game that takes none of the passwords is not an unreachable one, whatever else is silent."""
        closed = f"http://127.0.0.1:{find_free_port()}"
        with pytest.raises(errors.GameUnauthorized):
            find_address([closed, pretend.address.base_url, closed], ["wrong", ""])

    def test_nobody_answers(self):
        """Where nothing answers, and where there is nothing to try, the game is unreachable."""
        for base_urls in ([f"http://127.0.0.1:{find_free_port()}"], []):
            with pytest.raises(errors.GameUnreachable):
                find_address(base_urls, [PASSWORD])

    def test_something_else_answers(self, pretend):
        """An answer that is no Palworld server's is not taken for one."""
        pretend.set_faults(bad_json=True)
        with pytest.raises(errors.GameBadAnswer):
            find_address([pretend.address.base_url], [PASSWORD])

    def test_hanging_game(self, pretend):
        """However many pairs there are, a game that hangs does not make the look endless."""
        pretend.set_faults(hang=True)
        with pytest.raises(errors.GameUnreachable):
            find_address([pretend.address.base_url] * 20, ["a", "b", "c"])


@pytest.fixture
def looking() -> Iterator[Engine]:
    engine = Engine({})
    yield engine
    engine.close()


def ask_name(access: GameAccess, instance, container) -> str | None:
    return access.ask(instance, container, palworld.get_info).server_name


def count_looks(game) -> int:
    return len([call for call in game.list_calls() if call["path"].endswith("/info")])


class TestGameAccess:
    def test_password_of_the_file(self, looking, make_game):
        """The file's password opens the game, though the environment has another one by now."""
        game = make_game(environment={"ADMIN_PASSWORD": "of long ago", "SERVER_NAME": "Old"})
        write_settings(game, f'AdminPassword="{ADMIN_PASSWORD}",ServerName="Mine",RESTAPIEnabled=True')
        game.start()
        container = looking.get_container(game.name)
        assert container.environment["ADMIN_PASSWORD"] == "of long ago"
        assert ask_name(GameAccess(looking), make_instance(game.name), container) == "Mine"

    def test_container_address(self, looking, make_game):
        """A game whose REST port is not published is found at its container's address."""
        game = make_game(ports={"8299/tcp": (HERE, 0)}).start_hidden()
        container = looking.get_container(game.name)
        assert not [port for port in container.ports if port.container == "8212/tcp"]
        instance = make_instance(game.name)
        found = GameAccess(looking).ask(instance, container, lambda address: address)
        assert found == GameAddress(f"http://{container.addresses[0]}:8212", ADMIN_PASSWORD)

    def test_by_hand(self, looking, game, pretend):
        """An address and a password set by hand lead there, and not to the container."""
        by_hand = {"rest_address": pretend.address.base_url, "admin_password": PASSWORD}
        instance = make_instance(game.name, **by_hand)
        before = count_looks(game)
        found = GameAccess(looking).ask(instance, looking.get_container(game.name), lambda address: address)
        assert found == pretend.address
        assert count_looks(game) == before

    def test_one_look(self, looking, game):
        """What was found is remembered, also when many ask at once."""
        access, instance = GameAccess(looking), make_instance(game.name)
        container = looking.get_container(game.name)
        before = count_looks(game)
        people = Group()
        for _ in range(8):
            people.spawn(access.ask, instance, container, palworld.get_metrics)
        people.join()
        access.order(instance, container, partial(palworld.announce, message="Hello."))
        assert count_looks(game) - before == 1

    def test_a_new_run_is_looked_at_anew(self, looking, game):
        """What was found holds for one run of the container, and for one setting by hand."""
        access, instance = GameAccess(looking), make_instance(game.name)
        container = looking.get_container(game.name)
        access.ask(instance, container, palworld.get_metrics)
        game.container.restart(timeout=5)
        game.wait_until_ready()
        again = looking.get_container(game.name)
        assert again.started_at != container.started_at
        before = count_looks(game)
        access.ask(instance, again, palworld.get_metrics)
        assert count_looks(game) - before == 1
        access.ask(make_instance(game.name, admin_password=ADMIN_PASSWORD), again, palworld.get_metrics)
        assert count_looks(game) - before == 2

    def test_one_failure(self, looking, game):
        """A look that fails answers all who asked meanwhile; whoever asks later has it looked at anew."""
        access, instance = GameAccess(looking), make_instance(game.name)
        container = looking.get_container(game.name)
        game.set_faults(unauthorized=True)
        before = count_looks(game)
        people = [gevent.spawn(access.ask, instance, container, palworld.get_metrics) for _ in range(8)]
        gevent.joinall(people)
        assert all(isinstance(one.exception, errors.GameUnauthorized) for one in people)
        looks = count_looks(game) - before
        with pytest.raises(errors.GameUnauthorized):
            access.ask(instance, container, palworld.get_metrics)
        assert count_looks(game) - before == 2 * looks
        game.set_faults(unauthorized=False)
        assert ask_name(access, instance, container)

    def test_a_question_finds_the_way_again(self, looking, game):
        """A remembered address that fails at once is looked up anew within the same question."""
        access, instance = GameAccess(looking), make_instance(game.name)
        container = looking.get_container(game.name)
        access.ask(instance, container, palworld.get_info)
        refusals = iter([errors.GameUnauthorized()])

        def question(address: GameAddress) -> str:
            for refusal in refusals:
                raise refusal
            return address.base_url

        before = count_looks(game)
        assert access.ask(instance, container, question).startswith("http://")
        assert count_looks(game) - before == 1

    def test_an_order_is_given_once(self, looking, game):
        """An order that fails is not given again; the next one looks first."""
        access, instance = GameAccess(looking), make_instance(game.name)
        container = looking.get_container(game.name)
        access.ask(instance, container, palworld.get_info)
        given = []

        def order(address: GameAddress) -> None:
            given.append(address)
            raise errors.GameUnreachable()

        before = count_looks(game)
        with pytest.raises(errors.GameUnreachable):
            access.order(instance, container, order)
        assert (len(given), count_looks(game) - before) == (1, 0)
        access.order(instance, container, palworld.save)
        assert count_looks(game) - before == 1

    def test_a_look_that_is_given_up(self, looking, game):
        """Whoever gives up while another looks does not take the others with them."""
        access, instance = GameAccess(looking), make_instance(game.name)
        container = looking.get_container(game.name)
        game.set_faults(hang=True)
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.3):
            access.ask(instance, container, palworld.get_info)
        game.set_faults(hang=False)
        assert ask_name(access, instance, container) is not None

    def test_a_world_with_its_own_options(self, looking, game):
        """A WorldOption.sav empties the admin password: the game runs, and takes none of those we know."""
        put_world_option(game)
        game.container.restart(timeout=5)
        game.wait_until_ready()
        container = looking.get_container(game.name)
        with pytest.raises(errors.GameUnauthorized):
            GameAccess(looking).ask(make_instance(game.name), container, palworld.get_info)

    @pytest.mark.parametrize("enabled", ["true", "TRUE", "1"])
    def test_held_still(self, looking, make_game, enabled):
        """A container whose image pauses its game says so by a file, and only if it can pause at all."""
        game = make_game(environment={"AUTO_PAUSE_ENABLED": enabled})
        container = looking.get_container(game.name)
        access = GameAccess(looking)
        assert not access.is_held_still(container)
        put_file(game, "/", "palworld/.paused", b"")
        assert access.is_held_still(container)
        assert not access.is_held_still(make_container(id=container.id))


def write_settings(game, options: str) -> None:
    content = f"[/Script/Pal.PalGameWorldSettings]\nOptionSettings=({options})\n".encode()
    put_file(game, SAVED_PATH, SETTINGS_PATH, content)


def put_world_option(game) -> None:
    """As the import of a co-op world leaves it."""
    info = requests.get(f"{game.rest_url}/info", auth=("admin", ADMIN_PASSWORD), timeout=5)
    guid = info.json()["worldguid"]
    put_file(game, SAVED_PATH, f"SaveGames/0/{guid}/WorldOption.sav", b"PlZ")


def put_file(game, folder: str, path: str, content: bytes) -> None:
    """Write a file into the container, running or not, as its user."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for parent in reversed(PurePosixPath(path).parents[:-1]):
            add_member(archive, str(parent), tarfile.DIRTYPE, 0o755)
        add_member(archive, path, tarfile.REGTYPE, 0o644, content)
    assert game.container.put_archive(folder, packed.getvalue())


def add_member(archive: tarfile.TarFile, name: str, kind: bytes, mode: int, content: bytes = b"") -> None:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size = kind, mode, len(content)
    member.uid = member.gid = 1000
    archive.addfile(member, io.BytesIO(content))
