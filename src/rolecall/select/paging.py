"""Paging: many rows go to the engine in small pages, slowly while others are kept waiting.

Making rows holds the interpreter, and whoever provisions needs it too. A page is a few
milliseconds; behind the first ten, each is followed by a rest three times as long as its work,
as long as somebody writes. A server with nothing else to do works without rests.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from time import sleep, thread_time

from rolecall.domain.selecting import Relation, Rows
from rolecall.domain.tables import Table
from rolecall.select.messages import Page

PAGES_FREE = 10
REST = 3.0
"""How long to rest, in times of the work: a quarter of one processor is taken."""
LAST = Page()


def begun(relations: Mapping[str, Relation]) -> tuple[dict[str, Table], Iterator[Page] | None]:
    """Tables with what there is at once, and the pages behind it; None when that is all.

    The first page of each is made here, so that what is refused is refused before a child is taken.
    """
    tables: dict[str, Table] = {}
    later: list[Iterator[Page]] = []
    for name, relation in relations.items():
        if isinstance(relation, Table):
            tables[name] = relation
            continue
        pages = iter(relation.pages)
        tables[name] = Table(columns=relation.columns, rows=list(next(pages, ())))
        second = next(pages, None)
        if second is not None:
            later.append(slowly(_named(name, chain([second], pages)), relation.busy))
    return tables, chain.from_iterable(later) if later else None


def _named(name: str, pages: Iterable[Rows]) -> Iterator[Page]:
    """An empty page would end the question."""
    return (Page(relation=name, rows=rows) for rows in pages if rows)


def slowly(pages: Iterator[Page], busy: Callable[[], bool]) -> Iterator[Page]:
    """The pages, with a rest after each but the first while others are kept waiting."""
    began = thread_time()
    for number, page in enumerate(pages, start=1):
        yield page
        if number >= PAGES_FREE and busy():
            sleep((thread_time() - began) * REST)
        began = thread_time()
