"""Every shipped framework can be filled out on every page, checklists too."""

from __future__ import annotations

import pytest

from assessments.framework import shipped
from assessments.models import Answer, Assessment

pytestmark = pytest.mark.django_db
BASE = "/teams/credit-risk/assessment/"


@pytest.mark.parametrize("key", sorted(shipped()))
def test_from_the_start_to_the_submission(as_user, cast, key):
    client, model = as_user(cast.manager), shipped()[key]
    within = {"framework": key}
    first = client.post(f"{BASE}start/?framework={key}")
    assert first.status_code == 302
    draft = Assessment.objects.get(framework=key)
    opened = client.get(first.url)
    assert opened.status_code == 200
    if model.is_checklist:
        assert "level 1" not in opened.content.decode().lower()
    asked = next(criterion for criterion in model.criteria if f"/{criterion.id}/" in first.url)
    assert asked.required
    saved = client.post(first.url, {"answer": "yes", "note": "", "rev": 0, "go": "next"})
    assert Answer.objects.get(assessment=draft, criterion=asked.id).value == "yes"
    assert key == "mlops-maturity" or f"framework={key}" in saved.url
    for page in ("", "unchanged/", "check/", "offline/", "offline/export/", "delegate/", "mine/", f"{asked.id}/"):
        assert client.get(f"{BASE}{page}", within).status_code == 200, page
    for page in ("", "unchanged/", "check/", f"{asked.id}/"):
        assert client.get(f"/assessments/together/{page}", within).status_code == 200, page
    done = client.post(f"{BASE}check/?framework={key}")
    assert done.status_code == 302
    draft.refresh_from_db()
    assert draft.state == "submitted"


def test_a_framework_that_is_not_there_is_404(as_user, cast):
    assert as_user(cast.manager).get(f"{BASE}?framework=nothing").status_code == 404
    assert as_user(cast.manager).get("/assessments/together/?framework=nothing").status_code == 404
