"""What the Dockerfile says, checked without an engine."""

import re
import subprocess
from pathlib import PurePosixPath

import pytest

from bot.settings import Settings
from tests.deploy.dockerfile import (
    ROOT,
    all_of,
    command_of,
    copied_sources,
    image_environment,
    instructions,
    is_ignored,
)


def tracked() -> list[str]:
    """Return every file of the repository, by its path."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - the git of whoever runs the tests
    return listed.stdout.splitlines()


def test_what_builds_is_not_what_runs() -> None:
    """Two stages on one base; of the first, the second takes the installed bot alone."""
    assert [rest.split()[0] for rest in all_of("FROM")] == ["python:3.13-slim-trixie"] * 2
    assert all_of("COPY", stage=1) == ["--from=build /opt/sana-bot /opt/sana-bot"]
    assert all_of("FROM")[0].endswith(" AS build")


def test_every_download_is_pinned() -> None:
    """Bases have a version, no address is added, and what pip fetches has a hash of requirements.txt."""
    assert all(re.search(r":\d", rest) and ":latest" not in rest for rest in all_of("FROM"))
    assert not all_of("ADD")
    installs = [run for run in all_of("RUN") if " install " in run and "pip " in run]
    assert len(installs) == 2
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert "--no-index --no-deps --no-build-isolation ." in installs[1]


def test_every_requirement_has_hashes() -> None:
    """What `--require-hashes` would refuse is not in the list."""
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(requirements) > 20
    for line in requirements:
        assert re.match(r"[\w.-]+(\[\w+\])?==\S+.* --hash=sha256:[0-9a-f]{64}", line), line


def test_it_runs_as_nobody_in_particular() -> None:
    """A user by number, so that an engine can tell it from root, and nothing is run after it was taken."""
    (user,) = all_of("USER", stage=1)
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    words = [each.word for each in instructions() if each.stage == 1]
    assert not {"RUN", "COPY"} & set(words[words.index("USER") :])
    owner, group = user.split(":")
    assert f"-o {owner} -g {group}" in all_of("RUN", stage=1)[0]


def test_everything_that_is_copied_is_there() -> None:
    """Every COPY names a file or folder of the repository that .dockerignore lets through."""
    for source in copied_sources():
        assert (ROOT / source).exists(), source
        assert not is_ignored(source), source


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git cannot tell what belongs to the repository")
def test_the_build_sees_all_of_the_code_and_nothing_else() -> None:
    """Every tracked file of the packages comes into the build, and no other but what pip needs."""
    packages = {"bot", "cogs", "storage", "sandbox"}
    for path in tracked():
        top = PurePosixPath(path).parts[0]
        wanted = top in packages or path in {"pyproject.toml", "requirements.txt", "README.md", "LICENSE"}
        assert is_ignored(path) is not wanted, path


@pytest.mark.parametrize(
    "path",
    [".env", "data/sana.db", "data/sana.db-wal", ".git/config", ".venv/pyvenv.cfg", "bot/__pycache__/a.pyc"],
)
def test_what_must_never_be_in_an_image(path: str) -> None:
    """Secrets, databases and what was made on this machine stay out of the build."""
    assert is_ignored(path)


def test_no_secret_is_asked_for_while_building() -> None:
    """Settings that are secret come when the container starts: no layer holds one."""
    secret = {
        name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
    }
    assert {"DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET"} == secret
    assert not all_of("ARG")
    assert not secret & set(image_environment())


def test_the_database_is_in_the_volume() -> None:
    """What the bot keeps outlives the container: its address and the folder it runs in are the volume."""
    (volume,) = all_of("VOLUME")
    assert image_environment()["DATABASE_URL"] == f"sqlite:///{volume}/sana.db"
    assert all_of("WORKDIR", stage=1) == [volume]


def test_it_says_how_it_is_stopped_and_asked() -> None:
    """SIGTERM is what the bot ends cleanly on; its health is asked without a program that the image lacks."""
    assert all_of("STOPSIGNAL") == ["SIGTERM"]
    assert all_of("EXPOSE") == [image_environment()["CALLBACK_PORT"]]
    assert command_of("HEALTHCHECK")[0] == "python"
    assert "/healthz" in command_of("HEALTHCHECK")[-1]
    assert command_of("ENTRYPOINT") + command_of("CMD") == ["sana-bot", "run"]
