"""Facts about passwords: what they cost, and how they are changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bcrypt
import gevent
import pytest

from palserver.errors import TooManyRequests
from palserver.services.accounts.old_accounts import translate
from palserver.services.accounts.passwords import COST, Passwords, is_hash, make_hash
from palserver.store import users
from palserver.store.old_panel import OldUser
from tests.accounts_server import CHEAP, PASSWORD, AccountsServer, hashing_held, key_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What bcrypt does from now on, in units of its cheapest hash: each step of the cost doubles it."""
    done: list[int] = []
    hash_password, check_password = bcrypt.hashpw, bcrypt.checkpw

    def count(salt: bytes) -> None:
        done.append(2 ** (int(salt[4:6]) - CHEAP))

    def hashpw(password: bytes, salt: bytes) -> bytes:
        count(salt)
        return hash_password(password, salt)

    def checkpw(password: bytes, known: bytes) -> bool:
        count(known)
        return check_password(password, known)

    monkeypatch.setattr(bcrypt, "hashpw", hashpw)
    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return done


class TestCost:
    def test_is_twelve(self):
        """A password is hashed at cost 12 unless a test says otherwise."""
        passwords = Passwords()
        assert passwords.make_hash("anything").startswith(f"$2b${COST}$")
        passwords.stop()
        assert COST == 12

    @pytest.mark.parametrize(
        "username, password", [("boss", "wrong"), ("nobody", "wrong"), ("boss", PASSWORD), ("boss", "x" * 99)]
    )
    def test_every_sign_in_costs_the_same(self, tmp_path, work, username, password):
        """Right, wrong, too long or nobody's: bcrypt does the same work, so that time tells nothing."""
        server = AccountsServer(tmp_path, cost=6)
        work.clear()
        server.login(username, password)
        server.close()
        assert sum(work) == 2 ** (6 - CHEAP)

    def test_a_cheaper_hash_that_was_brought_along_costs_the_same(self, tmp_path, work):
        """Its user is not told from one who does not exist, either."""
        server = AccountsServer(tmp_path, cost=7)
        cheap = make_hash(PASSWORD, CHEAP)
        server.database.write(users.add_user, users.User("old", cheap, "viewer", False, "", None))
        work.clear()
        assert server.login("old", "wrong").status_code == 401
        server.close()
        assert sum(work) == 2 ** (7 - CHEAP)

    def test_everybody_else_is_served_meanwhile(self, tmp_path):
        """While passwords are being checked at full cost, the event loop goes on."""
        server = AccountsServer(tmp_path, cost=COST)
        token = server.get_token()
        logins = [gevent.spawn(server.login, "boss", "wrong") for _ in range(2)]
        for _ in range(6):
            assert server.call("GET", "/viewer", token=token).status_code == 204
        assert not all(login.ready() for login in logins)
        gevent.joinall(logins)
        server.close()

    def test_too_many_at_once_are_told_to_wait(self):
        """The waiting list is bounded: beyond it the answer is 429 at once, not a growing delay."""
        passwords = Passwords(CHEAP)
        with hashing_held():
            checks = [gevent.spawn(passwords.is_right, "x", None) for _ in range(18)]
            gevent.sleep(0)
            with pytest.raises(TooManyRequests):
                passwords.is_right("x", None)
        gevent.joinall(checks)
        assert not passwords.is_right("x", None)
        passwords.stop()


