"""The two tables of functions do not overlap, and only one function changes the account."""

from rolecall.sql.functions import ACCOUNT_FUNCTIONS, QUERY_FUNCTIONS


def test_a_function_is_the_accounts_or_the_engines() -> None:
    assert not QUERY_FUNCTIONS & set(ACCOUNT_FUNCTIONS)


def test_only_the_token_function_changes_the_account() -> None:
    changing = [name for name, function in ACCOUNT_FUNCTIONS.items() if function.changes_account]
    assert changing == ["SYSTEM$GENERATE_SCIM_ACCESS_TOKEN"]
