"""One machine for all tests of this folder, with two stores and four desks; it is stopped with the last of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.machine import Machine, machine


@pytest.fixture(scope="package")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("machine") / "data") as made:
        yield made


@pytest.fixture(scope="package")
def made(there: Machine) -> dict[str, Any]:
    """As `benchmarks.of_chat.prepare` prints it."""
    return there.prepare(stores=2, desks=4)
