<%@ Page Language="C#" %>
<!DOCTYPE html>
<html>
<head><title>Orders</title></head>
<body>
    <h1>Orders</h1>
    <table id="orders">
    <% foreach (var order in Store.Orders()) { %>
        <tr>
            <td class="customer"><%= Server.HtmlEncode(order.Customer) %></td>
            <td class="quantity"><%= order.Quantity %></td>
            <td class="product"><%= Server.HtmlEncode(order.Product) %></td>
            <td class="total"><%= order.Total.ToString("0.00") %></td>
        </tr>
    <% } %>
    </table>
    <a href="Default.aspx">Shop</a>
</body>
</html>
