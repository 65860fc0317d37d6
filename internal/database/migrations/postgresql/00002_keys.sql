-- +goose Up

-- API keys. The secret is not here: hash is its SHA-256, in hex.
CREATE TABLE keys (
	id      TEXT COLLATE "C" PRIMARY KEY, -- the public part of the secret
	cloud   TEXT COLLATE "C" NOT NULL,
	hash    TEXT COLLATE "C" NOT NULL,
	scopes  TEXT COLLATE "C" NOT NULL, -- words, with blanks between them
	rate    TEXT COLLATE "C" NOT NULL, -- such as 600/min; empty for no limit
	comment TEXT COLLATE "C" NOT NULL,
	created BIGINT NOT NULL,
	revoked BIGINT NOT NULL -- 0 while it is good
);
CREATE INDEX keys_created ON keys (created, id);
