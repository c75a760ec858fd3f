"""Stores' scores in the agency's admin."""

from tickets.score.admin.pages import EvidenceFile, ScorePage, ScoresPage

for page in (ScoresPage, ScorePage, EvidenceFile):
    page.register()
