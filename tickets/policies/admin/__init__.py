"""Policies, goals and stores' hours in the agency's admin."""

from tickets.policies.admin import listed, rule, store

__all__ = ["listed", "rule", "store"]
