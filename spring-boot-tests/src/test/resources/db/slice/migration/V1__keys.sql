CREATE TABLE flyway_keys AS
SELECT (classid::bigint << 32) | objid::bigint AS key
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted;
