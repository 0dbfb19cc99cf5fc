using System;
using System.Collections.Generic;
using System.IO;

/// <summary>
/// What service.conf says: a line for each setting, "key: value" or "key parameter: value".
///
///   folder: PATH              where the plugin puts the set-up and asks for marks
///   server: PROGRAM ARGUMENTS the server, a child process
///   argument VARIABLE: WORD   another argument for it where that environment variable is set
///   service: NAME             the server is a Windows service
///   pools: PATH               scripts to run beside the server and to start again (Linux)
///   log LABEL: PATTERN        files to follow; their lines get "[LABEL] " in front, and a * in the label is what the
///                             first * in the pattern stands for; without a label they are written as they are
///   events CHANNEL: XPATH     entries of the event log to follow (Windows)
///   flush: PROGRAM ARGUMENTS  run before a mark is written, so that the server writes what it holds back
///   empty PATH: TEXT          the file is emptied as soon as the server has written the text
///   remove: PATH              the file is removed when the server has ended
/// </summary>
class Settings
{
    public struct Entry
    {
        public string Parameter;
        public string Value;
    }

    readonly Dictionary<string, List<Entry>> entries = new Dictionary<string, List<Entry>>();

    public string Folder { get { return One("folder"); } }

    public static Settings Read(string path)
    {
        var settings = new Settings();
        foreach (var line in File.ReadAllLines(path))
        {
            var end = line.IndexOf(": ", StringComparison.Ordinal);
            if (line.Trim().Length == 0 || line[0] == '#')
                continue;
            if (end < 0)
                throw new AgentException(path + ": this line has no value: " + line);
            var words = line.Substring(0, end).Split(new[] { ' ' }, 2);
            var entry = new Entry { Parameter = words.Length > 1 ? words[1] : "", Value = line.Substring(end + 2).Trim() };
            if (!settings.entries.ContainsKey(words[0]))
                settings.entries[words[0]] = new List<Entry>();
            settings.entries[words[0]].Add(entry);
        }
        return settings;
    }

    public IList<Entry> All(string key)
    {
        return entries.ContainsKey(key) ? entries[key] : new List<Entry>();
    }

    /// <summary>The value of a setting that is there once at most; "" where it is missing.</summary>
    public string One(string key)
    {
        return entries.ContainsKey(key) ? entries[key][0].Value : "";
    }
}
