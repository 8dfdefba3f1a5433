"""The raw lines of text files."""

from __future__ import annotations

from pathlib import Path

from harness.components.options import TextFile
from harness.errors import HarnessError


def read_lines(file: TextFile, *, holding: str = "one sentence per line") -> list[str]:
    """The lines of a UTF-8 file, without their ends and without a byte order mark.

    Only a newline ends a line. Raises `HarnessError` for a file that cannot be read, is not UTF-8
    or is empty; `holding` says what it should hold.
    """
    try:
        # Bytes, since reading as text would turn a lone carriage return into a newline.
        text = Path(file).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise HarnessError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise HarnessError(f"{file}:{line}: not UTF-8; convert the file first") from None
    if not text:
        raise HarnessError(f"{file}: empty; it needs {holding}")
    # Not splitlines(), which also breaks lines at form feeds, U+0085 and U+2028.
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
