"""From parameters to a promised job: one way for `/sana`, inspires and whatever else starts one."""

import secrets

import discord
import structlog

from bot.errors import MessageGoneError, MessageUnavailableError, MissingPermissionsError, NotServedError
from bot.jobs.ports import Request
from bot.jobs.service import JobService
from bot.parameters import SanaParameters, limits
from bot.present.answers import post
from bot.present.messages import pending
from bot.present.permissions import missing_permissions
from cogs.guard import Interaction
from cogs.people import role_ids_of

log = structlog.get_logger()


def draw_seed() -> int:
    """Return any seed that the tool takes."""
    return secrets.randbelow(limits("seed").maximum + 1)


async def run_request(interaction: Interaction, service: JobService, parameters: SanaParameters) -> None:
    """Take a job on and answer with its message, which is promised only once Discord took that answer.

    Raises:
        Refusal: nothing was reserved.
        StorageError: nothing was reserved.
        MessageGoneError: Discord refused the answer; the job was withdrawn.
    """
    job, standing, stage = await service.accept(_request(interaction, parameters))
    try:
        message_id = await post(interaction, pending(job, stage, standing))
    except MessageGoneError:
        await service.never_acknowledged(job.id)
        raise
    except MessageUnavailableError as error:
        log.warning("answer.unknown", job=job.reference, error=str(error))
        service.acknowledgement_unknown(job.id)
    except BaseException:  # nobody knows how far the answer came; whatever is there is looked for
        service.acknowledgement_unknown(job.id)
        raise
    else:
        await service.acknowledged(job.id, message_id)


def _request(interaction: Interaction, parameters: SanaParameters) -> Request:
    if interaction.guild_id is None or interaction.channel_id is None:
        raise NotServedError("not in a server")
    is_thread = isinstance(interaction.channel, discord.Thread)
    if missing := missing_permissions(interaction.app_permissions, is_thread=is_thread):
        raise MissingPermissionsError(missing)
    return Request(
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        member_id=interaction.user.id,
        interaction_token=interaction.token,
        upload_limit_bytes=interaction.filesize_limit,
        parameters=parameters.to_json(),
        credits=parameters.cost_credits,
        role_ids=role_ids_of(interaction.user),
    )
