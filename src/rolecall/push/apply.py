"""Send a plan: who leaves first, then users, groups and memberships; one refusal stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rolecall.push import attributes
from rolecall.push.client import ScimClient, ScimError, each
from rolecall.push.directory import Directory, Problem, name_key
from rolecall.push.plan import (
    ChangeMembers,
    CreateGroup,
    CreateUser,
    DeactivateUser,
    Member,
    Plan,
    Server,
    Skip,
    UpdateGroup,
    UpdateUser,
)
from rolecall.push.resources import Group, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rolecall.push.tally import Tally

MEMBERS_PER_PATCH = 100


async def read_server(client: ScimClient, directory: Directory, source: str) -> Server:
    """Read what the server holds; members that its lists leave out are asked for one by one."""
    known = await client.user_attributes()
    users = await client.users()
    groups = {group.id: group for group in await client.groups()}
    names = {name_key(group.name) for group in directory.groups}

    async def complete(group: Group) -> None:
        groups[group.id] = await client.group(group.id)

    concerned = [
        group
        for group in groups.values()
        if group.members is None
        and (
            (group.external_id or "").startswith(f"{source}:")
            or name_key(group.display_name) in names
        )
    ]
    await each(concerned, complete, workers=client.concurrency)
    return Server(users=tuple(users), groups=tuple(groups.values()), user_attributes=known)


class Run:
    """One plan on its way to one server, with the ids that it learns while creating."""

    def __init__(
        self, plan: Plan, client: ScimClient, tally: Tally, advance: Callable[[], None]
    ) -> None:
        self._plan = plan
        self._client = client
        self._tally = tally
        self._advance = advance
        self._user_ids = dict(plan.user_ids)
        self._group_ids: dict[str, str] = {}

    async def send(self) -> None:
        """Carry out the plan; what one step needs from another comes after it."""
        plan, workers = self._plan, self._client.concurrency
        await each(plan.deactivate_users, self._deactivate_user, workers=workers)
        # Updates before creates: a name given up in this run may be taken in this run.
        await each(plan.update_users, self._update_user, workers=workers)
        await each(plan.create_users, self._create_user, workers=workers)
        await each(plan.update_groups, self._update_group, workers=workers)
        await each(plan.create_groups, self._create_group, workers=workers)
        await each(plan.memberships, self._change_members, workers=workers)

    async def _deactivate_user(self, step: DeactivateUser) -> None:
        off = Operation(op="replace", path="active", value=False)
        try:
            await self._client.patch_user(step.id, [off])
        except ScimError as error:
            self._tally.fail("users", step.name, str(error))
        else:
            self._tally.count("users", "deactivated")
        self._advance()

    async def _update_user(self, step: UpdateUser) -> None:
        name = step.person.user_name
        operations = [Operation(op="replace", path=c.path, value=c.value) for c in step.changes]
        try:
            changed = await self._client.patch_user(step.id, operations)
        except ScimError as error:
            self._tally.fail("users", name, str(error))
        else:
            known = self._plan.user_attributes
            lost = attributes.user_changes(step.person, changed, known) if changed else ()
            if lost and {c.path for c in lost} == {c.path for c in step.changes}:
                paths = ", ".join(change.path for change in lost)
                why = f"the server accepted, but did not keep, {paths}"
                self._tally.skip(Skip(kind="users", what=name, why=why))
            else:
                self._tally.count("users", "updated")
        self._advance()

    async def _create_user(self, step: CreateUser) -> None:
        body = attributes.user_body(step.person, step.external_id, self._plan.user_attributes)
        name = step.person.user_name
        try:
            created = await self._client.create_user(body)
        except ScimError as error:
            await self._look_for_user(step, error)
        else:
            self._user_ids[step.person.anchor] = created.id
            self._tally.count("users", "created")
            if created.external_id != step.external_id:
                why = (
                    f"the server does not keep externalId (seen at {name}), by which this source "
                    "knows what it created: people who leave will not be deactivated here"
                )
                self._tally.trouble(Problem(where=self._client.url, why=why))
        self._advance()

    async def _look_for_user(self, step: CreateUser, refused: ScimError) -> None:
        """After a lost answer the repeated POST meets the user that the first one created."""
        name = step.person.user_name
        try:
            there = await self._client.user_named(name) if refused.status == 409 else None
        except ScimError:
            there = None
        if there is not None:
            self._user_ids[step.person.anchor] = there.id
        if there is not None and there.external_id == step.external_id:
            self._tally.count("users", "created")
        else:
            self._tally.fail("users", name, str(refused))

    async def _update_group(self, step: UpdateGroup) -> None:
        operations = [Operation(op="replace", path=c.path, value=c.value) for c in step.changes]
        try:
            await self._client.patch_group(step.id, operations)
        except ScimError as error:
            self._tally.fail("groups", step.name, str(error))
        else:
            self._tally.count("groups", "updated")
        self._advance()

    async def _create_group(self, step: CreateGroup) -> None:
        # Without members: not every server takes them here, and no body grows with the group.
        body = {"displayName": step.name, "externalId": step.external_id}
        try:
            created = await self._client.create_group(body)
        except ScimError as error:
            self._tally.fail("groups", step.name, str(error))
        else:
            self._group_ids[step.anchor] = created.id
            self._tally.count("groups", "created")
        self._advance()

    async def _change_members(self, step: ChangeMembers) -> None:
        group_id = step.id or self._group_ids.get(step.anchor)
        if group_id is None:
            why = "the group could not be created"
            self._tally.fail("memberships", step.group, why, len(step.added))
            self._advance()
            return
        for start in range(0, len(step.removed), MEMBERS_PER_PATCH):
            chunk = step.removed[start : start + MEMBERS_PER_PATCH]
            await self._patch_members(step.group, group_id, "removed", chunk)
        added = [self._with_id(member) for member in step.added]
        lost = [member for member in added if not member.id]
        for member in lost:
            why = f"{member.name} could not be created"
            self._tally.fail("memberships", step.group, why)
        added = [member for member in added if member.id]
        for start in range(0, len(added), MEMBERS_PER_PATCH):
            await self._patch_members(
                step.group, group_id, "created", added[start : start + MEMBERS_PER_PATCH]
            )
        self._advance()

    def _with_id(self, member: Member) -> Member:
        return msgspec.structs.replace(member, id=self._user_ids.get(member.anchor, ""))

    async def _patch_members(
        self, group: str, group_id: str, outcome: str, members: Sequence[Member]
    ) -> None:
        """Send one PATCH; when it is refused, one for each member, so that one spoils no other."""
        try:
            await self._client.patch_group(group_id, _operations(outcome, members))
        except ScimError as error:
            if len(members) == 1:
                self._tally.fail("memberships", group, f"{members[0].name}: {error}")
                return
        else:
            self._tally.count("memberships", outcome, len(members))
            return
        for member in members:
            await self._patch_members(group, group_id, outcome, [member])


def _operations(outcome: str, members: Sequence[Member]) -> list[Operation]:
    if outcome == "created":
        return [Operation(op="add", path="members", value=[{"value": m.id} for m in members])]
    # Named one by one: a remove with a value is read by some servers as "remove all".
    quoted = [msgspec.json.encode(member.id).decode() for member in members]
    return [Operation(op="remove", path=f"members[value eq {text}]") for text in quoted]
