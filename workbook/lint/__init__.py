"""``workbook check``: whether the course's own content holds together. Each finding names file, line and remedy.

Reads pages, headers, scripts and vLLM's source text; starts no engine and imports no vLLM.
"""

from workbook.lint.check import check, upgrade_report, write
from workbook.lint.finding import Finding

__all__ = ["Finding", "check", "upgrade_report", "write"]
