"""The people and stores of every test.

Agency North has Ann (lead) and Bo (agent, given store A only), and the stores A and B; Di is the seller of A. Agency
South has Cy (lead) and store C. The stores hold rows with the same ids, and each row bears the canary of its store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from tenants.access import Caller
from tenants.actions.open_store import open_store
from tenants.context import in_store
from tenants.hosts import Place, place_of
from tenants.models import Agency, Assignment, Domain, Membership, Store, User
from tenants.models.people import Role
from tickets.actions.note import add_note
from tickets.actions.receive import receive_message
from tickets.channels import Channel
from tickets.incoming import IncomingMessage, Upload
from tickets.models import Ticket

PASSWORD = "correct horse battery"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)

NORTH_HOST = "north.localhost"
SOUTH_HOST = "south.localhost"


@dataclass(frozen=True)
class Cast:
    """Fresh rows for each test; the rows themselves were made once."""

    north: Agency
    south: Agency
    ann: User
    bo: User
    cy: User
    di: User
    a: Store
    b: Store
    c: Store

    def caller(self, person: User, host: str = NORTH_HOST) -> Caller:
        place = place_of(host)
        assert isinstance(place, Place)
        return Caller(person, place)


def canary(store: Store) -> str:
    """What every row of this store bears: CANARY-A, CANARY-B, CANARY-C."""
    return f"CANARY-{store.slug[-1].upper()}"


def make_cast() -> None:
    """Writes the cast into an empty database, for good."""
    now = timezone.now()
    north = Agency.objects.create(slug="north", name="North")
    south = Agency.objects.create(slug="south", name="South")
    Domain.objects.create(domain=NORTH_HOST, agency=north)
    Domain.objects.create(domain=SOUTH_HOST, agency=south)
    for who, agency, role in (("ann", north, Role.LEAD), ("bo", north, Role.AGENT), ("cy", south, Role.LEAD)):
        user = User.objects.create_user(f"{who}@example.com", PASSWORD, name=who.capitalize())
        Membership.objects.create(user=user, agency=agency, role=role)
    User.objects.create_user("di@example.com", PASSWORD, name="Di")
    User.objects.create_superuser("op@example.com", PASSWORD, name="Op")
    for letter, agency in (("a", north), ("b", north), ("c", south)):
        store = open_store(
            agency,
            slug=f"store-{letter}",
            name=f"Store {letter.upper()}",
            marketplace="tmall",
            time_zone="Asia/Shanghai",
            now=now,
        )
        assert store.state == Store.State.OPEN, store.failure
        fill(store)
    a = Store.objects.get(slug="store-a")
    Assignment.objects.create(user=User.objects.get(name="Bo"), store=a, role=Role.AGENT, alias="Lily")
    Assignment.objects.create(user=User.objects.get(name="Di"), store=a, role=Role.SELLER)


def fill(store: Store) -> None:
    """Ticket 1 of the store: a buyer's message with a picture, the acknowledgement, and a note."""
    mark = canary(store)
    at = timezone.now() - timedelta(minutes=20)
    author = store.agency.memberships.filter(role=Role.LEAD).select_related("user")[0].user
    with in_store(store):
        receive_message(
            IncomingMessage(
                channel=Channel.TMALL,
                external_id="m-1",
                customer_id="buyer-1",
                customer_name=f"Buyer {mark}",
                customer_email="same@example.com",
                text=f"Where is my parcel? {mark}",
                subject=f"Parcel {mark}",
                uploads=(Upload(f"{mark}.png", PNG),),
            ),
            now=at,
        )
        add_note(Ticket.objects.get(pk=1), author=author, body=f"CANARY-NOTE {mark}", client_key="n-1", now=at)


def load_cast() -> Cast:
    people = {user.name: user for user in User.objects.all()}
    stores = {store.slug: store for store in Store.objects.select_related("agency")}
    agencies = {agency.slug: agency for agency in Agency.objects.all()}
    return Cast(
        north=agencies["north"],
        south=agencies["south"],
        ann=people["Ann"],
        bo=people["Bo"],
        cy=people["Cy"],
        di=people["Di"],
        a=stores["store-a"],
        b=stores["store-b"],
        c=stores["store-c"],
    )
