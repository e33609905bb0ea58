"""Make another node the hub of many: a repository of members, each a target.

Run with the node's environment: `python -m tests.federation.other_hub <how many>`.
"""

import sys

import django

django.setup()

from federation.conf import get_conf  # noqa: E402
from federation.services import heads, trusting  # noqa: E402
from federation.services.enrolment import initialise_node  # noqa: E402
from federation.trust import proposals, targets  # noqa: E402
from federation.wire import canonical  # noqa: E402
from tests.federation.simulated_node import SimulatedNode  # noqa: E402


def main(count: int) -> None:
    conf = get_conf()
    initialise_node(conf)
    repository = trusting.repository_of(conf)
    if not repository.exists:
        trusting.start_trust(conf)
        heads.sign_head()
    members = {}
    for number in range(count):
        node = SimulatedNode(f"member-{number:03}")
        value = targets.member_from_descriptor(node.descriptor)
        members[targets.target_path(node.node_id)] = canonical.dumps(value)
    # One change for all of them: two hundred would write every target two hundred times.
    trusting.settle(proposals._of_targets(repository, members), conf)


if __name__ == "__main__":
    main(int(sys.argv[1]))
