using System;
using System.Diagnostics;
using System.Threading;
using Mono.Unix;
using Mono.Unix.Native;

/// <summary>What the program does in another way in each guest: here in a Linux container, under Mono.</summary>
static class Guest
{
    public static Server Server(Settings settings, string[] arguments, Stop stop, Output output, Output errors)
    {
        var server = new ServerProcess(ServerProcess.Line(settings, arguments), settings.All("empty"), output, errors);
        var pools = settings.One("pools");
        return pools.Length > 0 ? (Server)new PooledServer(server, pools, output, errors) : server;
    }

    /// <summary>
    /// A step of the set-up. It is written for Windows: the program gets the rest of the line as one argument, and its
    /// path is looked for with slashes, as Mono would without an .exe at the end.
    /// </summary>
    public static CommandLine Step(CommandLine step)
    {
        return new CommandLine(step.Program.Replace('\\', '/'), CommandLine.Quoted(step.Arguments));
    }

    public static Action Events(string channel, string query, State state, Output output)
    {
        throw new AgentException("there is no event log in a Linux container");
    }

    public static int MakeAccount(string name, string password)
    {
        throw new AgentException("accounts are made in a Windows container only");
    }

    public static void AskToEnd(Process process)
    {
        Syscall.kill(process.Id, Signum.SIGTERM);
    }

    public static Stop WatchForStop()
    {
        var stop = new Stop();
        var signals = new[] { new UnixSignal(Signum.SIGTERM), new UnixSignal(Signum.SIGINT) };
        var thread = new Thread(() => {
            UnixSignal.WaitAny(signals, -1);
            stop.Requested.Set();
        });
        thread.IsBackground = true;
        thread.Start();
        return stop;
    }
}
