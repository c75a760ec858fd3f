"""Articles as a table or as files take them away: what the caller may see, whole, as the list is narrowed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from knowledge.content.pictures import pictures_in
from knowledge.imports.entry import FIELDS
from knowledge.imports.markdown_files import write_markdown
from knowledge.models import Kind
from knowledge.queries.articles import ArticleFilters, narrowed
from knowledge.queries.gate import items_for
from knowledge.queries.pictures import content_of, pictures_of
from tenants.access import Caller
from tenants.errors import Invalid
from tenants.files import clean_name

MOST: Final = 20_000  # articles in a table
MOST_PICTURES: Final = 200 * 1024 * 1024  # bytes of pictures in an archive; those beyond are left out


def exported_rows(caller: Caller, filters: ArticleFilters, *, today: date) -> Iterator[dict[str, str]]:
    """FIELDS of each, as `knowledge.imports` reads them: the draft where there is one, else the latest version."""
    items = items_for(caller, kind=Kind.ARTICLE).filter(archived_at__isnull=not filters.archived)
    found = narrowed(caller, items, filters, today=today).select_related("latest", "keeper", "store")
    for item in found.order_by("folder", "title_zh", "pk")[:MOST]:
        content = item.draft or (item.latest.content if item.latest else None) or item.rough or {}
        yield {
            "id": str(item.pk),
            **{f"{part}_{code}": _said(content, part, code) for part in ("title", "body") for code in ("zh", "en")},
            "topic": item.topic,
            "folder": item.folder,
            "categories": ", ".join(item.categories),
            "audience": item.audience,
            "layer": item.layer,
            "marketplace": item.marketplace,
            "store": item.store.slug if item.store else "",
            "keeper": item.keeper.email if item.keeper else "",
            "review_on": item.review_on.isoformat() if item.review_on else "",
        }


def as_table(rows: Iterator[dict[str, str]]) -> tuple[Sequence[str], list[list[str]]]:
    """Headings and rows."""
    return FIELDS, [[row[name] for name in FIELDS] for row in rows]


def as_archive(agency_id: int, rows: Iterator[dict[str, str]]) -> bytes:
    """A ZIP of Markdown files in their folders, and under pictures/ what they show. Raises Invalid for nothing."""
    out, shown = io.BytesIO(), dict[Any, None]()
    names: set[str] = set()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for row in rows:
            archive.writestr(_name_of(row, names), write_markdown(row))
            shown.update(dict.fromkeys(pictures_in(row)))
        if not names:
            raise Invalid(field="file")
        left = MOST_PICTURES
        for picture in pictures_of(agency_id, list(shown)):
            left -= picture.bytes
            if left > 0:
                ending = PurePosixPath(str(picture.file.name)).suffix
                archive.writestr(f"pictures/{picture.pk}{ending}", content_of(picture), ZIP_STORED)
    return out.getvalue()


def _name_of(row: dict[str, str], names: set[str]) -> str:
    """Readable, safe, and each once."""
    folder = "/".join(clean_name(part)[:60] for part in row["folder"].split("/") if part)
    title = clean_name(row["title_zh"] or row["title_en"] or "article")[:80]
    name = f"{folder}/{title}.md" if folder else f"{title}.md"
    if name.casefold() in names:
        name = f"{name[:-3]} {row['id']}.md"
    names.add(name.casefold())
    return name


def _said(content: Any, part: str, code: str) -> str:
    return str((content.get(part) or {}).get(code, ""))
