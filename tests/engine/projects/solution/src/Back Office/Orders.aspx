<%@ Page Language="C#" %>
<!DOCTYPE html>
<html>
<head><title>Orders</title></head>
<body><h1><%= System.Configuration.ConfigurationManager.AppSettings["Nordwind"].Split(';')[2] %></h1></body>
</html>
