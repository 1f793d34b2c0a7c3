"""Facts about the accounts that admins manage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from palserver.store import users
from tests.accounts_server import PASSWORD, AccountsServer, key_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AccountsServer]:
    server = AccountsServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def boss(server: AccountsServer) -> str:
    return server.get_token()


def new_user(**values: object) -> dict[str, object]:
    return {"username": "ann", "password": "first password", "role": "viewer"} | values


class TestCreate:
    def test_answers_the_account(self, server, boss):
        """201 with the account, never with its password."""
        answer = server.call("POST", "/api/users", new_user(), boss)
        assert answer.status_code == 201
        account = answer.json()
        assert account.pop("created_at") > "2026"
        assert account == {
            "username": "ann",
            "role": "viewer",
            "must_change_password": True,
            "last_login_at": None,
        }

    def test_the_password_must_be_changed(self, server, boss):
        """Two people know it, so it opens nothing but its own change."""
        server.call("POST", "/api/users", new_user(), boss)
        token = server.get_token("ann", "first password")
        assert key_of(server.call("GET", "/viewer", token=token)) == "password_change_required"
        change = {"current_password": "first password", "new_password": PASSWORD}
        server.call("POST", "/api/auth/password", change, token)
        assert server.call("GET", "/viewer", token=token).status_code == 204

    def test_taken_names(self, server, boss):
        """A second of the same name is 409, and the first stays as it is."""
        server.add("ann", "operator")
        answer = server.call("POST", "/api/users", new_user(), boss)
        assert (answer.status_code, key_of(answer)) == (409, "user_exists")
        assert server.call("GET", "/operator", token=server.get_token("ann")).status_code == 204

    def test_two_at_once(self, server, boss):
        """Of two that make the same name at the same moment one succeeds."""
        racers = [gevent.spawn(server.call, "POST", "/api/users", new_user(), boss) for _ in range(2)]
        assert sorted(racer.get().status_code for racer in racers) == [201, 409]

    @pytest.mark.parametrize("name", ["a", "앤", "ann@example.org", "a.b+c-d_e", "x" * 64, "7"])
    def test_good_names(self, server, boss, name):
        """Letters of any script, digits, and a few signs."""
        assert server.call("POST", "/api/users", new_user(username=name), boss).status_code == 201
        assert server.login(name, "first password").status_code == 200
        assert server.call("DELETE", f"/api/users/{name}", token=boss).status_code == 204

    @pytest.mark.parametrize(
        "values, fields",
        [
            ({"username": ""}, {"username"}),
            ({"username": "x" * 65}, {"username"}),
            ({"username": "ann\n"}, {"username"}),
            ({"username": "a/b"}, {"username"}),
            ({"username": "../etc"}, {"username"}),
            ({"username": "nul\0"}, {"username"}),
            ({"username": "<b>"}, {"username"}),
            ({"role": "root"}, {"role"}),
            ({"role": "Admin"}, {"role"}),
            ({"password": "short"}, {"password"}),
            ({"password": "x" * 73}, {"password"}),
            ({"username": " ", "password": "", "role": ""}, {"username", "password", "role"}),
            ({"username": 1, "password": [], "role": {}}, {"username", "password", "role"}),
            ({"is_admin": True}, {"is_admin"}),
        ],
    )
    def test_what_is_wrong_is_told_by_field(self, server, boss, values, fields):
        """All problems at once, and nothing is made."""
        answer = server.call("POST", "/api/users", new_user(**values), boss)
        assert (answer.status_code, key_of(answer)) == (400, "invalid")
        assert answer.json()["fields"].keys() == fields
        assert server.read_one("SELECT count(*) FROM users") == 1


class TestList:
    def test_all_by_name(self, server, boss):
        """Everybody is there, in order, with the last sign-in and without any hash."""
        server.add("ann", "viewer")
        answer = server.call("GET", "/api/users", token=boss)
        accounts = answer.json()["users"]
        assert [account["username"] for account in accounts] == ["ann", "boss"]
        assert (accounts[0]["last_login_at"], accounts[1]["last_login_at"] > "2026") == (None, True)
        assert "$2" not in answer.text


class TestChange:
    def patch(self, server: AccountsServer, token: str, name: str, **values: object):
        return server.call("PATCH", f"/api/users/{name}", values, token)

    def test_role(self, server, boss):
        """The new role is answered, and acts at once on who is signed in."""
        server.add("ann", "viewer")
        token = server.get_token("ann")
        answer = self.patch(server, boss, "ann", role="operator")
        assert (answer.status_code, answer.json()["role"]) == (200, "operator")
        assert server.call("GET", "/operator", token=token).status_code == 204

    def test_password(self, server, boss):
        """The user is signed out, and must change it at the next sign-in."""
        server.add("ann", "viewer")
        token = server.get_token("ann")
        answer = self.patch(server, boss, "ann", password="second password")
        assert (answer.status_code, answer.json()["must_change_password"]) == (200, True)
        assert server.call("GET", "/viewer", token=token).status_code == 401
        assert server.login("ann").status_code == 401
        assert server.sign_in("ann", "second password")["user"]["must_change_password"] is True

    def test_ones_own_password(self, server, boss):
        """Is no exception: this is for others; one's own has its own address."""
        assert self.patch(server, boss, "boss", password="second password").status_code == 200
        assert server.call("GET", "/viewer", token=boss).status_code == 401
        assert server.sign_in("boss", "second password")["user"]["must_change_password"] is True

    def test_nothing(self, server, boss):
        """An empty change changes nothing."""
        answer = self.patch(server, boss, "boss")
        assert (answer.status_code, answer.json()["role"]) == (200, "admin")
        assert server.call("GET", "/admin", token=boss).status_code == 204

    def test_what_is_wrong_is_told_by_field(self, server, boss):
        """Nothing is changed by half."""
        server.add("ann", "viewer")
        answer = self.patch(server, boss, "ann", role="god", password="short")
        assert (answer.status_code, answer.json()["fields"].keys()) == (400, {"role", "password"})
        assert self.patch(server, boss, "ann", role="admin", password="short").status_code == 400
        assert server.read_one("SELECT role FROM users WHERE username = 'ann'") == "viewer"

    @pytest.mark.parametrize("name", ["nobody", "%00", "x" * 200, "..", "%ff"])
    def test_unknown(self, server, boss, name):
        """Nobody of that name: 404."""
        for answer in (
            self.patch(server, boss, name, role="viewer"),
            server.call("DELETE", f"/api/users/{name}", token=boss),
        ):
            assert (answer.status_code, answer.json()["key"] in ("user_not_found", "not_found")) == (
                404,
                True,
            )


