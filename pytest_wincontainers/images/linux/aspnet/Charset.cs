using System;
using System.Web;

/// <summary>Adds the encoding to the Content-Type of text that the application writes, as ASP.NET does and Mono does not.</summary>
public class Charset : IHttpModule
{
    public void Init(HttpApplication application)
    {
        // Not earlier: a page can still change its type and its encoding. It may have sent its headers by EndRequest.
        application.PreSendRequestHeaders += (sender, arguments) => {
            var context = ((HttpApplication)sender).Context;
            if (IsText(context.Response.ContentType) && !Native.Answers(context))
                context.Response.Charset = context.Response.ContentEncoding.WebName;
        };
    }

    public void Dispose() { }

    static bool IsText(string type)
    {
        // ASP.NET goes by whether text was written, which Mono does not tell.
        return type != null && type.IndexOf("charset=", StringComparison.OrdinalIgnoreCase) < 0
            && (type.StartsWith("text/") || type.Contains("json") || type.Contains("xml") || type.Contains("javascript"));
    }
}
