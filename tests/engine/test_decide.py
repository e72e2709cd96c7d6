from __future__ import annotations

from tui_workflow.engine.decide import Decision, StepView, decide


def step(name: str, status: str = "pending", needs: tuple[str, ...] = (), **more: object) -> StepView:
    return StepView(name, str(more.get("section", "steps")), needs, status, bool(more.get("tolerated")))  # type: ignore[arg-type]


def test_a_step_starts_when_its_needs_have_ended_well() -> None:
    steps = [step("a", "succeeded"), step("b", "skipped"), step("c", needs=("a", "b")), step("d", needs=("c",))]
    assert decide(steps, set()) == Decision(start=["c"])


def test_steps_without_needs_start_together() -> None:
    assert decide([step("a"), step("b")], set()).start == ["a", "b"]


def test_a_running_step_is_not_started_again() -> None:
    assert decide([step("a", "running"), step("b", needs=("a",))], {"a"}) == Decision()


def test_a_failed_need_cancels_and_a_tolerated_one_does_not() -> None:
    failed = [step("a", "failed"), step("b", needs=("a",))]
    assert decide(failed, set()).close == [("b", "cancelled", "needs a, which failed")]
    tolerated = [step("a", "failed", tolerated=True), step("b", needs=("a",))]
    assert decide(tolerated, set()).start == ["b"]


def test_independent_steps_go_on_after_a_failure() -> None:
    decision = decide([step("a", "failed"), step("b", needs=("a",)), step("c")], set())
    assert decision.start == ["c"]
    assert decision.finish is None


def test_cleanup_runs_in_order_after_all_steps() -> None:
    steps = [
        step("a", "failed"),
        step("sorry", section="on_failure"),
        step("tidy", section="finally"),
        step("last", section="finally"),
    ]
    assert decide(steps, set()).start == ["sorry"]
    steps[1] = step("sorry", "failed", section="on_failure")
    assert decide(steps, set()).start == ["tidy"]


def test_on_failure_is_skipped_when_the_run_did_not_fail() -> None:
    steps = [step("a", "succeeded"), step("sorry", section="on_failure"), step("tidy", section="finally")]
    decision = decide(steps, set())
    assert decision.close == [("sorry", "skipped", "the run did not fail")]
    assert decision.start == ["tidy"]


def test_the_run_ends_as_its_steps_did() -> None:
    assert decide([step("a", "succeeded"), step("b", "skipped")], set()).finish == "succeeded"
    assert decide([], set()).finish == "succeeded"
    assert decide([step("a", "failed", tolerated=True)], set()).finish == "succeeded"
    ended = decide([step("a", "failed"), step("b", "cancelled", needs=("a",))], set())
    assert (ended.finish, ended.reason) == ("failed", "a failed")


def test_a_step_waits_for_what_its_needs_need() -> None:
    """A retry re-opens the first step of a chain; the middle one stays done, and the last one must not overtake the first."""
    chain = [step("a"), step("b", "succeeded", ("a",)), step("c", needs=("b",))]
    assert decide(chain, set()) == Decision(start=["a"])
    assert decide(chain, {"a"}) == Decision()
    chain[0] = step("a", "failed")
    assert decide(chain, set()).close == [("c", "cancelled", "needs a, which failed")]
    chain[0] = step("a", "succeeded")
    assert decide(chain, set()) == Decision(start=["c"])
