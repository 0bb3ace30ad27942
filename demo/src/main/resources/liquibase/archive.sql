--liquibase formatted sql

--changeset shop:archive-begin runAlways:true
--comment: in a transaction of its own, so that it can be seen who is at work
--preconditions onFail:CONTINUE
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_tables WHERE tablename = 'archived_order'
INSERT INTO demo.work VALUES ('begin', 'archive');

--changeset shop:archive
--comment: a data migration in batches, each slowed down to what a larger table would take
CREATE TABLE shop.archived_order AS SELECT * FROM shop.orders WHERE false;
INSERT INTO shop.archived_order SELECT * FROM shop.orders WHERE id % 8 = 0;
SELECT pg_sleep(0.3);
INSERT INTO shop.archived_order SELECT * FROM shop.orders WHERE id % 8 = 1;
SELECT pg_sleep(0.3);
INSERT INTO shop.archived_order SELECT * FROM shop.orders WHERE id % 8 = 2;
SELECT pg_sleep(0.3);
INSERT INTO shop.archived_order SELECT * FROM shop.orders WHERE id % 8 = 3;
SELECT pg_sleep(0.3);
INSERT INTO demo.work VALUES ('end', 'archive');
