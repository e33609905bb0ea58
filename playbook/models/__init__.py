"""What a playbook holds, one family a file."""

from .base import GatedPage, PublishedItem, Status
from .cases import CasePage
from .home import CaseIndexPage, HomePage, PlayIndexPage
from .images import PlaybookImage, PlaybookRendition
from .plays import Evidence, PlayPage
from .terms import Dimension, Mechanism, Sector, Term, Threat
from .workflow import PublisherTask, RedactionCheck, SafetyCheckTask

__all__ = [
    "CaseIndexPage",
    "CasePage",
    "Dimension",
    "Evidence",
    "GatedPage",
    "HomePage",
    "Mechanism",
    "PlayIndexPage",
    "PlayPage",
    "PlaybookImage",
    "PlaybookRendition",
    "PublishedItem",
    "PublisherTask",
    "RedactionCheck",
    "SafetyCheckTask",
    "Sector",
    "Status",
    "Term",
    "Threat",
]
