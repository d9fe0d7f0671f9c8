"""From parameters to a promised job: one way for all that an interaction starts."""

import secrets

from bot.errors import MissingPermissionsError, NoCommandsError, NotServedError
from bot.jobs.model import Job
from bot.jobs.ports import InLine, Request, Standing
from bot.jobs.promise import promise
from bot.jobs.service import JobService
from bot.parameters import SanaParameters, limits
from bot.present.answers import post
from bot.present.messages import pending
from cogs.guard import Interaction
from cogs.people import lacking_here, role_ids_of, upload_limit_here


def draw_seed() -> int:
    """Return any seed that the tool takes."""
    return secrets.randbelow(limits("seed").maximum + 1)


def with_new_seed(job: Job) -> SanaParameters:
    """Return what a job was asked for, with another seed."""
    return SanaParameters.from_json(job.parameters).model_copy(update={"seed": draw_seed()})


async def run_request(
    interaction: Interaction,
    service: JobService,
    parameters: SanaParameters,
    parent_id: int | None = None,
) -> None:
    """Take a job on and answer with its message, which is promised only once Discord took that answer.

    Args:
        interaction: not answered yet.
        service: takes the job on.
        parameters: what to make.
        parent_id: the job from whose result this one is born.

    Raises:
        Refusal: nothing was reserved.
        StorageError: nothing was reserved.
        MessageGoneError: Discord refused the answer; the job was withdrawn.
    """

    async def answer(job: Job, stage: InLine, standing: Standing) -> int:
        return await post(interaction, pending(job, stage, standing))

    await promise(service, _request(interaction, parameters, parent_id), answer)


def _request(interaction: Interaction, parameters: SanaParameters, parent_id: int | None) -> Request:
    if interaction.guild_id is None or interaction.channel_id is None:
        raise NotServedError("not in a server")
    if not interaction.permissions.use_application_commands:  # Discord holds commands to it, but no buttons
        raise NoCommandsError(f"member {interaction.user.id}")
    if missing := lacking_here(interaction):
        raise MissingPermissionsError(missing)
    return Request(
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        member_id=interaction.user.id,
        interaction_token=interaction.token,
        upload_limit_bytes=upload_limit_here(interaction),
        parameters=parameters.to_json(),
        credits=parameters.cost_credits,
        role_ids=role_ids_of(interaction.user),
        parent_id=parent_id,
    )
