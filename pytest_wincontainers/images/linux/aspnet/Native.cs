using System.Web;

/// <summary>Knows what IIS answers without ASP.NET: files, and what is missing or not served. With Mono all is ASP.NET's.</summary>
static class Native
{
    public static bool Answers(HttpContext context)
    {
        var error = context.Error as HttpException;
        if (error == null)
            return context.Handler != null && IsNative(context.Handler.GetType().Name);
        var thrower = error.TargetSite == null ? "" : error.TargetSite.DeclaringType.Name;
        var path = context.Request.RawUrl.Split('?')[0];
        return IsNative(thrower) || error.GetHttpCode() == 404 && (
            // A folder, for which Mono looks for a default page.
            thrower == "BuildManager" && path.EndsWith("/")
            // A file that routes of the application have taken for one of its own.
            || path.EndsWith("/favicon.ico"));
    }

    static bool IsNative(string type)
    {
        return type == "StaticFileHandler" || type == "DefaultHttpHandler" || type == "HttpForbiddenHandler";
    }
}
