from tickets.roster.queries.duty import on_duty
from tickets.roster.queries.skills import PersonSkills, skills_of

__all__ = ["PersonSkills", "on_duty", "skills_of"]