class TestRemove:
    def test_signs_out_at_once(self, server, boss):
        """Tokens of a removed user say nothing, and he cannot sign in."""
        server.add("ann", "operator")
        pair = server.sign_in("ann")
        assert server.call("DELETE", "/api/users/ann", token=boss).status_code == 204
        assert server.call("GET", "/viewer", token=pair["access_token"]).status_code == 401
        assert server.call("POST", "/api/auth/refresh", token=pair["refresh_token"]).status_code == 401
        assert key_of(server.login("ann")) == "bad_credentials"
        assert key_of(server.call("DELETE", "/api/users/ann", token=boss)) == "user_not_found"

    def test_a_namesake_gets_nothing_of_his(self, server, boss):
        """Tokens of a removed user do not come back to life with a new one of the same name."""
        server.add("ann", "admin")
        token = server.get_token("ann")
        server.call("DELETE", "/api/users/ann", token=boss)
        server.add("ann", "admin")
        assert server.call("GET", "/viewer", token=token).status_code == 401


class TestLastAdmin:
    def test_stays(self, server, boss):
        """The last admin can be neither removed nor demoted, not even by himself."""
        server.add("ann", "operator")
        for answer in (
            server.call("DELETE", "/api/users/boss", token=boss),
            server.call("PATCH", "/api/users/boss", {"role": "operator"}, boss),
            server.call("PATCH", "/api/users/boss", {"role": "viewer", "password": "a new password"}, boss),
        ):
            assert (answer.status_code, key_of(answer)) == (409, "last_admin")
        assert server.call("GET", "/admin", token=boss).status_code == 204

    def test_of_two_one_may_go(self, server, boss):
        """With another admin there, one can be demoted or removed."""
        server.add("ann", "admin")
        assert server.call("PATCH", "/api/users/ann", {"role": "viewer"}, boss).status_code == 200
        server.database.write(users.set_role, "ann", "admin")
        assert server.call("DELETE", "/api/users/boss", token=boss).status_code == 204

    @pytest.mark.parametrize("method, body", [("DELETE", None), ("PATCH", {"role": "viewer"})])
    def test_two_remove_each_other(self, server, method, body):
        """At the same moment: one succeeds, and an admin is left."""
        server.add("ann", "admin")
        for _ in range(5):
            tokens = {name: server.get_token(name) for name in ("ann", "boss")}
            racers = [
                gevent.spawn(server.call, method, f"/api/users/{victim}", body, tokens[actor])
                for actor, victim in (("ann", "boss"), ("boss", "ann"))
            ]
            assert [racer.get().status_code // 100 for racer in racers].count(2) == 1
            assert server.read_one("SELECT count(*) FROM users WHERE role = 'admin'") == 1
            server.database.write(users.remove_user, "ann")
            server.database.write(users.remove_user, "boss")
            server.add("ann", "admin")
            server.add("boss", "admin")


class TestWhoMay:
    @pytest.mark.parametrize("role", ["viewer", "operator"])
    @pytest.mark.parametrize(
        "method, path",
        [
            ("GET", "/api/users"),
            ("POST", "/api/users"),
            ("PATCH", "/api/users/boss"),
            ("DELETE", "/api/users/boss"),
            ("GET", "/api/audit"),
        ],
    )
    def test_only_admins(self, server, role, method, path):
        """Everybody else is told that it is forbidden."""
        server.add("ann", role)
        answer = server.call(method, path, token=server.get_token("ann"))
        assert (answer.status_code, key_of(answer)) == (403, "forbidden")
        assert server.call(method, path).status_code == 401
