-- Comes after 2_orders.sql: numbers in names are read as numbers.
DELIMITER $$
CREATE FUNCTION order_total(wanted INT) RETURNS DECIMAL(10, 2) READS SQL DATA
BEGIN
    DECLARE total DECIMAL(10, 2);
    SELECT orders.quantity * products.price INTO total
    FROM orders JOIN products ON products.id = orders.product_id
    WHERE orders.id = wanted;
    RETURN total;
END$$
DELIMITER ;
