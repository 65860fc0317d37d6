-- +goose Up

-- The assets of clouds: uploaded pictures and videos. Moments are milliseconds
-- since 1970; expires is 0 for an asset that stays.
CREATE TABLE assets (
	id       TEXT PRIMARY KEY,
	cloud    TEXT NOT NULL,
	path     TEXT NOT NULL, -- folder/name.format
	folder   TEXT NOT NULL, -- empty at the top
	name     TEXT NOT NULL,
	format   TEXT NOT NULL,
	size     BIGINT NOT NULL, -- in bytes
	width    BIGINT NOT NULL, -- in pixels; 0 if it is not known
	height   BIGINT NOT NULL,
	checksum TEXT NOT NULL, -- SHA-256, in hex
	content  TEXT NOT NULL, -- the key of the bytes in the cloud's store
	access   TEXT NOT NULL,
	tags     TEXT NOT NULL, -- a list in JSON, as it is shown; the table tags is for finding
	metadata TEXT NOT NULL, -- an object in JSON
	comment  TEXT NOT NULL,
	owner    TEXT NOT NULL, -- the id of an API key
	search   TEXT NOT NULL, -- path, tags and comment in lower case
	created  BIGINT NOT NULL,
	updated  BIGINT NOT NULL,
	expires  BIGINT NOT NULL
);
CREATE UNIQUE INDEX assets_path ON assets (cloud, path);
CREATE INDEX assets_created ON assets (cloud, created, id);
CREATE INDEX assets_updated ON assets (cloud, updated, id);
CREATE INDEX assets_size ON assets (cloud, size, id);
CREATE INDEX assets_folder ON assets (cloud, folder, created, id);
CREATE INDEX assets_format ON assets (cloud, format, created, id);
CREATE INDEX assets_owner ON assets (cloud, owner, created, id);
CREATE INDEX assets_content ON assets (cloud, content);
CREATE INDEX assets_checksum ON assets (cloud, checksum);
CREATE INDEX assets_expires ON assets (cloud, expires) WHERE expires > 0;

CREATE TABLE tags (
	cloud TEXT NOT NULL,
	tag   TEXT NOT NULL,
	asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
	PRIMARY KEY (cloud, tag, asset)
);
CREATE INDEX tags_asset ON tags (asset);

-- Folders, those above them included. They may be empty.
CREATE TABLE folders (
	cloud   TEXT NOT NULL,
	path    TEXT NOT NULL,
	parent  TEXT NOT NULL, -- empty at the top
	created BIGINT NOT NULL,
	PRIMARY KEY (cloud, path)
);
CREATE INDEX folders_parent ON folders (cloud, parent, path);

-- What a cloud holds. Who changes assets changes this row first, and so waits for
-- the others: what is read after that stays true until the transaction ends.
CREATE TABLE usage (
	cloud  TEXT PRIMARY KEY,
	bytes  BIGINT NOT NULL,
	assets BIGINT NOT NULL
);

-- Bytes that may be in a store and belong to no asset: those of an upload that is
-- not finished, and those that are to be deleted (doomed), which no upload gets
-- back.
CREATE TABLE leftovers (
	cloud   TEXT NOT NULL,
	content TEXT NOT NULL,
	doomed  BIGINT NOT NULL, -- 0 or 1
	since   BIGINT NOT NULL,
	PRIMARY KEY (cloud, content)
);

-- Paths at which something else is to be seen since a moment, or nothing.
CREATE TABLE purges (
	id    INTEGER PRIMARY KEY AUTOINCREMENT,
	cloud TEXT NOT NULL,
	path  TEXT NOT NULL,
	since BIGINT NOT NULL
);
CREATE INDEX purges_since ON purges (since);
