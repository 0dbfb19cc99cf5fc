using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Web;

/// <summary>Writes each exception that a request ended with, as the event log of IIS would have it (ASP.NET, 1309).</summary>
public class EventLog : IHttpModule
{
    // Longer pieces could be torn apart by what other processes write to the same pipe (PIPE_BUF is 4096).
    const int Longest = 1000;

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
        var lines = text.Replace("\r", "").Split('\n');
        var pieces = new StringBuilder();
        var number = 0;
        foreach (var line in lines)
            for (var at = 0; at == 0 || at < line.Length; at += Longest, number++)
                pieces.Append("| ").Append(line, at, Math.Min(Longest, line.Length - at)).Append('\n');
        var key = Process.GetCurrentProcess().Id + "." + Interlocked.Increment(ref count);
        var head = "{\"time\":\"" + DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fff") + "Z\",\"source\":\"ASP.NET 4.0.30319.0\","
            + "\"id\":1309,\"level\":\"Warning\",\"lines\":" + number + "}\n";
        using (var output = Console.OpenStandardOutput())
            foreach (var line in (head + pieces).TrimEnd('\n').Split('\n'))
            {
                var bytes = Encoding.UTF8.GetBytes("[event " + key + "] " + line + "\n");
                output.Write(bytes, 0, bytes.Length);
            }
    }
}
