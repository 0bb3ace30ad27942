INSERT INTO demo.work VALUES ('end', 'every run');
