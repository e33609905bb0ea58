from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0002_trust_recall_bundles")]

    operations = [
        migrations.AddField("peer", "followed", models.BinaryField(default=bytes)),
    ]