class TestHashes:
    @pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
    def test_old_spellings_are_hashes(self, prefix):
        """All three prefixes in use are checked alike."""
        spelled = prefix + make_hash("secret", CHEAP)[4:]
        assert is_hash(spelled)
        passwords = Passwords(CHEAP)
        assert passwords.is_right("secret", spelled)
        passwords.stop()

    @pytest.mark.parametrize("password", ["x" * 80, "비밀" * 20], ids=["long", "cut within a character"])
    def test_of_a_long_password_the_old_panel_took_the_beginning(self, server, password):
        """Its user signs in with all of it, and may change it; the beginning has to be right."""
        cut = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(CHEAP)).decode()
        row = OldUser(username="old", password=cut, role="viewer", created_at=None, last_login=None)
        (user,) = translate([row], CHEAP).users
        server.database.write(users.add_user, user)
        assert server.login("old", password).status_code == 200
        assert server.login("old", password[:20] + "?" + password[21:]).status_code == 401
        body = {"current_password": password, "new_password": "another horse"}
        token = server.login("old", password).json()["access_token"]
        assert server.call("POST", "/api/auth/password", body, token).status_code == 204
        assert server.login("old", password).status_code == 401

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "secret",
            "$2b$12$short",
            make_hash("x", CHEAP) + "x",
            make_hash("x", CHEAP) + "\n",
            make_hash("x", CHEAP).replace("$04$", "$03$"),
            make_hash("x", CHEAP).replace("$04$", "$31$"),
            make_hash("x", CHEAP)[:28] + "A" + make_hash("x", CHEAP)[29:],
        ],
    )
    def test_others_are_not(self, text):
        """What bcrypt could not check, or only for hours, is no hash."""
        assert not is_hash(text)


class TestChange:
    def change(self, server: AccountsServer, token: str, current: str, new: str):
        body = {"current_password": current, "new_password": new}
        return server.call("POST", "/api/auth/password", body, token)

    def test_ends_the_other_sessions(self, server):
        """The session that changed it stays; the others, and the old password, do not."""
        here, there = server.get_token(), server.sign_in()
        assert self.change(server, here, PASSWORD, "another horse").status_code == 204
        assert server.call("GET", "/viewer", token=here).status_code == 204
        assert server.call("GET", "/viewer", token=there["access_token"]).status_code == 401
        assert server.call("POST", "/api/auth/refresh", token=there["refresh_token"]).status_code == 401
        assert server.login().status_code == 401
        assert server.login(password="another horse").status_code == 200

    def test_other_users_are_left_alone(self, server):
        """Only one's own sessions end."""
        server.add("ann", "viewer")
        token = server.get_token("ann")
        self.change(server, server.get_token(), PASSWORD, "another horse")
        assert server.call("GET", "/viewer", token=token).status_code == 204

    @pytest.mark.parametrize(
        "new",
        ["", "admin", "seven77", "x" * 73, "비" * 25, PASSWORD],
        ids=["empty", "default", "short", "long", "long in bytes", "the same"],
    )
    def test_new_ones_that_are_refused(self, server, new):
        """Eight characters, 72 bytes, and not what it was."""
        answer = self.change(server, server.get_token(), PASSWORD, new)
        assert (answer.status_code, key_of(answer)) == (400, "invalid")
        assert answer.json()["fields"].keys() == {"new_password"}
        assert server.login().status_code == 200

    @pytest.mark.parametrize(
        "new", ["8 chars!", "x" * 72, "비밀번호여덟글자", "nul\0inside", "🐑🐑🐑🐑🐑🐑🐑🐑"]
    )
    def test_new_ones_that_are_taken(self, server, new):
        """Any characters will do, and count whole."""
        assert self.change(server, server.get_token(), PASSWORD, new).status_code == 204
        assert server.login(password=new).status_code == 200
        assert server.login(password=new[:-1]).status_code == 401

    def test_the_current_one_must_be_right(self, server):
        """A wrong one is 400 with the field named, not a 401 that scripts take for signed out."""
        answer = self.change(server, server.get_token(), "wrong", "short")
        assert (answer.status_code, key_of(answer)) == (400, "invalid")
        assert answer.json()["fields"].keys() == {"current_password", "new_password"}

    def test_two_at_once(self, server):
        """Of two changes at the same moment one wins; the other finds that its current one is wrong."""
        token = server.get_token()
        racers = [
            gevent.spawn(self.change, server, token, PASSWORD, f"another horse {number}") for number in (1, 2)
        ]
        answers = [racer.get() for racer in racers]
        assert sorted(answer.status_code for answer in answers) == [204, 400]


class TestVerify:
    def test_says_whether_it_is_ones_own(self, server):
        """Right or wrong, the answer is 200 with a truth value."""
        token = server.get_token()
        for password, verified in ((PASSWORD, True), ("wrong", False), ("", False), ("x" * 99, False)):
            answer = server.call("POST", "/api/auth/verify-password", {"password": password}, token)
            assert (answer.status_code, answer.json()) == (200, {"verified": verified})
