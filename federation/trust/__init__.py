"""Who is a member, with which keys, and the key files of this node.

`Directory` is the interface. Members are known by exchanged descriptors for now; a TUF
directory takes the same place later (docs/protocol.md, "Membership").
"""

from .descriptors import DescriptorDirectory, read_descriptor, sign_descriptor
from .directory import Directory, Endpoint, KeyPeriod, Member
from .keyfiles import NodeKeys, create_keys, key_problems, load_keys, read_key
from .mark import Mark, read_mark, write_mark
from .stewards import stewards

__all__ = [
    "DescriptorDirectory",
    "Directory",
    "Endpoint",
    "KeyPeriod",
    "Mark",
    "Member",
    "NodeKeys",
    "create_keys",
    "key_problems",
    "load_keys",
    "read_descriptor",
    "read_key",
    "read_mark",
    "sign_descriptor",
    "stewards",
    "write_mark",
]
