"""What is read ahead is bounded, by number and by weight."""

import threading

import pytest

from runtime import prefetch


class Loads:
    """Weighs what was loaded and not yet used."""

    def __init__(self, weights):
        self.weights, self.lock = weights, threading.Lock()
        self.held = self.most = 0

    def load(self, number):
        with self.lock:
            self.held += self.weights[number]
            self.most = max(self.most, self.held)
        return number

    def walk(self, **options):
        order = []
        for number in prefetch(self.load, range(len(self.weights)), **options):
            order.append(number)
            with self.lock:
                self.held -= self.weights[number]
        return order


@pytest.mark.parametrize("weights", [[10] * 40, [1, 10] * 20, [0] * 40])
def test_no_more_is_held_than_the_limit_and_the_order_stays(weights):
    loads = Loads(weights)
    order = loads.walk(ahead=64, weight=weights.__getitem__, limit=45)
    assert order == list(range(40))
    assert loads.most <= 45


def test_what_is_heavier_than_the_limit_comes_one_at_a_time():
    loads = Loads([100] * 6)
    assert loads.walk(ahead=64, weight=loads.weights.__getitem__, limit=45) == list(range(6))
    assert loads.most <= 300  # the two workers' first ones, and the one in use


def test_without_a_weight_the_number_bounds():
    loads = Loads([1] * 40)
    assert loads.walk(ahead=4) == list(range(40))
    assert loads.most <= 6


def test_an_error_is_raised_in_its_turn():
    def load(number):
        return 1 // (3 - number)

    walked = prefetch(load, range(9), weight=lambda _: 1, limit=2)
    assert [next(walked) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(walked)
