"""Eight crashes of the real bot, each at another point of a job's life and with other faults besides."""

from faults.campaign import campaign, failure

SEEDS = {
    57: "a reply was taken, and not confirmed",
    98: "a callback was sent, and not answered",
    302: "the answer to a command was taken, and not confirmed",
    263: "Run was carried out and not answered, and the next start comes an hour later",
    74: "the pictures are on their way into the message",
    77: "the pictures are in the message, and the books may not say so",
    84: "the message tells of the refund, and the books may not say so",
    787: "Wiro was told to stop a task, and did not answer",
}
SIDE_BY_SIDE = 5
FAULTS_AT_LEAST = 6


async def test_a_bot_that_is_killed_keeps_its_promises() -> None:
    """Eight kills at eight points, among faults of both servers: one end, one Run and one charge a job."""
    outcomes = [outcome async for outcome in campaign(SEEDS, side_by_side=SIDE_BY_SIDE)]
    assert not [failure(outcome) for outcome in outcomes if outcome.violations]
    assert {outcome.plan.seed for outcome in outcomes if outcome.was_reached} == set(SEEDS)
    assert len({outcome.plan.point.name for outcome in outcomes}) == len(SEEDS)
    hit = {name for outcome in outcomes for name, hits in outcome.hits.items() if hits}
    assert len(hit) >= FAULTS_AT_LEAST, hit
