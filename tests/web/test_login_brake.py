"""How often a visitor may guess the password."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("starlette", reason="gradio is not installed (requirements-web.txt)")

from web import login_brake
from web.login_brake import LoginBrake


class Clock:
    """A time that passes when it is told to."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(login_brake, "time", clock)
    return clock


async def check(scope, receive, send):
    """A page whose password is right in a query only."""
    status = 200 if scope["query_string"] == b"right" else 400
    await send({"type": "http.response.start", "status": status, "headers": []})


def guesses(brake, *passwords: str, host: str = "192.0.2.1", at_once: bool = False) -> list[int]:
    """The status of each guess."""
    statuses = []

    async def send(message):
        if "status" in message:
            statuses.append(int(message["status"]))

    def guess(password):
        scope = {"type": "http", "method": "POST", "path": "/login", "client": (host, 1)}
        return brake(scope | {"query_string": password.encode()}, None, send)

    async def guess_all():
        if at_once:
            await asyncio.gather(*map(guess, passwords))
        else:
            for password in passwords:
                await guess(password)

    with ThreadPoolExecutor(1) as other_thread:  # the browser of other tests has a loop in this one
        other_thread.submit(asyncio.run, guess_all()).result()
    return statuses


@pytest.mark.parametrize("at_once", [False, True])
def test_after_five_wrong_passwords_a_visitor_waits_for_a_minute(clock, at_once):
    brake = LoginBrake(check)
    assert guesses(brake, *["wrong"] * 700, at_once=at_once) == [400] * 5 + [429] * 695
    assert guesses(brake, "right") == [429]
    assert guesses(brake, "right", host="192.0.2.2") == [200]
    clock.now = 61
    assert guesses(brake, "right", "wrong") == [200, 400]


def test_who_is_right_is_never_braked(clock):
    brake = LoginBrake(check)
    assert guesses(brake, *["right"] * 50) == [200] * 50
    assert guesses(brake, *["wrong", "right"] * 4) == [400, 200] * 4


def test_a_network_of_ipv6_is_one_visitor(clock):
    brake = LoginBrake(check)
    found = [guesses(brake, "wrong", host=f"2001:db8::{n}")[0] for n in range(1, 8)]
    assert found == [400] * 5 + [429] * 2


def test_no_more_is_kept_than_there_is_room_for(clock, monkeypatch):
    monkeypatch.setattr(login_brake, "MOST_GUESSERS", 3)
    brake = LoginBrake(check)
    for number in range(9):
        guesses(brake, *["wrong"] * 9, host=f"192.0.2.{number}")
    assert list(brake._guesses) == [f"192.0.2.{number}" for number in (6, 7, 8)]
    assert max(map(len, brake._guesses.values())) == 5
