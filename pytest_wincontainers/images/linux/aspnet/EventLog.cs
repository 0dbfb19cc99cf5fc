using System;
using System.Diagnostics;
using System.IO;
using System.Web;

/// <summary>
/// Writes each exception that a request ended with, as the event log of IIS would have it (ASP.NET, 1309), to a file of its
/// own for each application, which the entry point follows.
/// </summary>
public class EventLog : IHttpModule
{
    const string Folder = "/srv/wincontainers/logs/events/";

    static readonly object only = new object();
    static readonly string writer = Process.GetCurrentProcess().Id + "." + AppDomain.CurrentDomain.Id;
    static int count;

    public void Init(HttpApplication application)
    {
        application.EndRequest += (sender, arguments) => {
            var context = ((HttpApplication)sender).Context;
            // Not Application.Error: what the application handles there and clears is no event.
            if (context.Error != null && !Native.Answers(context))
                Write(context);
        };
    }

    public void Dispose() { }

    static void Write(HttpContext context)
    {
        var error = context.Error is HttpUnhandledException && context.Error.InnerException != null
            ? context.Error.InnerException : context.Error;
        var text = "Event code: 3005\nEvent message: An unhandled exception has occurred.\n"
            + "Application domain: /LM/W3SVC/" + Environment.GetEnvironmentVariable("WINCONTAINERS_SITE") + "/ROOT\n"
            + "Request URL: " + context.Request.Url + "\n" + error;
        lock (only)
        {
            var lines = Events.Lines(writer + "." + ++count, DateTime.UtcNow, "ASP.NET 4.0.30319.0", 1309, "Warning", text);
            File.AppendAllText(Folder + writer + ".log", string.Join("\n", lines) + "\n");
        }
    }
}
