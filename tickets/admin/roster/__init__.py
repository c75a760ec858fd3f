"""Rosters, skills, coverage and exams in the agency's admin."""

from tickets.admin.roster import grid, people

__all__ = ["grid", "people"]
