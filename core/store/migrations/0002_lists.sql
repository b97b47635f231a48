-- What lists of grants are found and sorted by: the very expressions of core/grants.py, so that a page needs no sorting of all.

DROP INDEX grants_by_use;
CREATE INDEX grants_by_use ON grants (workspace, COALESCE(last_used_at, 0), id);
CREATE INDEX grants_by_end ON grants (workspace, COALESCE(expires_at, 9007199254740991), id);
CREATE INDEX grants_by_user ON grants (workspace, "user", id);
