"""The commands of the Dockerfile, run in a folder in place of an image."""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.dockerfile import ROOT, all_of, command_of, copied_sources, image_environment, is_ignored


@dataclass(frozen=True)
class Image:
    """A folder that holds what the image would.

    Args:
        folder: stands for the image's root.
    """

    folder: Path

    def here(self, text: str) -> str:
        """Return a command or a value of the Dockerfile with the image's folders below this one."""
        return text.replace("/opt/sana-bot", f"{self.folder}/opt").replace("/data", f"{self.folder}/data")

    @property
    def environment(self) -> dict[str, str]:
        """The image's variables."""
        return {name: self.here(value) for name, value in image_environment().items()}

    def command(self, word: str) -> list[str]:
        """Return the command of HEALTHCHECK, ENTRYPOINT or CMD, its program by its path in the image."""
        program, *arguments = command_of(word)
        return [shutil.which(program, path=self.environment["PATH"]) or program, *arguments]

    def build(self) -> None:
        """Do what `docker build` does, but for what downloads: there, what the tests run on is lent."""
        context = self.folder / "src"
        for source in copied_sources():
            _copy(ROOT / source, context / source)
        for command in all_of("RUN", stage=0):
            if "--require-hashes" in command:
                self._lend_libraries()
            elif " uninstall " not in command:  # what is lent is not to be taken away
                self._run(command)
        for command in all_of("RUN", stage=1):
            self._run(command)

    def _run(self, command: str) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ran = subprocess.run(  # noqa: S603 - a command of this repository's Dockerfile
            ["sh", "-ec", self.here(command)],  # noqa: S607 - as Docker runs it
            cwd=self.folder / "src",
            env={"PATH": path, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def _lend_libraries(self) -> None:
        """Let the image's Python find the libraries of this one; an installed project is not among them."""
        (packages,) = self.folder.glob("opt/lib/python*/site-packages")
        (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")


def _copy(source: Path, target: Path) -> None:
    """Copy as COPY does: without what .dockerignore names."""
    files = [source] if source.is_file() else [each for each in source.rglob("*") if each.is_file()]
    for each in files:
        if not is_ignored(each.relative_to(ROOT).as_posix()):
            copied = target / each.relative_to(source) if source.is_dir() else target
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, copied)


def build(folder: Path) -> Image:
    """Return what the Dockerfile builds; skips the test where this machine cannot run its commands."""
    if os.geteuid() != 0:
        pytest.skip("only root can give the image's folder to another user")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("pip", path=path) is None:
        pytest.skip("there is no pip here to run the Dockerfile's commands with")
    image = Image(folder)
    image.build()
    return image
