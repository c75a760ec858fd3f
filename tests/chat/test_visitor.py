"""What a shop says about who is signed in, and what is made of it when it is forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from tests.cast import NOON
from tickets.chat.visitor import Identity, identity_of, sign

KEY = "a-secret-of-the-shop"
WHO = Identity("42", "林小满", "lin@example.com")


def signed(payload: object, key: str = KEY) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    part = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{part}.{hmac.new(key.encode(), part.encode(), hashlib.sha256).hexdigest()}"


def test_what_the_shop_signed_is_believed_until_it_expires() -> None:
    token = sign(WHO, KEY, expires=NOON + timedelta(hours=1))
    assert identity_of(token, KEY, now=NOON) == WHO
    assert identity_of(token, KEY, now=NOON + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "x.y",
        "é.ü",
        sign(WHO, "another shop's", expires=NOON + timedelta(hours=1)),
        sign(WHO, KEY, expires=NOON + timedelta(hours=1))[:-1] + "g",
        signed({"id": "42"}),
        signed({"exp": NOON.timestamp() + 60}),
        signed({"id": "", "exp": NOON.timestamp() + 60}),
        signed({"id": "x" * 151, "exp": NOON.timestamp() + 60}),
        signed({"id": "a\x00", "exp": NOON.timestamp() + 60}),
        signed({"id": "a\ud83d", "exp": NOON.timestamp() + 60}),
        signed('{"id": "42", "exp": NaN}'),
        signed({"id": "42", "exp": "soon"}),
        signed([1, 2]),
        signed("[" * 3000),
        signed("not json"),
    ],
)
def test_what_nobody_signed_so_is_nobodys_word(token: str) -> None:
    assert identity_of(token, KEY, now=NOON) is None


def test_payload_of_one_and_signature_of_another_is_nothing() -> None:
    one, two = (sign(Identity(who), KEY, expires=NOON + timedelta(hours=1)) for who in ("1", "2"))
    assert identity_of(one.partition(".")[0] + "." + two.partition(".")[2], KEY, now=NOON) is None


def test_half_a_character_in_a_name_is_left_out() -> None:
    token = signed({"id": "42", "name": "L\ud83din\x00", "email": "l\udc00@example.com", "exp": NOON.timestamp() + 60})
    assert identity_of(token, KEY, now=NOON) == Identity("42", "Lin", "l@example.com")
