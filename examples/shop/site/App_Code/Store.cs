using System;
using System.Collections.Generic;
using System.Configuration;
using System.Data.Odbc;

public class Product
{
    public int Id;
    public string Name;
    public decimal Price;
}

public class Order
{
    public int Id;
    public string Product;
    public string Customer;
    public int Quantity;
    public decimal Total;
}

/// <summary>The shop's data, in the database that web.config names.</summary>
public static class Store
{
    static OdbcConnection Open()
    {
        var settings = ConfigurationManager.ConnectionStrings["Shop"].ConnectionString;
        var driver = ConfigurationManager.AppSettings["Driver"];
        var connection = new OdbcConnection("Driver={" + driver + "};CharSet=utf8mb4;" + settings);
        connection.Open();
        return connection;
    }

    public static List<Product> Products()
    {
        var found = new List<Product>();
        using (var connection = Open())
        using (var command = new OdbcCommand("SELECT id, name, price FROM products ORDER BY name", connection))
        using (var reader = command.ExecuteReader())
            while (reader.Read())
                found.Add(new Product { Id = reader.GetInt32(0), Name = reader.GetString(1), Price = reader.GetDecimal(2) });
        return found;
    }

    public static List<Order> Orders()
    {
        var found = new List<Order>();
        const string query = "SELECT o.id, p.name, o.customer, o.quantity, order_total(o.id) "
            + "FROM orders o JOIN products p ON p.id = o.product_id ORDER BY o.id";
        using (var connection = Open())
        using (var command = new OdbcCommand(query, connection))
        using (var reader = command.ExecuteReader())
            while (reader.Read())
                found.Add(new Order {
                    Id = reader.GetInt32(0), Product = reader.GetString(1), Customer = reader.GetString(2),
                    Quantity = reader.GetInt32(3), Total = reader.GetDecimal(4)
                });
        return found;
    }

    public static void Place(int product, string customer, int quantity)
    {
        using (var connection = Open())
        using (var command = new OdbcCommand("INSERT INTO orders (product_id, customer, quantity) VALUES (?, ?, ?)", connection))
        {
            command.Parameters.AddWithValue("product", product);
            command.Parameters.AddWithValue("customer", customer);
            command.Parameters.AddWithValue("quantity", quantity);
            command.ExecuteNonQuery();
        }
    }
}
