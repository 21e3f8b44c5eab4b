"""Targets behind a proxy that forks: several early dialogs, several answers (RFC 3261 13.2.2.4)."""

from __future__ import annotations

from tests.flows.scene import Scene, answer_to


def test_two_phones_ring_and_one_answers() -> None:
    """Progress of each fork is seen; the first answer wins."""
    scene = Scene()
    out = scene.dialled()
    progress: list[int] = []
    scene.outbound.on_progress = lambda status, sdp: progress.append(status)
    scene.callee.respond(out, 180, tag="one")
    scene.callee.respond(out, 183, tag="two", body=answer_to(out))
    scene.callee.respond(out, 200, tag="one", body=answer_to(out))
    ack = scene.callee.expect_request("ACK")
    assert ack.to.tag == "one"
    assert progress == [180, 183]
    scene.outbound.hang_up()
    bye = scene.callee.expect_request("BYE")
    assert bye.to.tag == "one"
    scene.callee.respond(bye, 200)
    scene.assert_nothing_left()


def test_a_second_answer_is_acknowledged_and_ended() -> None:
    """Two phones were picked up at once: the later one is acknowledged and ended, the first one talks."""
    scene = Scene()
    out = scene.dialled()
    scene.callee.respond(out, 200, tag="one", body=answer_to(out))
    assert scene.callee.expect_request("ACK").to.tag == "one"
    second = scene.callee.respond(out, 200, tag="two", body=answer_to(out))
    assert scene.callee.expect_request("ACK").to.tag == "two"
    bye = scene.callee.expect_request("BYE")
    assert bye.to.tag == "two"
    scene.callee.respond(bye, 200)
    scene.callee.send(second)
    assert scene.callee.expect_request("ACK").to.tag == "two"
    assert not scene.outbound.is_over
    scene.outbound.hang_up()
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_each_fork_has_its_own_target() -> None:
    """ACK and BYE go to the Contact of the fork that answered."""
    scene = Scene()
    out = scene.dialled()
    scene.callee.respond(out, 180, tag="one")
    other = "<sip:two@10.0.0.3:5080;x=y>"
    ok = scene.callee.respond(out, 180, tag="two")
    ok.status = 200
    ok.body = answer_to(out)
    ok.set("Contact", other)
    ok.set("Content-Type", "application/sdp")
    scene.callee.send(ok)
    assert scene.callee.expect_request("ACK").uri == "sip:two@10.0.0.3:5080;x=y"
    scene.outbound.hang_up()
    bye = scene.callee.expect_request("BYE")
    assert bye.uri == "sip:two@10.0.0.3:5080;x=y"
    scene.callee.respond(bye, 200)
    scene.assert_nothing_left()
