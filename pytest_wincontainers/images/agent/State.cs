using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>How far each log was written to the output, kept for when the container is started again.</summary>
class State
{
    readonly string path;
    readonly Dictionary<string, long> positions = new Dictionary<string, long>();
    bool changed;

    /// <summary>When the container was first started.</summary>
    public readonly DateTime Begun;

    public State(string path)
    {
        this.path = path;
        Begun = DateTime.UtcNow;
        changed = true;
        if (!File.Exists(path))
            return;
        try
        {
            var lines = File.ReadAllLines(path, Output.Utf8);
            var begun = new DateTime(long.Parse(lines[0]), DateTimeKind.Utc);
            foreach (var words in lines.Skip(1).Select(line => line.Split(new[] { ' ' }, 2)))
                positions[words[1]] = long.Parse(words[0]);
            Begun = begun;
            changed = false;
        }
        catch (Exception)
        {
            // A virtual machine that was turned off may leave half a file. Lines that come twice are better than no start.
            positions.Clear();
        }
    }

    /// <summary>The position in a log, 0 where nothing was written of it.</summary>
    public long this[string log]
    {
        get
        {
            long position;
            return positions.TryGetValue(log, out position) ? position : 0;
        }
        set
        {
            changed = changed || this[log] != value;
            positions[log] = value;
        }
    }

    public void Save()
    {
        if (!changed)
            return;
        var lines = positions.Select(one => one.Value + " " + one.Key);
        // Whoever is killed meanwhile leaves the one of before.
        var text = Output.Utf8.GetBytes(string.Join("\n", new[] { Begun.Ticks.ToString() }.Concat(lines)) + "\n");
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
            file.Write(text, 0, text.Length);
        if (File.Exists(path))
            File.Replace(path + ".new", path, null);
        else
            File.Move(path + ".new", path);
        changed = false;
    }
}
