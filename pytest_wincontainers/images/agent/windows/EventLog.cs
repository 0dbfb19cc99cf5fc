using System;
using System.Diagnostics.Eventing.Reader;
using System.Linq;

/// <summary>Entries of a channel of the event log, from the container's first start on.</summary>
class EventLog
{
    readonly string channel;
    readonly EventLogQuery wanted;
    readonly string key;
    readonly State state;
    readonly Output output;
    EventBookmark last;

    /// <summary>`query` is a condition of XPath for the element System.</summary>
    public EventLog(string channel, string query, State state, Output output)
    {
        this.channel = channel;
        this.state = state;
        key = "event log " + channel;
        // After the container was started again there is no bookmark. With one, what is older is not looked at; the query
        // stays the same, as a bookmark must be within what it finds.
        var newer = " and EventRecordID > " + state[key] + " and TimeCreated[@SystemTime >= '"
            + state.Begun.ToString("yyyy-MM-ddTHH:mm:ss.fffZ") + "']";
        wanted = new EventLogQuery(channel, PathType.LogName, "*[System[" + query + newer + "]]");
        this.output = output;
    }

    public void Relay()
    {
        using (var reader = new EventLogReader(wanted, last))
            for (var entry = reader.ReadEvent(); entry != null; entry = reader.ReadEvent())
                using (entry)
                {
                    last = entry.Bookmark;
                    // A seek beyond the last one may give that again.
                    var number = entry.RecordId ?? 0;
                    if (number <= state[key])
                        continue;
                    // Before it is written: one that cannot be holds up no other.
                    state[key] = number;
                    Write(entry);
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
