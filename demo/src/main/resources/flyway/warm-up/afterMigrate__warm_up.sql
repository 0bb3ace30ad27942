SELECT count(*) FROM warm_up;
