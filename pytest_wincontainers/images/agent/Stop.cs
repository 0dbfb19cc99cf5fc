using System.Threading;

/// <summary>The container is stopped.</summary>
class Stop
{
    public readonly ManualResetEvent Requested = new ManualResetEvent(false);
}
