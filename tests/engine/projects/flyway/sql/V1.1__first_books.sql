INSERT INTO books (title) VALUES ('Frankenstein'), ('Middlemarch');
