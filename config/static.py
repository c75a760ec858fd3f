"""Static files with their content in their name, so that browsers keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Also follows the imports of JavaScript modules: a page never mixes modules of two versions."""

    support_js_module_import_aggregation = True
