"""The parts of the fence that tests.mutations switches off, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str  # there exactly once
    new: str
    tests: tuple[str, ...]
    also: tuple[tuple[str, str, str], ...] = ()  # (file, old, new): what would notice before the tests begin


BASE, CONTEXT, SCOPED = "tenants/postgresql/base.py", "tenants/context.py", "tenants/models/scoped.py"
ACCESS, SOCKETS, FENCE = "tenants/access.py", "tenants/sockets.py", "tenants/fleet/fence.py"
BUYER, CHAT = "tickets/chat/buyer.py", "tests/chat"
ROUTING = "tests/routing"
MIDDLEWARE, CONSUMER = "tenants/middleware.py", "tickets/live/consumers.py"
ROLES, ROWS, GATE = "tests/fence/test_roles.py", "tests/fence/test_rows.py", "tests/fence/test_gate.py"
BROKEN, POOL, EDGE = "tests/fence/test_broken_schemas.py", "tests/fence/test_pool.py", "tests/fence/test_edge.py"
NEAR = "tests/fence/test_near.py"
ISOLATION, POSTGRESQL, IN_STORE = (
    "tests/test_isolation.py",
    "tests/tenants/test_postgresql.py",
    "tests/tenants/test_context.py",
)

ENTER = """ENTER_STORE = f\"\"\"{SWITCH} AND EXISTS (
  SELECT FROM public.tenants_store
  WHERE id = %(store)s::bigint AND agency_id = %(agency)s::bigint AND schema_name = %(schema)s AND state = 'open'
)\"\"\""""

# `migrate` refuses to go on with a fence that has holes.
UNCHECKED = (("tenants/management/commands/migrate.py", "            self.mend()\n", ""),)

