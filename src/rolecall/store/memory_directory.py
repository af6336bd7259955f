"""Users, roles and members of an account in memory: found one by one, or by looking at each."""

from collections.abc import Sequence

from rolecall.domain.model import (
    Held,
    Member,
    Revision,
    Role,
    RoleCard,
    User,
    UserCard,
)
from rolecall.domain.names import Id, Key, Name
from rolecall.domain.ports import Asked
from rolecall.domain.predicate import Mark, Predicate, Value, in_order
from rolecall.domain.queries import Page
from rolecall.store.fields import (
    keys_of,
    member_fields,
    membership_fields,
    role_fields,
    user_fields,
)
from rolecall.store.memory_search import (
    Sought,
    document_of,
    marks_of,
    members_in,
    nested_around,
    nested_within,
    page_beyond,
    page_of,
)
from rolecall.store.memory_state import State, by_id, only

EVERY = 2**62


class MemoryDirectory:
    """Reads the users and roles of one account's state."""

    _state: State

    def user(self, user: Id) -> User | None:
        return self._state.users.get(user)

    def user_named(self, name: Name) -> User | None:
        return only(user for user in self._state.users.values() if user.name == name)

    def user_with_login(self, login: Key) -> User | None:
        return only(user for user in self._state.users.values() if keys_of(user).login == login)

    def users_taking(self, name: Key, login: Key) -> tuple[User, ...]:
        found = [
            user
            for user in self._state.users.values()
            if keys_of(user).name == name or keys_of(user).login == login
        ]
        return tuple(sorted(found, key=by_id))

    def user_card(self, user: Id, reader: str | None) -> UserCard | None:
        found = self._state.users.get(user)
        if found is None:
            return None
        return UserCard(
            user=found,
            revision=self._revision(user, found.created_at),
            external_id=self._external_id(user, reader),
        )

    def find_users(self, asked: Asked, start: int, count: int) -> Page[UserCard]:
        return page_of(self._users_sought(asked), asked.ordering, start, count)

    def _users_sought(self, asked: Asked) -> list[tuple[UserCard, Sought]]:
        found: list[tuple[UserCard, Sought]] = []
        for user in sorted(self._state.users.values(), key=by_id):
            card = self.user_card(user.id, asked.reader)
            assert card is not None, "it is there"
            held = self._roles_held(user.id)
            around = nested_around(self._state, user.id)
            sought = Sought(user_fields(card), document_of(user), held, around)
            if asked.owners is not None and user.owner not in asked.owners:
                continue
            if sought.meets(asked.where):
                found.append((card, sought))
        return found

    def _roles_held(self, user: Id) -> list[dict[str, Value]]:
        held = self.groups_of([user]).get(user, ())
        return [membership_fields(each, self._state.roles[each.role].owner) for each in held]

    def users_after(self, asked: Asked, after: str, count: int) -> tuple[UserCard, ...]:
        found = self.find_users(asked, 0, EVERY).items
        return tuple([card for card in found if card.user.id > after][:count])

    def users_beyond(
        self, asked: Asked, mark: Mark | None, count: int
    ) -> tuple[tuple[UserCard, Value], ...]:
        return page_beyond(self._users_sought(asked), asked.ordering, mark)[:count]

    def users_by_name(self, where: Predicate, after: Name, count: int) -> tuple[User, ...]:
        found = [card.user for card in self.find_users(Asked(where), 0, EVERY).items]
        found.sort(key=lambda user: user.name)
        return tuple([user for user in found if user.name > after][:count])

    def known_users(self, users: Sequence[Id]) -> frozenset[Id]:
        return frozenset(user for user in users if user in self._state.users)

    def groups_of(self, users: Sequence[Id]) -> dict[Id, tuple[Held, ...]]:
        groups: dict[Id, tuple[Held, ...]] = {}
        for role, user in sorted(self._state.members):
            if user in users and role in self._state.roles:
                found = self._state.roles[role]
                held = Held(role=role, name=found.name, owner=found.owner, system=found.system)
                groups[user] = (*groups.get(user, ()), held)
        return groups

    def role(self, role: Id) -> Role | None:
        return self._state.roles.get(role)

    def role_named(self, name: Name) -> Role | None:
        return only(role for role in self._state.roles.values() if role.name == name)

    def roles(self) -> tuple[Role, ...]:
        return tuple(sorted(self._state.roles.values(), key=lambda role: role.name))

    def role_card(self, role: Id, reader: str | None) -> RoleCard | None:
        found = self._state.roles.get(role)
        if found is None:
            return None
        return RoleCard(
            role=found,
            revision=self._revision(role, found.created_at),
            external_id=self._external_id(role, reader),
        )

    def find_roles(self, asked: Asked, start: int, count: int) -> Page[RoleCard]:
        return page_of(self._roles_sought(asked), asked.ordering, start, count)

    def _roles_sought(self, asked: Asked) -> list[tuple[RoleCard, Sought]]:
        found: list[tuple[RoleCard, Sought]] = []
        for role in sorted(self._state.roles.values(), key=by_id):
            card = self.role_card(role.id, asked.reader)
            assert card is not None, "it is there"
            holders = [member_fields(each) for each in self.members_of(role.id, EVERY)]
            sought = Sought(role_fields(card), None, holders, nested_within(self._state, role.id))
            if asked.owners is not None and role.owner not in asked.owners:
                continue
            if sought.meets(asked.where):
                found.append((card, sought))
        return found

    def roles_after(self, asked: Asked, after: str, count: int) -> tuple[RoleCard, ...]:
        found = self.find_roles(asked, 0, EVERY).items
        return tuple([card for card in found if card.role.id > after][:count])

    def roles_beyond(
        self, asked: Asked, mark: Mark | None, count: int
    ) -> tuple[tuple[RoleCard, Value], ...]:
        return page_beyond(self._roles_sought(asked), asked.ordering, mark)[:count]

    def mark_at(self, users: Asked, roles: Asked, place: int) -> Mark | None:
        marks = [
            *marks_of(self._users_sought(users), users.ordering),
            *marks_of(self._roles_sought(roles), roles.ordering),
        ]
        assert users.ordering is not None, "a place is one in an order"
        descending = users.ordering.descending
        found = in_order(marks, lambda mark: (mark.key, mark.id), descending=descending)
        return found[place] if place < len(found) else None

    def roles_by_name(self, where: Predicate, after: Name, count: int) -> tuple[Role, ...]:
        found = [card.role for card in self.find_roles(Asked(where), 0, EVERY).items]
        found.sort(key=lambda role: role.name)
        return tuple([role for role in found if role.name > after][:count])

    def members_of(self, role: Id, count: int, after: str = "") -> tuple[Member, ...]:
        found = [member for _, member in self.members_of_each((role,), EVERY)]
        return tuple([member for member in found if member.user > after][:count])

    def members_of_each(self, roles: Sequence[Id], count: int) -> tuple[tuple[Id, Member], ...]:
        return members_in(self._state, frozenset(roles))[:count]

    def has_more_members(self, role: Id, than: int) -> bool:
        return sum(held == role for held, _ in self._state.members) > than

    def _revision(self, resource: Id, created_at: int) -> Revision:
        untouched = Revision(version=1, changed_at=created_at)
        return self._state.revisions.get(resource, untouched)

    def _external_id(self, resource: Id, reader: str | None) -> str | None:
        return None if reader is None else self._state.links.get((reader, resource))
