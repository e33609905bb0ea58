"""Who is a member, with which keys, and the key files of this node.

`Directory` is the interface. Members are verified TUF targets, which stewards sign; the hub keeps
the repository, every node serves what it verified (docs/protocol.md, "Names and keys").
"""

from .changes import Change, Standing, require_publishable
from .descriptors import read_descriptor, sign_descriptor
from .directory import Directory, Endpoint, KeyPeriod, LastTrusted, Member
from .keyfiles import NodeKeys, create_keys, key_problems, load_key, load_keys
from .mark import Mark, read_mark, write_mark
from .members import DescriptorDirectory
from .refresh import refresh, refresh_from_folder
from .repository import Repository
from .roles import RoleState
from .stewards import stewards
from .store import Pin, TrustStore
from .targets import Rules, is_vouched_for, read_target

__all__ = [
    "Change",
    "DescriptorDirectory",
    "Directory",
    "Endpoint",
    "KeyPeriod",
    "LastTrusted",
    "Mark",
    "Member",
    "NodeKeys",
    "Pin",
    "Repository",
    "RoleState",
    "Rules",
    "Standing",
    "TrustStore",
    "create_keys",
    "is_vouched_for",
    "key_problems",
    "load_key",
    "load_keys",
    "read_descriptor",
    "read_mark",
    "read_target",
    "refresh",
    "refresh_from_folder",
    "require_publishable",
    "sign_descriptor",
    "stewards",
    "write_mark",
]
