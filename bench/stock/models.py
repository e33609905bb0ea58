"""The fields of a play, with nothing of ours but the terms that they point at."""

from django.conf import settings
from django.db import models
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail import blocks
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page

from playbook.models import Dimension, Mechanism, Sector, Threat


class StepBlock(blocks.StructBlock):
    do = blocks.RichTextBlock()
    who = blocks.CharBlock(required=False)
    by_when = blocks.CharBlock(required=False)
    dont = blocks.CharBlock(required=False)

    class Meta:
        template = "stock/blocks/step.html"


class StockHome(Page):
    pass


class StockIndex(Page):
    pass


class StockItem(Page):
    """A case, a template or an offer of support: here only its title and address matter."""

    summary = models.TextField(blank=True)
    template = "stock/stock_item.html"


class StockPlay(Page):
    outcome = models.CharField(max_length=300)
    phase = models.CharField(max_length=20)
    who_leads = models.CharField(max_length=300, blank=True)
    effort = models.CharField(max_length=20, blank=True)
    time = models.CharField(max_length=300, blank=True)
    cost = models.CharField(max_length=300, blank=True)
    visibility = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=20, blank=True)
    preconditions = RichTextField(blank=True)
    steps = StreamField([("step", StepBlock())])
    worse = RichTextField(blank=True)
    stop_conditions = RichTextField(blank=True)
    local_legal_note = RichTextField(blank=True)
    picture = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    threats = ParentalManyToManyField(Threat, related_name="+")
    mechanisms = ParentalManyToManyField(Mechanism, related_name="+")
    dimensions = ParentalManyToManyField(Dimension, related_name="+")
    sectors = ParentalManyToManyField(Sector, related_name="+")
    templates = ParentalManyToManyField(StockItem, related_name="+")
    support = ParentalManyToManyField(StockItem, related_name="+")
    template = "stock/stock_play.html"


class StockEvidence(Orderable):
    play = ParentalKey(StockPlay, on_delete=models.CASCADE, related_name="evidence")
    page = models.ForeignKey(StockItem, on_delete=models.CASCADE, related_name="+")
    stance = models.CharField(max_length=10)
