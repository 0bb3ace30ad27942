CREATE TABLE warm_up (id int);
