"""Which pictures a content names: in its Markdown as `picture:<uuid>`, or in its list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAMED: Final = re.compile(rf"\bpicture:({_UUID})(?![0-9a-f-])", re.IGNORECASE)


def pictures_in(data: Mapping[str, Any]) -> tuple[UUID, ...]:
    """Of a content as JSON, each once, in order."""
    listed = [str(name) for name in data.get("pictures") or []]
    written = _NAMED.findall(json.dumps(data, ensure_ascii=False))
    return tuple(dict.fromkeys(UUID(name) for name in (*listed, *written)))
