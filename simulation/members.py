"""What members and moderators do: the flows of ``cogs``, without Discord's library."""

from bot.errors import JobOverError, NotAllowedError, Refusal, StorageError
from bot.jobs.model import Job
from bot.jobs.ports import InLine, Request, Standing
from bot.jobs.promise import promise
from bot.jobs.results import Results
from bot.jobs.service import JobService
from bot.parameters import SanaParameters
from bot.quotas.model import Actor
from bot.quotas.service import QuotaService
from simulation.discord_port import DiscordPort
from simulation.discord_server import Interaction
from simulation.trace import Trace

GUILD = 1
MODERATOR = 99
_UPLOAD_LIMIT_BYTES = 10 * 1024 * 1024


async def use_sana(
    service: JobService,
    discord: DiscordPort,
    interaction: Interaction,
    member_id: int,
    parameters: SanaParameters,
) -> None:
    """Use a command or a button that starts a job. As `cogs.run`.

    Raises:
        Refusal, StorageError: nothing was reserved.
        MessageGoneError: Discord refused the answer.
    """
    request = Request(
        guild_id=GUILD,
        channel_id=interaction.channel_id,
        member_id=member_id,
        interaction_token=interaction.token,
        upload_limit_bytes=_UPLOAD_LIMIT_BYTES,
        parameters=parameters.to_json(),
        credits=parameters.cost_credits,
    )

    async def answer(job: Job, stage: InLine, _standing: Standing) -> int:
        return await discord.answer(job, stage)

    await promise(service, request, answer)


async def reroll(results: Results, message_id: int, member_id: int, seed: int, nonce: str) -> None:
    """React with 🔁. As `cogs.reactions`.

    Raises:
        Refusal, StorageError: nothing was reserved.
        MessageGoneError: Discord refused the reply.
    """
    job = await results.find_any(GUILD, message_id)
    if job is None or not job.is_result:
        return
    parameters = SanaParameters.from_json(job.parameters).model_copy(update={"seed": seed})
    await results.reroll(
        Request(
            guild_id=GUILD,
            channel_id=job.channel_id,
            member_id=member_id,
            interaction_token=None,
            upload_limit_bytes=_UPLOAD_LIMIT_BYTES,
            parameters=parameters.to_json(),
            credits=parameters.cost_credits,
            parent_id=job.id,
            reply_to_id=job.message_id,
            nonce=nonce,
        )
    )


async def remove(results: Results, message_id: int) -> None:
    """React with ❌ on one's own result.

    Raises:
        StorageError: nothing was changed.
    """
    job = await results.find_any(GUILD, message_id)
    if job is not None and job.is_result:
        await results.remove(job, member_id=job.member_id, may_moderate=False)


async def cancel(
    service: JobService, trace: Trace, job_id: int, channel_id: int, member_id: int, *, may_moderate: bool
) -> Job | None:
    """Click on Cancel; return the job where that was taken."""
    try:
        job = await service.cancel(
            job_id, guild_id=GUILD, channel_id=channel_id, member_id=member_id, may_moderate=may_moderate
        )
    except (NotAllowedError, JobOverError, StorageError) as error:
        trace.note("member", f"cancel of S-{job_id}: {type(error).__name__}")
        return None
    trace.note("member", f"cancel of S-{job_id}: {job.state}")
    return job


async def block(quotas: QuotaService, trace: Trace, member_id: int) -> None:
    """Block a member, as a moderator."""
    actor = Actor(
        guild_id=GUILD, member_id=MODERATOR, role_ids=frozenset(), may_moderate=True, may_manage=True
    )
    try:
        _, ended = await quotas.block(actor, member_id, None, "too many pictures")
    except (Refusal, StorageError) as error:
        trace.note("member", f"block of {member_id}: {type(error).__name__}")
    else:
        trace.note("member", f"block of {member_id} ended {ended} jobs")
