"""Rates: how much one socket, or one address, may say. In this process; each web process counts for itself."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from ipaddress import ip_address, ip_network
from typing import Final


class Bucket:
    """A token bucket: `rate` a second, `burst` at once."""

    __slots__ = ("at", "burst", "left", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.left = burst
        self.at = time.monotonic()

    def take(self) -> bool:
        """Takes one, if there is one."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Buckets:
    """A bucket for each key; of the keys, those that were used last are remembered."""

    MOST: Final = 10_000

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str) -> bool:
        with self._lock:
            bucket = self._buckets.pop(key, None) or Bucket(self.rate, self.burst)
            self._buckets[key] = bucket
            if len(self._buckets) > self.MOST:
                self._buckets.popitem(last=False)
            return bucket.take()


class Places:
    """How many of something each key may hold at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}

    def take(self, key: str, count: int = 1) -> bool:
        """All of them, or none."""
        with self._lock:
            held = self._held.get(key, 0) + count
            if held > self.most:
                return False
            self._held[key] = held
            return True

    def give_back(self, key: str, count: int = 1) -> None:
        with self._lock:
            left = self._held.get(key, 0) - count
            if left > 0:
                self._held[key] = left
            else:
                self._held.pop(key, None)


def neighbourhood(address: str) -> str:
    """Whom to count an address as: itself, or of IPv6 the /64 that one household has. Other texts stay as they are."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or ip_network((found.packed, 64), strict=False))
