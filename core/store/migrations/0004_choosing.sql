-- Several accounts behind one token: those the person chooses from, the one chosen, and the outbox row that ends the tokens meanwhile.
ALTER TABLE connect_sessions ADD COLUMN offered TEXT;
ALTER TABLE connect_sessions ADD COLUMN chosen TEXT;
ALTER TABLE connect_sessions ADD COLUMN held TEXT;
