"""Tests that share a deployment go to one process, and every other test by itself."""

from __future__ import annotations

import pytest

from tests.scheduling import LOOKS, begins_at, scope_of


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/browser/test_looks.py::test_page[chromium-desk-en]", LOOKS),
        ("tests/browser/test_desk.py::test_closing_can_be_undone[chromium]", "browser"),
        ("tests/faults/test_sockets.py::test_an_idle_socket_stays_open_and_hears", "faults"),
        ("tests/platform/test_bodies.py::test_x[multipart/form-data; a=browser/faults::x]", "platform"),
        ("tests/chat/test_sites.py::test_x[faults/browser]", "tests/chat/test_sites.py::test_x[faults/browser]"),
    ],
)
def test_scope(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


def test_the_browser_begins() -> None:
    nodes = ["tests/admin/a.py::x", "tests/browser/b.py::x", f"tests/browser/{LOOKS}::x", "tests/faults/c.py::x"]
    assert sorted(nodes, key=begins_at) == [nodes[1], nodes[2], nodes[0], nodes[3]]
