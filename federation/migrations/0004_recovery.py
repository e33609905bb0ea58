"""A body that was lost in a restore, and that nobody has."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0003_followed")]

    operations = [
        migrations.AlterField(
            model_name="record",
            name="state",
            field=models.CharField(
                choices=[
                    ("present", "present"),
                    ("retracted", "retracted"),
                    ("parked", "waiting for newer software"),
                    ("lost", "lost in a restore"),
                ],
                default="present",
                max_length=10,
            ),
        ),
    ]
