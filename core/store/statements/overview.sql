-- name: overview_grants
SELECT tools, CASE WHEN status IN ('active', 'needs_reconnect', 'suspended') AND expires_at <= :now THEN 'expired' ELSE status END AS state,
    upstream, connector,
    CASE WHEN last_used_at IS NULL THEN 'never' WHEN last_used_at < :days_90 THEN '90' WHEN last_used_at < :days_30 THEN '30' ELSE '' END AS idle,
    count(*) AS count
FROM grants WHERE workspace = :workspace GROUP BY 1, 2, 3, 4, 5

-- name: overview_lives
SELECT tools, CASE WHEN created_at < :start THEN -1 ELSE (created_at - :start) / :step END AS began,
    CASE WHEN COALESCE(ended_at, expires_at) < :start THEN -1 WHEN COALESCE(ended_at, expires_at) < :until THEN (COALESCE(ended_at, expires_at) - :start) / :step END AS ended,
    count(*) AS count
FROM grants WHERE workspace = :workspace GROUP BY 1, 2, 3

-- name: overview_event_at
SELECT at FROM audit_events WHERE workspace = :workspace AND seq >= :seq ORDER BY seq LIMIT 1

-- name: overview_last_seq
SELECT seq FROM audit_events WHERE workspace = :workspace ORDER BY seq DESC LIMIT 1

-- name: overview_calls
SELECT action, outcome, connector, count(*) AS count FROM audit_events
WHERE workspace = :workspace AND seq >= :seq AND action IN ('tool.called', 'tool.refused', 'tool.failed') GROUP BY 1, 2, 3

-- name: overview_uses
SELECT tool, count(*) AS calls, max(at) AS last_at FROM audit_events
WHERE workspace = :workspace AND "grant" = :grant AND action = 'tool.called' AND tool IS NOT NULL GROUP BY tool

-- name: overview_keys
SELECT assistant AS id, count(*) AS count FROM keys
WHERE workspace = :workspace AND assistant IS NOT NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now) GROUP BY assistant

-- name: overview_live_by_assistant
SELECT assistant AS id, count(*) AS count FROM grants
WHERE workspace = :workspace AND status IN ('active', 'needs_reconnect', 'suspended') GROUP BY assistant

-- name: overview_live_of_connector
SELECT count(*) FROM grants
WHERE workspace = :workspace AND connector = :connector AND status IN ('active', 'needs_reconnect', 'suspended')
