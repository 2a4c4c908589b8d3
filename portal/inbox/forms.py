"""The choice of how each kind of notice is mailed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms

from portal.accounts.models import User
from portal.inbox.kinds import KINDS, NoticeKind
from portal.inbox.models import Channel


class ChannelsForm(forms.Form):
    """One choice for each kind that concerns the person."""

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = {name: kind for name, kind in KINDS.items() if kind.concerns(user)}
        for name, kind in self.kinds.items():
            self.fields[name] = forms.ChoiceField(label=kind.title, choices=Channel.choices, widget=forms.RadioSelect)

    def rows(self) -> Iterator[tuple[NoticeKind, list[tuple[str, str, bool]], Any]]:
        """Each kind, its channels (value, words, chosen), and what is wrong with the choice."""
        for name, kind in self.kinds.items():
            field = self[name]
            yield kind, [(value, words, field.value() == value) for value, words in Channel.choices], field.errors
