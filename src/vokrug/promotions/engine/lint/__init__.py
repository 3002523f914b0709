"""What a schema cannot say: offers that are well written and make no sense, alone or beside the others.

A finding of severity `refuse` stops an offer; one of severity `warn` is told, kept with the publication, and
stops nothing. Codes are stable. Pure: whatever is known of the world comes in as `Known`.
"""

from vokrug.promotions.engine.lint.alone import lint
from vokrug.promotions.engine.lint.findings import Finding, Known, Severity
from vokrug.promotions.engine.lint.together import lint_set, lint_steps

__all__ = ["Finding", "Known", "Severity", "lint", "lint_set", "lint_steps"]
