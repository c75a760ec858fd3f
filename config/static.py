"""Static files with their content in their name, so that browsers keep them for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.core.files.base import ContentFile
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

from config.joined import joined

WIDGET: Final = "widget/"


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Also follows the imports of JavaScript modules: a page never mixes modules of two versions.

    The buyers' widget is joined and made small first; what the shop's page names is so under its own name too.
    """

    support_js_module_import_aggregation = True
    _has_brotli = False

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            self._join(paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def compress_files(self, paths: Iterable[str]) -> Iterator[Any]:
        """Brotli for what buyers wait for. Over the libraries' megabytes, which a desk keeps, it takes a minute."""
        buyers = {path for path in paths if path.startswith(WIDGET)}
        for self._has_brotli, some in ((True, buyers), (False, set(paths) - buyers)):
            yield from super().compress_files(some)

    def create_compressor(self, **options: Any) -> Compressor:
        return Compressor(use_brotli=self._has_brotli, **options)

    def _join(self, paths: dict[str, Any]) -> None:
        sources = {}
        for name, (storage, path) in paths.items():
            if name.startswith(WIDGET) and name.endswith((".js", ".css")):
                with storage.open(path) as file:
                    sources[name.removeprefix(WIDGET)] = file.read().decode()
        for name, text in joined(sources) if sources else ():
            path = WIDGET + name
            self.delete(path)
            self._save(path, ContentFile(text.encode()))
            paths[path] = (self, path)
