"""`rolecall demo`: a provider played against a scratch server ends with equal counts."""

import json

import pytest

from rolecall_process import rolecall

pytestmark = pytest.mark.e2e


def test_the_demo_ends_with_equal_counts_on_both_sides() -> None:
    outcome = json.loads(rolecall("demo", "--users", "50", "--groups", "5", "--format", "json"))
    assert outcome["provider"] == outcome["account"]
    assert outcome["report"]["surprises"] == []
    assert outcome["report"]["rate"] > 0
    assert outcome["account"]["users_active"] + outcome["account"]["users_inactive"] >= 50


def test_the_demo_shows_the_account_and_its_audit_trail_as_tables() -> None:
    shown = rolecall("demo", "--users", "20", "--groups", "2")
    assert "requests in" in shown
    assert "GENERIC_SCIM_PROVISIONER" in shown
    assert "rest_event_history" in shown
