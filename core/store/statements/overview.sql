-- name: overview_grants
SELECT tools, CASE WHEN status IN ('active', 'needs_reconnect', 'suspended') AND expires_at <= :now THEN 'expired' ELSE status END AS state,
    upstream, connector,
    CASE WHEN COALESCE(last_used_at, created_at) <= :days_90 THEN 90 WHEN COALESCE(last_used_at, created_at) <= :days_30 THEN 30 ELSE 0 END AS idle_days,
    CASE WHEN last_used_at IS NULL THEN 1 ELSE 0 END AS never, count(*) AS count
FROM grants WHERE workspace = :workspace GROUP BY 1, 2, 3, 4, 5, 6

-- name: overview_lives
SELECT tools, CASE WHEN created_at <= :start THEN -1 ELSE (created_at - :start - 1) / :step END AS began,
    CASE WHEN COALESCE(ended_at, expires_at) <= :start THEN -1
        WHEN COALESCE(ended_at, expires_at) <= :until THEN (COALESCE(ended_at, expires_at) - :start - 1) / :step END AS ended,
    count(*) AS count
FROM grants WHERE workspace = :workspace GROUP BY 1, 2, 3

-- name: overview_event_at
SELECT at FROM audit_events WHERE workspace = :workspace AND seq >= :seq ORDER BY seq LIMIT 1

-- name: overview_last_seq
SELECT seq FROM audit_events WHERE workspace = :workspace ORDER BY seq DESC LIMIT 1

-- name: overview_calls
SELECT action, outcome, tool, count(*) AS count FROM audit_events
WHERE workspace = :workspace AND seq >= :seq AND action IN ('tool.called', 'tool.refused', 'tool.failed') GROUP BY 1, 2, 3

-- name: overview_uses
SELECT tool, count(*) AS calls, max(at) AS last_at FROM audit_events
WHERE workspace = :workspace AND "grant" = :grant AND action = 'tool.called' AND tool IS NOT NULL GROUP BY tool

-- name: overview_keys
SELECT assistant AS id, count(*) AS count FROM keys
WHERE workspace = :workspace AND assistant IS NOT NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now) GROUP BY assistant
