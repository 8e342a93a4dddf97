"""The viewer's command line: ``thoralens [PATH]``. Nothing heavy is imported before it is needed.

Child processes import this module too (spawn), so the imports below must stay light.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NO_SCREEN = (
    "There is no screen on this machine, so the window cannot open. "
    "Do the same work without it: thoralens-core analyse PATH --out FOLDER"
)
EXIT_REFUSED = 3


def has_screen(platform: str, environment: Mapping[str, str]) -> bool:
    """True where a window can be shown, or the user named a Qt platform that needs no screen."""
    if not platform.startswith("linux"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; wrong use exits with 2."""
    parser = argparse.ArgumentParser(
        prog="thoralens",
        description="Chest CT prognosis viewer. Research use only. Not for diagnosis or treatment.",
    )
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="folder to open")
    parser.add_argument(
        "--self-test",
        type=Path,
        metavar="DIR",
        help="drive the window through the main job on the sample, without a screen; "
        "screenshots and verdict.json go to DIR",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the viewer; returns the exit status."""
    multiprocessing.freeze_support()
    options = parse(arguments)
    if options.version:
        from importlib.metadata import version

        sys.stdout.write(f"thoralens {version('thoralens')}\n")
        return 0
    if options.self_test is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from viewer.self_test import run_self_test

        return run_self_test(options.self_test)
    if not has_screen(sys.platform, os.environ):
        sys.stderr.write(NO_SCREEN + "\n")
        return EXIT_REFUSED
    from viewer.application import run_application

    return run_application(options.path)


if __name__ == "__main__":
    sys.exit(main())
