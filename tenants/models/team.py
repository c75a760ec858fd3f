"""小组: people of an agency who share something, such as quick replies; nothing about access is read off it."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenants.models.agency import Agency
from tenants.models.grants import EVERYTHING, Grants
from tenants.models.people import User


class Team(models.Model):
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    grants = Grants(desk=EVERYTHING, store="SELECT")

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.UniqueConstraint(
                "agency",
                Lower("name"),
                name="one_team_of_a_name",
                violation_error_message=_("There is a team of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """`agency` is the team's, said again here because row security goes by a table's own columns."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="team_memberships")

    grants = Grants(desk="SELECT, INSERT, DELETE", store="SELECT")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_place_in_a_team")]
