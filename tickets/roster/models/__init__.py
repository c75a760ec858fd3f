from tickets.roster.models.shift import RosterEdit, Shift
from tickets.roster.models.skill import Capacity, Skill

__all__ = [
    "Capacity",
    "RosterEdit",
    "Shift",
    "Skill",
]
