using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>
/// Writes the server's logs to the container's output, and marks: where the plugin has put an empty file into the folder
/// "marks", "[mark] " and its name is written behind all that the server had logged by then.
/// </summary>
class Relay
{
    /// <summary>Milliseconds between rounds.</summary>
    public const int Period = 20;
    const int FlushMilliseconds = 5000;

    readonly Settings settings;
    readonly Output output;
    readonly State state;
    readonly string marks;
    readonly List<Action> logs = new List<Action>();
    readonly List<Action> sources = new List<Action>();
    readonly HashSet<string> told = new HashSet<string>();
    DateTime sourcesRead;

    public Relay(Settings settings, Output output)
    {
        this.settings = settings;
        this.output = output;
        state = new State(Path.Combine(settings.Folder, "state"));
        marks = Path.Combine(settings.Folder, "marks");
        Directory.CreateDirectory(marks);
        foreach (var entry in settings.All("log"))
        {
            var files = new LogFiles(entry.Parameter, entry.Value, state);
            logs.Add(() => files.Relay(output));
        }
        foreach (var entry in settings.All("events"))
            sources.Add(Guest.Events(entry.Parameter, entry.Value, state, output));
    }

    public void Round()
    {
        var asked = Directory.Exists(marks) ? Directory.GetFiles(marks) : new string[0];
        if (asked.Length > 0 && settings.One("flush").Length > 0)
            Try(Flush);
        foreach (var log in logs)
            Try(log);
        // To ask the event log takes longer than to look at files.
        if (asked.Length > 0 || DateTime.UtcNow - sourcesRead > TimeSpan.FromSeconds(1))
        {
            foreach (var source in sources)
                Try(source);
            sourcesRead = DateTime.UtcNow;
        }
        Try(state.Save);
        foreach (var mark in asked)
            if (Removed(mark))
                output.Line("[mark] " + Path.GetFileName(mark));
    }

    static bool Removed(string mark)
    {
        // Whoever has made it may not have closed it yet; it is for a later round then.
        try
        {
            File.Delete(mark);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>When the server has ended and no line will come.</summary>
    public void Close()
    {
        foreach (var entry in settings.All("remove"))
            Try(() => File.Delete(entry.Value));
    }

    void Flush()
    {
        string said;
        if (CommandLine.Parse(settings.One("flush")).Run(out said, FlushMilliseconds) != 0)
            throw new AgentException(said.Trim());
    }

    void Try(Action step)
    {
        // A log that cannot be read in this round can be in the next, and the others can be in this one.
        try
        {
            step();
        }
        catch (Exception problem)
        {
            if (told.Add(problem.Message))
                output.Line("wincontainers: the logs could not be followed: " + problem.Message);
        }
    }
}
