using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>The files of one log, as many as match its pattern, and how far they were written to the output.</summary>
class LogFiles
{
    const int LongestLine = 1 << 20;

    readonly string label;
    readonly string folder;
    readonly string pattern;
    readonly State state;
    readonly byte[] buffer = new byte[LongestLine];
    byte[] lines = new byte[LongestLine];
    int used;

    public LogFiles(string label, string path, State state)
    {
        this.label = label;
        this.state = state;
        folder = Path.GetDirectoryName(path);
        pattern = Path.GetFileName(path);
    }

    /// <summary>Writes all whole lines that are new.</summary>
    public void Relay(Output output)
    {
        foreach (var directory in Directories())
            foreach (var path in Directory.GetFiles(directory, pattern).OrderBy(one => one, StringComparer.Ordinal))
                Relay(path, Prefix(directory), output);
    }

    IEnumerable<string> Directories()
    {
        if (folder.IndexOf('*') < 0)
            return Directory.Exists(folder) ? new[] { folder } : new string[0];
        var parent = Path.GetDirectoryName(folder);
        if (!Directory.Exists(parent))
            return new string[0];
        return Directory.GetDirectories(parent, Path.GetFileName(folder)).OrderBy(one => one, StringComparer.Ordinal);
    }

    byte[] Prefix(string directory)
    {
        if (label.Length == 0)
            return new byte[0];
        var star = Path.GetFileName(folder).IndexOf('*');
        var name = star < 0 ? label : label.Replace("*", Path.GetFileName(directory).Substring(star));
        return Output.Utf8.GetBytes("[" + name + "] ");
    }

    void Relay(string path, byte[] prefix, Output output)
    {
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1))
        {
            var position = state[path];
            if (stream.Length < position)
                position = 0;
            stream.Position = position;
            int read;
            while (position < stream.Length && (read = stream.Read(buffer, 0, buffer.Length)) > 0)
            {
                // What is no whole line yet comes with a later round.
                var end = Array.LastIndexOf(buffer, (byte)'\n', read - 1) + 1;
                if (end == 0 && read == buffer.Length)
                    end = read;
                if (end == 0)
                    break;
                Write(prefix, end, output);
                position += end;
                state[path] = position;
                stream.Position = position;
            }
        }
    }

    void Write(byte[] prefix, int count, Output output)
    {
        used = 0;
        for (int start = 0, end; start < count; start = end + 1)
        {
            end = Array.IndexOf(buffer, (byte)'\n', start, count - start);
            if (end < 0)
                end = count;
            int first = start, last = end;
            // IIS ends lines with \r\n, and a file of HTTP.sys is longer than what was written to it.
            while (last > first && (buffer[last - 1] == '\r' || buffer[last - 1] == 0))
                last--;
            while (first < last && buffer[first] == 0)
                first++;
            if (last == first && prefix.Length > 0)
                continue;
            Add(prefix, 0, prefix.Length);
            Add(buffer, first, last - first);
            Add(new[] { (byte)'\n' }, 0, 1);
        }
        output.Write(lines, used);
    }

    void Add(byte[] bytes, int start, int count)
    {
        while (lines.Length - used < count)
            Array.Resize(ref lines, lines.Length * 2);
        Buffer.BlockCopy(bytes, start, lines, used, count);
        used += count;
    }
}
