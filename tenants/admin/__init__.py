"""What tenants has in the agency's admin: people, teams, stores."""

from tenants.admin import given, people, stores, teams

__all__ = ["given", "people", "stores", "teams"]
