using System.Threading;

/// <summary>The container is stopped.</summary>
class Stop
{
    public readonly ManualResetEvent Requested = new ManualResetEvent(false);

    /// <summary>All is done that was to be done before the program may be ended.</summary>
    public readonly ManualResetEvent Done = new ManualResetEvent(false);
}
