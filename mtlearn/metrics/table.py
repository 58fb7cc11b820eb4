"""A table of text, numbers and gaps, for people and for programs."""

from html import escape

import numpy as np


class Table:
    """Rows of a report.

    Parameters
    ----------
    columns : list of str
        The first names the rows.
    rows : list of lists
        Text, numbers, and None or NaN where there is nothing to say.
    footer : list of lists, default=()
        Rows below a line.
    formats : dict of {column: format specification}, optional
        Of numbers; default ".3f", and "d" for int.
    notes : list of str, default=()
        Lines below the table.
    """

    def __init__(self, columns, rows, footer=(), formats=None, notes=()):
        self.columns, self.rows, self.footer = list(columns), list(rows), list(footer)
        self.formats, self.notes = formats or {}, list(notes)

    def to_dict(self):
        """``{"rows": {row: {column: value}}, "summary": {...}}``."""
        return {
            part: {row[0]: dict(zip(self.columns[1:], row[1:])) for row in rows}
            for part, rows in (("rows", self.rows), ("summary", self.footer))
        }

    def to_frame(self):
        """A pandas DataFrame with a row per row, without the footer."""
        import pandas as pd

        frame = pd.DataFrame(self.rows, columns=self.columns)
        return frame.set_index(self.columns[0])

    def _cell(self, column, value):
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return "-"
        if isinstance(value, str):
            return value
        whole = isinstance(value, int | np.integer)
        return format(value, self.formats.get(column, "d" if whole else ".3f"))

    def _cells(self, rows):
        return [
            [self._cell(column, value) for column, value in zip(self.columns, row)]
            for row in rows
        ]

    def __str__(self):
        body, footer = self._cells(self.rows), self._cells(self.footer)
        widths = [max(map(len, cells)) for cells in zip(self.columns, *body, *footer)]
        # Numbers stand right, the names left, and so does a last column of words.
        words = {0} | {
            i
            for i, cells in enumerate(zip(*self.rows))
            if all(isinstance(value, str) for value in cells)
        }

        def line(cells):
            padded = [
                cell.ljust(width) if i in words else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(cells, widths))
            ]
            return "  ".join(padded).rstrip()

        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        lines = [line(self.columns), rule, *map(line, body)]
        lines += [rule, *map(line, footer)] if footer else []
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__

    def _repr_html_(self):
        def row(cells, tag):
            inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
            return f"<tr>{inner}</tr>"

        parts = ["<table>", "<thead>", row(self.columns, "th"), "</thead>", "<tbody>"]
        parts += [row(cells, "td") for cells in self._cells(self.rows)]
        parts.append("</tbody>")
        if self.footer:
            parts += ["<tfoot>", *(row(c, "th") for c in self._cells(self.footer))]
            parts.append("</tfoot>")
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return "".join([*parts, "</table>", notes])
