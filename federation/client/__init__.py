"""The only room that talks HTTP to other nodes."""

from .carried import BundleFetcher, CarriedFeed, limits_of
from .feed import Feed, Head, Heads, fetch_descriptor
from .fetcher import Answer, Fetcher
from .http import HttpFetcher
from .trust import TrustFetcher, fetch_root

__all__ = [
    "Answer",
    "BundleFetcher",
    "CarriedFeed",
    "Feed",
    "Fetcher",
    "Head",
    "Heads",
    "HttpFetcher",
    "TrustFetcher",
    "fetch_descriptor",
    "fetch_root",
    "limits_of",
]
