"""What pipelines leave behind."""

from __future__ import annotations

from governance.models import RequestKey


def build(ground, cast) -> dict[str, dict]:
    RequestKey.objects.create(user=cast.member, key="0" * 64, asked="sha256:0", promotion=ground.promotion)
    return {}
