using System;
using System.Diagnostics.Eventing.Reader;
using System.Linq;

/// <summary>Entries of a channel of the event log, from the container's first start on.</summary>
class EventLog
{
    readonly string channel;
    readonly string query;
    readonly State state;
    readonly Output output;
    EventBookmark last;

    /// <summary>`query` is a condition of XPath for the element System.</summary>
    public EventLog(string channel, string query, State state, Output output)
    {
        this.channel = channel;
        this.query = query;
        this.state = state;
        this.output = output;
    }

    public void Relay()
    {
        var key = "event log " + channel;
        // After the container was started again there is no bookmark. With one, what is older is not looked at.
        var newer = " and EventRecordID > " + state[key] + " and TimeCreated[@SystemTime >= '"
            + state.Begun.ToString("yyyy-MM-ddTHH:mm:ss.fffZ") + "']";
        var wanted = new EventLogQuery(channel, PathType.LogName, "*[System[" + query + newer + "]]");
        using (var reader = new EventLogReader(wanted, last))
            for (var entry = reader.ReadEvent(); entry != null; entry = reader.ReadEvent())
                using (entry)
                {
                    Write(entry);
                    last = entry.Bookmark;
                    state[key] = entry.RecordId ?? 0;
                }
    }

    void Write(EventRecord entry)
    {
        foreach (var line in Events.Lines(
            channel + "." + entry.RecordId, entry.TimeCreated ?? DateTime.UtcNow, entry.ProviderName, entry.Id, Level(entry), Text(entry)))
            output.Line(line);
    }

    static string Text(EventRecord entry)
    {
        // Where the texts of the source are not installed, its values are all there is.
        string text = null;
        try
        {
            text = entry.FormatDescription();
        }
        catch (EventLogException) { }
        return string.IsNullOrEmpty(text) ? string.Join("\n", entry.Properties.Select(one => one.Value)) : text;
    }

    static string Level(EventRecord entry)
    {
        switch (entry.Level)
        {
            case 1: return "Critical";
            case 2: return "Error";
            case 3: return "Warning";
            default: return "Information";
        }
    }
}