MUTANTS = (
    # ------------------------------------------------------------ the database
    Mutant(
        "row security: every policy shows every row",
        FENCE,
        'if part in ("door", "operator"):',
        "if part:",
        (f"{ROLES}::test_role_is_held_by_the_database",),
        UNCHECKED,
    ),
    Mutant(
        "row security: enabled on no table",
        FENCE,
        'yield f"ALTER TABLE {target} ENABLE ROW LEVEL SECURITY"',
        "pass",
        (f"{ROLES}::test_role_is_held_by_the_database",),
        UNCHECKED,
    ),
    Mutant(
        "grants: public's tables keep what everybody had",
        FENCE,
        'yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"',
        'yield "GRANT ALL ON SCHEMA public TO PUBLIC"',
        ("tests/fence/test_check.py::test_fence_has_no_hole",),
        UNCHECKED,
    ),
    Mutant(
        "grants: a store reads passwords",
        "tenants/models/people.py",
        'store="SELECT (id, email, name, language, is_active, created_at)"',
        'store="SELECT"',
        (f"{ROLES}::test_role_is_held_by_the_database",),
    ),
    Mutant(
        "grants: an agency's reader is every store's",
        "tenants/fleet/provision.py",
        '"GRANT USAGE ON SCHEMA {0} TO {0}, {1};"',
        '"GRANT USAGE ON SCHEMA {0} TO {0}, {1}; GRANT {0} TO {1};"',
        ("tests/fence/test_check.py::test_fence_has_no_hole",),
    ),
    # ------------------------------------------------------------ the switch
    Mutant(
        "switch: ENTER_STORE proves nothing",
        BASE,
        ENTER,
        'ENTER_STORE = f"{SWITCH} AND true"',
        (f"{ROLES}::test_switch_leads_into_no_store_of_another_place",),
    ),
    Mutant(
        "switch: without the role",
        BASE,
        "set_config('role', %(role)s, false)",
        "set_config('fence.role', %(role)s, false)",
        (f"{GATE}::test_request_stands_at_its_place_and_its_store",),
    ),
    Mutant(
        "switch: a failed one is swallowed",
        BASE,
        "            self.close_for_good()\n            raise\n",
        "            pass\n",
        (f"{POSTGRESQL}::test_failed_switch_closes_the_connection_instead_of_going_on",),
    ),
    Mutant(
        "switch: a missing schema is ignored",
        BASE,
        "if cursor.fetchone() is None:",
        "if cursor.fetchone() is ...:",
        (f"{BROKEN}::test_job_socket_and_command_of_a_dropped_schema",),
    ),
    Mutant(
        "switch: a rollback is not noticed",
        BASE,
        "        self.made = None\n        super().rollback()",
        "        super().rollback()",
        (f"{POSTGRESQL}::test_rollback_takes_the_switch_back_and_it_is_made_again",),
    ),
    Mutant(
        "pool: a connection comes back as it was left",
        "tenants/postgresql/pool.py",
        'connection.execute("DISCARD ALL")',
        'connection.execute("SELECT 1")',
        (f"{POOL}::test_nothing_survives_a_checkout",),
    ),
    Mutant(
        "pool: a connection comes back as it was left, under load",
        "tenants/postgresql/pool.py",
        'connection.execute("DISCARD ALL")',
        'connection.execute("SELECT 1")',
        ("tests/fence/test_switch_failures.py",),
    ),
    Mutant(
        "switch: the undoing of a savepoint is not noticed",
        BASE,
        "        finally:\n            self.made = None\n\n    def close_for_good",
        "        finally:\n            pass\n\n    def close_for_good",
        (f"{POSTGRESQL}::test_savepoint_rollback_takes_the_switch_back_and_it_is_made_again",),
    ),
    # ------------------------------------------------------------ the context
    Mutant(
        "context: nobody leaves",
        CONTEXT,
        "    finally:\n        connection.enter(before, tenant)",
        "    finally:\n        pass",
        ("tests/fence/test_interleaved.py::test_interleaved_sockets_read_and_write_their_own_store",),
    ),
    Mutant(
        "context: a store is entered from another",
        CONTEXT,
        "    place = connection.scope\n    if place.schema != PUBLIC:",
        "    place = connection.scope\n    if False:",
        (f"{IN_STORE}::test_nesting_is_refused",),
    ),
    Mutant(
        "context: entered inside a transaction",
        CONTEXT,
        'raise StoreContextError("enter first, then begin the transaction")',
        "pass",
        (f"{IN_STORE}::test_transaction_around_it_is_refused",),
    ),
    Mutant(
        "context: read_across asks not whether the stores came from the gate",
        CONTEXT,
        "if first.reader is None or place.agency not in (None, first.agency_id):",
        "if first.reader is None:",
        (f"{ROLES}::test_place_leads_into_its_own_stores",),
    ),
    Mutant(
        "near: asked in whatever store the connection stands",
        CONTEXT,
        "there is not None and there.store == pk and",
        "there is not None and",
        (f"{NEAR}::test_other_store_is_asked_for_at_the_place",),
    ),
    Mutant(
        "near: asked there also from another place",
        CONTEXT,
        " and there.within == connection.scope\n",
        "\n",
        (f"{NEAR}::test_place_that_did_not_enter_it_asks_from_where_it_is",),
    ),
    Mutant(
        "near: a proof is good for ever",
        CONTEXT,
        "proven, store.proven = store.proven, None",
        "proven = store.proven",
        (f"{NEAR}::test_proof_is_good_for_one_entry",),
    ),
    Mutant(
        "near: entered without a proof that it is open",
        CONTEXT,
        "if not rows or not rows[0][0]:",
        "if not rows:",
        (f"{CHAT}/test_one_look.py::test_store_is_entered_afresh_where_nothing_proves_that_it_is_open",),
    ),
    Mutant(
        "context: what may be lost is written in any transaction",
        CONTEXT,
        'raise StoreContextError("what may be lost is not written in a transaction with what must not be")',
        "pass",
        (f"{CHAT}/test_one_look.py::test_what_may_be_lost_is_not_written_with_what_must_not_be",),
    ),
    # ------------------------------------------------------------ rows
    Mutant(
        "rows: a row goes anywhere",
        SCOPED,
        'check_here(f"a {type(row).__name__}", row._state.schema)',
        "pass",
        (f"{ROWS}::test_row_of_one_store_is_of_no_use_in_another",),
    ),
    Mutant(
        "rows: a query runs anywhere",
        SCOPED,
        "check_here(f\"a query of {self.model.__name__ if self.model else 'rows'}\", self.schema)",
        "pass",
        (f"{ROWS}::test_queryset_of_one_store_is_of_no_use_in_another",),
    ),
    Mutant(
        "rows: an iterator goes on anywhere",
        SCOPED,
        "        for row in super().iterator(chunk_size):\n            self._check()",
        "        for row in super().iterator(chunk_size):\n            pass",
        (f"{ROWS}::test_iterator_that_was_begun_in_one_store_goes_on_in_no_other",),
    ),
    # ------------------------------------------------------------ the gate
    Mutant(
        "gate: a store's host narrows nothing",
        ACCESS,
        "  AND store.id = coalesce(%(store)s::bigint, store.id)\n",
        "",
        (f"{GATE}::test_gate_needs_no_row_security",),
    ),
    Mutant(
        "gate: an agency's host narrows nothing",
        ACCESS,
        "  AND store.agency_id = %(agency)s\n",
        "",
        (f"{GATE}::test_gate_needs_no_row_security",),
    ),
    Mutant(
        "gate: a token narrows nothing",
        ACCESS,
        "  AND store.id = coalesce(%(token_store)s::bigint, store.id)\n",
        "",
        (f"{GATE}::test_token_narrows_without_row_security",),
    ),
    Mutant(
        "gate: every role may everything",
        ACCESS,
        'return action in MAY.get(store.role or "", frozenset())',
        "return True",
        (f"{ISOLATION}::test_route_person_status[note-di]",),
    ),
    # ------------------------------------------------------------ hosts and sessions
    Mutant(
        "place: a request is not put at its place",
        MIDDLEWARE,
        "        with at(place):\n            return",
        "        if place:\n            return",
        (f"{GATE}::test_request_stands_at_its_place_and_its_store",),
    ),
    Mutant(
        "place: every request sees what the operator sees",
        MIDDLEWARE,
        "        with at(place):\n            return",
        "        with at(Place(place_of(settings.BASE_HOST).kind, place.host)):\n            return",
        (f"{GATE}::test_request_stands_at_its_place_and_its_store",),
    ),
    Mutant(
        "session: good on every host",
        MIDDLEWARE,
        "request.session.get(SESSION_HOST) != request.place.host",
        "False",
        (f"{EDGE}::test_session_that_is_carried_to_another_host",),
    ),
    # ------------------------------------------------------------ sockets and jobs
    Mutant(
        "socket: pages from anywhere open it",
        SOCKETS,
        "return parts.scheme == scheme and bool(host) and parts.netloc.lower() == host.lower()",
        "return True",
        (f"{ISOLATION}::test_pages_from_elsewhere_open_no_socket",),
    ),
    Mutant(
        "socket: a session is good on every host",
        SOCKETS,
        "if request.session.get(SESSION_HOST) != place.host:",
        "if False:",
        (f"{ISOLATION}::test_session_of_one_host_opens_nothing_on_another",),
    ),
    Mutant(
        "socket: the gate is asked once",
        CONSUMER,
        "if not await self._ask_gate():\n                    code = 4401",
        "if False:\n                    code = 4401",
        (f"{ISOLATION}::test_socket_closes_by_itself_when_its_person_signs_out",),
    ),
    Mutant(
        "socket: hints of every store",
        CONSUMER,
        'if told := [hint for hint in hints if hint["store"] in self.allowed]:',
        "if told := list(hints):",
        (f"{ISOLATION}::test_socket_hears_of_its_persons_stores_only",),
    ),
    Mutant(
        "jobs: whatever is planted runs",
        "tenants/later.py",
        "if self.func_name not in JOBS:",
        "if False:",
        ("tests/tenants/test_later.py::test_only_listed_jobs_are_queued_or_run",),
    ),
    # ------------------------------------------------------------ the chat
    Mutant(
        "chat: any key opens the widget",
        BUYER,
        "widget is not None and widget.is_on and widget.key == hello.key",
        "widget is not None and widget.is_on",
        (f"{CHAT}/test_buyer.py::test_wrong_key_opens_nothing",),
    ),
    Mutant(
        "chat: a secret is good for ever",
        "tickets/actions/visit.py",
        "if talk.expires_at <= now or",
        "if",
        (f"{CHAT}/test_buyer.py::test_old_secret_expires",),
    ),
    Mutant(
        "chat: an identified browser needs no word of the shop",
        "tickets/actions/visit.py",
        "(talk.is_identified and talk.customer_id != named)",
        "False",
        (f"{CHAT}/test_buyer.py::test_buyer_whom_the_shop_knows_has_one_history_on_every_device",),
    ),
    Mutant(
        "chat: whoever claims to be somebody is",
        "tickets/chat/visitor.py",
        'if not hmac.compare_digest(made.encode(), signature.encode("utf-8", "replace")):',
        "if False:",
        (f"{CHAT}/test_visitor.py::test_what_nobody_signed_so_is_nobodys_word",),
    ),
    Mutant(
        "chat: buyers read notes",
        "tickets/queries/chat.py",
        "notes=False, latest=latest",
        "notes=True, latest=latest",
        (f"{CHAT}/test_buyer.py::test_notes_names_and_assignments_stay_with_the_agency",),
    ),
    Mutant(
        "chat: a client_id is everybody's",
        "tickets/actions/say.py",
        'else f"{talk.visitor}:{client_id}"',
        "else client_id",
        (f"{CHAT}/test_buyer.py::test_someone_elses_client_id_is_ones_own",),
    ),
    Mutant(
        "chat: files of every buyer",
        "tickets/queries/chat.py",
        "Attachment.objects.filter(pk=file_id, message__ticket__customer_id=talk.customer)",
        "Attachment.objects.filter(pk=file_id)",
        (f"{CHAT}/test_frames.py::test_picture_travels_with_its_message_and_comes_back_to_its_sender_alone",),
    ),
    Mutant(
        "chat: every site may embed the widget",
        "tickets/chat/views.py",
        "[\"'self'\", *widget.sites]",
        '["*"]',
        (f"{CHAT}/test_frames.py::test_only_the_stores_sites_may_embed_it",),
    ),
    Mutant(
        "chat: pictures are kept as they come",
        "tickets/actions/say.py",
        "uploads=tuple(map(drawn_anew, uploads))",
        "uploads=tuple(uploads)",
        (f"{CHAT}/test_frames.py::test_file_that_is_none_of_ours_is_refused_and_nothing_written",),
    ),
    Mutant(
        "chat: a desk's frame passes no gate",
        ACCESS,
        "return _only(caller, stores_for(caller, Action.VIEW, pk=pk), action)",
        "return Store.objects.get(pk=pk)",
        (f"{CHAT}/test_desk_side.py::test_store_that_one_was_not_given_does_not_exist",),
    ),
    Mutant(
        "chat: an agent answers over what they did not see",
        "tickets/chat/desk.py",
        "seen_seq=frame.seen",
        "seen_seq=None",
        (f"{CHAT}/test_desk_side.py::test_answer_to_what_was_not_seen_is_refused_with_what_was_missed",),
    ),
    Mutant(
        "chat: one address holds as many sockets as it likes",
        "tickets/chat/consumers.py",
        "if not sockets_of_address.take(self.address):",
        "if False:",
        (f"{CHAT}/test_sockets.py::test_one_address_holds_only_so_many",),
    ),
    Mutant(
        "chat: a chat is taken from whoever has it meanwhile",
        "tickets/actions/take_back.py",
        "if ticket.is_closed or ticket.assignee_id != person:",
        "if ticket.is_closed:",
        (f"{CHAT}/test_take_back.py",),
    ),
    Mutant(
        "routing: somebody is given more than they take",
        "tickets/clocks/routing.py",
        "if before + more < self.most[bit]:",
        "if before + more <= self.most[bit]:",
        (f"{ROUTING}/test_route.py::test_a_small_store_is_served_within_a_burst_of_another",),
    ),
    Mutant(
        "routing: whoever is not certified is given tickets",
        "tickets/clocks/routing.py",
        "yield Why.UNCERTIFIED, -1 if place.certified is None else self._named(place.certified)",
        "yield Why.UNCERTIFIED, -1",
        (f"{ROUTING}/test_route.py::test_why_nobody_gets_it_names_what_is_missing",),
    ),
    Mutant(
        "routing: a burst in one store starves the others",
        "tickets/clocks/routing.py",
        "heapq.heappush(turns, (held + 1, _pressure(queue[-1], self.now), store))",
        "heapq.heappush(turns, (held, _pressure(queue[-1], self.now), store))",
        (f"{ROUTING}/test_route.py::test_a_small_store_is_served_within_a_burst_of_another",),
    ),
    Mutant(
        "routing: two clocks distribute at once",
        "tickets/routing/actions/give.py",
        "yield is_alone",
        "yield True",
        (f"{ROUTING}/test_give.py",),
    ),
    Mutant(
        "chat: of two who hand a chat over at once both do",
        "tickets/actions/assign.py",
        "if was not in (ANYBODY, ticket.assignee_id):",
        "if False:",
        (f"{CHAT}/test_at_once.py::test_of_two_leads_who_hand_a_chat_over_at_once_one_does",),
    ),
    Mutant(
        "chat: of two browsers that sign in at once one breaks",
        "tickets/actions/visit.py",
        "with suppress(IntegrityError), transaction.atomic():",
        "with transaction.atomic():",
        (f"{CHAT}/test_at_once.py::test_two_browsers_that_sign_in_at_once_are_one_buyer",),
    ),
    Mutant(
        "chat: whoever left is a colleague",
        "tickets/queries/presence.py",
        "WHERE present.agency_id = %(agency)s AND (member.role <> 'agent' OR EXISTS (",
        "WHERE present.agency_id = %(agency)s AND (true OR EXISTS (",
        (f"{CHAT}/test_take_back.py::test_whoever_left_is_no_colleague_any_more",),
    ),
    Mutant(
        "chat: strangers begin as many conversations as they like",
        "tickets/actions/visit.py",
        "if cursor.rowcount and address:",
        "if False:",
        (f"{CHAT}/test_arrivals.py",),
    ),
    Mutant(
        "chat: files need no word of the shop",
        "tickets/chat/views.py",
        "check_talk(talk, identity_of(identity, widget.identity_secret, now=now) if identity else None, now=now)",
        "pass",
        (f"{CHAT}/test_frames.py::test_files_of_an_identified_buyer_want_the_shops_word_too",),
    ),
    Mutant(
        "chat: a widget that is off goes on",
        "tickets/chat/buyer.py",
        "if self.hello is not None and (talk is None or talk.widget_at != self.widget.at):",
        "if False:",
        (f"{CHAT}/test_buyer.py::test_widget_or_site_that_is_taken_away_is_noticed_at_the_next_frame",),
    ),
    Mutant(
        "chat: notes are asked along for everybody",
        "tickets/queries/chat.py",
        "which=\"(message.kind <> 'note' OR seen.role = ANY(%(noters)s))\"",
        'which="true"',
        (f"{CHAT}/test_one_look.py::test_note_is_not_asked_along_for_a_seller",),
    ),
)
