"""Other short answers that only the member reads who typed or clicked."""

from typing import Final

from bot.jobs.model import REFUNDED, Job

CANNOT_STORE: Final = (
    "I cannot take new pictures or change anything right now. Nothing was charged. Please try again in a"
    " moment."
)
CANNOT_USE: Final = (
    "One of the things that you named is none that I can see or use for this. Nothing was changed or charged."
    " Please choose another and send the command again."
)
COMMAND_CHANGED: Final = (
    "This command has changed since your Discord loaded it. Nothing was charged. Please restart Discord and"
    " send it again."
)
UNKNOWN_BUTTON: Final = (
    "That is nothing that I know, or know any more. Nothing was changed or charged. You can ask for a picture"
    " with `/sana`."
)
INSPIRE_CHANGED: Final = (
    "This idea is no longer offered. Nothing was charged. Send `/inspire` to see those that are."
)
NO_PICTURE_OF_MINE: Final = (
    "That message is none of my pictures, so I know nothing about it. Nothing was charged. Please choose one"
    " that I posted for `/sana`."
)


def removing(job: Job) -> str:
    """Return the answer to a click on Delete."""
    return (
        f"I am deleting {job.reference}: its message here, and its files at the picture service. What it cost"
        " stays charged."
    )


def cancelling(job: Job) -> str:
    """Return the answer to a click on Cancel; the job's own message says the rest."""
    if job.state in REFUNDED:
        return f"{job.reference} is cancelled and costs nothing. Its message will say so in a moment."
    return (
        f"I am stopping {job.reference}. If its picture is finished first, it is posted and charged;"
        " otherwise it costs nothing."
    )


def unexpected(reference: str) -> str:
    """Return the answer to an error of the program, which the log has under the same reference."""
    return (
        "Something went wrong on my side. Unless a picture comes of it, nothing is charged. Please try again"
        f" in a moment. If it happens again, tell my owner the reference `{reference}`."
    )
