"""The frame of the agency's web admin. Apps put their pages into it from their own admin.py; see docs/decisions/16."""
