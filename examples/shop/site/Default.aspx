<%@ Page Language="C#" %>
<%@ Import Namespace="System.Configuration" %>
<script runat="server">
    protected string Title_ { get { return ConfigurationManager.AppSettings["Title"]; } }

    protected void Page_Load(object sender, EventArgs e)
    {
        if (Request.HttpMethod != "POST")
            return;
        int quantity;
        if (!int.TryParse(Request.Form["quantity"], out quantity) || quantity < 1)
        {
            Message.InnerText = "A quantity is a whole number from 1 up.";
            return;
        }
        Store.Place(int.Parse(Request.Form["product"]), Request.Form["customer"], quantity);
        Response.Redirect("Orders.aspx");
    }
</script>
<!DOCTYPE html>
<html>
<head><title><%= Server.HtmlEncode(Title_) %></title></head>
<body>
    <h1><%= Server.HtmlEncode(Title_) %></h1>
    <ul id="products">
    <% foreach (var product in Store.Products()) { %>
        <li><span class="name"><%= Server.HtmlEncode(product.Name) %></span> <span class="price"><%= product.Price.ToString("0.00") %></span></li>
    <% } %>
    </ul>
    <p id="Message" class="message" runat="server"></p>
    <form method="post" action="Default.aspx">
        <select name="product">
        <% foreach (var product in Store.Products()) { %>
            <option value="<%= product.Id %>"><%= Server.HtmlEncode(product.Name) %></option>
        <% } %>
        </select>
        <input name="customer" />
        <input name="quantity" value="1" />
        <button type="submit">Order</button>
    </form>
    <a href="Orders.aspx">Orders</a>
</body>
</html>
