using System.Collections.Generic;

/// <summary>What images/agent/windows uses of the event log and Mono lacks, by the documentation of .NET Framework 4.</summary>
namespace System.Diagnostics.Eventing.Reader
{
    public enum PathType { LogName = 1, FilePath = 2 }

    public class EventBookmark { }

    public class EventLogException : Exception { }

    public class EventProperty
    {
        public object Value { get { return null; } }
    }

    public abstract class EventRecord : IDisposable
    {
        public abstract DateTime? TimeCreated { get; }
        public abstract long? RecordId { get; }
        public abstract byte? Level { get; }
        public abstract int Id { get; }
        public abstract string ProviderName { get; }
        public abstract IList<EventProperty> Properties { get; }
        public abstract EventBookmark Bookmark { get; }
        public abstract string FormatDescription();
        public void Dispose() { }
    }

    public class EventLogQuery
    {
        public EventLogQuery(string path, PathType type, string query) { }
    }

    public class EventLogReader : IDisposable
    {
        public EventLogReader(EventLogQuery query, EventBookmark bookmark) { }
        public EventRecord ReadEvent() { return null; }
        public void Dispose() { }
    }
}
