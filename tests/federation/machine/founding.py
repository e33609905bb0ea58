"""How the federation of the machine is founded and governed: stewards, members, keys, standing."""

import shutil
from pathlib import Path

from federation.conf import Conf, get_conf
from federation.models import Peer, Policy, Subscription
from federation.services import recalling, stewarding, trusting
from federation.services.enrolment import initialise_node
from federation.trust import (
    Change,
    DescriptorDirectory,
    TrustStore,
    create_keys,
    proposals,
    refresh_from_folder,
)
from federation.trust.keyfiles import PURPOSES, load_key
from federation.trust.rolekeys import create_role_key
from federation.wire import dsse

from .world import Place, World

STEWARDS = 3  # each with a key for targets; two must sign


def found(folder: Path, template: Path, names: list[str]) -> None:
    """Make a folder for each place, the hub first: all of them members, by the stewards' word."""
    world = World(folder, names)
    for place in world.places.values():
        place.folder.mkdir(parents=True)
        shutil.copyfile(template, place.database)
        with world.at(place):
            initialise_node(get_conf())
    hub, *others = world.places.values()
    with world.at(hub):
        conf = get_conf()
        sticks = trusting.stewards_dir(conf)
        create_role_key(sticks / "root-1.pem")
        for number in range(STEWARDS):
            create_role_key(sticks / f"targets-{number}.pem")
        trusting.start_trust(conf, sticks, targets_threshold=2)
    for place in others:
        with world.at(place):
            descriptor = DescriptorDirectory(get_conf().trust_dir).envelope(place.name)
        _settle(
            world,
            lambda conf, new=descriptor: proposals.propose_member(
                trusting.repository_of(conf), new
            ),
        )
    for place in others:
        _join(world, place)
    for place in world.places.values():
        place.leave()


def _member(conf: Conf, descriptor: bytes) -> Change:
    return proposals.propose_member(trusting.repository_of(conf), descriptor)


def _join(world: World, place: Place) -> None:
    with world.at(world.places["hub"]):
        repository = trusting.repository_of(get_conf())
        pin, root = repository.root_pin(), repository.root_bytes()
    with world.at(place):
        conf = get_conf()
        TrustStore(conf.trust_dir).pin_root(root, pin.version, pin.sha256)
        Peer.objects.create(node_id="hub", is_hub=True, pull=True)
        hear_of_members(world, place)
        Subscription.objects.update(policy=Policy.PUBLISH)


def hear_of_members(world: World, place: Place) -> None:
    """Take in the newest metadata as it lies at the hub, as somebody might carry it."""
    with world.at(world.places["hub"]):
        folder = trusting.repository_of(get_conf()).folder
    with world.at(place):
        conf = get_conf()
        refresh_from_folder(TrustStore(conf.trust_dir), folder)
        trusting.follow_current(conf)


def _settle(world: World, propose) -> None:
    """Have a change signed by all stewards and published at the hub."""
    with world.at(world.places["hub"]):
        conf = get_conf()
        change: Change = propose(conf)
        assert trusting.settle(change, conf) is None


def set_standing(world: World, name: str, status: str, trusted: int | None = None) -> None:
    """Let stewards suspend, revoke or activate a node, or name its last trusted entry."""

    def propose(conf: Conf) -> Change:
        last = stewarding._last_trusted(name, str(trusted)) if trusted else None
        return proposals.propose_status(trusting.repository_of(conf), name, status, last)

    _settle(world, propose)


def rotate(world: World, place: Place) -> None:
    """Give a node new keys from its next entry on, as docs/operating.md has it."""
    world.sign(place)
    with world.at(place):
        conf = get_conf()
        size = recalling.heads.own_log().size
        old = conf.keys_dir / f"old-{size}-{len(list(conf.keys_dir.glob('old-*')))}"
        old.mkdir(mode=0o700)
        for purpose in PURPOSES:
            (conf.keys_dir / f"{purpose}.pem").rename(old / f"{purpose}.pem")
        create_keys(conf.keys_dir)
        initialise_node(conf)
        out = place.folder / "new.json"
        stewarding.write_descriptor(conf, out, old / "identity.pem")
    new = out.read_bytes()
    _settle(world, lambda conf: proposals.propose_rotation(trusting.repository_of(conf), new, size))
    hear_of_members(world, place)


def signed_by_stewards(world: World, schema: str, target: dict[str, str]) -> dsse.Envelope:
    """Return a recall or a lift that two stewards signed, as a file that anybody may carry."""
    with world.at(world.places["hub"]):
        sticks = trusting.stewards_dir(get_conf())
        keys = [load_key(sticks / f"targets-{number}.pem") for number in (0, 2)]
        fields = {"target": target, "reason": "It endangers people.", "day": "2026-11-21"}
        return recalling.sign_statement(schema, "hub", fields, keys)
