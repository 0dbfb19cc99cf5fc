CREATE TABLE products (
    id INT AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE,
    price DECIMAL(8, 2) NOT NULL CHECK (price > 0)
);

INSERT INTO products (name, price) VALUES
    ('Coffee', 7.50),
    ('Käse; reif', 12.00),
    ('Tea', 4.20);
