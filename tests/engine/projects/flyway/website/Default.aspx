<%@ Page Language="C#" %>
<%@ Import Namespace="System.Configuration" %>
<%@ Import Namespace="System.Data.Odbc" %>
<!DOCTYPE html>
<html>
<head><title>Library</title></head>
<body>
    <ul>
    <%
        using (var connection = new OdbcConnection(ConfigurationManager.ConnectionStrings["Library"].ConnectionString))
        {
            connection.Open();
            using (var reader = new OdbcCommand("SELECT title FROM books ORDER BY title", connection).ExecuteReader())
                while (reader.Read())
                    Response.Write("<li>" + Server.HtmlEncode(reader.GetString(0)) + "</li>");
        }
    %>
    </ul>
</body>
</html>
