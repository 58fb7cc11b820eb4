"""A CSV file as checked cells, every row with its line number."""

import csv
import io

__all__ = ["read_cells"]

DELIMITERS = ",;\t"


def read_cells(path):
    """Header, line number of every row, and its cells, all stripped of blanks.

    Rows without any text are left out.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: not UTF-8 text; save the table as CSV in UTF-8"
        ) from error
    header, lines, cells = None, [], []
    line = 1  # where the row begins; a quoted cell may span lines
    try:
        reader = _reader(text, _delimiter(text), strict=True)
        for row in reader:
            row = [cell.strip() for cell in row]
            if any(row) and header is None:
                header = _check_header(path, row)
            elif any(row):
                _check_length(path, line, row, header)
                lines.append(line)
                cells.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path}, line {line}: {error}") from error
    if header is None:
        raise ValueError(f"{path} is empty")
    if not cells:
        raise ValueError(f"{path} has a header but no rows")
    return header, lines, cells


def _delimiter(text):
    """The mark that cuts the first row into most cells."""
    text = text.lstrip("\r\n")
    n_cells = {mark: len(next(_reader(text, mark), [])) for mark in DELIMITERS}
    return max(n_cells, key=n_cells.get)


def _reader(text, delimiter, **options):
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **options)


def _check_header(path, header):
    for i, name in enumerate(header):
        if not name:
            raise ValueError(f"{path}: column {i + 1} has no name")
        if name in header[:i]:
            raise ValueError(f"{path}: two columns are named {name!r}")
    return header


def _check_length(path, line, row, header):
    if len(row) != len(header):
        raise ValueError(
            f"{path}, line {line}: {len(row)} cells, but the header has {len(header)}"
        )
