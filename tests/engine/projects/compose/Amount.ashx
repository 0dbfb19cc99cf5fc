<%@ WebHandler Language="C#" Class="Amount" %>
public class Amount : System.Web.IHttpHandler
{
    public bool IsReusable { get { return true; } }
    public void ProcessRequest(System.Web.HttpContext context) { context.Response.Write("7"); }
}
