"""What a run did, counted as it happens, and the summary that it ends with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from rolecall.push.directory import Problem
from rolecall.push.plan import Plan, Skip

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES_SHOWN = 3


class Counts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    created: int = 0
    updated: int = 0
    removed: int = 0
    deactivated: int = 0
    unchanged: int = 0
    skipped: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run: the three kinds with the same counts each, and what was left out."""

    dry_run: bool
    users: Counts
    groups: Counts
    memberships: Counts
    skipped: tuple[Skip, ...] = ()
    problems: tuple[Problem, ...] = ()
    stopped: str | None = None
    plan: tuple[str, ...] = ()


class Tally:
    """Counts while a run goes on; `failed` tells refusals of the server from rules of ours."""

    def __init__(self, plan: Plan) -> None:
        self.failed = False
        self._counts: Counter[tuple[str, str]] = Counter()
        self._skipped: list[Skip] = []
        self._problems = list(plan.problems)
        self.count("users", "unchanged", plan.users_unchanged)
        self.count("groups", "unchanged", plan.groups_unchanged)
        self.count("memberships", "unchanged", plan.memberships_unchanged)
        for skip in plan.skipped:
            self.skip(skip)

    def count(self, kind: str, outcome: str, number: int = 1) -> None:
        self._counts[kind, outcome] += number

    def skip(self, skip: Skip) -> None:
        self._skipped.append(skip)
        self.count(skip.kind, "skipped", skip.count)

    def fail(self, kind: str, what: str, why: str, count: int = 1) -> None:
        self.failed = True
        self.skip(Skip(kind=kind, what=what, why=why, count=count))

    def trouble(self, problem: Problem) -> None:
        """Note what concerns the whole run, once."""
        if problem not in self._problems:
            self._problems.append(problem)

    def take_as_done(self, plan: Plan) -> None:
        """Count the plan itself: a dry run, or one that is not to be sent."""
        self.count("users", "created", len(plan.create_users))
        self.count("users", "updated", len(plan.update_users))
        self.count("users", "deactivated", len(plan.deactivate_users))
        self.count("groups", "created", len(plan.create_groups))
        self.count("groups", "updated", len(plan.update_groups))
        self.count("memberships", "created", plan.memberships_added)
        self.count("memberships", "removed", plan.memberships_removed)

    def summary(
        self, *, dry_run: bool, stopped: str | None = None, plan: Sequence[str] = ()
    ) -> Summary:
        return Summary(
            dry_run=dry_run,
            users=self._counts_of("users"),
            groups=self._counts_of("groups"),
            memberships=self._counts_of("memberships"),
            skipped=tuple(self._skipped),
            problems=tuple(self._problems),
            stopped=stopped,
            plan=tuple(plan),
        )

    def _counts_of(self, kind: str) -> Counts:
        return Counts(
            created=self._counts[kind, "created"],
            updated=self._counts[kind, "updated"],
            removed=self._counts[kind, "removed"],
            deactivated=self._counts[kind, "deactivated"],
            unchanged=self._counts[kind, "unchanged"],
            skipped=self._counts[kind, "skipped"],
        )


def plan_lines(plan: Plan) -> list[str]:
    """Say every step of a plan as a sentence, in the order of sending."""
    lines = [f"deactivate user {user.name}: {user.why}" for user in plan.deactivate_users]
    lines += [
        f"update user {update.person.user_name}: {', '.join(c.path for c in update.changes)}"
        for update in plan.update_users
    ]
    lines += [f"create user {create.person.user_name}" for create in plan.create_users]
    lines += [
        f"update group {update.name}: {', '.join(change.path for change in update.changes)}"
        for update in plan.update_groups
    ]
    lines += [f"create group {create.name}" for create in plan.create_groups]
    for change in plan.memberships:
        if change.removed:
            names = _some([member.name for member in change.removed])
            lines.append(f"remove from group {change.group}: {names}")
        if change.added:
            names = _some([member.name for member in change.added])
            lines.append(f"add to group {change.group}: {names}")
    return lines


def as_json(summary: Summary) -> str:
    return msgspec.json.format(msgspec.json.encode(summary), indent=2).decode() + "\n"


def as_text(summary: Summary) -> str:
    """A table of counts, then what was skipped, by reason, and what is amiss."""
    lines = []
    if summary.plan:
        lines += ["The plan; none of it was sent:", *(f"  {line}" for line in summary.plan), ""]
    columns = Counts.__struct_fields__
    lines.append(" " * 12 + "".join(f"{column:>13}" for column in columns))
    kinds = {"users": summary.users, "groups": summary.groups, "memberships": summary.memberships}
    for kind, counts in kinds.items():
        cells = "".join(f"{getattr(counts, column):>13}" for column in columns)
        lines.append(f"{kind:<12}{cells}")
    if summary.skipped:
        lines += ["", "Skipped or noted:", *(f"  {line}" for line in _by_reason(summary.skipped))]
    if summary.problems:
        lines += ["", "Problems:"]
        lines += [f"  {problem.where}: {problem.why}" for problem in summary.problems]
    if summary.stopped:
        lines += ["", f"Stopped: {summary.stopped}"]
    elif summary.dry_run:
        lines += ["", "This was a dry run: nothing was sent."]
    return printable("\n".join(lines) + "\n")


def printable(text: str) -> str:
    """Names and answers are other people's text: none of it may steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _by_reason(skipped: Sequence[Skip]) -> list[str]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for skip in skipped:
        reasons.setdefault((skip.kind, skip.why), []).append(skip.what)
    return [f"{kind} {_some(names)}: {why}" for (kind, why), names in reasons.items()]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN} more"
