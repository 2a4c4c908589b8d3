"""Lists that people search, filter and page: all of it in the URL, so that a link shows a colleague the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, QueryDict

from portal.web.numbers import whole_number

NULL = "-"  # how "no value" is written in a URL
SEARCH, PAGE = "q", "page"


@dataclass(frozen=True)
class Facet:
    """One dimension to filter by.

    Parameters
    ----------
    name : str
        The key in the URL.
    label : str
        The word above its values.
    field : str, optional
        The lookup path; the name itself by default.
    choices : sequence of (value, words), or a function giving one, optional
        The values in the order shown. Without them, those that occur.
    words : function giving a mapping of value to words, optional
        How values that occur are called; a value that it lacks is shown as it is.
    """

    name: str
    label: Any
    field: str = ""
    choices: Sequence[tuple[Any, Any]] | Callable[[], Iterable[tuple[Any, Any]]] | None = None
    words: Callable[[], Mapping[str, Any]] = dict

    @property
    def path(self) -> str:
        return self.field or self.name

    def listed(self) -> list[tuple[Any, Any]] | None:
        if self.choices is None:
            return None
        return list(self.choices() if callable(self.choices) else self.choices)


@dataclass(frozen=True)
class Option:
    """One value of a facet, as a link with its count."""

    label: Any
    url: str
    count: int
    current: bool


@dataclass(frozen=True)
class FacetView:
    """A facet as the page shows it."""

    name: str
    label: Any
    all_url: str
    all_count: int
    current: bool
    options: list[Option] = field(default_factory=list)


def _written(value: Any) -> str:
    return NULL if value is None else str(value)


class ListPage:
    """The rows of one page of a list, its facets with counts, and the links between its views.

    Parameters
    ----------
    queryset : QuerySet
        Already scoped to what the user may see.
    search : sequence of str
        Lookup paths that the search box looks into; every word typed has to occur in one of them.
    shown : callable, optional
        A typed word → the rows that show it although they store a code or a key instead.
    facets : sequence of Facet
    order : str or sequence of str
        The order of rows; the primary key makes it definite.
    size : int
        Rows a page.
    """

    def __init__(
        self,
        request: HttpRequest,
        queryset: QuerySet,
        *,
        search: Sequence[str] = (),
        shown: Callable[[str], Q] | None = None,
        facets: Sequence[Facet] = (),
        order: str | Sequence[str] = (),
        size: int = 25,
    ) -> None:
        self.path, self.asked = request.path, request.GET
        self.everything, self.search_fields, self.facet_list = queryset, tuple(search), tuple(facets)
        self.shown = shown
        self.order = (order,) if isinstance(order, str) else tuple(order)
        self.size = size
        self.query = self.asked.get(SEARCH, "").strip().replace("\x00", "")[:200]

    # What was asked for

    def _chosen(self, facet: Facet) -> str:
        return self.asked.get(facet.name, "").replace("\x00", "")

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.query) or any(self._chosen(facet) for facet in self.facet_list)

    @cached_property
    def _sought(self) -> list[Q]:
        """Where each typed word has to occur; made once a page, since `shown` may ask the database."""
        found = []
        for typed in dict.fromkeys(self.query.split()) if self.search_fields else ():
            stored = reduce(or_, (Q(**{f"{path}__icontains": typed}) for path in self.search_fields))
            found.append(stored | self.shown(typed) if self.shown else stored)
        return found

    def _searched(self, rows: QuerySet) -> QuerySet:
        for condition in self._sought:
            rows = rows.filter(condition)
        return rows

    def _narrowed(self, rows: QuerySet, facet: Facet) -> QuerySet:
        chosen = self._chosen(facet)
        if not chosen:
            return rows
        try:
            if chosen == NULL:
                return rows.filter(**{f"{facet.path}__isnull": True})
            return rows.filter(**{facet.path: chosen})
        except (ValueError, TypeError, ValidationError, OverflowError):
            return rows.none()  # a value that cannot occur matches nothing, and the page says 0

    def _matching(self, *, but: Facet | None = None) -> QuerySet:
        rows = self._searched(self.everything)
        for facet in self.facet_list:
            if facet is not but:
                rows = self._narrowed(rows, facet)
        return rows

    # Numbers

    @cached_property
    def total(self) -> int:
        """Rows without any filter."""
        return self.everything.count() if self.filtered else self.found

    @cached_property
    def found(self) -> int:
        """Rows that match."""
        return self._matching().count()

    @cached_property
    def pages(self) -> int:
        return max(1, -(-self.found // self.size))

    @cached_property
    def page(self) -> int:
        return min(whole_number(self.asked.get(PAGE, "")) or 1, self.pages)

    @property
    def first(self) -> int:
        return (self.page - 1) * self.size + 1 if self.found else 0

    @property
    def last(self) -> int:
        return min(self.page * self.size, self.found)

    # Rows

    @cached_property
    def rows(self) -> list[Any]:
        matching = self._matching()
        given = self.order or tuple(matching.query.order_by) or tuple(matching.model._meta.ordering)
        keys = {key.lstrip("-") for key in given if isinstance(key, str)}
        definite = given if keys & {"pk", "id"} else (*given, "pk")
        return list(matching.order_by(*definite)[self.first - 1 if self.found else 0 : self.last])

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    # Links

    def url(self, **changes: Any) -> str:
        """This view with some keys changed; "" or None takes one away, and any change but the page's starts over."""
        query: QueryDict = self.asked.copy()
        if PAGE not in changes:
            query.pop(PAGE, None)
        for key, value in changes.items():
            query.pop(key, None)
            if value not in (None, ""):
                query[key] = str(value)
        return f"{self.path}?{query.urlencode()}" if query else self.path

    @property
    def clear_url(self) -> str:
        """The same list without search and facets; keys of others (a tab, say) stay."""
        return self.url(**{SEARCH: None}, **{facet.name: None for facet in self.facet_list})

    @property
    def previous_url(self) -> str:
        return self.url(page=self.page - 1 if self.page > 2 else None) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self.url(page=self.page + 1) if self.page < self.pages else ""

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the search form carries along as hidden fields."""
        return [(key, value) for key in self.asked for value in self.asked.getlist(key) if key not in (SEARCH, PAGE)]

    @cached_property
    def facets(self) -> list[FacetView]:
        """Each facet with the counts that its values would give beside the other filters: one query a facet."""
        return [self._view(facet) for facet in self.facet_list]

    def _view(self, facet: Facet) -> FacetView:
        chosen, rows = self._chosen(facet), self._matching(but=facet).order_by()
        counted = rows.values_list(facet.path).annotate(rows=Count("pk", distinct=True)).order_by(facet.path)
        counts = {_written(value): count for value, count in counted}
        listed = facet.listed()
        called = facet.words()
        if listed is None:
            listed = [(key, called.get(key, key)) for key in counts]
        values = [(_written(key), words) for key, words in listed]
        if chosen and chosen not in dict(values):
            values.append((chosen, chosen))
        options = [
            Option("–" if words == NULL else words, self.url(**{facet.name: key}), counts.get(key, 0), key == chosen)
            for key, words in values
        ]
        return FacetView(
            facet.name, facet.label, self.url(**{facet.name: None}), sum(counts.values()), not chosen, options
        )
