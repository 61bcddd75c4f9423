"""What is wrong with a file, said so that an editor can mend it."""

from __future__ import annotations


class PostError(Exception):
    """One thing wrong in one file.

    `file` is the path relative to the site folder, `line` and `column` count from 1 in the whole file,
    `reason` says what is wrong and `remedy` what to write instead; both are sentences without markup.
    `withdrawn` is true when the file, broken as it is, still says plainly that it is a draft: then not even
    its last good version may be shown.
    """

    def __init__(
        self, file: str, line: int, column: int, reason: str, remedy: str, *, withdrawn: bool = False
    ) -> None:
        super().__init__(file, line, column, reason, remedy)
        self.file = file
        self.line = line
        self.column = column
        self.reason = reason
        self.remedy = remedy
        self.withdrawn = withdrawn

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.reason} {self.remedy}".rstrip()
