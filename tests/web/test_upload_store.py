"""Files that visitors have sent: whose they are, how many, and how long."""

import io

import pytest

from web import upload_store
from web.upload_store import UploadStore
from web.visitors import visitor_of


@pytest.fixture
def store(tmp_path) -> UploadStore:
    return UploadStore(tmp_path)


def keep(store, visitor: str, content: bytes = b"12345", name: str = "image.png") -> str:
    return store.keep(visitor, name, io.BytesIO(content))


def waiting(store, *tokens: str) -> list[bool]:
    return [token in store._waiting for token in tokens]


def test_an_upload_is_read_once_by_who_sent_it_and_is_gone(store, tmp_path):
    token = keep(store, "me")
    for visitor, wanted in (("you", token), ("me", "../" + token), ("me", str(tmp_path))):
        with pytest.raises(ValueError, match="not here any more"), store.taken(visitor, wanted):
            pytest.fail("it is read")
    with store.taken("me", token) as file:
        assert file.read_bytes() == b"12345"
    with pytest.raises(ValueError, match="choose it again"), store.taken("me", token):
        pytest.fail("it is read twice")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_gone_too(store, tmp_path):
    token = keep(store, "me")
    with pytest.raises(KeyError), store.taken("me", token):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.MP4", ".mp4"), ("../../x.gif", ".gif"), ("a.sh", ""), ("a.mp4/../../b", ""), ("", "")],
)
def test_of_a_files_name_there_is_no_more_than_the_kind_of_clip(store, name, suffix, tmp_path):
    token = keep(store, "me", name=name)
    assert [file.name for file in tmp_path.iterdir()] == [token + suffix]


def test_the_oldest_of_a_visitors_files_makes_room_for_the_next(store, monkeypatch, tmp_path):
    monkeypatch.setattr(upload_store, "MOST_UPLOADED", 12)
    monkeypatch.setattr(upload_store, "MOST_UPLOADS", 3)
    others = keep(store, "you")
    first, second, third = (keep(store, "me") for _ in range(3))
    assert waiting(store, others, first, second, third) == [True, False, True, True]
    keep(store, "me", b"")
    assert waiting(store, second, third) == [True, True]
    keep(store, "me", b"")
    assert waiting(store, others, second, third) == [True, False, True]
    assert len(list(tmp_path.iterdir())) == 4


def test_all_together_have_a_limit_too(store, monkeypatch):
    monkeypatch.setattr(upload_store, "MOST_UPLOADED_BY_ALL", 12)
    first, second, third = (keep(store, visitor) for visitor in ("a", "b", "c"))
    assert waiting(store, first, second, third) == [False, True, True]


def test_a_file_that_is_dropped_is_gone_and_one_that_is_read_can_be_dropped(store, tmp_path):
    token, other = keep(store, "me"), keep(store, "me")
    store.drop(token)
    with store.taken("me", other):
        store.drop(other)
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("client", "visitor"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8::1:2:3:4", 5), "2001:db8::/64"),
        (("2001:db8::ffff:2:3:4", 6), "2001:db8::/64"),
        (("::ffff:192.0.2.1", 5), "192.0.2.1"),
        (("fe80::1%eth0", 5), "fe80::/64"),
        (("proxy", 0), "proxy"),
        (None, ""),
    ],
)
def test_a_visitor_is_an_address_or_a_network(client, visitor):
    assert visitor_of(client) == visitor
