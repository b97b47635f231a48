-- The trail by month: one signed row for each month that is over. It stays when the month's events are pruned.
CREATE TABLE audit_segments (
    workspace TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    month TEXT NOT NULL,
    hash_before BLOB NOT NULL,
    hash BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('closed', 'pruning', 'pruned')),
    closed_at BIGINT NOT NULL,
    pruned_at BIGINT,
    key_id TEXT NOT NULL,
    mac BLOB NOT NULL,
    PRIMARY KEY (workspace, first_seq)
);
CREATE INDEX audit_segments_by_key ON audit_segments (key_id);

-- How long a workspace keeps its events, signed. No row: for ever. A table of its own, because the release before reads whole
-- rows of `workspaces` and would not know another column.
CREATE TABLE audit_retention (
    workspace TEXT PRIMARY KEY,
    months INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    mac BLOB NOT NULL
);

-- Which workspace's trail is being closed and pruned by some process, and until when it may be thought to be.
CREATE TABLE audit_turns (
    workspace TEXT PRIMARY KEY,
    until BIGINT NOT NULL
);
