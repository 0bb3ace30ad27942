-- In a transaction of its own, so that the row stays even if the work fails.
INSERT INTO demo.work VALUES ('begin', 'every run');
