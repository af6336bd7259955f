"""Bulk: each operation is a transaction and an attempt of its own, under one request id.

Operations keep their order. Neighbours that don't wait for each other's ids are handed over
together, so that they share commits; one that refers to an earlier creation waits for its id, one
that refers to a later creation is linked when that is there.
"""

from collections.abc import Callable

import msgspec

from rolecall.domain.account import Effects
from rolecall.domain.model import Json, RoleCard, UserCard
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply, decoded, reply
from rolecall.fronts.scim_attempts import attempt_of, details_of
from rolecall.fronts.scim_steps import Accepted, Service, Work, Write
from rolecall.fronts.scim_writes import CHANGES, CREATIONS, refused
from rolecall.scim import bulk, errors, messages
from rolecall.scim.patch import PATCH_OP
from rolecall.scim.values import Object

TOGETHER_MAX = 64
"""So many are handed over at once: a commit's worth, and others have their turn between."""

USER_BYTES_MAX = 1 << 20
"""As much as a request of its own may send."""

_encode = msgspec.json.Encoder().encode


def carry_out_bulk(service: Service, exchange: Exchange, accepted: Accepted) -> Work:
    """What a bulk request asks for. Raises ScimError for what is wrong with it as a whole."""
    asked = bulk.read_bulk(decoded(exchange))

    def run() -> Reply:
        job = _Job(service, exchange, accepted)
        return reply(200, bulk.bulk_response(job.results_of(asked)))

    return Work(session=accepted.session, run=run)


class _Waiting(msgspec.Struct, frozen=True):
    """An operation that is ready to be handed over."""

    operation: bulk.Operation
    exchange: Exchange
    step: Write
    told: Object


class _Link(msgspec.Struct, frozen=True):
    """What is to be added to a resource that was created without it."""

    operation: bulk.Operation
    told: Object
    patches: list[Json]


