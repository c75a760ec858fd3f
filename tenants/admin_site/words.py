"""Words of the frameworks' pages that their own Chinese lacks or says badly: ours stand before theirs."""

from typing import Final

from django.utils.translation import gettext_noop as _
from django.utils.translation import pgettext_lazy

WORDS: Final = (
    _("Add %s"),
    _("Change %s"),
    _("View %s"),
    _("Add %(name)s"),
    _("Save and add another"),
    _("Type to search"),
    _("Run"),
    _("Expand row"),
    _("Loading more results..."),
    _("Reset filters"),
    _("Select all rows"),
    _("General"),
    _("Submit"),
    _("Apply Filters"),
    _("Filters"),
    _("More actions"),
    _("Go back"),
    _("This item will be deleted."),
    _("Click to cancel"),
    _("Choose file to upload"),
    _("Select record"),
    _("Select action"),
    _("Select action to run"),
    _("Select value"),
    _("Date from"),
    _("Date to"),
    _("Light"),
    _("Dark"),
    _("System"),
    _("Record picture"),
    _("Image preview"),
    _("Click to download"),
    _("No data"),
)

# What changes of people and teams are called; see history.kind_label and field_label.
CHANGES: Final = (
    pgettext_lazy("kind of change", "invited"),
    pgettext_lazy("kind of change", "stores"),
    pgettext_lazy("field of a change", "stores"),
    pgettext_lazy("field of a change", "members"),
    pgettext_lazy("field of a change", "email"),
    pgettext_lazy("field of a change", "name"),
)
