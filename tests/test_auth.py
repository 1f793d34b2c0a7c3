"""Facts about signing in, and who is let in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from palserver.store import users
from tests.accounts_server import PASSWORD, AccountsServer, key_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


class TestLogin:
    def test_answers_two_tokens_and_the_user(self, server):
        """A sign-in answers both tokens, how long the first lasts, and who one is."""
        answer = server.sign_in()
        assert (answer["token_type"], answer["expires_in"]) == ("bearer", 900)
        assert answer["user"] == {"username": "boss", "role": "admin", "must_change_password": False}
        assert server.call("GET", "/api/auth/me", token=answer["access_token"]).json() == answer["user"]

    def test_is_written_down(self, server):
        """The account shows when it was last used."""
        assert server.read_one("SELECT last_login_at FROM users WHERE username = 'boss'") is None
        server.sign_in()
        assert server.read_one("SELECT last_login_at FROM users WHERE username = 'boss'") is not None

    @pytest.mark.parametrize(
        "username, password",
        [
            ("boss", "wrong horse"),
            ("nobody", PASSWORD),
            ("BOSS", PASSWORD),
            ("boss", ""),
            ("", ""),
            ("boss", PASSWORD + "x" * 72),
            ("boss", PASSWORD + "\0"),
            ("boss\0", PASSWORD),
            ("x" * 100_000, "y" * 100_000),
            ("' OR 1=1 --", PASSWORD),
            ("보스", "비밀번호"),
        ],
    )
    def test_refusals_are_alike(self, server, username, password):
        """Whatever does not fit gets the same answer, word for word: none tells which names exist."""
        answer = server.login(username, password)
        assert (answer.status_code, key_of(answer)) == (401, "bad_credentials")
        assert answer.text == server.login("boss", "wrong").text

    def test_only_the_first_72_bytes_are_not_enough(self, server):
        """bcrypt reads 72 bytes; a longer password is not taken for one that begins like it."""
        server.add("long", "viewer", "x" * 72)
        assert server.login("long", "x" * 72).status_code == 200
        assert server.login("long", "x" * 73).status_code == 401

    def test_password_changed_meanwhile(self, server, monkeypatch):
        """A sign-in whose password is changed while it is being checked opens nothing."""
        check = server.passwords.is_right

        def check_slowly(password: str, password_hash: str | None) -> bool:
            is_right: bool = check(password, password_hash)
            server.database.write(users.set_password, "boss", server.passwords.make_hash("new one"), False)
            return is_right

        monkeypatch.setattr(server.passwords, "is_right", check_slowly)
        assert key_of(server.login()) == "bad_credentials"
        assert server.read_one("SELECT count(*) FROM sessions") == 0


class TestRoles:
    @pytest.mark.parametrize(
        "role, statuses",
        [("viewer", [204, 403, 403]), ("operator", [204, 204, 403]), ("admin", [204, 204, 204])],
    )
    def test_each_opens_its_own_and_the_lower(self, server, role, statuses):
        """Too little is 403 `forbidden`."""
        server.add("somebody", role)
        token = server.get_token("somebody")
        answers = [server.call("GET", door, token=token) for door in ("/viewer", "/operator", "/admin")]
        assert [answer.status_code for answer in answers] == statuses
        assert all(key_of(answer) == "forbidden" for answer in answers if answer.status_code == 403)

    def test_a_view_nobody_marked_is_closed(self, server):
        """To everybody, admins included."""
        assert server.call("GET", "/unmarked", token=server.get_token()).status_code == 403
        assert server.call("GET", "/unmarked").status_code == 403

    def test_a_changed_role_acts_at_once(self, server):
        """The next request with the same token has the new role."""
        server.add("ann", "operator")
        token = server.get_token("ann")
        assert server.call("GET", "/operator", token=token).status_code == 204
        server.database.write(users.set_role, "ann", "viewer")
        assert server.call("GET", "/operator", token=token).status_code == 403

    def test_a_removed_user_is_out_at_once(self, server):
        """His token says nothing any more."""
        server.add("ann", "operator")
        token = server.get_token("ann")
        server.database.write(users.remove_user, "ann")
        assert server.call("GET", "/viewer", token=token).status_code == 401


class TestPasswordChangeRequired:
    @pytest.fixture
    def fresh(self, server):
        server.add("fresh", "admin", must_change=True)
        return server.sign_in("fresh")

    @pytest.mark.parametrize(
        "method, path",
        [
            ("GET", "/viewer"),
            ("GET", "/admin"),
            ("POST", "/api/auth/ticket"),
            ("POST", "/api/auth/verify-password"),
            ("GET", "/api/auth/sessions"),
            ("GET", "/api/users"),
            ("GET", "/api/audit"),
        ],
    )
    def test_closes_everything_else(self, server, fresh, method, path):
        """Until it is changed every other call is 403 `password_change_required`."""
        answer = server.call(method, path, token=fresh["access_token"])
        assert (answer.status_code, key_of(answer)) == (403, "password_change_required")

    def test_leaves_a_way(self, server, fresh):
        """One may see who one is, refresh, change it, and leave."""
        assert fresh["user"]["must_change_password"] is True
        assert server.call("GET", "/api/auth/me", token=fresh["access_token"]).status_code == 200
        pair = server.call("POST", "/api/auth/refresh", token=fresh["refresh_token"]).json()
        change = {"current_password": PASSWORD, "new_password": "another horse"}
        token = pair["access_token"]
        assert server.call("POST", "/api/auth/password", change, token=token).status_code == 204
        assert server.call("GET", "/admin", token=token).status_code == 204
        assert server.call("GET", "/api/auth/me", token=token).json()["must_change_password"] is False

    def test_may_leave(self, server, fresh):
        """Signing out works before the change."""
        token = fresh["access_token"]
        assert server.call("POST", "/api/auth/logout", token=token).status_code == 204
