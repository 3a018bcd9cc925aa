from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import files, metadata
from pathlib import Path

from live import URL, USER_PASSWORD

folder = Path(__file__).parent.parent


def test_has_the_version_of_the_contract_that_it_was_generated_from() -> None:
    assert metadata("latchkey-client")["Version"] == os.environ["CONTRACT_VERSION"]


def test_includes_its_license_and_its_types() -> None:
    assert metadata("latchkey-client")["License-Expression"] == "MIT"
    names = {str(each) for each in files("latchkey-client") or ()}
    assert "latchkey_client/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_shows_the_example_in_its_readme_and_the_example_runs() -> None:
    example = folder / "example.py"
    assert example.read_text() in (folder / "README.md").read_text(), "README.md has another example"
    settings = {"LATCHKEY_URL": URL, "LATCHKEY_USERNAME": "user-41", "LATCHKEY_PASSWORD": USER_PASSWORD}
    ended = subprocess.run(  # noqa: S603 -- our own file
        [sys.executable, example], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.splitlines()
    assert first == "This is a protected endpoint."
    assert second.startswith("May not: ")
