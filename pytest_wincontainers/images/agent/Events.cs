using System;
using System.Collections.Generic;

/// <summary>An entry of the event log as it is written to the container's output: what it is, then its text.</summary>
static class Events
{
    /// <summary>The lines; `key` tells it apart from other entries, and `text` may have several lines.</summary>
    public static IList<string> Lines(string key, DateTime time, string source, int id, string level, string text)
    {
        var said = text.Replace("\r", "").TrimEnd().Split('\n');
        var lines = new List<string>();
        lines.Add("[event " + key + "] {\"time\":\"" + time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ")
            + "\",\"source\":\"" + source + "\",\"id\":" + id + ",\"level\":\"" + level + "\",\"lines\":" + said.Length + "}");
        foreach (var line in said)
            lines.Add("[event " + key + "] | " + line);
        return lines;
    }
}
