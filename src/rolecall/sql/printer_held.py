"""How statements about held changes are printed."""

from rolecall.sql.printer_parts import (
    if_exists,
    print_name,
    print_show,
    print_statement,
    print_string,
    words,
)
from rolecall.sql.statements_held import AlterHeldChanges, ShowHeldChanges


@print_statement.register
def _alter_held_changes(statement: AlterHeldChanges) -> str:
    return words(
        "ALTER SECURITY INTEGRATION",
        if_exists(given=statement.if_exists),
        print_name(statement.name),
        "RELEASE" if statement.release else "REJECT",
        "HELD CHANGES",
        ", ".join(print_string(each) for each in statement.ids),
    )


@print_statement.register
def _show_held_changes(statement: ShowHeldChanges) -> str:
    name = statement.integration
    within = "" if name is None else f"IN INTEGRATION {print_name(name)}"
    return print_show("HELD CHANGES", statement.options, within)
