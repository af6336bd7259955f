"""Spans: a history that begins in the middle is told as far as it reaches."""

from builders import NOW, an_id
from rolecall.domain.events import (
    Event,
    GrantOptionRevoked,
    MembersRemoved,
    OwnershipTransferred,
    PrivilegeGranted,
    Recorded,
    UserCreated,
)
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.spans import Spans

ROLE, USER, OTHER = an_id(1), an_id(2), an_id(3)


def told(*events: Event) -> Spans:
    spans = Spans()
    spans.tell(
        Recorded(seq=number, at=NOW + number, actor="A", request="r", event=event)
        for number, event in enumerate(events, start=1)
    )
    return spans


def test_what_began_before_the_history_has_no_beginning() -> None:
    (span,) = told(MembersRemoved(id=ROLE, users=(USER,))).ended
    assert (span.began_at, span.ended_at) == (None, NOW + 1)


def test_who_owned_nothing_is_no_owner() -> None:
    spans = told(
        UserCreated(id=USER, name="U", owner=None),
        OwnershipTransferred(id=USER, kind=Kind.USER, before=None, after=ROLE),
    )
    assert spans.ended == []
    assert spans.began_at("OWNERSHIP", USER, ROLE) == NOW + 2


def test_a_grant_given_again_keeps_its_beginning() -> None:
    grant = PrivilegeGranted(id=USER, kind=Kind.USER, privilege=Privilege.MONITOR, to=ROLE)
    spans = told(grant, grant)
    assert spans.began_at("MONITOR", USER, ROLE) == NOW + 1


def test_an_option_that_was_never_told_of_is_not_missed() -> None:
    gone = GrantOptionRevoked(id=USER, kind=Kind.USER, privilege=Privilege.MONITOR, to=OTHER)
    assert told(gone).ended == []
