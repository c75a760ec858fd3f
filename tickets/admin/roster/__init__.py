"""Rosters, skills, coverage and exams in the agency's admin."""

from tickets.admin.roster import coverage, grid, people, transfer

__all__ = ["coverage", "grid", "people", "transfer"]
