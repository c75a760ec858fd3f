"""layer: what this process told is known here, what others told is opened, what strangers told is refused."""

from __future__ import annotations

import os
from typing import Any

import pytest
from channels.layers import get_channel_layer
from cryptography.exceptions import InvalidTag

from tenants.layer import MARK, NONCE, OWN, Layer, _process

TOLD = {"type": "told", "news": [["watchers.7.12", "tickets.changed", 7, 12, 6, {"item": {"text": "在吗？"}}]]}


def layer(*keys: str) -> Layer:
    return Layer(hosts=["redis://localhost"], keys=keys)


def of_another_process(made: Layer, message: dict[str, Any]) -> bytes:
    sealed = made.serialize(message)
    _process.take()  # who asks is another one now
    return sealed


def test_what_another_process_told_is_opened() -> None:
    assert layer("key").deserialize(of_another_process(layer("key"), TOLD)) == TOLD


def test_what_this_process_told_is_not() -> None:
    assert layer("key").deserialize(layer("key").serialize(TOLD)) is OWN


def test_words_can_not_be_read_in_redis() -> None:
    """With the settings as they are."""
    sealed = get_channel_layer().serialize(TOLD)
    assert "在吗".encode() not in sealed
    assert b"told" not in sealed


def test_what_nobody_has_sealed_is_refused() -> None:
    with pytest.raises(InvalidTag):
        layer("key").deserialize(os.urandom(MARK) + b"\x81\xa4type\xa4told")


def test_who_told_it_is_sealed_too() -> None:
    sealed = of_another_process(layer("key"), TOLD)
    with pytest.raises(InvalidTag):
        layer("key").deserialize(os.urandom(MARK) + sealed[MARK:])


def test_older_key_still_opens() -> None:
    assert layer("new", "old").deserialize(of_another_process(layer("old"), TOLD)) == TOLD


@pytest.mark.parametrize("cut", [0, 5, MARK, MARK + 1, MARK + NONCE, MARK + NONCE + 8])
def test_what_is_sealed_with_another_key_or_cut_is_refused(cut: int) -> None:
    sealed = of_another_process(layer("another"), TOLD)
    with pytest.raises(InvalidTag):
        layer("key").deserialize(sealed[:cut] if cut else sealed)


def test_a_forked_process_is_another_one() -> None:
    """As RQ's work horses are: what they tell is news to the process that they came from."""
    there, here = os.pipe()
    child = os.fork()
    if not child:
        os.write(here, layer("key").serialize(TOLD))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert layer("key").deserialize(os.read(there, 65536)) == TOLD
