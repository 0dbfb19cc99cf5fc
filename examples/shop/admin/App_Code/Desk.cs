using System;
using System.Collections.Generic;
using System.Configuration;
using System.Data.Odbc;

public class Parcel
{
    public int Order;
    public string Customer;
    public bool Shipped;
}

/// <summary>What the people behind the shop do with its orders.</summary>
public static class Desk
{
    static OdbcConnection Open()
    {
        var settings = ConfigurationManager.ConnectionStrings["Shop"].ConnectionString;
        var driver = ConfigurationManager.AppSettings["Driver"];
        var connection = new OdbcConnection("Driver={" + driver + "};CharSet=utf8mb4;" + settings);
        connection.Open();
        return connection;
    }

    public static List<Parcel> Parcels()
    {
        var found = new List<Parcel>();
        using (var connection = Open())
        using (var command = new OdbcCommand("SELECT id, customer, shipped FROM orders ORDER BY id", connection))
        using (var reader = command.ExecuteReader())
            while (reader.Read())
                found.Add(new Parcel { Order = reader.GetInt32(0), Customer = reader.GetString(1), Shipped = reader.GetInt32(2) != 0 });
        return found;
    }

    public static void Ship(int order)
    {
        using (var connection = Open())
        using (var command = new OdbcCommand("UPDATE orders SET shipped = 1 WHERE id = ? AND shipped = 0", connection))
        {
            command.Parameters.AddWithValue("order", order);
            if (command.ExecuteNonQuery() == 0)
                throw new InvalidOperationException("order " + order + " is not there, or was shipped before");
        }
    }
}
