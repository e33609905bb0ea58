"""What a playbook holds, one family a file."""

from .base import GatedPage, PublishedItem, Status
from .cases import CasePage
from .design import Design
from .episodes import EpisodeIndexPage, EpisodePage
from .epoch import ContentEpoch
from .events import EventIndexPage, EventPage
from .feedback import Feedback
from .findings import FindingCase, FindingIndexPage, FindingPage
from .gone import Gone
from .home import CaseIndexPage, HomePage, PlayIndexPage
from .images import PlaybookImage, PlaybookRendition
from .network import GroupPage, NetworkPage, OrganisationPage
from .plays import Evidence, PlayPage
from .sections import ListPage, SectionPage
from .standard import JoinPage, StandardPage
from .strategies import StrategyIndexPage, StrategyPage, StrategyStage
from .support import SupportIndexPage, SupportOfferPage
from .templates import TemplateIndexPage, TemplatePage
from .terms import Dimension, Mechanism, Sector, Term, Threat
from .workflow import PublisherTask, RedactionCheck, SafetyCheckTask

__all__ = [
    "CaseIndexPage",
    "CasePage",
    "ContentEpoch",
    "Design",
    "Dimension",
    "EpisodeIndexPage",
    "EpisodePage",
    "EventIndexPage",
    "EventPage",
    "Evidence",
    "Feedback",
    "FindingCase",
    "FindingIndexPage",
    "FindingPage",
    "GatedPage",
    "Gone",
    "GroupPage",
    "HomePage",
    "JoinPage",
    "ListPage",
    "Mechanism",
    "NetworkPage",
    "OrganisationPage",
    "PlayIndexPage",
    "PlayPage",
    "PlaybookImage",
    "PlaybookRendition",
    "PublishedItem",
    "PublisherTask",
    "RedactionCheck",
    "SafetyCheckTask",
    "SectionPage",
    "Sector",
    "StandardPage",
    "Status",
    "StrategyIndexPage",
    "StrategyPage",
    "StrategyStage",
    "SupportIndexPage",
    "SupportOfferPage",
    "TemplateIndexPage",
    "TemplatePage",
    "Term",
    "Threat",
]
