"""The only room that talks HTTP to other nodes."""

from .feed import Feed, Head, Heads, fetch_descriptor
from .fetcher import Answer, Fetcher
from .http import HttpFetcher
from .trust import TrustFetcher, fetch_root

__all__ = [
    "Answer",
    "Feed",
    "Fetcher",
    "Head",
    "Heads",
    "HttpFetcher",
    "TrustFetcher",
    "fetch_descriptor",
    "fetch_root",
]
