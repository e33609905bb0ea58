from federation.models import *
def test_it(link, cedar):
    a = cedar.publish("One"); b = cedar.publish("Two")
    r = link.sync()
    assert r.ok, r.errors
    assert Item.objects.count()==2

def test_sealed(link, cedar, here):
    from tests.federation.simulated_node import SimulatedNode
    me = SimulatedNode("here"); own = me.publish()
    other = SimulatedNode("x").publish()
    for i in range(6): cedar.publish(str(i))
    cedar.review(own, "note"); cedar.review(other, "not for us")
    r = link.sync()
    assert r.ok, r.errors
    assert list(Quarantine.objects.values_list("index","error","resolved"))==[]
