from django.db import migrations, models
from django.db.models import Q

RESOLUTIONS = [
    ("corrected", "Corrected"),
    ("accepted", "Accepted"),
    ("reviewed", "Reviewed"),
    ("justified", "Justified"),
    ("unjustified", "Not justified"),
    ("ended", "Not so any more"),
]


class Migration(migrations.Migration):
    dependencies = [("governance", "0009_request_keys")]

    operations = [
        migrations.RemoveConstraint("finding", "resolved_finding_says_how_and_when"),
        migrations.AlterField("finding", "resolution", models.CharField(blank=True, choices=RESOLUTIONS, max_length=11)),
        migrations.AddConstraint(
            "finding",
            models.CheckConstraint(
                condition=Q(state="open", resolution="", resolved_by=None, resolved_at=None)
                | Q(
                    state="resolved",
                    resolved_at__isnull=False,
                    resolution__in=[value for value, _label in RESOLUTIONS],
                ),
                name="resolved_finding_says_how_and_when",
            ),
        ),
    ]
