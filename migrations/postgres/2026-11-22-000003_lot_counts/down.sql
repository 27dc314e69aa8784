-- Takes back what up.sql made. The numbers can be counted again.
DROP INDEX lot_differing;
DROP TABLE lot_state_count;
ALTER TABLE lot DROP COLUMN stored;
ALTER TABLE lot DROP COLUMN sent;
ALTER TABLE lot DROP COLUMN acknowledged;
