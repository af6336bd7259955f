"""Reading one resource: a GET becomes a question, to be asked now or on a reader thread."""

from functools import partial

from rolecall.domain.commands import Versions
from rolecall.domain.model import Kind, Revision
from rolecall.domain.names import Id
from rolecall.domain.queries import OneRole, OneUser
from rolecall.domain.users import require_version
from rolecall.fronts.scim_answers import Exchange, Reply, not_modified
from rolecall.fronts.scim_pieces import MEMBERS_AT_ONCE, group_reply
from rolecall.fronts.scim_shown import projection_of, user_reply
from rolecall.fronts.scim_steps import Accepted, Ask, Read, Service
from rolecall.scim import messages, schema


def get_user(_service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    projection = projection_of(exchange.params(), schema.USER)
    query = OneUser(
        user=exchange.meant(Kind.USER), with_groups=messages.wants(projection, "groups")
    )

    def run(ask: Ask) -> Reply:
        card = ask(query)
        exchange.resource_name = card.user.login_name
        _require_expected(exchange, Kind.USER, card.user.id, card.revision)
        if exchange.has_version(card.revision.version):
            return not_modified(card.revision.version)
        return user_reply(200, exchange, accepted, card, projection)

    return Read(session=accepted.session, run=run, heavy=False)


def get_group(service: Service, exchange: Exchange, accepted: Accepted) -> Read:
    projection = projection_of(exchange.params(), schema.GROUP)
    wanted = messages.wants(projection, "members")
    query = OneRole(
        role=exchange.meant(Kind.ROLE),
        members_max=MEMBERS_AT_ONCE if wanted else 0,
    )
    later = partial(service.account.ask, accepted.session)

    def run(ask: Ask) -> Reply:
        card = ask(query)
        exchange.resource_name = card.role.name
        _require_expected(exchange, Kind.ROLE, card.role.id, card.revision)
        if exchange.has_version(card.revision.version):
            return not_modified(card.revision.version)
        return group_reply(200, exchange, card, projection, later)

    return Read(session=accepted.session, run=run, heavy=wanted)


def _require_expected(exchange: Exchange, kind: Kind, found: Id, revision: Revision) -> None:
    """If-Match counts for reading too (RFC 9110 section 13.1.1). Raises VersionMismatch."""
    if exchange.if_match is not None:
        require_version(kind, found, revision, Versions(exchange.versions().expected))
