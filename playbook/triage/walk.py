"""Read a path of answers: which questions were answered, and which one comes next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playbook.threats import ThreatNode, ThreatTree

from .questions import (
    DETAINED,
    KIND,
    MOST_NEEDED,
    NEED,
    NOT_SURE,
    PEOPLE,
    PUBLICITY,
    SAFE_TO_TELL,
    SOON,
    THREAT,
    UNSURE,
    WHAT,
    WHEN,
    WHICH,
    Option,
    Question,
)


class UnknownAnswer(LookupError):
    """A code in the path answers no question of ours. `path` is the part before it."""

    def __init__(self, path: str) -> None:
        super().__init__("triage: no such answer")
        self.path = path


@dataclass(frozen=True)
class Step:
    """An answered question. `before` is the path that asks it again."""

    question: Question
    option: Option
    before: str


@dataclass(frozen=True)
class Walk:
    steps: tuple[Step, ...]
    question: Question | None
    threat: ThreatNode | None
    path: str  # of the answers so far, with a slash after each

    def code(self, name: str) -> str:
        """Return the answer to a question, or "" where it was not asked."""
        return next((step.option.code for step in self.steps if step.question.name == name), "")


def read_path(path: str, tree: ThreatTree) -> Walk:
    """Return the walk along a path such as `coercive/now/detained/quiet`.

    Raises UnknownAnswer for a code that is not an answer to the question whose turn it is.
    """
    steps: list[Step] = []
    waiting = path.split("/") if path else []
    walked = ""
    question = _next(steps, tree)
    while waiting:
        option = question.option(waiting[0]) if question else None
        if question is None or option is None:
            raise UnknownAnswer(walked.rstrip("/"))
        steps.append(Step(question, option, walked.rstrip("/")))
        walked += waiting.pop(0) + "/"
        question = _next(steps, tree, waiting)
    return Walk(tuple(steps), question, _threat(steps, tree), walked)


def _next(steps: list[Step], tree: ThreatTree, waiting: list[str] | None = None) -> Question | None:
    """Return the next question: three to five of them, and none whose answer is plain already."""
    given = {step.question.name: step.option.code for step in steps}
    if THREAT not in given:
        return replace(WHAT, options=(*_options(tree.roots), NOT_SURE))
    root = tree.by_code.get(given[THREAT])
    kinds = root.below() if root else []
    if kinds and KIND not in given and WHEN not in given:
        which = replace(WHICH, options=(*_options(kinds), NOT_SURE))
        # An address from before the node had subtypes goes on to the next question.
        if not waiting or which.option(waiting[0]) or not SOON.option(waiting[0]):
            return which
    if WHEN not in given:
        return SOON
    if PEOPLE not in given and given[WHEN] != "before":
        return DETAINED
    if PUBLICITY not in given:
        return SAFE_TO_TELL
    under_way = given[WHEN] in {"now", "days", UNSURE}
    person_first = given.get(PEOPLE) in {"detained", "danger"}
    if NEED not in given and under_way and not person_first and not kinds:
        return MOST_NEEDED
    return None


def _options(nodes: list[ThreatNode]) -> list[Option]:
    return [Option(node.code, node.name, node.sign) for node in nodes]


def _threat(steps: list[Step], tree: ThreatTree) -> ThreatNode | None:
    """Return the nearest threat that was named, or None for someone who is not sure."""
    named = [step.option.code for step in steps if step.question.name in {THREAT, KIND}]
    known = [tree.by_code[code] for code in named if code in tree.by_code]
    return known[-1] if known else None
