"""The channel layer: channels_redis' by publish and subscribe. Messages are sealed, and say which process they are of.

Sealed, so that nobody reads in Redis what is said, and nobody there can say anything. A process hears what it has told
others too: it knows that already, and does not open it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any, Final

from channels_redis.pubsub import RedisPubSubChannelLayer
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

MARK: Final = 16  # bytes in front of a message, the name of the process
NONCE: Final = 12  # bytes
OWN: Final = {"type": "own"}  # what a message of this very process is, whatever it was


class _Process:
    """A name that no other process has, on this machine or another."""

    def __init__(self) -> None:
        self.take()
        os.register_at_fork(after_in_child=self.take)

    def take(self) -> None:
        self.name = os.urandom(MARK)


_process: Final = _Process()


class Layer(RedisPubSubChannelLayer):
    """`keys`: texts of any length. The first seals, each of them opens.

    The library's own seal costs five times as much, which is a tenth of a web process that chats. With this cipher two
    messages may happen to have the same nonce: it then tells whether they are equal, and nothing else.
    """

    def __init__(self, *args: Any, keys: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._ciphers = [AESGCMSIV(hashlib.sha256(key.encode()).digest()) for key in keys]

    def serialize(self, message: dict[str, Any]) -> bytes:
        nonce = os.urandom(NONCE)
        sealed = self._ciphers[0].encrypt(nonce, super().serialize(message), _process.name)
        return _process.name + nonce + sealed

    def deserialize(self, message: bytes) -> dict[str, Any]:
        """Raises InvalidTag for what is sealed with a key that is not ours, or by nobody."""
        name, nonce, sealed = message[:MARK], message[MARK : MARK + NONCE], message[MARK + NONCE :]
        if name == _process.name:
            return OWN
        if len(nonce) < NONCE:
            raise InvalidTag
        for cipher in self._ciphers:
            try:
                opened: dict[str, Any] = super().deserialize(cipher.decrypt(nonce, sealed, name))
            except InvalidTag:
                continue
            return opened
        raise InvalidTag
