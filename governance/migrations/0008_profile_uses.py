from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0007_gates")]

    operations = [
        migrations.AddField(
            model_name="profilechange",
            name="uses",
            field=models.JSONField(default=list, help_text="As ProfileVersion.uses; `pinned` are their digests"),
        ),
        migrations.AddField(
            model_name="profileversion",
            name="uses",
            field=models.JSONField(
                default=list, help_text="[{set, role, key_columns, by}] of the sets that it is judged on"
            ),
        ),
    ]
