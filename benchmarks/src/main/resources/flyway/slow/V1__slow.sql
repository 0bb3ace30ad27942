INSERT INTO demo.work VALUES ('begin', 'slow');

SELECT pg_sleep(current_setting('bench.seconds')::float);
