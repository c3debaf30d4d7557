"""The audit: every rule recounted from the raw tables and the written contacts, sharing nothing with the compiler."""

from optimizer.plan.audit.report import AuditReport
from optimizer.plan.audit.run import AUDITED, audit_contacts

__all__ = ["AUDITED", "AuditReport", "audit_contacts"]
