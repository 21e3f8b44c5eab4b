"""Going live (上线导入): what a tenant had elsewhere, in one workbook: customers, contacts, bound numbers,
knowledge."""

from storage.go_live.taking import Taken, take_workbook
from storage.go_live.workbook import (
    MOST_ROWS,
    BadWorkbook,
    Sheets,
    read_workbook,
    write_refused,
    write_template,
)

__all__ = [
    "MOST_ROWS",
    "BadWorkbook",
    "Sheets",
    "Taken",
    "read_workbook",
    "take_workbook",
    "write_refused",
    "write_template",
]
