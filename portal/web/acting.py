"""Between a form and an action: what the action refuses is said on the form, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from portal.web.errors import DomainError, Forbidden
from portal.web.say import say


def act(form: forms.Form, action: Callable[..., Any], **given: Any) -> tuple[bool, Any]:
    """Call an action; a refusal becomes an error of the form (a missing permission stays an error of the request).

    Returns
    -------
    (done, result)
    """
    try:
        return True, action(**given)
    except Forbidden:
        raise
    except DomainError as error:
        fields = getattr(error, "fields", {})
        for name, message in fields.items():
            form.add_error(name if name in form.fields else None, say(message))
        if not fields:
            form.add_error(None, say(error.message))
        return False, None
