"""Keep the version of each framework that teams were assessed with: it stays in use until it is upgraded."""

from django.db import migrations


def keep_versions_in_use(apps, schema_editor):
    from assessments import framework_source
    from assessments.framework import history, shipped

    versions = apps.get_model("assessments", "FrameworkVersion")
    used = apps.get_model("assessments", "Assessment").objects.order_by("framework")
    for key in used.values_list("framework", flat=True).distinct():
        numbers = [
            int(version)
            for version in used.filter(framework=key).values_list("framework_version", flat=True).distinct()
            if version.isdigit()
        ]
        known = {version: found for (name, version), found in history().items() if name == key}
        if key in shipped():
            known[shipped()[key].version] = shipped()[key]
        in_use = known.get(max(numbers, default=0))
        if in_use is not None:
            versions.objects.create(
                key=key,
                version=in_use.version,
                digest=in_use.digest,
                source=framework_source.shipped_text(in_use),
                shipped=True,
                state="current",
            )


class Migration(migrations.Migration):
    dependencies = [("assessments", "0004_item_opened_because")]

    operations = [migrations.RunPython(keep_versions_in_use, migrations.RunPython.noop)]
