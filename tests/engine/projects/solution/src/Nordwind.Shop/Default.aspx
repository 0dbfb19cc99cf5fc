<%@ Page Language="C#" %>
<%@ Import Namespace="System.Configuration" %>
<script runat="server">
    protected void Page_Load(object sender, EventArgs e)
    {
        if (!ConfigurationManager.ConnectionStrings["Nordwind"].ConnectionString.EndsWith(";Allow User Variables=True"))
            throw new InvalidOperationException("an option of the connection string is lost");
    }
</script>
<!DOCTYPE html>
<html>
<head><title>Nordwind</title></head>
<body><h1>Nordwind</h1></body>
</html>
