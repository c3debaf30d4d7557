"""The audit: every rule recounted from the raw tables and the written contacts, sharing nothing with the compiler."""

from optimizer.plan.audit.report import AuditReport
from optimizer.plan.audit.run import audit_contacts

__all__ = ["AuditReport", "audit_contacts"]
