DELETE FROM no_such_table;
