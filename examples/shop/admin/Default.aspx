<%@ Page Language="C#" %>
<script runat="server">
    protected void Page_Load(object sender, EventArgs e)
    {
        if (Request.HttpMethod != "POST")
            return;
        Desk.Ship(int.Parse(Request.Form["order"]));
        Response.Redirect("Default.aspx");
    }
</script>
<!DOCTYPE html>
<html>
<head><title>Orders of the shop</title></head>
<body>
    <h1>Orders (<%= Environment.GetEnvironmentVariable("DESK") %>)</h1>
    <table id="orders">
    <% foreach (var parcel in Desk.Parcels()) { %>
        <tr>
            <td class="customer"><%= Server.HtmlEncode(parcel.Customer) %></td>
            <td><% if (parcel.Shipped) { %>shipped<% } else { %>
                <form method="post" action="Default.aspx"><button name="order" value="<%= parcel.Order %>">Ship</button></form>
            <% } %></td>
        </tr>
    <% } %>
    </table>
</body>
</html>
