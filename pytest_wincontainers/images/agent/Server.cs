using System;

/// <summary>What the container is for.</summary>
interface Server : IDisposable
{
    bool Ended { get; }

    /// <summary>The container's exit code, once the server has ended.</summary>
    int ExitCode { get; }

    void Start();

    /// <summary>Has the server end in its own way, and waits for that; for a limited time.</summary>
    void Stop();
}
