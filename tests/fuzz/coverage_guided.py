"""The same hunt led by coverage: ``python -m tests.fuzz.coverage_guided FOLDER -runs=20000``.

Atheris (an optional tool: ``pip install atheris``) mutates what reached new lines of `core.data`.
The folder holds its corpus, filled with the seeds at the first run; the other arguments are
libFuzzer's. It stops at the first exception that is not ours, and leaves the input beside it.
"""

import sys
import tempfile
import warnings
from pathlib import Path

LARGEST_BYTES = 20_000
DEFAULTS = ("-timeout=5", "-rss_limit_mb=2048", f"-max_len={LARGEST_BYTES}")


def main() -> None:
    """Fill the corpus and fuzz."""
    import atheris

    with atheris.instrument_imports(include=["core.data"]):
        from core.errors import ThoralensError
        from tests.fuzz.reading import take_in
    from tests.fuzz.seeds import all_seeds

    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp())
    seeds = [
        seed for seed in all_seeds(scratch / "seeds", None).values() if len(seed.content) < 16000
    ]
    for number, seed in enumerate(seeds):
        folder = scratch / str(number)
        folder.mkdir()
        for name, content in seed.neighbours.items():
            (folder / name).write_bytes(content)
        (corpus / f"seed{number}").write_bytes(bytes([number]) + seed.content)
    warnings.simplefilter("error")

    def one_input(data: bytes) -> None:
        """The first byte chooses the kind of file, the rest is the file."""
        if not data:
            return
        number = data[0] % len(seeds)
        folder = scratch / str(number)
        (folder / seeds[number].file_name).write_bytes(seeds[number].pack(data[1:]))
        try:
            take_in(folder)
        except ThoralensError:
            return

    atheris.Setup([sys.argv[0], *DEFAULTS, *sys.argv[2:], str(corpus)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
