"""From a request to a promised job: the one way, whether its message answers an interaction or is a reply."""

from collections.abc import Awaitable, Callable

import structlog

from bot.errors import MessageGoneError, MessageUnavailableError
from bot.jobs.model import Job
from bot.jobs.ports import InLine, Request, Standing
from bot.jobs.service import JobService

Answer = Callable[[Job, InLine, Standing], Awaitable[int]]
"""Posts a job's first message and returns its id; raises a `MessageError`."""

log = structlog.get_logger()


async def promise(service: JobService, request: Request, answer: Answer) -> Job:
    """Take a job on and post its first message: it is promised only once Discord took that.

    Returns:
        The job as it was accepted.

    Raises:
        Refusal: nothing was reserved.
        StorageError: nothing was reserved.
        MessageGoneError: Discord refused the message; the job was withdrawn.
    """
    job, standing, stage = await service.accept(request)
    try:
        message_id = await answer(job, stage, standing)
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
    return job
