"""Cedar recalls a play that Baobab has published: gone at all three, and each says so."""

from solidarity.demo.acts import Acts, await_status, log_size, read
from solidarity.demo.people import StepFailed, until

REASON = "A name in it gives people away."


def recall(exchange: Acts) -> tuple[str, list[str]]:
    """Have Cedar's English play endorsed and published, recall it, and wait for word of it."""
    hub, first, second = exchange.hub, exchange.first, exchange.second
    places = _published_at_all(exchange)
    size = log_size(first)
    exchange.person(first, "publisher").post(
        f"/admin/federation/shared/page/{exchange.pages['plain']}/recall/",
        {"reason": REASON, "sure": "on"},
    )
    until("a signed head", lambda: log_size(first) > size)
    exchange.fetch(hub, first.id)
    unanswered = log_size(second)
    for node in (first, hub, second):
        if node is second:
            exchange.fetch(second, hub.id)
        await_status(places[node.id], 410)
        shown = read(places[node.id])[1]
        if exchange.plain["title"] in shown or REASON not in shown:
            raise StepFailed(f"{node.id} shows the text, or no reason")
    until("Baobab's signed answer", lambda: log_size(second) > unanswered)
    exchange.fetch(hub, second.id)
    until("both acknowledgements", lambda: _acknowledged(exchange) >= {first.id, second.id})
    return (
        "Cedar recalls the play that Baobab has published. It is gone from all three, with a "
        "notice; the hub's board shows that both have applied it."
    ), [
        *(f"410 with a notice at {node_id}" for node_id in places),
        f"acknowledged by {first.id}",
        f"acknowledged by {second.id}",
    ]


def _published_at_all(exchange: Acts) -> dict[str, str]:
    """Have the hub endorse Cedar's English play and Baobab publish it; return its addresses."""
    hub, second, title = exchange.hub, exchange.second, exchange.plain["title"]
    item = until("the play at the hub", lambda: exchange.inbox_item(hub, "curator", title, "all"))
    size = log_size(hub)
    exchange.person(hub, "curator").post(f"{item}endorse/")
    until("the hub's signed head", lambda: log_size(hub) > size)
    exchange.fetch(second, hub.id)
    return {
        node.id: exchange.await_address(node, exchange.plain, "en")
        for node in (exchange.first, hub, second)
    }


def _acknowledged(exchange: Acts) -> set[str]:
    """Return which nodes have acknowledged the newest recall, by the hub's board."""
    board = exchange.person(exchange.hub, "curator").get("/admin/federation/recalls/")
    newest = board.select_one(".fed-acknowledged")
    return {name.get_text() for name in newest.select("bdi")} if newest else set()
