using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>A server with pools beside it, as IIS has them. The container lives as long as the server.</summary>
class PooledServer : Server
{
    readonly ServerProcess server;
    readonly List<Pool> pools;

    public PooledServer(ServerProcess server, string folder, Output output, Output errors)
    {
        if (!Directory.Exists(folder))
            throw new AgentException("there is no configuration in " + Path.GetDirectoryName(folder));
        this.server = server;
        pools = Directory.GetFiles(folder, "*.sh").Select(path => new Pool(path, output, errors)).ToList();
    }

    public bool Ended { get { return server.Ended; } }

    public int ExitCode { get { return server.ExitCode; } }

    public void Start()
    {
        foreach (var pool in pools)
            pool.Start();
        server.Start();
    }

    public void Stop()
    {
        foreach (var pool in pools)
            pool.Stop();
        server.Stop();
    }

    public void Dispose()
    {
        server.Dispose();
    }
}
