-- Sessions that led nowhere are swept out some time after their end.
CREATE INDEX sessions_ended ON connect_sessions (changed_at) WHERE status IN ('denied', 'failed', 'expired');
