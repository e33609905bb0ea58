"""Every error of the federation, in one tree.

An error says what happened (`detail`), to which item (`item`), and what a person can do about it
(`remedy`). Its `code` is a stable slug: it stands in quarantine rows, in problem documents and in
`docs/protocol.md`, and is never reused for something else.
"""

from __future__ import annotations

from typing import ClassVar


class FederationError(Exception):
    """Base of the tree. Catch a branch; raise a class that has a code of its own.

    `detail` says what happened, `item` which record, entry or peer it happened to.
    """

    code: ClassVar[str] = "federation.error"
    remedy: ClassVar[str] = "Read the detail; if it explains nothing, report it."

    def __init__(self, detail: str = "", *, item: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").splitlines()[0]
        self.item = item
        super().__init__(self.detail)

    def __str__(self) -> str:
        return self.detail


class WireError(FederationError):
    """Bytes that came over the wire are not what they should be."""


class JsonError(WireError):
    """A text is not the strict JSON (I-JSON, RFC 7493) that the federation speaks."""


class InvalidJson(JsonError):
    """The text is not JSON (RFC 8259)."""

    code = "json.invalid"
    remedy = "Ask the sender to look at what they sent: it is not JSON at all."


class TruncatedJson(JsonError):
    """The text stops in the middle of a JSON value."""

    code = "json.truncated"
    remedy = "Fetch it again; if it is short again, tell the sender that their file is cut off."


class DuplicateKey(JsonError):
    """An object names the same key twice (RFC 7493 section 2.3)."""

    code = "json.duplicate-key"
    remedy = "Do not use it: two readers would see two different texts. Tell the sender."


class NotInIJson(JsonError):
    """A value that I-JSON forbids: NaN, an integer beyond 2^53-1, half a surrogate pair."""

    code = "json.not-i-json"
    remedy = "Ask the sender to remove the number or character named here and sign again."


class TooDeep(JsonError):
    """Arrays and objects are nested deeper than the limit."""

    code = "json.too-deep"
    remedy = "Ask the sender to send a flatter text; nothing we publish needs such depth."


class JsonTooLarge(JsonError):
    """The text is longer than the limit."""

    code = "json.too-large"
    remedy = "Ask the sender to send less at once, or raise the limit in the settings."


class NotCanonical(JsonError):
    """The text is not its own canonical form (RFC 8785)."""

    code = "json.not-canonical"
    remedy = "Ask the sender to sign the canonical form; the same content may be right."


class RecordError(WireError):
    """A record is well-formed JSON but breaks a rule of records."""


class RecordTooLarge(RecordError):
    """A record is larger than the limit."""

    code = "record.too-large"
    remedy = "Ask the sender to shorten it, or raise the record limit in the settings."


class UnknownSchema(RecordError):
    """A record of a schema that this version does not know; it is kept, not applied.

    `schema` is the name it gave.
    """

    code = "record.unknown-schema"
    remedy = "Update this software; the record is kept and applied once it is understood."

    def __init__(self, detail: str = "", *, schema: str = "", item: str | None = None) -> None:
        named = f"the schema {schema!r} is not known here" if schema else ""
        super().__init__(detail or named, item=item)
        self.schema = schema


class InvalidRecord(RecordError):
    """A known field is missing or has the wrong type or form."""

    code = "record.invalid"
    remedy = "Ask the author to correct the field named here and publish a new version."


class UnknownBlock(RecordError):
    """A step or lesson has a block type that this version does not know."""

    code = "record.unknown-block"
    remedy = "Update this software; the record is kept and applied once it is understood."


class AddressMismatch(RecordError):
    """The bytes are not those whose address was asked for."""

    code = "record.address-mismatch"
    remedy = "Fetch it from another node; if it is wrong there too, tell the author."


class WrongOrigin(RecordError):
    """A record names an origin other than the node that may say this."""

    code = "record.wrong-origin"
    remedy = "Do not use it: a node speaks only for itself. Tell the stewards if it comes back."


class TypeMismatch(RecordError):
    """The log entry's type and the record's schema do not agree."""

    code = "record.type-mismatch"
    remedy = "Tell the author: their log says one thing and their record another."


class RecallUnentitled(RecordError):
    """A recall, or its lift, is not signed by those who may say it."""

    code = "recall.unentitled"
    remedy = (
        "Do not use it: only the item's own node or two stewards recall, only two stewards lift. "
        "Ask the node over another channel whether people are in danger."
    )


class NotAddressed(RecordError):
    """A sealed record came whose audience does not hold this node."""

    code = "record.not-addressed"
    remedy = "Nothing of it was kept. Tell its author that somebody hands it on."


class SignatureError(WireError):
    """A signature, its key or its envelope is wrong."""


class BadSignature(SignatureError):
    """No signature by the required key is valid for these bytes."""

    code = "signature.bad"
    remedy = "Do not use it: it was changed on the way, or somebody else wrote it."


class InvalidKey(SignatureError):
    """Not a valid Ed25519 public key (libsodium's point check)."""

    code = "signature.invalid-key"
    remedy = "Ask the node to make new keys; this one must not be enrolled."


class MalformedEnvelope(SignatureError):
    """Not a DSSE envelope of our payload type."""

    code = "signature.malformed-envelope"
    remedy = "Ask the sender to look at what they sent; fetch it from another node meanwhile."


class LogError(WireError):
    """A log does not hold together."""


class InvalidLeaf(LogError):
    """An entry is not the canonical {type, record} of a known type."""

    code = "log.invalid-leaf"
    remedy = "Tell the log's owner; nothing after it is affected."


class BadProof(LogError):
    """An inclusion or consistency proof does not verify (RFC 9162)."""

    code = "log.bad-proof"
    remedy = "Fetch the proof from another node; if it fails there too, tell the stewards."


class RootMismatch(LogError):
    """The entries do not add up to the root that was signed."""

    code = "log.root-mismatch"
    remedy = "Fetch the entries from another node; if they fail there too, tell the stewards."


class LogShrank(LogError):
    """A head is smaller than one seen before."""

    code = "log.shrank"
    remedy = (
        "Wait for the peer to catch up; if it stays so, ask whether it was restored from a backup."
    )


class Equivocation(LogError):
    """Two signed heads of one log cannot both be true."""

    code = "log.equivocation"
    remedy = (
        "Both heads are kept as evidence: send them to the stewards; the log is applied no further."
    )


class TooMuchGrowth(LogError):
    """A log grew faster or larger than its cap allows."""

    code = "log.too-much-growth"
    remedy = "Ask the node whether this is meant, then raise its cap or suspend it."


class BadTile(LogError):
    """A hash tile or its path is malformed (tlog-tiles)."""

    code = "log.bad-tile"
    remedy = "Fetch the tile from another node, or tell the one who serves it."


class BadBundle(LogError):
    """A bundle of entries or records is malformed or cut off."""

    code = "log.bad-bundle"
    remedy = "Fetch the bundle again, or from another node."


class RecordWithheld(LogError):
    """The log names a record whose body nobody serves, and nothing later explains why."""

    code = "log.record-withheld"
    remedy = "Ask the node for it; until it comes, nothing is shown in its place."


class CheckpointError(WireError):
    """A signed log head is not acceptable."""


class MalformedCheckpoint(CheckpointError):
    """Not a signed note with a checkpoint in it (signed-note, tlog-checkpoint)."""

    code = "checkpoint.malformed"
    remedy = "Fetch it again, or from another node; if it stays so, tell the one who serves it."


class WrongKey(CheckpointError):
    """The checkpoint has no valid signature by the log's enrolled key."""

    code = "checkpoint.wrong-key"
    remedy = "Do not use it. Ask the node over another channel whether its keys have changed."


class WrongLogOrigin(CheckpointError):
    """The checkpoint is that of another log."""

    code = "checkpoint.wrong-origin"
    remedy = "Check the address that this peer is fetched from; it serves somebody else's log."


class MalformedSubmission(CheckpointError):
    """Not what a log submits to a witness, or not what a witness answers (tlog-witness)."""

    code = "witness.malformed"
    remedy = "Nothing was cosigned. If it lasts, compare the software versions of both nodes."


class BundleError(WireError):
    """A bundle that was carried or pushed, as a whole, is not acceptable."""


class NotABundle(BundleError):
    """The file is not a zip."""

    code = "bundle.not-a-zip"
    remedy = "Choose the file that the other node exported; this is something else."


class BundleCutOff(BundleError):
    """The bundle is cut off, or something was put behind its end."""

    code = "bundle.cut-off"
    remedy = "Copy it again from where it came; if it is the same there, have it exported again."


class BundleTooLarge(BundleError):
    """The bundle has more bytes or members than the limit, or a member has."""

    code = "bundle.too-large"
    remedy = "Have less exported at once (fewer logs, or since a later size), or raise the limit."


class NotStored(BundleError):
    """A member is compressed or encrypted; members of a bundle are stored as they are."""

    code = "bundle.not-stored"
    remedy = "Do not unpack it. Ask for the file as it was exported, not one that was zipped again."


class DuplicateMember(BundleError):
    """Two members have one name."""

    code = "bundle.duplicate-member"
    remedy = "Do not use it: two readers would see two different bundles. Tell the sender."


class BadMemberName(BundleError):
    """A member's name is not the path of an endpoint."""

    code = "bundle.bad-name"
    remedy = "Do not unpack it. Ask for the file as it was exported; no honest export holds this."


class BadMember(BundleError):
    """What the zip says of a member in two places does not agree."""

    code = "bundle.malformed"
    remedy = "Do not unpack it. Have it exported again; if it stays so, tell whoever brought it."


class RequestError(WireError):
    """A signed HTTP message is refused (RFC 9421)."""


class UnsignedRequest(RequestError):
    """The message carries no signature."""

    code = "request.unsigned"
    remedy = "Sign the request with the node's request key."


class BadRequestSignature(RequestError):
    """The signature is malformed or does not fit the message."""

    code = "request.bad-signature"
    remedy = "Check that both sides use the same address, and that no proxy changes the request."


class MissingComponent(RequestError):
    """The signature does not cover all that it must."""

    code = "request.missing-component"
    remedy = (
        "Cover method, authority, target and, with a body, its type and digest, and give a nonce."
    )


class WrongTag(RequestError):
    """The signature was made for another protocol."""

    code = "request.wrong-tag"
    remedy = "Sign with the federation's own tag."


class Stale(RequestError):
    """The signature is too old, lives too long, or is from the future."""

    code = "request.stale"
    remedy = "Set the clocks of both machines (NTP), then send it again."


class Replayed(RequestError):
    """The same signed request was seen before."""

    code = "request.replayed"
    remedy = "Send a new request; if nobody here sent this one twice, somebody recorded it."


class UnknownKey(RequestError):
    """The signature names a key that is not enrolled."""

    code = "request.unknown-key"
    remedy = "Enrol the node first, or check that it signs with the key it enrolled."


class DigestMismatch(RequestError):
    """The body is not the one whose digest was signed (RFC 9530)."""

    code = "request.digest-mismatch"
    remedy = "Send it again; if it fails again, a proxy on the way changes bodies."


class WrongTarget(RequestError):
    """The request is addressed to somebody else."""

    code = "request.wrong-target"
    remedy = "Use one of the addresses that this node has enrolled."


class VersionError(FederationError):
    """A version cannot be applied to what is known of its item."""


class VersionGap(VersionError):
    """The version before this one is not in the log."""

    code = "version.gap"
    remedy = "Nothing to do: it is held and applied once the missing version arrives."


class OldVersion(VersionError):
    """A version that is not above every one applied or retracted before."""

    code = "version.old"
    remedy = "Nothing to do: the newer version stays."


class ScopeError(FederationError):
    """A node sent something outside the languages or types it is enrolled for."""

    code = "scope.refused"
    remedy = "Ask the stewards to widen the node's scope, or the node to stop."


class MediaError(FederationError):
    """A file that belongs to a record cannot be used."""


class MediaHashMismatch(MediaError):
    """A file is not the one whose hash the record names."""

    code = "media.hash-mismatch"
    remedy = "Fetch it from another node; the item waits without it."


class MediaMissing(MediaError):
    """Nobody serves a file that a record names."""

    code = "media.missing"
    remedy = "Ask the author's node for it; the item waits without it."


class MediaTooLarge(MediaError):
    """A file is larger than the limit or than the record says."""

    code = "media.too-large"
    remedy = "Ask the author for a smaller file, or raise the limit in the settings."


class MediaRefused(MediaError):
    """A file is of a kind that is not accepted, or cannot be cleaned."""

    code = "media.refused"
    remedy = "Ask the author for a JPEG, PNG or WebP picture."


class PeerError(FederationError):
    """A peer could not be heard; other peers are not affected."""


class PeerTimeout(PeerError):
    """The peer did not answer in time."""

    code = "peer.timeout"
    remedy = "Nothing to do: it is tried again later. If it lasts, ask the peer."


class PeerUnreachable(PeerError):
    """The peer cannot be reached (name, network or TLS)."""

    code = "peer.unreachable"
    remedy = "Check the address and the peer's certificate; it is tried again later."


class PeerRedirected(PeerError):
    """The peer answered with a redirect, which is never followed."""

    code = "peer.redirected"
    remedy = "Ask the peer for its right address and enrol that."


class PeerAnsweredHtml(PeerError):
    """The peer answered with another content type than the one asked for."""

    code = "peer.wrong-content-type"
    remedy = "Check the address: a login page, an error page or a censor may stand before the peer."


class PeerServerError(PeerError):
    """The peer answered with a server error."""

    code = "peer.server-error"
    remedy = "Nothing to do: it is tried again later. If it lasts, tell the peer."


class PeerRefused(PeerError):
    """The peer refused the request.

    `status` is the HTTP status (4xx), `problem` the RFC 9457 problem type, if it gave one, `body`
    the beginning of what came with it.
    """

    code = "peer.refused"
    remedy = "Read the reason given here; it is tried again later."

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        problem: str | None = None,
        item: str | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(detail, item=item)
        self.status = status
        self.problem = problem
        self.body = body


class NotInBundle(PeerError):
    """The bundle does not hold what is needed."""

    code = "bundle.incomplete"
    remedy = "Ask for a bundle that begins at an earlier size, or for one that holds everything."


class NoProxy(PeerError):
    """An onion address, and no SOCKS proxy is set."""

    code = "peer.no-proxy"
    remedy = "Run Tor and set SOLIDARITY_SOCKS_PROXY, or leave it: other addresses are tried."


class ResponseTooLarge(PeerError):
    """The answer, or what it unpacks to, is larger than the cap."""

    code = "peer.too-large"
    remedy = "Tell the peer; if its data is right, raise the cap in the settings."


class BadEncoding(PeerError):
    """The answer's content encoding cannot be decoded."""

    code = "peer.bad-encoding"
    remedy = "Tell the peer: its server or a proxy before it compresses wrongly."


class AddressRefused(PeerError):
    """The peer's name leads to an address that may not be called."""

    code = "peer.address-refused"
    remedy = "If the peer is meant to be on this machine or network, enrol its endpoint as private."


class KeyFileError(FederationError):
    """A key file of this node cannot be used."""


class KeysMissing(KeyFileError):
    """A key file is not there."""

    code = "keys.missing"
    remedy = "Run `manage.py federation_init`, or restore the keys folder."


class KeysReadable(KeyFileError):
    """A key file can be read by others."""

    code = "keys.readable"
    remedy = "Run `chmod 600` on the key files, and think about who may have read them."


class KeyFileBroken(KeyFileError):
    """A key file does not hold an Ed25519 seed."""

    code = "keys.broken"
    remedy = "Restore the file from its offline copy."


class MembershipError(FederationError):
    """A node is not, or not now, one that may be heard."""


class UnknownMember(MembershipError):
    """No node of this name is enrolled here."""

    code = "trust.unknown-member"
    remedy = "Wait for the hub's directory, or ask the hub whether the node was confirmed."


class MemberSuspended(MembershipError):
    """The node is enrolled, but suspended or revoked."""

    code = "trust.suspended"
    remedy = "Nothing is accepted from it until the stewards lift this. Ask them why."


class TrustNotSet(MembershipError):
    """No root is pinned on this node, or no repository of members was started here."""

    code = "trust.not-set"
    remedy = "On the hub run `federation_trust init`; on a node join with an invite."


class WrongRoot(MembershipError):
    """A root.json is not the one whose hash was given over another channel."""

    code = "trust.wrong-root"
    remedy = "Stop. Compare version and hash of root.json with the hub over another channel."


class BadTrustMetadata(MembershipError):
    """Trust metadata is malformed, not signed by enough stewards, or does not fit together."""

    code = "trust.bad-metadata"
    remedy = "Nothing of it is used. Fetch from another node; if it stays so, tell the stewards."


class TrustRolledBack(MembershipError):
    """Trust metadata is older than what was seen before."""

    code = "trust.rolled-back"
    remedy = "Nothing of it is used. Fetch from another node; if it lasts, tell the stewards."


class TrustExpired(MembershipError):
    """The newest trust metadata has run out, so members may have changed without our knowing."""

    code = "trust.expired"
    remedy = "Ask the hub's operator to sign anew; until then new items wait in the inbox."


class BadTarget(MembershipError):
    """A member's file is not the one the stewards signed, or does not describe a member."""

    code = "trust.bad-target"
    remedy = "Nothing of it is used. Fetch from another node; if it stays so, tell the stewards."


class AfterLastTrusted(MembershipError):
    """An entry was said after the last one that the stewards still trust."""

    code = "trust.after-last-trusted"
    remedy = "Do not use it: the node was taken over. Look at what was published from it."


class ChangeRefused(MembershipError):
    """A change of members or roles cannot be proposed, signed or published as it is."""

    code = "trust.change-refused"
    remedy = "Read the reason given here; propose the change anew if others came before it."


class WitnessError(FederationError):
    """A witness and a log do not agree, or do not hear each other."""


class UnknownLog(WitnessError):
    """A checkpoint came of a log that this node does not witness."""

    code = "witness.unknown-log"
    remedy = "Nothing was cosigned. Ask the stewards whether the node is an active member."


class OtherSize(WitnessError):
    """The witness knows the log at another size than the one given, or with another root.

    `size` is what it knows, in entries.
    """

    code = "witness.other-size"
    remedy = "Submit again with a proof from the size that the witness gave."

    def __init__(self, detail: str = "", *, size: int = 0, item: str | None = None) -> None:
        super().__init__(detail, item=item)
        self.size = size


class NoCosignature(WitnessError):
    """A witness answered without a valid cosignature by its enrolled key."""

    code = "witness.no-cosignature"
    remedy = "Ask its operator to compare clock and witness key; the other witnesses still count."


class WitnessesSilent(WitnessError):
    """No witness could be asked since this process started, so nothing is signed yet."""

    code = "witness.silent"
    remedy = "Nothing to do: they are asked again. A recall, or an hour of silence, does not wait."


class StateError(FederationError):
    """What was asked for does not fit the state that this node is in."""


class BehindMark(StateError):
    """The database is behind the head that was signed last."""

    code = "log.behind-mark"
    remedy = (
        "This looks like a restored backup. Run `manage.py federation_recover`: it fetches what is "
        "missing of this node's own log from whoever carries it."
    )


class IdChanged(StateError):
    """The database holds the log of another node id than this node is set to."""

    code = "node.id-changed"
    remedy = (
        "Set SOLIDARITY_NODE_ID back to what it was. For another id, start a new node with an "
        "empty database and new keys."
    )


class NotYetAsked(StateError):
    """Since it started, this node has not heard how far others know its own log."""

    code = "log.not-asked"
    remedy = (
        "Nothing to do where the machine was only restarted: the hub is asked again. If it was "
        "restored from a backup, run `manage.py federation_recover` first."
    )


class NobodyHasIt(StateError):
    """Nobody who was asked has all that this node once signed."""

    code = "recovery.nowhere"
    remedy = (
        "Try again when more nodes can be reached, or with a bundle of this node's log from any of "
        "them. If nobody has it, stewards set `last_trusted` and a new node enrols under another "
        "id."
    )


class BehindWitness(StateError):
    """Somebody has seen more of this node's log than its database holds."""

    code = "log.behind-witness"
    remedy = (
        "Nothing is signed: this looks like a restored backup. Run `manage.py federation_recover`. "
        "If nobody has the rest, ask that witness how it came to this size, and the stewards."
    )


class LogFrozen(StateError):
    """The log is frozen: nothing more of it is applied."""

    code = "log.frozen"
    remedy = "Nothing more of it is applied. Keep what was found and tell the stewards."


class StateChanged(StateError):
    """Another worker did the same work meanwhile."""

    code = "state.changed"
    remedy = "Nothing to do: the next run goes on from where things stand."


class InboxFull(StateError):
    """A member's bundles wait here already; no more is taken until they are done."""

    code = "inbox.full"
    remedy = "Wait until the ones before are imported; see that the worker runs at that node."


class AlreadyEnrolled(StateError):
    """A node of this name is enrolled already."""

    code = "enrol.already"
    remedy = "Choose another name, or remove the old peer first."


class InviteInvalid(StateError):
    """The invitation is unknown, used or expired."""

    code = "enrol.invite-invalid"
    remedy = "Ask the hub for a new invitation."


class FingerprintMismatch(StateError):
    """The fingerprint is not the one that was compared."""

    code = "enrol.fingerprint-mismatch"
    remedy = "Stop. Compare the fingerprints again over another channel."


class NotShareable(StateError):
    """This item may not be shared as it is."""

    code = "share.refused"
    remedy = "Read the reason given here, mend it, and share again."


class Recalled(StateError):
    """The item was recalled: it does not come back."""

    code = "recall.stands"
    remedy = "Write corrected content as a new page. Only two stewards can lift a recall."


class NoPlace(StateError):
    """This node has no kind of page, or no language, for the item."""

    code = "adopt.no-place"
    remedy = "Leave it in the inbox, or update this software; then adopt it again."


def all_errors() -> list[type[FederationError]]:
    """Every class that is raised (has a code of its own), in the tree's order."""

    def walk(cls: type[FederationError]) -> list[type[FederationError]]:
        found = [cls] if "code" in vars(cls) else []
        for child in cls.__subclasses__():
            found += walk(child)
        return found

    return walk(FederationError)[1:]