class _Job:
    """One bulk request on its way: what is created by now, and what is answered."""

    def __init__(self, service: Service, exchange: Exchange, accepted: Accepted) -> None:
        self._service = service
        self._outer = exchange
        self._accepted = accepted
        self._waiting: list[_Waiting] = []
        self._links: list[_Link] = []
        self._ids: dict[str, str] = {}
        self._later: set[str] = set()
        self._errors = 0

    def results_of(self, asked: bulk.Bulk) -> list[Object]:
        """Carry out the operations until that are too many errors; what is said of each."""
        results: list[Object] = []
        self._later = {each.bulk_id for each in asked.operations if each.bulk_id is not None}
        for operation in asked.operations:
            if self._is_full(asked.fail_on_errors) or self._waits_for(operation):
                self._hand_over()
            if asked.fail_on_errors is not None and self._errors >= asked.fail_on_errors:
                break
            results.append(self._begun(operation))
        self._hand_over()
        for link in self._links:
            self._link(link)
        return results

    def _is_full(self, fail_on_errors: int | None) -> bool:
        """As many as may fail are handed over at once: no more is done than what was asked for."""
        most = TOGETHER_MAX if fail_on_errors is None else fail_on_errors - self._errors
        return len(self._waiting) >= min(most, TOGETHER_MAX)

    def _waits_for(self, operation: bulk.Operation) -> bool:
        wanted = bulk.references_of(operation)
        return any(each.operation.bulk_id in wanted for each in self._waiting)

    def _begun(self, operation: bulk.Operation) -> Object:
        """What is said of the operation; it is filled in when it is done."""
        told: Object = {"method": operation.method}
        if operation.bulk_id is not None:
            told["bulkId"] = operation.bulk_id
        if operation.method == "POST" and operation.bulk_id is not None:
            self._later.discard(operation.bulk_id)
        inner = self._exchange(operation.method, operation.path, operation.version)
        try:
            patches = self._prepare(operation, inner)
            step = _handler(inner)(self._service, inner, self._accepted)
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            self._fail(inner, error, told)
            return told
        inner.has_members = False  # an answer with the members of every group would be endless
        if patches:
            self._links.append(_Link(operation, told, patches))
        self._waiting.append(_Waiting(operation, inner, step, told))
        return told

    def _prepare(self, operation: bulk.Operation, inner: Exchange) -> list[Json]:
        """Give the exchange its body; what has to be linked later is returned instead."""
        if operation.wrong is not None:
            raise operation.wrong
        wanted = bulk.references_of(operation)
        later = wanted & self._later
        if operation.bulk_id in wanted and operation.method == "POST":
            later |= {operation.bulk_id}
        missing = sorted(wanted - later - self._ids.keys())
        if missing:
            raise errors.conflict(
                f"'bulkId:{missing[0]}' names nothing that this bulk has created."
            )
        if later and operation.method != "POST":
            raise errors.conflict(
                f"'bulkId:{min(later)}' is created later: put its POST before what refers to it."
            )
        data: Object | None = operation.data
        patches: list[Json] = []
        if data is not None and wanted:
            data, patches = bulk.parted(data, later)
            data = {key: bulk.resolved(value, self._ids) for key, value in data.items()}
        inner.body = b"" if data is None else _encode(data)
        if inner.resource == "Users" and len(inner.body) > USER_BYTES_MAX:
            raise errors.too_large(f"A user is at most {USER_BYTES_MAX >> 20} MiB.")
        return patches

    def _exchange(self, method: str, path: str, version: str | None = None) -> Exchange:
        """The operation as a request of its own."""
        outer = self._outer
        prefix = "" if outer.endpoint_id is None else f"/{outer.endpoint_id}"
        place, _, query = bulk.resolved_path(path, self._ids).partition("?")
        came = Incoming(
            method=method,
            path=prefix + place,
            query=query,
            base_url=outer.base_url.removesuffix(prefix),
            client_ip=outer.client_ip,
            if_match=version,
        )
        inner = Exchange(came, outer.at, outer.request)
        inner.caller, inner.token = outer.caller, outer.token
        inner.integration, inner.client = outer.integration, outer.client
        inner.contract = outer.contract
        inner.has_members = False
        return inner

    def _hand_over(self) -> None:
        waiting, self._waiting = self._waiting, []
        outcomes = self._service.account.execute_each(
            self._accepted.session,
            [(each.step.commands, each.step.describe) for each in waiting],
        )
        for each, outcome in zip(waiting, outcomes, strict=True):
            self._tell(each, outcome)

    def _tell(self, done: _Waiting, outcome: Effects | Exception) -> None:
        told = done.told
        if isinstance(outcome, Exception):
            answer = done.step.finish(None, outcome)
        else:
            answer = done.step.finish(outcome, None)
        told["status"] = str(answer.status)
        if answer.status >= 400:
            self._errors += 1
            told["response"] = msgspec.json.decode(answer.body)
            if done.operation.method != "POST":
                told["location"] = self._location(done.exchange)
            return
        assert not isinstance(outcome, Exception), "what was refused is answered by an error"
        card = outcome[0].answer
        assert isinstance(card, UserCard | RoleCard), "a change answers with a card"
        found = card.user.id if isinstance(card, UserCard) else card.role.id
        told["location"] = f"{done.exchange.base_url}/{done.exchange.resource}/{found}"
        if done.operation.method != "DELETE":
            told["version"] = f'W/"{card.revision.version}"'
        if done.operation.method == "POST" and done.operation.bulk_id is not None:
            self._ids[done.operation.bulk_id] = found

    def _fail(self, inner: Exchange, error: Exception, told: Object) -> None:
        """Refused before the account was asked."""
        self._errors += 1
        inner.details = details_of(inner)
        account = self._service.account
        account.store.note(account.number, attempt_of(inner, None, error))
        answer = refused(self._service, inner, error)
        told["status"] = str(answer.status)
        told["response"] = msgspec.json.decode(answer.body)
        if told["method"] != "POST":
            told["location"] = self._location(inner)

    def _location(self, inner: Exchange) -> str:
        place = inner.resource if inner.id is None else f"{inner.resource}/{inner.id}"
        return f"{inner.base_url}/{place}"

    # ---- references both ways ----------------------------------------------------------------

    def _link(self, link: _Link) -> None:
        """Add to a new resource what refers to those created after it."""
        created = self._ids.get(str(link.operation.bulk_id))
        if created is None:
            return  # it was refused itself, and said so
        told: Object = {"method": "PATCH"}
        patch: Object = {"schemas": [PATCH_OP], "Operations": link.patches}
        collection = link.operation.path.partition("?")[0]
        adding = bulk.Operation(method="PATCH", path=f"{collection}/{created}", data=patch)
        self._later.clear()
        told = self._begun(adding)
        for waiting in self._waiting:
            waiting.exchange.origin = None  # the client sent no such operation
        self._hand_over()
        if "response" in told:
            # RFC 7644 section 3.7.1: references both ways that can't be resolved are a conflict.
            said = str(told["response"].get("detail")) if isinstance(told["response"], dict) else ""
            conflict = errors.ScimError(409, None, f"{said} It was created without the reference.")
            link.told.update(status="409", response=messages.error_body(conflict))
        else:
            link.told["version"] = told["version"]


def _handler(inner: Exchange) -> Callable[[Service, Exchange, Accepted], Write]:
    """Who carries out an operation. Raises 404 or 405, as the request itself would."""
    table = CREATIONS if inner.id is None else CHANGES
    methods = table.get(inner.resource)
    if methods is None:
        raise errors.not_found(f"A bulk changes /Users and /Groups, not {inner.path}.")
    handler = methods.get(inner.method)
    if handler is None:
        raise errors.method_not_allowed(
            f"{inner.method} does not work on {inner.path}; use {', '.join(methods)}."
        )
    return handler
